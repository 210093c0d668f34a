"""The scenarios, by what they are about. Each passed on Docker 28 before it may judge gorae."""

from tests.oracle.scenario import Scenario, Step

SCENARIOS: list[Scenario] = []


def scenario(name: str, *steps: str | Step, images: tuple[str, ...] = ()) -> None:
    made = tuple(one if isinstance(one, Step) else Step(one) for one in steps)
    SCENARIOS.append(Scenario(name, made, images))


def quiet(line: str) -> Step:
    return Step(line, quiet=True)


D = "run -d --name {n}"

# running --------------------------------------------------------------------------------------------
scenario("stdout and stderr arrive apart", "run --rm bb sh -c 'echo out; echo err >&2'")
scenario("the exit status is the container's", "run --rm bb sh -c 'exit 7'")
scenario("detached prints the id", D + " bb true", "wait {n}")
scenario("name taken", "create --name {n} bb true", "create --name {n} bb true")
scenario("bad name", "create --name 'a b' bb true", "create --name x bb true")
scenario("no command in the image", "run --rm bbempty")
scenario("environment", "run --rm -e A=1 -e B='x y' -e C bb env")
scenario("environment takes away", "run --rm -e PATH bb sh -c 'echo $HOME'")
scenario("working directory is made", "run --rm -w /a/b bb pwd")
scenario("entrypoint", "run --rm --entrypoint echo bb hello", "run --rm --entrypoint '' bb echo x")
scenario("hostname", "run --rm --hostname h1 bb sh -c 'hostname; cat /etc/hostname'")
scenario(
    "domainname",
    "run --rm --hostname h1 --domainname d.example bb sh -c 'hostname; tail -n 1 /etc/hosts'",
)
scenario(
    "labels",
    "create --name {n} -l a=1 --label b bb true",
    "inspect -f '{{json .Config.Labels}}' {n}",
)
scenario("stdin by a pipe", Step("run --rm -i bb cat", stdin="one\ntwo\n"))
scenario("stdin is not read without -i", Step("run --rm bb sh -c 'cat; echo end'", stdin="one\n"))
scenario(
    "half close lets output come",
    Step("run --rm -i bb sh -c 'cat >/dev/null; echo after'", stdin="x\n"),
)
scenario("tty without a terminal", "run --rm -it bb true")
scenario("tty output", "run --rm -t bb sh -c 'echo a; test -t 1 && echo tty'")
scenario("no such image", "run --rm --pull never nosuchimage:1 true")
scenario("bad reference", "run --rm BadName true", "run --rm a:b:c true")
scenario("read-only root", "run --rm --read-only bb sh -c 'touch /x; echo $?'")
scenario(
    "tmpfs",
    "run --rm --tmpfs /t:size=1m bb sh -c 'grep \" /t \" /proc/mounts; echo x >/t/f && cat /t/f'",
)
scenario(
    "read-only with tmpfs", "run --rm --read-only --tmpfs /t bb sh -c 'echo x >/t/f && cat /t/f'"
)
scenario("init", "run --rm --init bb sh -c 'cat /proc/1/comm; ls /sbin/docker-init'")
scenario("pid one is the command", "run --rm bb sh -c 'cat /proc/1/comm'")
scenario("cidfile exists already", "run --rm --cidfile /dev/null bb true")
scenario("add-host", "run --rm --add-host a.example:1.2.3.4 --network none bb cat /etc/hosts")
scenario(
    "dns",
    "run --rm --dns 9.9.9.9 --dns-search s.example --dns-option ndots:2 bb grep -v -e '^#' -e '^$' /etc/resolv.conf",
)
scenario("group add", "run --rm --group-add 1234 --group-add tty bb id")
scenario("unknown group", "run --rm --group-add nosuchgroup bb id")
scenario(
    "stop signal in inspect",
    "create --name {n} --stop-signal USR1 --stop-timeout 3 bb true",
    "inspect -f '{{.Config.StopSignal}} {{.Config.StopTimeout}}' {n}",
)
scenario(
    "annotations",
    "create --name {n} --annotation a=b bb true",
    "inspect -f '{{json .HostConfig.Annotations}}' {n}",
)

