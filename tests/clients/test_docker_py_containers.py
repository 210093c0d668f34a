"""docker-py: containers from create to prune, and their limits."""

import docker
import pytest
from docker.errors import APIError, ContainerError, ImageNotFound, NotFound
from docker.models.containers import Container
from docker.types import DeviceRequest, LogConfig, Mount, Ulimit
from tests.clients.conftest import IMAGE

pytestmark = pytest.mark.root


def test_run_gives_the_output(client: docker.DockerClient) -> None:
    assert client.containers.run(IMAGE, "echo hello", remove=True) == b"hello\n"
    assert client.containers.list(all=True) == []


def test_run_of_what_fails(client: docker.DockerClient) -> None:
    with pytest.raises(ContainerError) as caught:
        client.containers.run(IMAGE, ["sh", "-c", "echo bad >&2; exit 3"])
    assert caught.value.exit_status == 3 and caught.value.stderr == b"bad\n"


def test_run_of_nothing(client: docker.DockerClient) -> None:
    with pytest.raises(ImageNotFound):
        client.api.create_container("nosuchimage", "true")
    with pytest.raises(APIError, match="executable file not found") as caught:
        client.containers.run(IMAGE, "nosuchprogram")
    assert caught.value.status_code == 400


def test_streams_apart_and_together(client: docker.DockerClient) -> None:
    command = ["sh", "-c", "echo out; echo err >&2"]
    assert client.containers.run(IMAGE, command, stdout=True, stderr=False) == b"out\n"
    assert client.containers.run(IMAGE, command, stdout=False, stderr=True) == b"err\n"
    assert list(client.containers.run(IMAGE, command, stream=True, stderr=False)) == [b"out\n"]


def test_life(client: docker.DockerClient) -> None:
    one = client.containers.create(IMAGE, ["sleep", "1000"], name="life")
    assert one.status == "created"
    for act, status in (
        (one.start, "running"),
        (one.pause, "paused"),
        (one.unpause, "running"),
        (lambda: one.restart(timeout=0), "running"),
        (lambda: one.stop(timeout=0), "exited"),
        (one.start, "running"),
        (one.kill, "exited"),
    ):
        act()
        if status == "exited":
            one.wait()
        one.reload()
        assert one.status == status
    one.remove()
    with pytest.raises(NotFound, match="No such container"):
        client.containers.get("life")


def test_wait(client: docker.DockerClient) -> None:
    one = client.containers.run(IMAGE, ["sh", "-c", "exit 5"], detach=True)
    assert one.wait()["StatusCode"] == 5
    other = client.containers.create(IMAGE, "true")
    other.start()
    assert other.wait(condition="not-running", timeout=30)["StatusCode"] == 0


def test_list_and_its_filters(client: docker.DockerClient, sleeper: Container) -> None:
    done = client.containers.run(IMAGE, "true", name="done", labels={"a": "b"}, detach=True)
    done.wait()
    assert [one.name for one in client.containers.list()] == ["sleeper"]
    assert len(client.containers.list(all=True)) == 2
    assert client.containers.list(all=True, limit=1) == [done]
    for filters, wanted in (
        ({"label": "a=b"}, [done]),
        ({"label": ["a"]}, [done]),
        ({"status": "running"}, [sleeper]),
        ({"exited": 0}, [done]),
        ({"name": "sleep"}, [sleeper]),
        ({"id": done.id}, [done]),
        ({"since": sleeper.id}, [done]),
        ({"before": done.id}, [sleeper]),
        ({"ancestor": "nosuch"}, []),
    ):
        assert client.containers.list(all=True, filters=filters) == wanted, filters
    assert client.containers.list(filters={"label": "x" * 20_000}) == [], "a long request"
    with pytest.raises(APIError, match="invalid filter"):
        client.containers.list(filters={"nosuch": "x"})


def test_attributes(client: docker.DockerClient) -> None:
    one = client.containers.create(
        IMAGE,
        ["env"],
        name="attributes",
        hostname="host",
        domainname="domain",
        user="1000:1000",
        environment={"A": "b"},
        labels=["x"],
        working_dir="/tmp",
        stop_signal="SIGUSR1",
        entrypoint=["/bin/sh"],
        tty=True,
        stdin_open=True,
    )
    config = one.attrs["Config"]
    assert (config["Hostname"], config["Domainname"]) == ("host", "domain")
    assert "A=b" in config["Env"] and config["Labels"] == {"x": ""}
    assert config["User"] == "1000:1000" and config["WorkingDir"] == "/tmp"
    assert config["StopSignal"] == "SIGUSR1" and config["Entrypoint"] == ["/bin/sh"]
    assert config["Tty"] and config["OpenStdin"]
    assert one.short_id == one.id[:12] and one.image.tags and one.labels == {"x": ""}


