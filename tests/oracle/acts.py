"""What people do to containers, images, networks and volumes, by `docker` and by `gorae`: each on things of its own.

`{n}` is a name of the act's own, `{m}` an image's, `{w}` a container that runs and ends at once when told. REFUSED are
options of `run` that docker refuses, or takes.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Act:
    """Command lines in order, and standard input for each of them."""

    lines: tuple[str, ...]
    stdin: str | None = None


REFUSED = r"""
-p x
-p 1:2:3:4
-p 99999:80
-p 80/xyz
-p 1-3:1-2
-p 300.1.1.1:80:80
-v ''
-v /a:/b:c:d
-v a:b
-v :/x
-v /a:/b:zz
-m x
-m 1
-m 5m --memory-swap 1m
--cpus x
--cpus 1000
--cpus -1
--restart bad
--restart on-failure:x
--restart always:3
--rm --restart always
--network nosuch
--network container:nosuch
--ulimit bad
--ulimit nofile=2:1
--ulimit nosuch=1
--device /nosuch
--device /dev/null:/x:q
--add-host bad
--add-host a:999.1.1.1
--log-driver nosuch
--log-opt x
--log-opt nosuch=1
--mount bad
--mount type=bind,target=/x
--mount type=bind,source=/nosuch,target=/x
--mount type=nosuch,target=/x
--mount type=tmpfs,target=/x,tmpfs-size=x
--tmpfs x
--pid bad
--pid container:nosuch
--ipc bad
--uts bad
--userns bad
--cgroupns bad
--stop-timeout x
--stop-signal NOSUCH
--pids-limit x
--oom-score-adj 5000
--cap-add NOSUCH
--cap-drop nosuch
--security-opt bad
--security-opt seccomp=/nosuch
--env-file /nosuch
--label-file /nosuch
-e ''
-e =x
-l =x
-h 'bad host'
--hostname a_b
--mac-address bad
--ip 1.2.3.4
--volumes-from nosuch
--expose x
--expose 1-0
--dns bad
--dns-search .
--sysctl x
--sysctl nosuch.x=1
--shm-size x
--blkio-weight 5
--cpu-shares x
--cpuset-cpus 99
--cpu-period 5
--cpu-quota 5
--kernel-memory 1m
--isolation x
--platform bad/x/y/z
--pull bad
--runtime nosuch
--init=x
--read-only=x
--health-cmd true --no-healthcheck
--health-interval x
--health-interval 1us
--health-retries -1
--storage-opt size=1g
--cgroup-parent x y
--group-add nosuch
-u nosuch
-u a:b:c
-w relative
--entrypoint ''
--annotation x
--cidfile /nosuch/x
--sig-proxy=x
--name -x
--name a/b
--oom-kill-disable=x
--memory-swappiness 200
--memory-reservation 1
--device-cgroup-rule bad
--device-read-bps x
--device-read-bps /nosuch:1
--blkio-weight-device x
--cpus 0.0000000001
--network-alias x
--network host -p 80:80
--network none --network host
--network host --hostname x
--net host --mac-address 02:00:00:00:00:01
--privileged --userns host
--ipc container:nosuch
--uts host --hostname x
--pid host
--link-local-ip 1.2.3.4
--domainname 'x y'
--volume-driver nosuch -v a:/b
--cpu-rt-runtime 5
--disable-content-trust=x
--quiet
--health-start-interval 1s
--health-start-period 1s --health-cmd true
"""

MISTAKES = r"""
rm -f nosuch
rm -l nosuch
rmi -f nosuch
image rm nosuch1 nosuch2
network create host
volume rm nosuch1 nosuch2
save bb nosuch -o /dev/null
import /nosuch x
import -c 'BAD' /dev/null x
save -o /tmp bb
image inspect BAD
image ls -f reference=BAD*
events --since 1h --until 0s -f container=nosuch
start -a nosuch
start -ai nosuch1 nosuch2
attach --no-stdin nosuch
"""

ACTS = [
    Act(("run --rm bb echo hi",)),
    Act(("run --rm bb sh -c 'echo out; echo err >&2; exit 3'",)),
    Act(("run --rm bb nosuch",)),
    Act(("run --rm bb /etc",)),
    Act(("run --name {n} bb nosuch", "ps -a -f name={n} --format '{{.Status}}'")),
    Act(("run -d --name {n} bb sleep 100", "run -d --name {n} bb true", "kill {n}", "rm {n}")),
    Act(("run -i --rm bb cat",), stdin="one\ntwo\n"),
    Act(("run --rm bb cat",), stdin="one\n"),
    Act(("run -i --rm bb sh -c 'cat >/dev/null; echo end'",), stdin="x"),
    Act(("run -i --rm bb head -c 2",), stdin="x" * 1_000_000),
    Act(("run --rm -a stdout bb sh -c 'echo o; echo e >&2'",)),
    Act(("run --rm -a stderr bb sh -c 'echo o; echo e >&2'",)),
    Act(("run --rm -a stdin bb cat",), stdin="x"),
    Act(("run --rm -a bad bb true",)),
    Act(("run -d -a stdout bb true",)),
    Act(("run -it --rm bb true",)),
    Act(("run -t --rm bb sh -c 'echo x; echo y >&2'",)),
    Act(("run -d --rm --name {n} bb true",)),
    Act(("run --rm -d bb",)),
    Act(("create --name {n} bb true", "start {n}", "wait {n}", "start -a {n}", "rm {n}")),
    Act(("create -i --name {n} bb cat", "start -ai {n}"), stdin="hello\n"),
    Act(
        (
            "create --name {n} bb sh -c 'exit 4'",
            "start -a {n}",
            "inspect -f '{{.State.ExitCode}}' {n}",
        )
    ),
    Act(("exec {w} true",)),
    Act(("exec {w} sh -c 'exit 9'",)),
    Act(("exec -i {w} cat",), stdin="abc"),
    Act(("exec {w} cat",), stdin="abc"),
    Act(("exec -it {w} cat",), stdin=""),
    Act(("exec --env-file /nosuch {w} true",)),
    Act(("exec -e A {w} env",)),
    Act(("exec -u 1:2 {w} id",)),
    Act(("exec -u nosuch {w} id",)),
    Act(("exec -w /etc {w} pwd",)),
    Act(("exec --privileged {w} true",)),
    Act(
        (
            "stop -t 0 {w}",
            "start {w}",
            "restart -t 0 {w}",
            "pause {w}",
            "unpause {w}",
            "kill -s KILL {w}",
            "inspect -f '{{.State.Status}} {{.State.ExitCode}}' {w}",
        )
    ),
    Act(("stop --time 0 {w}",)),
    Act(("stop -s KILL {w}",)),
    Act(("kill -s HUP {w}",)),
    Act(("kill -s 0 {w}",)),
    Act(("kill -s 99 {w}",)),
    Act(("kill -s SIGKILL {w}", "rm {w}")),
    Act(("rename {w} {n}", "inspect -f '{{.Name}}' {n}")),
    Act(("rm {w}",)),
    Act(("rm -f {w} nosuch",)),
    Act(("rm -v -f {w}",)),
    Act(
        (
            "update -m 100m --memory-swap 200m {w}",
            "inspect -f '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}' {w}",
        )
    ),
    Act(("update --restart always {w}",)),
    Act(("update --cpus 1.5 --pids-limit 100 {w}",)),
    Act(("update --cpu-shares 5 {w}",)),
    Act(("update --restart bad {w}",)),
    Act(("update -m 1m {w}",)),
    Act(("diff {w}",)),
    Act(
        (
            "exec {w} touch /newfile",
            "diff {w}",
            "commit -m hello -a me -c 'ENV A=1' {w} {m}",
            "image inspect -f '{{.Comment}} {{.Author}} {{.Config.Env}}' {m}",
            "history --format '{{.Comment}}' {m}",
            "rmi {m}",
        )
    ),
    Act(("commit -c 'BAD x' {w} {m}",)),
    Act(("commit {w} BAD",)),
    Act(("commit --pause=false {w}",)),
    Act(("tag bb {m}:1", "images -q {m}", "rmi {m}:1", "rmi {m}:1")),
    Act(("tag bb {m}", "tag {m} {m}:2", "images --format '{{.Tag}}' {m}", "rmi {m} {m}:2")),
    Act(
        (
            "network create {n}",
            "network connect {n} {w}",
            "network disconnect {n} {w}",
            "network disconnect {n} {w}",
            "network rm {n}",
        )
    ),
    Act(
        (
            "network create --subnet 10.98.1.0/24 --gateway 10.98.1.7 --label a=b {n}",
            "network inspect -f '{{json .IPAM.Config}} {{.Labels}}' {n}",
            "network rm {n}",
        )
    ),
    Act(("network create --subnet 10.98.1.0/33 {n}",)),
    Act(
        (
            "network create --internal --attachable -o com.docker.network.bridge.name=twx {n}",
            "network inspect -f '{{.Internal}} {{.Attachable}} {{.Options}}' {n}",
            "network rm {n}",
        )
    ),
    Act(("network create --ipv6 --subnet fd00:77::/64 {n}", "network rm {n}")),
    Act(("network connect --ip 9.9.9.9 bridge {w}",)),
    Act(("network disconnect -f bridge {w}",)),
    Act(("network rm nosuch {w}",)),
    Act(("network create --gateway 1.2.3.4 {n}",)),
    Act(("network create --ip-range x {n}",)),
    Act(("network create -o x {n}",)),
    Act(("network create -d host {n}",)),
    Act(("network create -d null {n}",)),
    Act(("network create --config-only {n}", "network rm {n}")),
    Act(("network create --scope bad {n}",)),
    Act(("network create --subnet 10.98.1.0/24 --subnet 10.98.2.0/24 {n}",)),
    Act(("network rm {n}",)),
    Act(("network rm -f {n}",)),
    Act(
        (
            "volume create {n}",
            "volume create {n}",
            "volume inspect -f '{{.Driver}} {{.Labels}}' {n}",
            "volume rm {n}",
        )
    ),
    Act(
        (
            "volume create -d local -o type=tmpfs -o device=tmpfs -o o=size=1m --label x=y {n}",
            "volume inspect -f '{{.Options}} {{.Labels}}' {n}",
            "volume rm {n}",
        )
    ),
    Act(("volume create -o bad=1 {n}",)),
    Act(("volume rm -f {n}",)),
    Act(("volume create -d nosuch {n}",)),
    Act(("logs --tail 1 {w} nosuch",)),
    Act(("port {w}",)),
    Act(("stats --no-stream --format '{{.Name}}' {w}",)),
    Act(("inspect --type container -f '{{.Name}}' {w}",)),
    Act(("load",), stdin="garbage"),
    Act(("load",), stdin=""),
    Act(("import -",), stdin="garbage"),
    Act(("import - BAD",), stdin=""),
    Act(("export {w}x",)),
    Act(("export -o /tmp {w}",)),
    Act(("export -o /nosuch/x {w}",)),
    Act(("start {w}",)),
    Act(("start -a {w} {w}",)),
    Act(("attach {n} x",)),
    Act(("create --name {n} bb", "attach {n}")),
    Act(("run --rm bb sh -c 'kill -9 $$'",)),
    Act(("run --rm bb sh -c 'kill -15 $$'",)),
    Act(("run --rm -m 16m --memory-swap 16m bb sh -c 'x=a; while :; do x=$x$x; done'",)),
    Act(("run --rm --stop-signal KILL bb true",)),
    Act(("run --rm 'bad name' true",)),
    Act(("run --rm BB true",)),
    Act(("run --rm bb:nosuch true",)),
    Act(("run --rm sha256:0000 true",)),
    Act(("run --rm bb -x",)),
    Act(("run --rm --workdir /x/y bb pwd",)),
    Act(("run --rm -e A=1 -e B bb sh -c 'echo $A-$B-$HOSTNAME' --",)),
    Act(("run --rm --entrypoint echo bb a b",)),
    Act(("run --rm --log-driver none --name {n} bb echo x",)),
    Act(("run -d --log-driver none --name {n} bb echo x", "logs {n}")),
]