# exit codes -----------------------------------------------------------------------------------------
scenario("125 for a bad flag", "run --nosuchflag bb true")
scenario("126 for a directory", "run --rm bb /etc")
scenario("126 for a file without x", "run --rm bb /etc/passwd")
scenario("127 for a missing program", "run --rm bb nosuchprogram")
scenario("127 for a missing path", "run --rm bb /no/such/program")
scenario(
    "failed start keeps the container",
    "run --name {n} bb nosuchprogram",
    "inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Running}}' {n}",
)
scenario(
    "137 for KILL",
    D + " bb sleep 100",
    "kill {n}",
    "wait {n}",
    "inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}}' {n}",
)
scenario("143 for TERM", D + " bb sh -c 'trap - TERM; exec sleep 100'", "kill -s TERM {n}")
scenario("signal by number", D + " bb sleep 100", "kill -s 9 {n}", "wait {n}")
scenario("bad signal", D + " bb sleep 100", "kill -s NOSUCH {n}")
scenario(
    "out of memory",
    "run --name {n} -m 16m --memory-swap 16m bb sh -c 'x=a; while true; do x=$x$x; done'",
    "inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' {n}",
)

# users ----------------------------------------------------------------------------------------------
scenario("user by number", "run --rm -u 1000:2000 bb id")
scenario("user by name", "run --rm -u daemon bb id", "run --rm -u daemon:tty bb id")
scenario("user unknown", "run --rm -u nosuchuser bb id")
scenario("group unknown", "run --rm -u root:nosuchgroup bb id")
scenario(
    "home of a user",
    "run --rm -u daemon bb sh -c 'echo $HOME'",
    "run --rm -u 4242 bb sh -c 'echo $HOME'",
)

# life -----------------------------------------------------------------------------------------------
scenario(
    "create start attach",
    "create --name {n} bb sh -c 'echo hi; exit 3'",
    "start -a {n}",
    "start -a {n}",
)
scenario("start prints the name", "create --name {n} bb true", "start {n}")
scenario("start of a running one", D + " bb sleep 100", "start {n}")
scenario("stop of a stopped one", "create --name {n} bb true", "stop {n}")
scenario(
    "stop and start keep files",
    D + " bb sh -c 'echo x >>/f; cat /f; sleep 100'",
    quiet("exec {n} true"),
    "logs {n}",
    "stop -t 0 {n}",
    "start {n}",
    quiet("exec {n} sleep 0.2"),
    "logs {n}",
    "stop -t 0 {n}",
)
scenario(
    "stop waits for the trap",
    D + " bb sh -c 'trap \"exit 5\" TERM; while true; do sleep 0.1; done'",
    "exec {n} true",
    "stop -t 5 {n}",
    "inspect -f '{{.State.ExitCode}}' {n}",
)
scenario("kill of a stopped one", "create --name {n} bb true", "kill {n}")
scenario(
    "pause and unpause",
    D + " bb sleep 100",
    "pause {n}",
    "inspect -f '{{.State.Status}} {{.State.Paused}} {{.State.Running}}' {n}",
    "exec {n} true",
    "pause {n}",
    "unpause {n}",
    "unpause {n}",
)
scenario(
    "rename",
    "create --name {n} bb true",
    "rename {n} {m}",
    "inspect -f '{{.Name}}' {m}",
    "rename {m} {m}",
    "inspect {n}",
)
scenario(
    "rename onto another",
    "create --name {n} bb true",
    "create --name {m} bb true",
    "rename {n} {m}",
)
scenario("remove", "create --name {n} bb true", "rm {n}", "rm {n}", "rm -f {n}")
scenario("remove a running one", D + " bb sleep 100", "rm {n}", "rm -f {n}")
scenario(
    "wait for an ended one", "run --name {n} bb sh -c 'exit 9'", "wait {n}", "wait nosuchcontainer"
)
scenario("auto remove", "run --rm --name {n} bb true", "inspect {n}")
scenario("auto remove and restart", "run --rm --restart always bb true")
scenario(
    "restart policy counts",
    D + " --restart on-failure:2 bb sh -c 'exit 1'",
    quiet("wait {n}"),
    "inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}' {n}",
)
scenario("bad restart policy", "create --name {n} --restart sometimes bb true")
scenario(
    "update",
    D + " bb sleep 100",
    "update --restart no -m 64m --memory-swap 64m {n}",
    "inspect -f '{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}}' {n}",
)

