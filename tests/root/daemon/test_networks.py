"""Networks of real containers: names, ports, foreign rules, and what is repaired."""

import contextlib
import random
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.daemon import Goraed, goraed
from tests.root.daemon.client import findings, run, state_of, wait_for
from tests.root.daemon.conftest import import_image
from tests.root.daemon.lookup import Asker

from gorae.linux import namespace
from gorae.net.sandbox import in_thread

pytestmark = pytest.mark.root

PAGE = r"#!/bin/sh\necho; echo $REMOTE_ADDR\n"
WHO = (
    "sh",
    "-c",
    f"mkdir -p /w/cgi-bin; printf '{PAGE}' >/w/cgi-bin/a; chmod +x /w/cgi-bin/a; httpd -f -p 80 -h /w",
)
"""A server that tells each client the address it comes from."""
COMING_AND_GOING = 200
AT_ONCE = 8
DEATHS = 6
CLIENT = "198.51.100.2"
HOST = "198.51.100.1"


def network(daemon: Goraed, name: str, **more: Any) -> str:
    made: str = daemon.ask("POST", "/networks/create", {"Name": name, **more})["Id"]
    return made


def on(daemon: Goraed, net: str, name: str, *command: str, **more: Any) -> str:
    aliases = more.pop("aliases", [])
    config = {"EndpointsConfig": {net: {"Aliases": aliases}}}
    more |= {"NetworkingConfig": config, "NetworkMode": net}
    return run(daemon, name, *(command or ("sleep", "1000")), **more)


def address(daemon: Goraed, ref: str, net: str) -> str:
    one = daemon.ask("GET", f"/containers/{ref}/json")
    found: str = one["NetworkSettings"]["Networks"][net]["IPAddress"]
    return found


@pytest.fixture
def client(daemon: Goraed) -> Iterator[int]:
    """A host beside the daemon's: the pid of a process in its network namespace."""
    yield from _client(daemon)


def _client(daemon: Goraed) -> Iterator[int]:
    holder = subprocess.Popen(
        ["unshare", "-n", "sh", "-c", "ip link set lo up; echo ready; exec sleep 1000"],
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    daemon.inside(
        "ip", "link", "add", "cl0", "type", "veth", "peer", "cl1", "netns", str(holder.pid)
    )
    daemon.inside("ip", "addr", "add", f"{HOST}/24", "dev", "cl0")
    daemon.inside("ip", "link", "set", "cl0", "up")
    inside = ["nsenter", "-t", str(holder.pid), "-n"]
    subprocess.run([*inside, "ip", "addr", "add", f"{CLIENT}/24", "dev", "cl1"], check=True)
    subprocess.run([*inside, "ip", "link", "set", "cl1", "up"], check=True)
    try:
        yield holder.pid
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def talk(pid: int, host: str, port: int, patience_s: float = 3) -> str:
    """The address by which a server knows a process's network namespace; nothing where it is not reached."""
    argv = ["nsenter", "-t", str(pid), "-n", "curl", "-gs", "--max-time", str(patience_s)]
    where = f"[{host}]" if ":" in host else host
    done = subprocess.run(
        [*argv, f"http://{where}:{port}/cgi-bin/a"], capture_output=True, timeout=20
    )
    return done.stdout.decode().strip().removeprefix("::ffff:").strip("[]").removeprefix("::ffff:")


# names ---------------------------------------------------------------------------------------------


def test_names_are_answered_while_the_daemon_is_dead(daemon: Goraed) -> None:
    network(daemon, "n")
    web = on(daemon, "n", "web", aliases=["alias"])
    other = on(daemon, "n", "other")
    ip = address(daemon, web, "n")
    asker = Asker(state_of(daemon, other)["Pid"])
    daemon.kill()
    try:
        for name in ("web", "WEB", "alias", web[:12], "web.n"):
            assert asker.ask(name) == ("NOERROR", [ip]), name
        assert asker.ask("web", "AAAA") == ("NOERROR", [])
        backwards = ".".join(reversed(ip.split("."))) + ".in-addr.arpa"
        assert asker.ask(backwards, "PTR") == ("NOERROR", ["web.n."])
    finally:
        asker.close()
        daemon.start()
    assert findings(daemon) == []


def test_a_new_name_server_learns_everything(daemon: Goraed) -> None:
    network(daemon, "n", Internal=True)
    web = on(daemon, "n", "web")
    subprocess.run(["pkill", "-f", f"gorae.net.dns {daemon.exec_root}"], check=True)
    on(daemon, "n", "next")
    asker = Asker(state_of(daemon, web)["Pid"])
    assert asker.ask("next")[1] == [address(daemon, "next", "n")]
    assert asker.ask("web")[1] == [address(daemon, "web", "n")]
    asker.close()


def test_names_while_containers_come_and_go(daemon: Goraed) -> None:
    """Each is known when its start is answered, and unknown when its removal is: no stale, no missing answer."""
    network(daemon, "n", Internal=True)
    resident = on(daemon, "n", "resident")
    pid = state_of(daemon, resident)["Pid"]
    wrong: list[str] = []

    def one(number: int) -> None:
        asker = Asker(pid)
        try:
            made = on(daemon, "n", f"guest{number}")
            ip = address(daemon, made, "n")
            if asker.ask(f"guest{number}") != ("NOERROR", [ip]):
                wrong.append(f"guest{number} is missing")
            daemon.ask("DELETE", f"/containers/{made}?force=1")
            if asker.ask(f"guest{number}")[1]:
                wrong.append(f"guest{number} is stale")
            if not asker.ask("resident")[1]:
                wrong.append("the resident is missing")
        finally:
            asker.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, range(COMING_AND_GOING)))
    assert wrong == []


