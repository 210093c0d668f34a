"""docker-py: networks, volumes, and the daemon itself."""

import time

import docker
import pytest
from docker.errors import APIError, NotFound
from docker.models.containers import Container
from docker.types import IPAMConfig, IPAMPool
from tests.clients.conftest import IMAGE

pytestmark = pytest.mark.root


# networks -------------------------------------------------------------------------------------------


def test_a_network_and_its_names(client: docker.DockerClient) -> None:
    net = client.networks.create(
        "n", labels={"a": "b"}, options={"com.docker.network.driver.mtu": "1400"}
    )
    client.containers.run(IMAGE, ["sleep", "1000"], name="web", network="n", detach=True)
    assert b"web" in client.containers.run(IMAGE, "nslookup web", network="n", stderr=True)
    assert client.containers.run(IMAGE, "cat /sys/class/net/eth0/mtu", network="n") == b"1400\n"
    net.reload()
    assert [one.name for one in net.containers] == ["web"]
    with pytest.raises(APIError, match="active endpoints"):
        net.remove()


def test_connect_and_disconnect(client: docker.DockerClient, sleeper: Container) -> None:
    net = client.networks.create(
        "n", ipam=IPAMConfig(pool_configs=[IPAMPool(subnet="10.77.0.0/24", gateway="10.77.0.1")])
    )
    net.connect(sleeper, aliases=["alias"], ipv4_address="10.77.0.9")
    sleeper.reload()
    found = sleeper.attrs["NetworkSettings"]["Networks"]["n"]
    assert found["IPAddress"] == "10.77.0.9" and found["Gateway"] == "10.77.0.1"
    assert "alias" in found["Aliases"]
    assert b"10.77.0.9" in sleeper.exec_run("ip -4 addr").output
    net.disconnect(sleeper)
    assert b"10.77.0.9" not in sleeper.exec_run("ip -4 addr").output
    with pytest.raises(APIError):
        net.disconnect(sleeper)


def test_networks_in_lists(client: docker.DockerClient) -> None:
    net = client.networks.create("inner", internal=True, attachable=True, enable_ipv6=False)
    assert client.networks.list(names=["inner"]) == [net] and client.networks.list(
        ids=[net.id]
    ) == [net]
    assert {one.name for one in client.networks.list(filters={"type": "builtin"})} == {
        "bridge",
        "host",
        "none",
    }
    assert net.attrs["Internal"] and net.attrs["Attachable"] and net.attrs["Driver"] == "bridge"
    assert client.networks.get("inner") == net
    assert client.networks.prune()["NetworksDeleted"] == ["inner"]
    with pytest.raises(NotFound):
        client.networks.get("inner")


def test_networks_that_cannot_be(client: docker.DockerClient) -> None:
    client.networks.create("n")
    for make, status in (
        (lambda: client.networks.create("n"), 409),
        (lambda: client.networks.create("m", driver="nosuch"), 404),
        (
            lambda: client.networks.create(
                "m", ipam=IPAMConfig(pool_configs=[IPAMPool(subnet="x")])
            ),
            400,
        ),
        (lambda: client.networks.get("bridge").remove(), 403),
    ):
        with pytest.raises(APIError) as caught:
            make()
        assert caught.value.status_code == status


def test_network_modes(client: docker.DockerClient, sleeper: Container) -> None:
    assert client.containers.run(IMAGE, "ls /sys/class/net", network_mode="none") == b"lo\n"
    assert b"up0" in client.containers.run(IMAGE, "ls /sys/class/net", network_mode="host")
    shared = client.containers.run(IMAGE, "hostname -i", network_mode="container:sleeper")
    sleeper.reload()
    assert (
        shared.strip().decode()
        == sleeper.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    )


def test_ports(client: docker.DockerClient) -> None:
    one = client.containers.run(
        IMAGE,
        ["sleep", "1000"],
        detach=True,
        ports={"80/tcp": 18080, "53/udp": ("127.0.0.1", None), "90": [18090, 18091]},
    )
    one.reload()
    assert {"HostIp": "0.0.0.0", "HostPort": "18080"} in one.ports["80/tcp"]
    assert (
        one.ports["53/udp"][0]["HostIp"] == "127.0.0.1"
        and int(one.ports["53/udp"][0]["HostPort"]) > 1024
    )
    assert {found["HostPort"] for found in one.ports["90/tcp"]} == {"18090", "18091"}
    with pytest.raises(APIError, match="port is already allocated"):
        client.containers.run(IMAGE, "true", ports={"80/tcp": 18080})