# exec -----------------------------------------------------------------------------------------------
scenario(
    "exec",
    D + " -e A=1 bb sleep 100",
    "exec {n} sh -c 'echo out; echo err >&2; exit 4'",
    "exec -e B=2 -w /tmp {n} sh -c 'echo $A $B; pwd'",
)
scenario(
    "exec as a user",
    D + " bb sleep 100",
    "exec -u 1:5 {n} sh -c 'id -u; id -g'",
    "exec -u nosuch {n} id",
)
scenario("exec missing program", D + " bb sleep 100", "exec {n} nosuchprogram", "exec {n} /etc")
scenario(
    "exec in a stopped one",
    "create --name {n} bb true",
    "exec {n} true",
    "exec nosuchcontainer true",
)
scenario("exec detached", D + " bb sleep 100", "exec -d {n} sh -c 'echo x >/f'")
scenario("exec with stdin", D + " bb sleep 100", Step("exec -i {n} cat", stdin="abc\n"))
scenario(
    "exec privileged",
    D + " bb sleep 100",
    "exec {n} grep CapEff /proc/self/status",
    "exec -w /nosuch {n} pwd",
)
scenario("exec with a missing directory", D + " bb sleep 100", quiet("exec -w /no/such {n} pwd"))

# logs -----------------------------------------------------------------------------------------------
scenario(
    "logs",
    "run --name {n} bb sh -c 'echo a; sleep 0.1; echo b >&2; sleep 0.1; echo c'",
    "logs {n}",
    "logs --tail 1 {n}",
    "logs --tail 0 {n}",
    "logs -t --tail 1 {n}",
)
scenario("logs follow to the end", D + " bb sh -c 'echo a; sleep 0.3; echo b'", "logs -f {n}")
scenario(
    "logs since",
    "run --name {n} bb echo a",
    "logs --since 1h {n}",
    "logs --until 1h {n}",
    "logs --since 2000-01-01T00:00:00Z {n}",
)
scenario("logs of a tty", "run --name {n} -t bb sh -c 'echo a; echo b'", "logs {n}")
scenario("logs without a newline", "run --name {n} bb sh -c 'printf abc'", "logs {n}")
scenario("logs of a missing container", "logs nosuchcontainer")
scenario("log driver none", "run --name {n} --log-driver none bb echo a", "logs {n}")
scenario("bad log driver", "run --rm --log-driver nosuch bb true")

# inspect, ps ----------------------------------------------------------------------------------------
scenario(
    "inspect formats",
    D + " bb sleep 100",
    "inspect -f '{{.State.Running}} {{.State.Paused}} {{.State.Dead}}' {n}",
    "inspect -f '{{.Config.Image}} {{.Path}} {{json .Args}}' {n}",
    "inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' {n}",
    "inspect -f '{{.HostConfig.NetworkMode}} {{.Driver}} {{.Platform}}' {n}",
    "inspect -f '{{json .Mounts}} {{json .Config.Cmd}}' {n}",
)
scenario(
    "inspect the host config", "create --name {n} bb true", "inspect -f '{{json .HostConfig}}' {n}"
)
scenario("inspect the config", "create --name {n} bb true", "inspect -f '{{json .Config}}' {n}")
scenario(
    "inspect a missing one",
    "inspect nosuchobject",
    "container inspect nosuchobject",
    "image inspect nosuchobject",
)
scenario(
    "ps",
    D + " bb sleep 100",
    "ps --filter name={n} --format '{{.Names}} {{.Image}} {{.Command}} {{.Status}}'",
    "ps -q --no-trunc --filter name={n}",
)
scenario(
    "ps all",
    "run --name {n} bb sh -c 'exit 2'",
    "ps -a --filter name={n} --format '{{.Names}} {{.Status}}'",
    "ps -a --filter name={n} --filter exited=2 --format '{{.Names}}'",
    "ps -a --filter name={n} --filter status=running -q",
)
scenario(
    "ps table", D + " bb sleep 100", "ps --filter name={n} --format 'table {{.Names}}\t{{.Image}}'"
)
scenario("ps bad filter", "ps --filter nosuch=1")

