"""goraed's settings: flags over the file over defaults; what is wrong is said in one line."""

import json
from pathlib import Path

import pytest

from gorae.daemon import config
from gorae.errors import GoraeError, InvalidArgument, NotFound


def load(tmp_path: Path, document: object, *flags: str) -> config.Config:
    path = tmp_path / "daemon.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return config.load([f"--config-file={path}", *flags])


def test_flags_and_the_file_come_together(tmp_path: Path) -> None:
    found = load(tmp_path, {"data-root": "/a", "labels": ["x=1"]}, "--exec-root", "/b")
    assert (found.data_root, found.exec_root, found.labels) == ("/a", "/b", ("x=1",))
    assert found.hosts == ("unix:///run/gorae/gorae.sock",)


@pytest.mark.parametrize(
    ("document", "flags", "words"),
    [
        ("{", (), "is not JSON"),
        ("[]", (), "wanted an object at the top"),
        ({"nosuch": 1}, (), "don't match any configuration option: nosuch"),
        ({"hosts": "x"}, (), '"hosts" wants list, found str'),
        ({"log-level": "debug"}, ("-l", "info"), "log-level; give each once"),
        ({"log-level": "loud"}, (), 'log level "loud" is not one of'),
        ({"log-driver": "paper"}, (), 'log driver "paper" is not one of'),
        ({}, ("--nosuch",), "unrecognized arguments: --nosuch; see goraed --help"),
        ({}, ("extra",), "unrecognized arguments: extra"),
        ({"proxies": {"ftp-proxy": "x"}}, (), '"proxies" wants an object of http-proxy'),
        ({}, ("--tls",), "give --tlscert and --tlskey"),
        ({}, ("--tlsverify", "--tlscert", "c", "--tlskey", "k"), "--tlsverify needs --tlscacert"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(
    tmp_path: Path, document: object, flags: tuple[str, ...], words: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        load(tmp_path, document, *flags)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_named_file_must_be_there() -> None:
    with pytest.raises(NotFound, match="is not there"):
        config.load(["--config-file", "/nonexistent/daemon.json"])


@pytest.mark.parametrize("host", ["unix:///x.sock", "fd://", "tcp://127.0.0.1:2375"])
def test_hosts_that_are_taken(tmp_path: Path, host: str) -> None:
    assert load(tmp_path, {}, "-H", host, "--insecure-tcp").hosts == (host,)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("-H", "tcp://0.0.0.0:2375"), "without TLS"),
        (("-H", "tcp://0.0.0.0:2375", "--insecure-tcp"), "without TLS"),
        (("-H", "tcp://192.0.2.1:2375", "--insecure-tcp"), "without TLS"),
        (("-H", "tcp://127.0.0.1:2375"), "--insecure-tcp if that is meant"),
        (("-H", "tcp://127.0.0.1"), "wanted tcp://HOST:PORT"),
        (("-H", "tcp://127.0.0.1:70000"), "wanted tcp://HOST:PORT"),
        (("-H", "npipe://x"), "wanted unix://PATH"),
        (("-H", "x"), "wanted unix://PATH"),
    ],
)
def test_hosts_that_are_refused(tmp_path: Path, flags: tuple[str, ...], words: str) -> None:
    with pytest.raises(GoraeError) as caught:
        load(tmp_path, {}, *flags)
    assert words in str(caught.value)


def test_proxies_by_file_flag_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://around:1")
    monkeypatch.setenv("NO_PROXY", "around.example")
    monkeypatch.delenv("HTTP_PROXY", raising=False)
    monkeypatch.delenv("http_proxy", raising=False)
    found = load(
        tmp_path, {"proxies": {"https-proxy": "http://file:1"}}, "--http-proxy", "flag.example:3128"
    )
    said = config.proxies(found)
    assert (said.http, said.https, said.no) == (
        "flag.example:3128",
        "http://file:1",
        "around.example",
    )


def test_certificates_of_registries_are_looked_for_where_docker_has_them_too(
    tmp_path: Path,
) -> None:
    assert config.registries(load(tmp_path, {})).certs_dirs == (
        "/etc/gorae/certs.d",
        "/etc/docker/certs.d",
    )
    assert config.registries(load(tmp_path, {}, "--certs-dir", "/c")).certs_dirs == ("/c",)