def test_limits(client: docker.DockerClient) -> None:
    one = client.containers.create(
        IMAGE,
        "true",
        mem_limit="64m",
        memswap_limit="128m",
        mem_reservation="32m",
        nano_cpus=500_000_000,
        cpu_shares=512,
        cpuset_cpus="0",
        pids_limit=50,
        shm_size="8m",
        oom_score_adj=10,
        ulimits=[Ulimit(name="nofile", soft=100, hard=200)],
    )
    host = one.attrs["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["MemoryReservation"]) == (
        64 << 20,
        128 << 20,
        32 << 20,
    )
    assert (host["NanoCpus"], host["CpuShares"], host["CpusetCpus"]) == (500_000_000, 512, "0")
    assert (host["PidsLimit"], host["ShmSize"], host["OomScoreAdj"]) == (50, 8 << 20, 10)
    assert host["Ulimits"] == [{"Name": "nofile", "Hard": 200, "Soft": 100}]


def test_limits_hold(client: docker.DockerClient) -> None:
    text = client.containers.run(
        IMAGE,
        ["sh", "-c", "ulimit -n; df -m /dev/shm | tail -1"],
        ulimits=[Ulimit(name="nofile", soft=100, hard=200)],
        shm_size="8m",
    )
    assert text.startswith(b"100\n") and b" 8 " in text


def test_update(client: docker.DockerClient, sleeper: Container) -> None:
    sleeper.update(
        mem_limit="64m",
        memswap_limit="64m",
        restart_policy={"Name": "on-failure", "MaximumRetryCount": 3},
    )
    sleeper.reload()
    assert sleeper.attrs["HostConfig"]["Memory"] == 64 << 20
    assert sleeper.attrs["HostConfig"]["RestartPolicy"] == {
        "Name": "on-failure",
        "MaximumRetryCount": 3,
    }


def test_rename(client: docker.DockerClient, sleeper: Container) -> None:
    sleeper.rename("renamed")
    assert client.containers.get("renamed").id == sleeper.id
    with pytest.raises(APIError) as caught:
        client.containers.create(IMAGE, "true", name="renamed")
    assert caught.value.status_code == 409 and "already in use" in caught.value.explanation


def test_top(client: docker.DockerClient, sleeper: Container) -> None:
    found = sleeper.top()
    assert "CMD" in found["Titles"] and "sleep 1000" in found["Processes"][0][-1]
    assert sleeper.top(ps_args="-o pid,comm")["Titles"] == ["PID", "COMMAND"]


def test_diff(client: docker.DockerClient) -> None:
    one = client.containers.run(IMAGE, "touch /tmp/new", detach=True)
    one.wait()
    assert {"Path": "/tmp/new", "Kind": 1} in one.diff()


def test_logs(client: docker.DockerClient) -> None:
    one = client.containers.run(
        IMAGE, ["sh", "-c", "for i in 1 2 3; do echo line $i; done; echo e >&2"], detach=True
    )
    one.wait()
    assert one.logs(stderr=False) == b"line 1\nline 2\nline 3\n"
    assert one.logs(stdout=False) == b"e\n"
    assert one.logs(tail=2).count(b"\n") == 2
    assert b"".join(one.logs(stream=True, follow=True, stderr=False)) == b"line 1\nline 2\nline 3\n"
    stamped = one.logs(stderr=False, timestamps=True).split(b"\n")[0]
    assert stamped.endswith(b"Z line 1") and stamped[:2] == b"20"
    assert one.logs(since=4_000_000_000) == b"" and one.logs(until=1) == b""


def test_logs_with_a_terminal(client: docker.DockerClient) -> None:
    one = client.containers.run(IMAGE, "echo tty", tty=True, detach=True)
    one.wait()
    assert one.logs() == b"tty\r\n"


def test_other_log_drivers(client: docker.DockerClient) -> None:
    one = client.containers.run(IMAGE, "echo x", log_config=LogConfig(type="none"), detach=True)
    one.wait()
    with pytest.raises(APIError, match="does not support reading"):
        one.logs()


def test_stats(client: docker.DockerClient, sleeper: Container) -> None:
    once = sleeper.stats(stream=False)
    assert once["memory_stats"]["usage"] > 0 and once["pids_stats"]["current"] >= 1
    assert "eth0" in once["networks"] and once["name"] == "/sleeper"
    stream = sleeper.stats(decode=True)
    first, second = next(stream), next(stream)
    assert second["precpu_stats"]["cpu_usage"] == first["cpu_stats"]["cpu_usage"]
    stream.close()


