from gorae.net.resolv import resolv_conf

HOST = "nameserver 10.0.0.53\nsearch corp.example\noptions ndots:2 rotate\n"


def body(host: str = HOST, **asked: object) -> list[str]:
    wanted = {"servers": (), "search": (), "options": (), "keep_loopback": False, **asked}
    return resolv_conf(host, **wanted).splitlines()[4:]  # type: ignore[arg-type]


def test_the_hosts_own() -> None:
    assert body() == [
        "nameserver 10.0.0.53",
        "search corp.example",
        "options ndots:2 rotate",
        "",
        "# Based on host file: '/etc/resolv.conf' (legacy)",
        "# Overrides: []",
        "# Option ndots from: host",
    ]


def test_what_was_asked_for_is_named() -> None:
    found = body(servers=("8.8.8.8",), search=(".",), options=("rotate",))
    assert found == [
        "nameserver 8.8.8.8",
        "options rotate",
        "",
        "# Based on host file: '/etc/resolv.conf' (legacy)",
        "# Overrides: [nameservers search options]",
    ]


def test_our_own_server_asks_on() -> None:
    assert body("nameserver 10.0.0.53\n", internal=True, path="/x") == [
        "nameserver 127.0.0.11",
        "options ndots:0",
        "",
        "# Based on host file: '/x' (internal resolver)",
        "# ExtServers: [host(10.0.0.53)]",
        "# Overrides: []",
        "# Option ndots from: internal",
    ]


def test_loopback_servers_cannot_be_reached() -> None:
    found = body("nameserver 127.0.0.1\n")
    assert found[:2] == ["nameserver 8.8.8.8", "nameserver 8.8.4.4"]
    assert "# Used default nameservers." in found
    assert body("nameserver 127.0.0.1\n", keep_loopback=True)[0] == "nameserver 127.0.0.1"