def test_names_and_links(client: docker.DockerClient, sleeper: Container) -> None:
    text = client.containers.run(
        IMAGE,
        "cat /etc/hosts /etc/resolv.conf",
        links={"sleeper": "short"},
        extra_hosts={"far": "1.2.3.4"},
        dns=["9.9.9.9"],
        dns_search=["here"],
        dns_opt=["ndots:2"],
    )
    for words in (b"short", b"1.2.3.4\tfar", b"nameserver 9.9.9.9", b"search here", b"ndots:2"):
        assert words in text


# volumes --------------------------------------------------------------------------------------------


def test_volumes(client: docker.DockerClient) -> None:
    one = client.volumes.create("vol", labels={"a": "b"})
    assert client.volumes.get("vol") == one and one in client.volumes.list(filters={"label": "a"})
    assert one.attrs["Driver"] == "local" and one.attrs["Mountpoint"].endswith("/vol/_data")
    client.containers.run(IMAGE, "touch /v/x", volumes={"vol": {"bind": "/v"}}, name="user")
    with pytest.raises(APIError) as caught:
        one.remove()
    assert caught.value.status_code == 409 and "volume is in use" in caught.value.explanation
    client.containers.get("user").remove()
    one.remove()
    with pytest.raises(NotFound):
        client.volumes.get("vol")


def test_a_volume_in_memory(client: docker.DockerClient) -> None:
    client.volumes.create(
        "vol", driver="local", driver_opts={"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}
    )
    assert b"tmpfs" in client.containers.run(
        IMAGE, "grep /v /proc/mounts", volumes={"vol": {"bind": "/v"}}
    )
    with pytest.raises(APIError):
        client.volumes.create("w", driver="nosuch")


def test_prune_of_volumes(client: docker.DockerClient) -> None:
    client.volumes.create("kept")
    client.containers.run(IMAGE, "true", volumes=["/anonymous"])
    for one in client.containers.list(all=True):
        one.remove()
    assert len(client.volumes.prune()["VolumesDeleted"]) == 1
    assert client.volumes.prune({"all": True})["VolumesDeleted"] == ["kept"]


# the daemon -----------------------------------------------------------------------------------------


def test_the_daemon_about_itself(client: docker.DockerClient, sleeper: Container) -> None:
    assert client.ping()
    assert client.version()["ApiVersion"] == "1.51" and client.api.api_version == "1.51"
    info = client.info()
    assert info["ContainersRunning"] == 1 and info["OSType"] == "linux" and info["NCPU"] >= 1
    usage = client.df()
    assert {"Images", "Containers", "Volumes", "BuildCache"} <= set(usage)
    assert usage["Containers"][0]["Id"] == sleeper.id


def test_events(client: docker.DockerClient) -> None:
    stream = client.events(decode=True, filters={"type": "container", "label": "watched"})
    client.containers.run(IMAGE, "true", labels=["watched"], remove=True, name="unwatched")
    seen = []
    for event in stream:
        seen.append(event["Action"])
        if event["Action"] == "destroy":
            break
    stream.close()
    assert [one for one in seen if one != "attach"] == ["create", "start", "die", "destroy"]


def test_events_of_the_past(client: docker.DockerClient) -> None:
    client.volumes.create("vol")
    found = list(
        client.events(decode=True, since=1, until=int(time.time()) + 1, filters={"volume": "vol"})
    )
    assert found[-1]["Actor"]["ID"] == "vol" and found[-1]["Type"] == "volume"


def test_no_swarm(client: docker.DockerClient) -> None:
    for call in (
        client.swarm.reload,
        client.nodes.list,
        client.services.list,
        client.secrets.list,
        client.configs.list,
    ):
        with pytest.raises(APIError, match="This node is not a swarm manager"):
            call()
    with pytest.raises(APIError, match="not part of a swarm"):
        client.swarm.leave()
    assert client.plugins.list() == []


def test_login_that_fails(client: docker.DockerClient) -> None:
    with pytest.raises(APIError, match="connection refused"):
        client.login("who", "secret", registry="127.0.0.1:1")
