"""Scenarios of small things: every option of `run`, wordings of mistakes, what stands in /etc, details of logs.

Those under FLAGS show what an option does inside of the container, or the sentence that refuses it by name.
"""

from tests.oracle.scenario import Scenario, Step

SCENARIOS: list[Scenario] = []


def scenario(name: str, *steps: str | Step, networks: bool = False) -> None:
    made = tuple(one if isinstance(one, Step) else Step(one) for one in steps)
    SCENARIOS.append(Scenario(f"parity: {name}", made, networks=networks))


def quiet(line: str) -> Step:
    return Step(line, quiet=True)


IDLE = quiet("run -d --name {n} bb sleep 100")
MADE = quiet("create --name {m} bb true")
CGROUP = "/sys/fs/cgroup"

FLAGS = rf"""
--add-host a.b:1.2.3.4 bb grep a.b /etc/hosts
--add-host a.b bb true
-a stdout bb sh -c 'echo o; echo e >&2'
--blkio-weight 300 bb true
--blkio-weight 5 bb true
--blkio-weight-device /dev/null:300 bb true
--blkio-weight-device /dev/null bb true
--cap-add NET_ADMIN bb grep CapEff /proc/self/status
--cap-drop ALL bb grep CapEff /proc/self/status
--cap-add NOSUCH bb true
--cgroup-parent /oracle-parity bb sh -c 'grep -m1 -o :/oracle-parity/ /proc/self/cgroup'
--cgroup-parent ../../oracle-parity bb sh -c 'grep -m1 -o :/oracle-parity/ /proc/self/cgroup'
--cgroup-parent .. bb true
--cgroupns bogus bb true
--cpu-count 1 bb true
--cpu-percent 1 bb true
--cpu-period 50000 --cpu-quota 25000 bb cat {CGROUP}/cpu/cpu.cfs_period_us {CGROUP}/cpu/cpu.cfs_quota_us
--cpu-period 5 bb true
--cpu-quota 5 bb true
--cpu-shares 512 bb cat {CGROUP}/cpu/cpu.shares
--cpu-shares -5 bb true
--cpus 0.5 bb cat {CGROUP}/cpu/cpu.cfs_quota_us
--cpus 999 bb true
--cpus abc bb true
--cpuset-cpus 0 bb grep Cpus_allowed_list /proc/self/status
--cpuset-cpus 999 bb true
--cpuset-cpus abc bb true
--cpuset-mems 99 bb true
--device /dev/null:/dev/x:r bb stat -c %F /dev/x
--device /dev/nosuch bb true
--device /dev/null:/dev/x:q bb true
--device-cgroup-rule 'c 10:229 rwm' bb grep 10:229 {CGROUP}/devices/devices.list
--device-cgroup-rule 'q 1:3 rwm' bb true
--device-read-bps /dev/null:abc bb true
--device-read-bps /dev/nosuch:1mb bb true
--device-read-iops /dev/null:-1 bb true
--device-write-bps /dev/null bb true
--device-write-iops /dev/null:-1 bb true
--disable-content-trust bb true
--domainname x.y --hostname h bb tail -n 1 /etc/hosts
--expose 99999 bb true
--gpus all bb true
--gpus bogus=1 bb true
--group-add 55 bb id -G
--group-add nosuch bb true
--health-interval 1us bb true
--health-retries -1 bb true
--health-start-interval -1s bb true
--health-timeout -1s bb true
--no-healthcheck --health-cmd true bb true
--hostname h1 bb hostname
--ip6 fd00::1 bb true
--network host --ip 1.2.3.4 bb true
--network none --ip 1.2.3.4 bb true
--isolation default bb true
--isolation hyperv bb true
--kernel-memory 10m bb true
--link nosuch:x bb true
--link-local-ip 169.254.1.2 bb sh -c 'ip -4 -o addr show eth0 | grep -c 169.254.1.2/16'
--link-local-ip bogus bb true
--link-local-ip 1.2.3.4 bb true
--log-driver nosuch bb true
--log-opt nosuch=1 bb true
--mac-address 02:42:ac:11:00:99 bb cat /sys/class/net/eth0/address
--mac-address bogus bb true
-m 5m bb true
-m 10m bb cat {CGROUP}/memory/memory.limit_in_bytes {CGROUP}/memory/memory.memsw.limit_in_bytes
-m 10m --memory-swap 20m bb cat {CGROUP}/memory/memory.memsw.limit_in_bytes
-m 10m --memory-swap 5m bb true
--memory-swap 10m bb true
--memory-reservation 10m bb cat {CGROUP}/memory/memory.soft_limit_in_bytes
-m 10m --memory-reservation 20m bb true
--memory-swappiness 50 bb cat {CGROUP}/memory/memory.swappiness
--memory-swappiness 101 bb true
--mount type=nosuch,target=/x bb true
--network-alias a bb true
--oom-kill-disable bb true
-m 10m --oom-kill-disable bb head -n 1 {CGROUP}/memory/memory.oom_control
--oom-score-adj 500 bb cat /proc/self/oom_score_adj
--oom-score-adj 5000 bb true
--pids-limit 10 bb cat {CGROUP}/pids/pids.max
--pids-limit -1 bb cat {CGROUP}/pids/pids.max
--platform linux/amd64 bb true
--platform linux --pull never bb true
--platform linux/arm64 --pull never bb true
--platform windows --pull never bb true
--pull never nosuch true
--pull bogus bb true
--runtime nosuch bb true
--security-opt no-new-privileges bb grep NoNewPrivs /proc/self/status
--security-opt no-new-privileges=false bb grep NoNewPrivs /proc/self/status
--security-opt bogus bb true
--security-opt bogus=1 bb true
--security-opt label=disable bb true
--security-opt seccomp=unconfined bb grep Seccomp: /proc/self/status
--security-opt seccomp=/nosuch bb true
--security-opt systempaths=unconfined bb grep -c ' /proc/' /proc/mounts
--security-opt systempaths=x bb true
--shm-size 1m bb df -k /dev/shm
--shm-size abc bb true
--sig-proxy=false bb true
--stop-signal 99 bb true
--stop-signal NOSUCH bb true
--stop-timeout 5 bb true
--storage-opt size=10G bb true
--storage-opt nosuch=10G bb true
--storage-opt bogus bb true
--sysctl net.core.somaxconn=77 bb cat /proc/sys/net/core/somaxconn
--sysctl kernel.nosuch=1 bb true
--tmpfs rel bb true
--ulimit nofile=100:200 bb sh -c 'ulimit -n; ulimit -Hn'
--ulimit nosuch=1 bb true
--ulimit nofile=200:100 bb true
-u 5:6 bb id
-u nosuch bb true
--userns bogus bb true
--uts bogus bb true
--pid container:nosuch bb true
--pid container: bb true
--ipc container:nosuch bb true
--ipc container: bb true
--ipc none bb df /dev/shm
--network container:nosuch bb true
--network container: bb true
-v /a:rel bb true
--volumes-from nosuch bb true
-w rel bb true
--restart always bb true
--cidfile /nosuch/x bb true
-q bb true
--env-file /nosuch bb true
--label-file /nosuch bb true
--nosuch bb true
--network name=bridge,alias=x bb true
--publish-all bb true
-p 70000:80 bb true
-p 80:80/xyz bb true
-p x:80:80 bb true
"""
for number, line in enumerate(filter(None, FLAGS.splitlines())):
    scenario(f"flag {number} {line.partition(' bb')[0]}", f"run --rm {line}")

