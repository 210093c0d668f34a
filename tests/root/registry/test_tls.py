"""Registries behind TLS: whom we trust, who we say we are, and the proxy on the way. Each by docker and by gorae."""

import contextlib
import datetime
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.daemon import SRC, Goraed, goraed
from tests.hubserver import PASSWORD, Hub
from tests.peers.docker_registry import DockerRegistry, docker_registry, free_port
from tests.peers.papers import NOW, Authority, Pair
from tests.root.registry.lab import archive, layer_tar

pytestmark = pytest.mark.root
OUTSIDE = "192.0.2.2"
"""The namespace's own address that is not its loopback: nobody is trusted there unasked."""
PATIENCE_S = 120
PROXY = """
import socket, sys, threading
def pump(a, b):
    while data := a.recv(65536): b.sendall(data)
    b.shutdown(socket.SHUT_WR)
def serve(client):
    head = b""
    while b"\\r\\n\\r\\n" not in head: head += client.recv(65536)
    line = head.split(b"\\r\\n")[0].decode()
    print(line, file=open(sys.argv[2], "a"), flush=True)
    method, target, _ = line.split()
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        client.sendall(b"HTTP/1.1 200 ok\\r\\n\\r\\n")
        rest = b""
    else:
        host, _, port = target.split("/")[2].partition(":")
        rest = head
    other = socket.create_connection((host, int(port or 80)))
    other.sendall(rest)
    threading.Thread(target=pump, args=(client, other), daemon=True).start()
    pump(other, client)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""
Serve = Callable[..., DockerRegistry]


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certs.d")


@pytest.fixture(scope="module")
def daemon(certs: Path) -> Iterator[Goraed]:
    with goraed("--certs-dir", str(certs)) as one:
        data = archive("tls:1", [layer_tar("tls", 1 << 20)])
        subprocess.run(["docker", "-H", one.host, "load", "-q"], input=data, check=True)
        yield one


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def serve(daemon: Goraed, tmp_path: Path, certs: Path) -> Iterator[Serve]:
    """Starts registries in the daemon's namespace at its outer address."""
    enter = ["nsenter", "-t", str(daemon.netns), "-n"]
    with contextlib.ExitStack() as stack:

        def start(pair: Pair | None, clients: Path | None = None) -> DockerRegistry:
            folder = tmp_path / f"registry{free_port()}"
            return stack.enter_context(
                docker_registry(folder, enter=enter, address=OUTSIDE, tls=pair, clients=clients)
            )

        yield start
        for one in certs.iterdir():
            shutil.rmtree(one)


def ask(daemon: Goraed, program: str, *words: str) -> subprocess.CompletedProcess[str]:
    gorae = f"import sys; sys.path.insert(0, {str(SRC)!r}); from gorae.cli.main import main; main()"
    argv = ["docker"] if program == "docker" else [sys.executable, "-IS", "-c", gorae]
    env = {**os.environ, "DOCKER_HOST": daemon.host}
    return subprocess.run(
        [*argv, *words], env=env, capture_output=True, text=True, timeout=PATIENCE_S
    )


def there_and_back(daemon: Goraed, name: str) -> None:
    for words in (("tag", "tls:1", name), ("push", name), ("rmi", name), ("pull", name)):
        for program in ("docker", "gorae") if words[0] in ("push", "pull") else ("docker",):
            done = ask(daemon, program, *words)
            assert done.returncode == 0, done.stderr
    assert ask(daemon, "docker", "rmi", name).returncode == 0


def refused(daemon: Goraed, name: str) -> str:
    """What docker and gorae say of a pull that fails: the same."""
    said = []
    for program in ("docker", "gorae"):
        done = ask(daemon, program, "pull", name)
        assert done.returncode == 1
        said.append(done.stderr.strip().removeprefix("Error response from daemon: "))
    assert len(said[1].splitlines()) == 1
    assert said[0] == said[1]
    return said[0]


def trust(certs: Path, host: str, authority: Authority, *pairs: Pair) -> None:
    folder = certs / host
    folder.mkdir(exist_ok=True)
    shutil.copy(authority.cert, folder / "ca.crt")
    for pair in pairs:
        shutil.copy(pair.cert, folder / "client.cert")
        shutil.copy(pair.key, folder / "client.key")


def test_an_authority_that_nobody_named_and_then_somebody_did(
    daemon: Goraed, serve: Serve, ours: Authority, certs: Path
) -> None:
    """The running daemon takes the CA as soon as it is there."""
    one = serve(ours.sign(OUTSIDE))
    name = f"{one.host}/t/x:1"
    assert refused(daemon, name) == (
        f'Get "https://{one.host}/v2/": tls: failed to verify certificate: '
        "x509: certificate signed by unknown authority"
    )
    trust(certs, one.host, ours)
    there_and_back(daemon, name)
    trust(certs, one.host, Authority(certs.parent / "strange"))
    assert "unknown authority" in refused(daemon, name)


def test_a_certificate_of_somebody_else(
    daemon: Goraed, serve: Serve, ours: Authority, certs: Path
) -> None:
    one = serve(ours.sign("registry.example"))
    trust(certs, one.host, ours)
    said = refused(daemon, f"{one.host}/t/x:1")
    assert said.startswith(f'Get "https://{one.host}/v2/": tls: failed to verify certificate: x509')
    assert OUTSIDE in said


