"""Networks whose addresses are not the usual ones: macvlan on a link of the host, IPv6, no way out; SCTP's ports."""

import socket
import subprocess

import pytest
from tests.daemon import Goraed
from tests.root.daemon.client import create, findings, run, state_of, wait_for
from tests.root.daemon.test_networks import WHO, _client, address, network, on, talk

pytestmark = pytest.mark.root

SIX = {"EnableIPv6": True, "IPAM": {"Config": [{"Subnet": "fd00:60::/64"}]}}


@pytest.fixture
def client(daemon: Goraed):
    """A host beside the daemon's."""
    yield from _client(daemon)


def inside(pid: int, *argv: str) -> str:
    """A program in a process's network namespace."""
    enter = ["nsenter", "-t", str(pid), "-n"]
    return subprocess.run([*enter, *argv], capture_output=True, text=True, timeout=20).stdout


def test_macvlan_with_a_parent(daemon: Goraed, client: int) -> None:
    """Containers stand in the parent's own network, beside the host."""
    daemon.inside("ip", "link", "add", "par0", "type", "veth", "peer", "par1", "netns", str(client))
    daemon.inside("ip", "link", "set", "par0", "up")
    inside(client, "ip", "addr", "add", "10.60.0.1/24", "dev", "par1")
    inside(client, "ip", "link", "set", "par1", "up")
    pool = {"Config": [{"Subnet": "10.60.0.0/24", "Gateway": "10.60.0.1"}]}
    network(daemon, "lan", Driver="macvlan", Options={"parent": "par0"}, IPAM=pool)
    one, two = on(daemon, "lan", "one", *WHO), on(daemon, "lan", "two")
    ip = address(daemon, one, "lan")
    wait_for(lambda: talk(client, ip, 80) == "10.60.0.1", "the network's other host is answered")
    assert talk(state_of(daemon, two)["Pid"], ip, 80) == address(daemon, two, "lan")
    daemon.kill()
    daemon.start()
    assert talk(client, ip, 80) == "10.60.0.1"
    assert findings(daemon) == []
    for name in ("one", "two"):
        daemon.ask("DELETE", f"/containers/{name}?force=1")
    daemon.ask("DELETE", "/networks/lan")
    assert b"par0" in daemon.inside("ip", "-o", "link").stdout, "the parent is the host's"
    body = {"Name": "odd", "Driver": "macvlan", "Options": {"parent": "nosuch0"}, "IPAM": pool}
    assert daemon.request("POST", "/networks/create", body)[0] == 400


def test_ports_over_ipv6(daemon: Goraed, client: int) -> None:
    daemon.inside("ip", "addr", "add", "fd00:c::1/64", "dev", "cl0", "nodad")
    inside(client, "ip", "addr", "add", "fd00:c::2/64", "dev", "cl1", "nodad")
    network(daemon, "six", **SIX)
    made = on(
        daemon,
        "six",
        "web",
        *WHO,
        PortBindings={"80/tcp": [{"HostPort": "8120"}]},
        ExposedPorts={"80/tcp": {}},
    )
    wait_for(lambda: talk(client, "fd00:c::1", 8120) != "", "the port answers")
    assert talk(client, "fd00:c::1", 8120) == "fd00:c::2", "the client's address is kept"
    found = daemon.ask("GET", f"/containers/{made}/json")["NetworkSettings"]["Networks"]["six"]
    assert found["GlobalIPv6Address"].startswith("fd00:60::")
    near = on(daemon, "six", "near")
    assert talk(state_of(daemon, near)["Pid"], found["GlobalIPv6Address"], 80) != ""


def test_an_ipv6_address_of_choice(daemon: Goraed) -> None:
    network(daemon, "six", **SIX)
    done = daemon.docker(
        "run",
        "-d",
        "--name",
        "chosen",
        "--network",
        "six",
        "--ip6",
        "fd00:60::99",
        "bb",
        "sleep",
        "100",
    )
    assert done.returncode == 0, done.stderr
    assert "fd00:60::99/64" in inside(state_of(daemon, "chosen")["Pid"], "ip", "-6", "addr")
    again = daemon.docker("run", "--network", "six", "--ip6", "fd00:60::99", "bb", "true")
    assert again.returncode == 125 and "Address already in use" in again.stderr
    asker = daemon.docker(
        "run", "--rm", "--network", "six", "bb", "nslookup", "-type=aaaa", "chosen"
    )
    assert "fd00:60::99" in asker.stdout


def test_an_internal_network_leads_nowhere(daemon: Goraed) -> None:
    network(daemon, "inner", Internal=True)
    one, two = on(daemon, "inner", "one", *WHO), on(daemon, "inner", "two")
    pid = state_of(daemon, two)["Pid"]
    assert "default" not in inside(pid, "ip", "route")
    wait_for(lambda: talk(pid, address(daemon, one, "inner"), 80) != "", "neighbours answer")
    run(daemon, "outer", "sleep", "1000")
    daemon.ask("POST", "/networks/inner/connect", {"Container": "outer"})
    assert "default" in inside(state_of(daemon, "outer")["Pid"], "ip", "route")


def test_ports_of_sctp(daemon: Goraed) -> None:
    """A rule where the kernel speaks SCTP; where it does not, the start says so."""
    made = create(
        daemon,
        "signals",
        "sleep",
        "1000",
        PortBindings={"80/sctp": [{"HostPort": "8130"}]},
        ExposedPorts={"80/sctp": {}},
    )
    status, body = daemon.request("POST", f"/containers/{made}/start")
    if not has_sctp():
        assert status == 500 and b"this kernel has no sctp: port 8130" in body
        assert findings(daemon) == []
        return
    assert status == 204
    ports = daemon.ask("GET", f"/containers/{made}/json")["NetworkSettings"]["Ports"]
    assert {one["HostPort"] for one in ports["80/sctp"]} == {"8130"}
    rules = daemon.inside("nft", "list", "table", "inet", "gorae").stdout.decode()
    assert "8130" in rules and "sctp" in rules


def has_sctp() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP).close()
    except OSError:
        return False
    return True