def test_live_connect_and_disconnect(daemon: Goraed) -> None:
    network(daemon, "n", Internal=True)
    network(daemon, "m", Internal=True)
    one = on(daemon, "n", "one")
    two = on(daemon, "m", "two")
    pid = state_of(daemon, one)["Pid"]
    asker = Asker(pid)
    assert asker.ask("two")[1] == []
    daemon.ask("POST", "/networks/m/connect", {"Container": one})
    ip = address(daemon, two, "m")
    assert asker.ask("two") == ("NOERROR", [ip])
    links = subprocess.run(
        ["nsenter", "-t", str(pid), "-n", "ip", "-o", "link"], capture_output=True, text=True
    )
    assert "eth1" in links.stdout
    daemon.ask("POST", "/networks/n/disconnect", {"Container": one})
    daemon.kill()
    daemon.start()
    assert asker.ask("two") == ("NOERROR", [ip])
    daemon.ask("POST", "/networks/m/disconnect", {"Container": one})
    assert daemon.ask("GET", f"/containers/{one}/json")["NetworkSettings"]["Networks"] == {}
    daemon.ask("POST", "/networks/m/connect", {"Container": one})
    assert asker.ask("two") == ("NOERROR", [ip])
    asker.close()
    assert findings(daemon) == []


def test_networks_do_not_reach_each_other(daemon: Goraed) -> None:
    network(daemon, "n")
    network(daemon, "m")
    server = on(daemon, "n", "server", *WHO)
    near, far = on(daemon, "n", "near"), on(daemon, "m", "far")
    ip = address(daemon, server, "n")
    wait_for(lambda: talk(state_of(daemon, near)["Pid"], ip, 80) != "", "the server answers")
    assert talk(state_of(daemon, far)["Pid"], ip, 80, 1) == ""


def test_the_loopback_of_the_host_is_not_a_containers(daemon: Goraed) -> None:
    """Bridges route 127.0.0.0/8 for published ports: a container that sends there is not heard."""
    one = run(daemon, "one", "sleep", "1000")
    pid = state_of(daemon, one)["Pid"]
    inside = ["nsenter", "-t", str(pid), "-n"]
    gateway = daemon.ask("GET", "/networks/bridge")["IPAM"]["Config"][0]["Gateway"]
    for line in (
        "ip addr del 127.0.0.1/8 dev lo",
        f"ip route add 127.0.0.1 via {gateway}",
        "sysctl -qw net.ipv4.conf.eth0.route_localnet=1",
    ):
        subprocess.run([*inside, *line.split()], check=True)
    heard = in_namespace(daemon.netns, lambda: listener("127.0.0.1", 7777))
    with heard:
        in_namespace(pid, lambda: send("127.0.0.1", 7777))
        with pytest.raises(TimeoutError):
            heard.recv(10)
        in_namespace(daemon.netns, lambda: send("127.0.0.1", 7777))
        assert heard.recv(10) == b"x"


