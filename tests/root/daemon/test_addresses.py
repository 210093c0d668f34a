"""Addresses come in docker's order, the lowest free first, though sandboxes are made ahead."""

from tests.daemon import Goraed

IDLE = ("bb", "sleep", "1000")
SHOWN = "{{.NetworkSettings.IPAddress}} {{.NetworkSettings.MacAddress}}"


def place(daemon: Goraed, name: str) -> str:
    """Start one: its address and hardware address."""
    daemon.docker("run", "-d", "--name", name, *IDLE)
    return daemon.docker("inspect", "-f", SHOWN, name).stdout.strip()


def hears(daemon: Goraed, name: str, address: str) -> bool:
    return daemon.docker("exec", name, "ping", "-c1", "-W5", address).returncode == 0


def test_the_lowest_free_one_comes_first(daemon: Goraed) -> None:
    assert place(daemon, "c-a") == "172.17.0.2 02:42:ac:11:00:02"
    assert place(daemon, "c-b") == "172.17.0.3 02:42:ac:11:00:03"
    assert place(daemon, "c-c") == "172.17.0.4 02:42:ac:11:00:04"
    assert hears(daemon, "c-c", "172.17.0.2")
    daemon.docker("rm", "-f", "c-a")
    assert place(daemon, "c-d") == "172.17.0.2 02:42:ac:11:00:02"
    assert hears(daemon, "c-c", "172.17.0.2"), "what stands in a neighbour's table is right"
    links = daemon.docker("exec", "c-d", "ip", "-o", "link", "show", "eth0").stdout
    assert "02:42:ac:11:00:02" in links
    routes = daemon.docker("exec", "c-d", "ip", "route").stdout
    assert "default via 172.17.0.1 dev eth0" in routes
    daemon.kill()
    daemon.start()
    assert place(daemon, "c-e") == "172.17.0.5 02:42:ac:11:00:05"