# network --------------------------------------------------------------------------------------------
scenario("no network", "run --rm --network none bb ip -o link")
scenario("host network has the host's name", quiet("run --rm --network host bb true"))
scenario(
    "another's network",
    D + " --hostname hh bb sleep 100",
    "run --rm --network container:{n} bb hostname",
    "run --rm --network container:nosuch bb true",
)
scenario("unknown network", "run --rm --network nosuchnet bb true")
scenario(
    "the default network", "run --rm bb sh -c 'ip -o -4 addr show eth0 | wc -l; ip route | wc -l'"
)
scenario(
    "publish",
    D + " -p 18981:80 -p 127.0.0.1:18982:81/udp bb sleep 100",
    Step("port {n}", sort=True),
    "port {n} 80",
    "port {n} 99",
    "inspect -f '{{json .NetworkSettings.Ports}}' {n}",
)
scenario(
    "publish all",
    D + " -P --expose 85 bb sleep 100",
    "inspect -f '{{len .NetworkSettings.Ports}}' {n}",
)
scenario(
    "port taken",
    D + " -p 18983:80 bb sleep 100",
    quiet("run --name {m} -p 18983:80 bb true"),
    "inspect -f '{{.State.Status}} {{.State.ExitCode}}' {m}",
)
scenario("bad port", "run --rm -p 99999:80 bb true", "run --rm -p a:b bb true")
scenario(
    "mac address",
    "run --rm --mac-address 92:d0:c6:0a:29:33 bb sh -c 'ip -o link show eth0 | grep -c 92:d0:c6:0a:29:33'",
)
scenario(
    "link",
    D + " -e V=1 --expose 80 bb sleep 100",
    "run --rm --name {m} --link {n}:db bb sh -c 'env | grep ^DB_ | sort; grep -c db /etc/hosts'",
)

# isolation ------------------------------------------------------------------------------------------
scenario(
    "capabilities",
    "run --rm bb grep Cap /proc/self/status",
    "run --rm --cap-add NET_ADMIN --cap-drop CHOWN bb grep CapEff /proc/self/status",
    "run --rm --cap-drop ALL bb grep CapEff /proc/self/status",
    "run --rm --cap-add NOSUCH bb true",
)
scenario(
    "seccomp",
    "run --rm bb grep Seccomp: /proc/self/status",
    "run --rm --security-opt seccomp=unconfined bb grep Seccomp: /proc/self/status",
    "run --rm bb unshare -m true",
)
scenario(
    "no new privileges",
    "run --rm --security-opt no-new-privileges bb grep NoNewPrivs /proc/self/status",
    "run --rm --security-opt nosuch=1 bb true",
)
scenario("devices", 'run --rm bb sh -c \'ls /dev | grep -v core | sort | tr "\\n" " "\'')
scenario(
    "a device more",
    "run --rm --device /dev/null:/dev/mynull bb sh -c 'ls -l /dev/mynull | cut -c1-10'",
    quiet("run --rm --device /dev/nosuch bb true"),
)
scenario(
    "mounts",
    "run --rm bb sh -c 'cut -d\" \" -f2,3 /proc/mounts | grep -v -e cgroup -e /proc/ | sort'",
)
scenario(
    "masked paths",
    "run --rm bb sh -c 'cat /proc/keys | wc -c; echo 1 >/proc/sys/kernel/domainname; ls /proc/acpi /sys/firmware | wc -l'",
)
scenario("shm size", "run --rm --shm-size 8m bb sh -c 'grep /dev/shm /proc/mounts'")
scenario("ulimit", "run --rm --ulimit nofile=123:456 bb sh -c 'ulimit -n; ulimit -Hn'")
scenario(
    "sysctl",
    "run --rm --sysctl net.ipv4.ip_default_ttl=99 bb cat /proc/sys/net/ipv4/ip_default_ttl",
)
scenario(
    "memory limit", "run --rm -m 33m bb sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes'"
)
scenario(
    "cpu limit",
    "run --rm --cpus 0.5 --cpu-shares 512 bb sh -c 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us /sys/fs/cgroup/cpu/cpu.shares'",
)
scenario("pids limit", "run --rm --pids-limit 55 bb cat /sys/fs/cgroup/pids/pids.max")
scenario(
    "limits that cannot be",
    "create --name {n} -m 1m bb true",
    "create --name {n} --cpus 999 bb true",
)
scenario("pid namespace of the host", "run --rm --pid host bb sh -c 'test $$ -gt 10 && echo host'")
scenario(
    "ipc shareable",
    D + " --ipc shareable bb sh -c 'echo x >/dev/shm/f; sleep 100'",
    quiet("exec {n} true"),
    "run --rm --ipc container:{n} bb cat /dev/shm/f",
)
scenario("ipc private is not shared", D + " bb sleep 100", "run --rm --ipc container:{n} bb true")
scenario(
    "uts of the host",
    quiet("run --rm --uts host bb true"),
    "run --rm --uts host --hostname x bb true",
)
scenario(
    "privileged",
    "run --rm --privileged bb sh -c 'grep Seccomp: /proc/self/status; mount -t tmpfs t /tmp && echo mounted'",
)
scenario("oom score", "run --rm --oom-score-adj 100 bb cat /proc/self/oom_score_adj")