def send(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", (host, port))


def listener(host: str, port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind((host, port))
    one.settimeout(1)
    return one


# ports ---------------------------------------------------------------------------------------------


def published(daemon: Goraed, name: str, port: int) -> str:
    bindings = {"80/tcp": [{"HostPort": str(port)}]}
    return run(daemon, name, *WHO, PortBindings=bindings, ExposedPorts={"80/tcp": {}})


def test_published_ports_keep_the_clients_address(daemon: Goraed, client: int) -> None:
    made = published(daemon, "web", 8100)
    wait_for(lambda: talk(client, HOST, 8100) != "", "the port answers")
    assert talk(client, HOST, 8100) == CLIENT
    assert talk(daemon.netns, "127.0.0.1", 8100) != ""
    assert talk(daemon.netns, "::1", 8100) != ""
    assert talk(state_of(daemon, made)["Pid"], HOST, 8100) != "", "hairpin"
    daemon.kill()
    assert talk(client, HOST, 8100) == CLIENT, "while the daemon is dead"
    with pytest.raises(OSError):  # the port is held meanwhile
        in_namespace(daemon.netns, lambda: bind(8100))
    daemon.start()
    assert talk(client, HOST, 8100) == CLIENT
    daemon.ask("DELETE", f"/containers/{made}?force=1")
    in_namespace(daemon.netns, lambda: bind(8100))


def bind(port: int) -> None:
    with socket.socket() as one:
        one.bind(("0.0.0.0", port))


def in_namespace(pid: int, work: Any) -> Any:
    def inside() -> Any:
        with open(f"/proc/{pid}/ns/net", "rb") as file:
            namespace.setns(file.fileno(), namespace.CLONE_NEWNET)
        return work()

    return in_thread(inside)


def test_ports_obey_the_hosts_own_rules(daemon: Goraed, client: int) -> None:
    """auto: DNAT while nobody filters, the relay when somebody does; new connections follow the rules at once."""
    published(daemon, "web", 8101)
    wait_for(lambda: talk(client, HOST, 8101) != "", "the port answers")
    rules = "add table inet fw; add chain inet fw input { type filter hook input priority 0; policy drop; }; "
    rules += "add rule inet fw input ct state established,related accept; add rule inet fw input iifname lo accept"
    assert daemon.inside("nft", rules).returncode == 0
    wait_for(lambda: talk(client, HOST, 8101, 1) == "", "the firewall's word counts")
    assert talk(daemon.netns, "127.0.0.1", 8101) != "", "lo is open"
    daemon.inside("nft", "add rule inet fw input tcp dport 8101 accept")
    wait_for(lambda: talk(client, HOST, 8101, 1) != "", "what was allowed passes")
    assert talk(client, HOST, 8101) == CLIENT, "the relay speaks in the client's name"
    daemon.inside("nft", "delete table inet fw")
    wait_for(lambda: not listens(daemon, 8101), "nobody filters: rules do it alone")
    assert talk(client, HOST, 8101) == CLIENT


def listens(daemon: Goraed, port: int) -> bool:
    out = daemon.inside("ss", "-Hltn4", f"sport = :{port}").stdout
    return bool(out.strip())


def test_rules_come_back_after_a_foreign_flush(daemon: Goraed, client: int) -> None:
    published(daemon, "web", 8102)
    wait_for(lambda: talk(client, HOST, 8102) != "", "the port answers")
    daemon.inside(
        "nft", "add table ip theirs; add chain ip theirs c; add set ip theirs s { type ipv4_addr; }"
    )
    daemon.inside("nft", "delete table inet gorae")
    wait_for(lambda: talk(client, HOST, 8102, 1) != "", "the rules are back")
    daemon.inside("nft", "flush ruleset")
    wait_for(lambda: talk(client, HOST, 8102, 1) != "", "the rules are back")
    daemon.kill()
    daemon.inside("nft", "flush ruleset")
    daemon.start()
    assert talk(client, HOST, 8102) == CLIENT
    assert findings(daemon) == []


def test_other_tables_are_never_touched(daemon: Goraed) -> None:
    daemon.inside(
        "nft", "add table ip theirs; add chain ip theirs c { type filter hook forward priority 0; }"
    )
    before = daemon.inside("nft", "list", "table", "ip", "theirs").stdout
    published(daemon, "web", 8103)
    network(daemon, "n")
    daemon.ask("DELETE", "/networks/n")
    daemon.kill()
    daemon.start()
    assert daemon.inside("nft", "list", "table", "ip", "theirs").stdout == before


def test_everything_through_the_relay(root_archive: bytes) -> None:
    with goraed("--publish-mode", "proxy") as daemon:
        import_image(daemon, root_archive)
        clients = _client(daemon)
        client = next(clients)
        try:
            made = published(daemon, "web", 8104)
            wait_for(lambda: talk(client, HOST, 8104) != "", "the port answers")
            assert talk(client, HOST, 8104) == CLIENT
            assert talk(daemon.netns, "127.0.0.1", 8104) != ""
            assert talk(state_of(daemon, made)["Pid"], HOST, 8104) != "", "hairpin"
            processes = subprocess.run(
                ["pgrep", "-fc", f"gorae.net.relay {daemon.exec_root}"],
                capture_output=True,
                text=True,
            )
            published(daemon, "web2", 8105)
            assert processes.stdout.strip() == "1", "one process for all ports"
        finally:
            clients.close()


# faults --------------------------------------------------------------------------------------------


def test_a_vanished_bridge_is_repaired(daemon: Goraed) -> None:
    made = network(daemon, "n", Internal=True)
    server, one = on(daemon, "n", "server", *WHO), on(daemon, "n", "one")
    ip, pid = address(daemon, server, "n"), state_of(daemon, one)["Pid"]
    wait_for(lambda: talk(pid, ip, 80) != "", "the server answers")
    daemon.inside("ip", "link", "delete", f"gr-{made[:12]}")
    assert talk(pid, ip, 80, 1) == ""
    assert any("is gone" in one["Problem"] for one in findings(daemon))
    daemon.ask("POST", "/gorae/system/check")
    assert talk(pid, ip, 80) != ""
    daemon.kill()
    daemon.inside("ip", "link", "delete", f"gr-{made[:12]}")
    daemon.start()
    assert talk(pid, ip, 80) != "", "a new daemon repairs it by itself"
    assert findings(daemon) == []


def test_deaths_between_the_steps_of_connect_and_disconnect(daemon: Goraed) -> None:
    network(daemon, "n", Internal=True)
    network(daemon, "m", Internal=True)
    one = on(daemon, "n", "one")
    other = on(daemon, "m", "other")
    ip = address(daemon, other, "m")
    luck = random.Random(6)
    for _ in range(DEATHS):
        stop = threading.Event()
        worker = threading.Thread(target=_to_and_fro, args=(daemon, one, stop))
        worker.start()
        time.sleep(luck.uniform(0.05, 0.4))
        daemon.kill()
        stop.set()
        worker.join()
        daemon.start()
        daemon.ask("POST", "/gorae/system/check")
        assert findings(daemon) == []
        _agrees(daemon, one, ip)


def _to_and_fro(daemon: Goraed, ref: str, stop: threading.Event) -> None:
    while not stop.is_set():
        for verb in ("connect", "disconnect"):
            with contextlib.suppress(Exception):
                daemon.ask("POST", f"/networks/m/{verb}", {"Container": ref})


def _agrees(daemon: Goraed, ref: str, ip: str) -> None:
    """What inspect says is what the container has: interfaces, and names that resolve."""
    found = daemon.ask("GET", f"/containers/{ref}/json")
    pid = found["State"]["Pid"]
    networks = found["NetworkSettings"]["Networks"]
    links = subprocess.run(
        ["nsenter", "-t", str(pid), "-n", "ip", "-o", "link"], capture_output=True, text=True
    ).stdout
    assert links.count(": eth") == len(networks), (links, networks)
    asker = Asker(pid)
    assert asker.ask("other")[1] == ([ip] if "m" in networks else [])
    asker.close()
    if "m" in networks:
        daemon.ask("POST", "/networks/m/disconnect", {"Container": ref})