def test_mounts(client: docker.DockerClient, tmp_path) -> None:
    (tmp_path / "f").write_text("from the host")
    mounts = [
        Mount("/bind", str(tmp_path), type="bind", read_only=True),
        Mount("/volume", "docker-py-volume"),
        Mount("/memory", None, type="tmpfs", tmpfs_size="1m"),
    ]
    text = client.containers.run(
        IMAGE,
        [
            "sh",
            "-c",
            "cat /bind/f; touch /bind/x || echo ro; touch /volume/v; df /memory | tail -1",
        ],
        mounts=mounts,
    )
    assert text.startswith(b"from the host") and b"ro" in text and b"tmpfs" in text
    binds = {
        str(tmp_path): {"bind": "/again", "mode": "ro"},
        "docker-py-volume": {"bind": "/v", "mode": "rw"},
    }
    assert client.containers.run(IMAGE, "ls /again /v", volumes=binds) == b"/again:\nf\n\n/v:\nv\n"


def test_volumes_from(client: docker.DockerClient) -> None:
    client.containers.run(IMAGE, "touch /data/x", volumes=["/data"], name="owner")
    assert client.containers.run(IMAGE, "ls /data", volumes_from=["owner"]) == b"x\n"


def test_what_a_container_may(client: docker.DockerClient) -> None:
    text = client.containers.run(IMAGE, "grep CapEff /proc/self/status", cap_drop=["ALL"])
    assert text.split() == [b"CapEff:", b"0" * 16]
    text = client.containers.run(
        IMAGE, "grep CapEff /proc/self/status", cap_drop=["ALL"], cap_add=["NET_ADMIN"]
    )
    assert int(text.split()[1], 16) == 1 << 12
    command = ["sh", "-c", "touch /x || echo ro"]
    assert client.containers.run(IMAGE, command, read_only=True) == b"ro\n"
    assert (
        client.containers.run(
            IMAGE, "cat /proc/sys/net/core/somaxconn", sysctls={"net.core.somaxconn": "99"}
        )
        == b"99\n"
    )
    devices = client.containers.run(IMAGE, "ls /dev/mine", devices=["/dev/null:/dev/mine:rwm"])
    assert devices == b"/dev/mine\n"
    assert client.containers.run(
        IMAGE, ["sh", "-c", "cat /proc/1/comm; true"], init=True
    ).strip() in (b"docker-init", b"catatonit", b"tini")


def test_a_device_that_is_not_there(client: docker.DockerClient) -> None:
    with pytest.raises(APIError, match="could not select device driver"):
        client.containers.run(
            IMAGE, "true", device_requests=[DeviceRequest(count=-1, capabilities=[["gpu"]])]
        )


def test_health(client: docker.DockerClient) -> None:
    second = 1_000_000_000
    one = client.containers.run(
        IMAGE,
        ["sleep", "1000"],
        detach=True,
        healthcheck={
            "test": ["CMD", "true"],
            "interval": second,
            "timeout": 5 * second,
            "retries": 1,
        },
    )
    for event in client.events(
        decode=True, filters={"container": one.id, "event": "health_status"}, since=0
    ):
        assert event["status"] == "health_status: healthy"
        break
    one.reload()
    assert one.health == "healthy"


def test_restart_policy(client: docker.DockerClient) -> None:
    one = client.containers.run(
        IMAGE,
        ["sh", "-c", "exit 1"],
        detach=True,
        restart_policy={"Name": "on-failure", "MaximumRetryCount": 2},
    )
    one.wait(condition="not-running")
    for event in client.events(decode=True, filters={"container": one.id, "event": "die"}, since=1):
        if event["Actor"]["Attributes"]["exitCode"] == "1":
            one.reload()
            if one.attrs["RestartCount"] == 2:
                break


def test_prune(client: docker.DockerClient, sleeper: Container) -> None:
    done = client.containers.run(IMAGE, "true", detach=True)
    done.wait()
    assert client.containers.prune()["ContainersDeleted"] == [done.id]
    assert client.containers.list(all=True) == [sleeper]


def test_export_and_import(client: docker.DockerClient) -> None:
    one = client.containers.run(IMAGE, ["sh", "-c", "echo kept >/kept"], detach=True)
    one.wait()
    data = b"".join(one.export())
    client.api.import_image_from_data(data, repository="imported", tag="1")
    assert client.containers.run("imported:1", "cat /kept") == b"kept\n"
    client.images.remove("imported:1", force=True)


def test_commit(client: docker.DockerClient) -> None:
    one = client.containers.run(IMAGE, ["sh", "-c", "echo kept >/kept"], detach=True)
    one.wait()
    made = one.commit(
        "committed", "1", message="why", author="who", changes=['CMD ["cat", "/kept"]']
    )
    assert made.tags == ["committed:1"] and made.attrs["Author"] == "who"
    assert client.containers.run("committed:1") == b"kept\n"
    client.images.remove("committed:1", force=True)