# looking inside --------------------------------------------------------------------------------------
scenario(
    "diff",
    "run --name {n} bb sh -c 'echo x >/new; mkdir /d; echo y >/d/f; rm /etc/group; chmod 700 /tmp'",
    Step("diff {n}", sort=True),
)
scenario("diff of nothing", "run --name {n} bb true", "diff {n}")
scenario("top", D + " bb sleep 100", "top nosuchcontainer")
scenario("port of a missing one", "port nosuchcontainer")
scenario("attach to a stopped one", "create --name {n} bb true", "attach {n}")

# images ---------------------------------------------------------------------------------------------
scenario(
    "tag and rmi",
    "tag bb orc-tagged:1",
    "images orc-tagged --format '{{.Repository}}:{{.Tag}}'",
    "rmi orc-tagged:1",
    "rmi orc-tagged:1",
    images=("orc-tagged:1",),
)
scenario("bad tag", "tag bb 'Bad:Name'", "tag nosuchimage x:1")
scenario(
    "rmi in use",
    "tag bb orc-used:1",
    "create --name {n} orc-used:1 true",
    "rmi orc-used:1",
    images=("orc-used:1",),
)
scenario(
    "images filters",
    "images --filter reference=bb --format '{{.Repository}}:{{.Tag}}'",
    "images --filter nosuch=1",
    "images nosuchimage -q",
)
scenario("history", "history bb --format '{{.CreatedBy}}|{{.Comment}}' --no-trunc")
scenario(
    "image inspect",
    "image inspect -f '{{json .Config.Env}} {{.Os}} {{.Architecture}} {{json .RootFS.Type}} {{len .RootFS.Layers}}' bb",
    "image inspect -f '{{json .RepoTags}} {{.Id}}' bb",
)
scenario(
    "import with changes",
    Step(
        "import -c 'CMD [\"a\"]' -c 'ENV X=1' -m msg - orc-imp:1",
        stdin="",
    ),
    images=("orc-imp:1",),
)
scenario("load of no archive", Step("load", stdin="this is no archive"))
scenario("save of a missing image", "save nosuchimage -o /dev/null")
scenario(
    "volumes from flags",
    "run --rm -v /vol bb sh -c 'echo x >/vol/f && cat /vol/f'",
    "run --rm -v relative/path:/x bb true",
    "run --rm --mount type=bind,src=/nosuchpath,dst=/x bb true",
)
scenario(
    "events of a life",
    "run --rm --name {n} bb true",
    quiet("events --since 1m --until 0s --filter container={n}"),
)
scenario("unknown command", "nosuchcommand")
scenario("too few arguments", "run", "exec x", "rm")
