import pytest

from gorae.dockerfile.expose import exposed
from gorae.errors import InvalidArgument


@pytest.mark.parametrize(
    ("word", "ports", "is_mapping"),
    [
        ("80", ("80/tcp",), False),
        ("53/UDP", ("53/udp",), False),
        ("7-9/sctp", ("7/sctp", "8/sctp", "9/sctp"), False),
        ("8080:80", ("80/tcp",), True),
        ("127.0.0.1:8080:80", ("80/tcp",), True),
        ("[::1]:8080:80", ("80/tcp",), True),
        ("1-3:7-9", ("7/tcp", "8/tcp", "9/tcp"), True),
        ("0", ("0/tcp",), False),
        ("008", ("8/tcp",), False),
        ("+80", ("80/tcp",), False),
        (":80", ("80/tcp",), False),
    ],
)
def test_words(word: str, ports: tuple[str, ...], is_mapping: bool) -> None:
    found = exposed(word)
    assert (found.ports, found.is_mapping) == (ports, is_mapping)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("80a", "invalid containerPort: 80a"),
        ("65536", "invalid containerPort: 65536"),
        ("9-7", "invalid containerPort: 9-7"),
        ("80/foo", 'invalid port: "80/foo": invalid proto: foo'),
        ("/tcp", 'invalid port: "/tcp": no port specified'),
        ("x:80", "invalid hostPort: x"),
        ("1-2:7-9", "invalid ranges specified for container and host Ports: 7-9 and 1-2"),
        ("256.0.0.1:1:1", "invalid IP address: 256.0.0.1"),
        ("a:b:c:80", "invalid IP address: a:b"),
        ("80/tcp/udp", 'invalid port: "80/tcp/udp": invalid proto: tcp/udp'),
    ],
)
def test_what_is_no_port(word: str, sentence: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        exposed(word)
    assert caught.value.message == sentence