def test_a_certificate_that_has_ended(
    daemon: Goraed, serve: Serve, ours: Authority, certs: Path
) -> None:
    one = serve(ours.sign(OUTSIDE, until=NOW - datetime.timedelta(days=1)))
    trust(certs, one.host, ours)
    assert "certificate has expired" in refused(daemon, f"{one.host}/t/x:1")


def test_a_registry_that_wants_to_know_us(
    daemon: Goraed, serve: Serve, ours: Authority, certs: Path
) -> None:
    one = serve(ours.sign(OUTSIDE), clients=ours.cert)
    name = f"{one.host}/t/x:1"
    trust(certs, one.host, ours)
    said = refused(daemon, name)
    assert said.startswith(f'Get "https://{one.host}/v2/": remote error: tls: ')
    assert "it wants a client's: put NAME.cert and NAME.key into" in said
    trust(certs, one.host, ours, ours.sign("client"))
    there_and_back(daemon, name)
    (certs / one.host / "client.key").unlink()
    assert refused(daemon, name) == (
        "missing key client.key for client certificate client.cert. "
        "CA certificates must use the extension .crt"
    )


def test_plain_http_where_tls_is_wanted(daemon: Goraed, serve: Serve) -> None:
    one = serve(None)
    assert refused(daemon, f"{one.host}/t/x:1") == (
        f'Get "https://{one.host}/v2/": http: server gave HTTP response to HTTPS client'
    )


@pytest.fixture
def proxy(daemon: Goraed, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """One in the daemon's namespace: its address, and the file of what it was asked."""
    port, log = free_port(), tmp_path / "proxy.log"
    log.touch()
    argv = ["nsenter", "-t", str(daemon.netns), "-n", sys.executable, "-IS", "-c", PROXY]
    with subprocess.Popen([*argv, str(port), str(log)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        yield f"http://127.0.0.1:{port}", log
        process.kill()


def test_by_configuration_alone(
    daemon: Goraed, serve: Serve, ours: Authority, proxy: tuple[str, Path], certs: Path
) -> None:
    """Insecure registries with TLS and without, then a proxy for all but one: the daemon started anew with its flags."""
    unknown, plain, spared = serve(ours.sign(OUTSIDE)), serve(None), serve(None)
    address, log = proxy
    flags = ["--certs-dir", str(certs)]
    for one in (unknown, plain, spared):
        flags += ["--insecure-registry", one.host]
    daemon.stop()
    daemon.start(*flags)
    there_and_back(daemon, f"{unknown.host}/t/x:1")
    there_and_back(daemon, f"{plain.host}/t/x:1")
    daemon.stop()
    flags += ["--http-proxy", address, "--https-proxy", address, "--no-proxy", spared.host]
    daemon.start(*flags)
    shown = ask(daemon, "docker", "info", "--format", "{{.HTTPProxy}} {{.HTTPSProxy}} {{.NoProxy}}")
    assert shown.stdout.split() == [address, address, spared.host]
    for one in (unknown, plain, spared):
        there_and_back(daemon, f"{one.host}/t/x:1")
    asked = log.read_text()
    assert f"CONNECT {unknown.host} " in asked
    assert f"GET http://{plain.host}/v2/" in asked
    assert spared.host not in asked
    daemon.stop()
    daemon.start("--certs-dir", str(certs))


def test_a_proxy_that_is_not_there(daemon: Goraed, serve: Serve, certs: Path) -> None:
    one = serve(None)
    daemon.stop()
    flags = ("--certs-dir", str(certs), "--insecure-registry", one.host)
    daemon.start(
        *flags, "--http-proxy", "http://127.0.0.1:1", "--https-proxy", "http://127.0.0.1:1"
    )
    assert "proxyconnect" in refused(daemon, f"{one.host}/t/x:1")
    daemon.stop()
    daemon.start("--certs-dir", str(certs))


def test_a_hub_behind_tls(daemon: Goraed, ours: Authority, certs: Path, tmp_path: Path) -> None:
    """Login, push, logout and pull over TLS: the token server is behind it too, and no password goes in the clear."""
    pair = ours.sign(OUTSIDE)
    settings = f'tls_cert = "{pair.cert}"\ntls_key = "{pair.key}"\n'
    (tmp_path / "hub").mkdir()
    one = Hub(tmp_path / "hub", settings)
    one.address = f"{OUTSIDE}:{one.port}"
    one.user("anna")
    one.start(prefix=("nsenter", "-t", str(daemon.netns), "-n"))
    try:
        name = f"{one.address}/anna/x:1"
        ask(daemon, "docker", "tag", "tls:1", name)
        config = ("--config", str(tmp_path / "client"))
        login = (*config, "login", "-u", "anna", "-p", PASSWORD, one.address)
        said = ask(daemon, "docker", *login)
        assert said.returncode == 1 and "unknown authority" in said.stderr
        trust(certs, one.address, ours)
        for program in ("docker", "gorae"):
            for words in (login, (*config, "push", name), (*config, "logout", one.address)):
                done = ask(daemon, program, *words)
                assert done.returncode == 0, (words, done.stderr)
            denied = ask(daemon, program, *config, "push", name)
            assert denied.returncode == 1 and "denied" in denied.stderr
            assert ask(daemon, "docker", "rmi", name).returncode == 0
            done = ask(daemon, program, "pull", name)
            assert done.returncode == 0, done.stderr
        assert ask(daemon, "docker", "rmi", name).returncode == 0
    finally:
        one.stop()
        shutil.rmtree(certs / one.address, ignore_errors=True)
