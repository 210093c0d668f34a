import pytest

from gorae.compose import form
from gorae.errors import InvalidArgument


def ports(*texts: object) -> list[dict[str, object]]:
    return form.ports(list(texts), "here")


def test_ports() -> None:
    tcp = {"mode": "ingress", "protocol": "tcp"}
    assert ports("80") == [{**tcp, "target": 80}]
    assert ports("8080:80") == [{**tcp, "target": 80, "published": "8080"}]
    assert ports("127.0.0.1::80/udp") == [
        {"mode": "ingress", "protocol": "udp", "host_ip": "127.0.0.1", "target": 80}
    ]
    assert [one["target"] for one in ports("3000-3002")] == [3000, 3001, 3002]
    assert [one["published"] for one in ports("9000-9001:3000-3001")] == ["9000", "9001"]
    assert ports("9000-9005:3000")[0]["published"] == "9000-9005"
    assert ports("[::1]:80:80")[0]["host_ip"] == "::1"
    assert ports({"target": "80", "published": 8080}) == [
        {**tcp, "target": 80, "published": "8080"}
    ]


@pytest.mark.parametrize("text", ["x", "80:", "1-2:1-3", "70000", "80/TCP!"])
def test_wrong_ports(text: str) -> None:
    with pytest.raises(InvalidArgument):
        ports(text)


def test_volumes() -> None:
    found = form.volumes(["data:/d", "./src:/app:ro", "/anonymous", "/host:/c:z,shared"], "here")
    assert found == [
        {"type": "volume", "source": "data", "target": "/d", "volume": {}},
        {
            "type": "bind",
            "source": "./src",
            "target": "/app",
            "read_only": True,
            "bind": {"create_host_path": True},
        },
        {"type": "volume", "target": "/anonymous", "volume": {}},
        {
            "type": "bind",
            "source": "/host",
            "target": "/c",
            "bind": {"create_host_path": True, "selinux": "z", "propagation": "shared"},
        },
    ]


def test_a_service_in_its_long_form() -> None:
    found = form.service(
        "web",
        {
            "command": "sh -c 'a b'",
            "environment": ["A=1", "B"],
            "labels": {"x": None, "y": True},
            "depends_on": ["db"],
            "networks": ["front"],
            "healthcheck": {"test": "true"},
            "ulimits": {"nofile": 5, "nproc": {"soft": 1, "hard": 2}},
            "build": "./dir",
            "extra_hosts": {"a": "1.2.3.4"},
            "env_file": ".env",
            "dns": "8.8.8.8",
        },
    )
    assert found == {
        "command": ["sh", "-c", "a b"],
        "environment": {"A": "1", "B": None},
        "labels": {"x": "", "y": "true"},
        "depends_on": {"db": {"condition": "service_started", "required": True}},
        "networks": {"front": None},
        "healthcheck": {"test": ["CMD-SHELL", "true"]},
        "ulimits": {"nofile": 5, "nproc": {"soft": 1, "hard": 2}},
        "build": {"context": "./dir"},
        "extra_hosts": ["a:1.2.3.4"],
        "env_file": [{"required": True, "path": ".env"}],
        "dns": ["8.8.8.8"],
    }


def test_wrong_conditions_are_named() -> None:
    with pytest.raises(InvalidArgument, match=r"services\.web\.depends_on\.db: invalid condition"):
        form.service("web", {"depends_on": {"db": {"condition": "ready"}}})
