"""Where a registry is asked."""

from collections.abc import Iterable

import pytest

from gorae.errors import InvalidArgument
from gorae.registry.endpoint import (
    HUB,
    Endpoint,
    Settings,
    check_insecure,
    check_mirror,
    endpoints,
    is_insecure,
)

NAMES = {"localhost": ["127.0.0.1", "::1"], "inside.example": ["10.1.2.3"]}


def resolve(host: str) -> Iterable[str]:
    return NAMES.get(host, [])


def test_the_hub_after_its_mirrors() -> None:
    settings = Settings(mirrors=("https://m.example", "http://127.0.0.1:5000"))
    assert endpoints("docker.io", settings, resolve) == [
        Endpoint("https://m.example", True, True),
        Endpoint("http://127.0.0.1:5000", False, True),
        Endpoint(HUB),
    ]
    assert endpoints("docker.io", settings, resolve, push=True) == [Endpoint(HUB)]


def test_others_by_tls_alone() -> None:
    assert endpoints("r.example:5000", Settings(), resolve) == [Endpoint("https://r.example:5000")]


@pytest.mark.parametrize("domain", ["localhost:5000", "127.0.0.1:5000", "[::1]:5000", "127.8.9.1"])
def test_loopback_is_insecure_without_being_named(domain: str) -> None:
    assert endpoints(domain, Settings(), resolve) == [
        Endpoint(f"https://{domain}", False),
        Endpoint(f"http://{domain}", False),
    ]


def test_by_name_and_by_network() -> None:
    assert is_insecure("r.example:5000", ["r.example:5000"], resolve)
    assert is_insecure("r.example:5000", ["r.example"], resolve)
    assert not is_insecure("r.example:5001", ["r.example:5000"], resolve)
    assert is_insecure("inside.example", ["10.0.0.0/8"], resolve)
    assert not is_insecure("outside.example", ["10.0.0.0/8"], resolve)


@pytest.mark.parametrize(
    "url", ["ftp://x", "https://u:p@h", "https://h/?q=1", "https://", "h:5000"]
)
def test_no_mirror(url: str) -> None:
    with pytest.raises(InvalidArgument):
        check_mirror(url)


def test_settings_as_they_are_kept() -> None:
    assert check_mirror("https://m.example/path/") == "https://m.example/path"
    assert check_insecure("http://r.example:5000") == "r.example:5000"
    with pytest.raises(InvalidArgument):
        check_insecure("10.0.0.0/99")
    with pytest.raises(InvalidArgument):
        check_insecure("-x")