scenario(
    "annotations",
    "create --name {n} --annotation a.b=c bb true",
    "inspect -f '{{json .HostConfig.Annotations}}' {n}",
)
scenario("exec in a relative directory", IDLE, "exec -w rel {n} true", "exec -w ./rel {n} true")
scenario("exec with bad keys", IDLE, "exec --detach-keys bogus {n} true")
scenario(
    "kill with no signal",
    IDLE,
    *(f"kill -s {one} {{n}}" for one in ("99", "65", "0", "-1", "NOSUCH")),
)
scenario("stop with no signal", IDLE, "stop -s 99 -t 1 {n}", "stop -s NOSUCH {n}")
scenario(
    "rename to what is no name",
    MADE,
    *(f"rename {{m}} {one}" for one in ("..", ".", "a", "a/b", "/", "//x", "''", "{m}")),
)
scenario("a network of one that does not run", MADE, "run --rm --network container:{m} bb true")
scenario("save what is not here", "save nosuch", "save bb nosuch", "save localhost:5000/nosuch")
scenario(
    "cp and the kernel's directories",
    IDLE,
    "cp {n}:/proc/version -",
    "cp {n}:/sys/kernel/mm -",
    "cp /etc/hostname {n}:/proc/x",
    "cp /etc/hostname {n}:/sys/x",
    quiet("cp /etc/hostname {n}:/etc/hosts"),
)
ATTRIBUTES = (
    "-e A=1 -e 'B=2 =&;x' -e C= -l x=y -l xy=z -l bare --log-opt env=A,B,C,NO "
    "--log-opt labels=x,bare,no --log-opt labels-regex=^x. --log-opt tag={{.Name}}"
)
SAYING = "bb sh -c 'echo hello; echo; printf end'"
scenario(
    "details of logs",
    quiet(f"run --name {{n}} {ATTRIBUTES} {SAYING}"),
    "logs --details {n}",
    "logs -t --details {n}",
)
scenario(
    "details of logs without any",
    quiet(f"run --name {{n}} {SAYING}"),
    "logs --details {n}",
    "logs -t --details {n}",
)
for options in (
    "",
    "--dns 8.8.8.8 --dns-search a.b --dns-option ndots:2",
    "--dns-search .",
    "--network none",
    "--network host",
):
    scenario(f"resolv.conf {options}", f"run --rm {options} bb sh -c 'tail -n +4 /etc/resolv.conf'")
for options in ("", "--dns 8.8.8.8", "--dns-option ndots:3 --dns-search x.y"):
    scenario(
        f"resolv.conf with names {options}",
        quiet("network create {w}"),
        f"run --rm --network {{w}} {options} bb sh -c 'tail -n +4 /etc/resolv.conf'",
        networks=True,
    )
