"""Which hosts are asked through a proxy."""

import pytest

from gorae.registry.proxies import Proxies

BOTH = Proxies("http://plain:3128", "secure:3129")


def test_by_scheme() -> None:
    assert BOTH.for_host("http", "r.example:5000") == "http://plain:3128"
    assert BOTH.for_host("https", "r.example") == "http://secure:3129"
    assert Proxies(http="http://p").for_host("https", "r.example") == ""


def test_of_the_environment() -> None:
    found = Proxies.of_environment({"HTTP_PROXY": "a", "https_proxy": "b", "NO_PROXY": "c"})
    assert found == Proxies("a", "b", "c")
    assert (
        Proxies.of_environment({"http_proxy": "small", "HTTP_PROXY": "CAPITALS"}).http == "CAPITALS"
    )


@pytest.mark.parametrize("host", ["localhost:5000", "127.0.0.1", "127.8.8.8:5000", "[::1]:5000"])
def test_never_for_ourselves(host: str) -> None:
    assert BOTH.for_host("http", host) == ""


@pytest.mark.parametrize(
    ("rules", "spared", "asked"),
    [
        ("*", ["a.example", "10.1.1.1"], []),
        ("example.com", ["example.com", "r.example.com:5000"], ["myexample.com", "example.org"]),
        (".example.com", ["r.example.com"], ["example.com"]),
        ("*.example.com", ["r.example.com"], ["example.com"]),
        ("r.example:5000", ["r.example:5000"], ["r.example", "r.example:5001"]),
        ("r.example:443", ["r.example"], ["r.example:5000"]),
        ("10.0.0.0/8, fd00::/8", ["10.2.3.4:5000", "[fd00::5]:5000"], ["11.0.0.1", "[fe00::5]"]),
        ("192.0.2.1", ["192.0.2.1:5000"], ["192.0.2.10"]),
        ("[2001:db8::1]:5000", ["[2001:db8::1]:5000"], ["[2001:db8::1]:5001"]),
        ("not/a/network,,", [], ["10.2.3.4"]),
        ("Example.COM", ["EXAMPLE.com"], []),
    ],
)
def test_what_is_spared(rules: str, spared: list[str], asked: list[str]) -> None:
    one = Proxies(https="p:1", no=rules)
    assert [host for host in spared if one.for_host("https", host)] == []
    assert [host for host in asked if not one.for_host("https", host)] == []
