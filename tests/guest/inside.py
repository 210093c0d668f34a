"""What only a machine of its own can show: cgroup v2, systemd's socket activation, all capabilities.

Runs as root in the guest, where the files of `make install` are in place. One line a check: `ok NAME` or `failed NAME: REASON`; the
first line of all is `begin`, the last is `end`.
"""

import json
import shlex
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

PATIENCE_S = 300
CHECKS: list[Callable[[], None]] = []


def check(function: Callable[[], None]) -> Callable[[], None]:
    CHECKS.append(function)
    return function


def sh(line: str, *, code: int = 0) -> str:
    """A command's standard output; another status than `code` is a failure."""
    done = subprocess.run(shlex.split(line), capture_output=True, text=True, timeout=PATIENCE_S)
    said = f"{line}: {done.returncode}: {done.stdout.strip()} {done.stderr.strip()}"
    assert done.returncode == code, said
    return done.stdout.strip()


def same(found: object, wanted: object) -> None:
    assert found == wanted, f"wanted {wanted!r}, found {found!r}"


def in_container(options: str, line: str) -> str:
    return sh(f"gorae run --rm {options} busybox {line}")


def inspect(name: str) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = json.loads(sh(f"gorae inspect {name}"))[0]
    return found


def fetch(url: str) -> str:
    """The page, as soon as somebody answers."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            assert time.monotonic() < end, f"nobody answers on {url}"
            time.sleep(0.2)


@check
def installed_programs() -> None:
    same(sh("systemctl is-enabled gorae.socket", code=1), "disabled")
    assert sh("/usr/local/bin/gorae --version").startswith("gorae version")


@check
def socket_activation() -> None:
    sh("systemctl enable --quiet gorae.socket")
    sh("systemctl start gorae.socket")
    same(sh("systemctl is-active gorae.service", code=3), "inactive")
    assert "Server: gorae" in sh("gorae version")
    same(sh("systemctl is-active gorae.service"), "active")


@check
def cgroup_version_two() -> None:
    same(sh("stat -fc %T /sys/fs/cgroup"), "cgroup2fs")
    same(sh("gorae info -f {{.CgroupVersion}}"), "2")


@check
def base_image() -> None:
    sh("gorae image bootstrap -q busybox")
    same(in_container("", "echo hello"), "hello")


@check
def memory_limit() -> None:
    same(in_container("-m 64m", "cat /sys/fs/cgroup/memory.max"), str(64 << 20))
    same(
        in_container("-m 64m --memory-reservation 32m", "cat /sys/fs/cgroup/memory.low"),
        str(32 << 20),
    )
    same(in_container("-m 64m --memory-swap 64m", "cat /sys/fs/cgroup/memory.swap.max"), "0")


@check
def out_of_memory() -> None:
    sh(
        "gorae run --name hungry -m 32m --memory-swap 32m busybox sh -c 'x=a; while :; do x=$x$x; done'",
        code=137,
    )
    same(inspect("hungry")["State"]["OOMKilled"], True)
    sh("gorae rm hungry")


@check
def cpu_limit() -> None:
    same(in_container("--cpus 0.5", "cat /sys/fs/cgroup/cpu.max"), "50000 100000")
    same(in_container("--cpuset-cpus 0", "cat /sys/fs/cgroup/cpuset.cpus.effective"), "0")
    assert in_container("--cpu-shares 512", "cat /sys/fs/cgroup/cpu.weight") != "100"


@check
def pids_limit() -> None:
    same(in_container("--pids-limit 20", "cat /sys/fs/cgroup/pids.max"), "20")
    line = "sh -c 'i=0; while [ $i -lt 40 ]; do sleep 9 & i=$((i+1)); done'"
    done = subprocess.run(
        shlex.split(f"gorae run --rm --pids-limit 20 busybox {line}"),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert "can't fork" in done.stderr, done


@check
def block_limit() -> None:
    found = in_container("--device-write-bps /dev/vda:1mb", "cat /sys/fs/cgroup/io.max")
    assert f"wbps={1 << 20}" in found, found


@check
def limits_change_while_it_runs() -> None:
    sh("gorae run -d --name grows -m 32m busybox sleep 1000")
    sh("gorae update -m 48m --memory-swap 96m grows")
    same(sh("gorae exec grows cat /sys/fs/cgroup/memory.max"), str(48 << 20))
    sh("gorae pause grows")
    same(inspect("grows")["State"]["Status"], "paused")
    sh("gorae unpause grows")
    assert "grows" in sh("gorae stats --no-stream --format {{.Name}}")
    sh("gorae rm -f grows")


@check
def resource_limits_may_be_raised() -> None:
    same(in_container("--ulimit nofile=900000:1000000", "sh -c 'ulimit -Hn'"), "1000000")
    same(in_container("--ulimit core=-1", "sh -c 'ulimit -Hc'"), "unlimited")
    same(in_container("--oom-score-adj -500", "cat /proc/self/oom_score_adj"), "-500")
    bounding = int(
        in_container("--privileged", "sh -c 'grep CapBnd /proc/self/status | cut -f2'"), 16
    )
    assert bounding >> 24 & 1, f"CAP_SYS_RESOURCE is not in {bounding:x}"


@check
def containers_outlive_the_service() -> None:
    line = "sh -c 'echo hello >/index.html; exec httpd -f -p 80 -h /'"
    sh(f"gorae run -d --name web -p 8080:80 busybox {line}")
    same(fetch("http://127.0.0.1:8080/"), "hello\n")
    pid = inspect("web")["State"]["Pid"]
    sh("systemctl restart gorae.service")
    same(fetch("http://127.0.0.1:8080/"), "hello\n")
    same(inspect("web")["State"]["Pid"], pid)
    # The daemon alone: systemd would else kill the monitors too, which live in the service's group.
    sh("systemctl kill --kill-whom=main -s KILL gorae.service")
    same(fetch("http://127.0.0.1:8080/"), "hello\n")
    same(inspect("web")["State"]["Pid"], pid)
    same(sh("gorae exec web cat /index.html"), "hello")
    sh("gorae stop -t 0 web")
    sh("gorae start web")
    same(fetch("http://127.0.0.1:8080/"), "hello\n")
    sh("gorae rm -f web")


@check
def names_resolve() -> None:
    sh("gorae network create lan")
    sh("gorae run -d --name db --network lan busybox sleep 1000")
    found = in_container("--network lan", "ping -c 1 -W 60 db")
    assert "1 packets received" in found, found
    sh("gorae rm -f db")
    sh("gorae network rm lan")


@check
def store_and_host_are_clean() -> None:
    sh("gorae system check")


@check
def uninstall() -> None:
    sh("./uninstall.sh '' /usr/local")
    same([str(one) for one in Path("/usr/local").rglob("*gorae*")], [])
    sh("sh -c '! systemctl is-active --quiet gorae.socket'")


def main() -> None:
    print("begin", flush=True)
    for one in CHECKS:
        start = time.monotonic()
        try:
            one()
        except Exception as error:
            print(f"failed {one.__name__}: {' '.join(str(error).split())}", flush=True)
        else:
            print(f"ok {one.__name__} {time.monotonic() - start:.1f} s", flush=True)
    print("end", flush=True)


if __name__ == "__main__":
    main()
