"""Documents that no client sends: each is answered with a sentence and a status of the 400s, never with a 500."""

from collections.abc import Iterator

import pytest
from tests.daemon import Goraed, goraed
from tests.root.daemon.client import create, run
from tests.root.daemon.conftest import import_image

pytestmark = pytest.mark.root

BIG = 1 << 70


@pytest.fixture(scope="module")
def house(root_archive: bytes) -> Iterator[Goraed]:
    """One daemon for all of them."""
    with goraed() as one:
        import_image(one, root_archive)
        run(one, "up", "sleep", "1000")
        create(one, "down", "true")
        yield one


CREATE: list[dict[str, object]] = [
    {"Cmd": "x"},
    {"Cmd": [1]},
    {"Cmd": ["a\0b"]},
    {"Env": ["A=\0"]},
    {"Env": ["=x"]},
    {"Env": {"a": "b"}},
    {"User": "a:b:c"},
    {"WorkingDir": "relative"},
    {"Hostname": "a\nb"},
    {"Hostname": "x" * 300},
    {"Domainname": "a b\n1.2.3.4 evil"},
    {"StopSignal": "NOSUCH"},
    {"StopTimeout": "soon"},
    {"ExposedPorts": {"x": {}}},
    {"ExposedPorts": {"99999/tcp": {}}},
    {"Volumes": {"relative": {}}},
    {"Volumes": {"/": {}}},
    {"Labels": {"a": 1}},
    {"Healthcheck": {"Test": ["WHAT"]}},
    {"Healthcheck": {"Test": ["CMD", "x"], "Interval": 1}},
    {"HostConfig": {"Memory": BIG}},
    {"HostConfig": {"Memory": -5}},
    {"HostConfig": {"Memory": 1}},
    {"HostConfig": {"NanoCpus": -1}},
    {"HostConfig": {"NanoCpus": 10**15}},
    {"HostConfig": {"CpuShares": -1}},
    {"HostConfig": {"CpusetCpus": "a-b"}},
    {"HostConfig": {"CpusetCpus": "900"}},
    {"HostConfig": {"PidsLimit": BIG}},
    {"HostConfig": {"OomScoreAdj": 5000}},
    {"HostConfig": {"ShmSize": -1}},
    {"HostConfig": {"Binds": ["::::"]}},
    {"HostConfig": {"Binds": ["/a:b:c:d"]}},
    {"HostConfig": {"Binds": ["/tmp:/x:sometimes"]}},
    {"HostConfig": {"Mounts": [{"Type": "what", "Target": "/x"}]}},
    {"HostConfig": {"Mounts": [{"Type": "bind", "Target": "/x", "Source": "/no/such/path"}]}},
    {
        "HostConfig": {
            "Mounts": [{"Type": "tmpfs", "Target": "/x", "TmpfsOptions": {"SizeBytes": -1}}]
        }
    },
    {"HostConfig": {"Tmpfs": {"relative": ""}}},
    {"HostConfig": {"Tmpfs": {"/x": "what=1"}}},
    {"HostConfig": {"PortBindings": {"80/what": [{"HostPort": "1"}]}}},
    {"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "99999"}]}}},
    {"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "9-1"}]}}},
    {"HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "1.2.3", "HostPort": "80"}]}}},
    {"HostConfig": {"PortBindings": {"0/tcp": [{"HostPort": "80"}]}}},
    {"HostConfig": {"RestartPolicy": {"Name": "sometimes"}}},
    {"HostConfig": {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 3}}},
    {"HostConfig": {"NetworkMode": "container:"}},
    {"HostConfig": {"ExtraHosts": ["nocolon"]}},
    {"HostConfig": {"ExtraHosts": ["a\nb:1.2.3.4"]}},
    {"HostConfig": {"ExtraHosts": ["a:notanaddress"]}},
    {"HostConfig": {"Dns": ["notanaddress"]}},
    {"HostConfig": {"DnsSearch": ["a\nnameserver 6.6.6.6"]}},
    {"HostConfig": {"CapAdd": ["NOSUCH"]}},
    {"HostConfig": {"CapDrop": ["NOSUCH"]}},
    {"HostConfig": {"SecurityOpt": ["nosuch"]}},
    {"HostConfig": {"SecurityOpt": ["seccomp={"]}},
    {"HostConfig": {"SecurityOpt": ['seccomp={"defaultAction": 3}']}},
    {"HostConfig": {"Ulimits": [{"Name": "nosuch", "Soft": 1, "Hard": 1}]}},
    {"HostConfig": {"Ulimits": [{"Name": "nofile", "Soft": 5, "Hard": 1}]}},
    {"HostConfig": {"Devices": [{"PathOnHost": "relative", "PathInContainer": "/dev/x"}]}},
    {"HostConfig": {"DeviceCgroupRules": ["what"]}},
    {"HostConfig": {"Sysctls": {"no/such": "1"}}},
    {"HostConfig": {"IpcMode": "what"}},
    {"HostConfig": {"PidMode": "what"}},
    {"HostConfig": {"UTSMode": "what"}},
    {"HostConfig": {"UsernsMode": "what"}},
    {"HostConfig": {"CgroupnsMode": "what"}},
    {"HostConfig": {"CgroupParent": "../../x"}},
    {"HostConfig": {"Runtime": "nosuch"}},
    {"HostConfig": {"Isolation": "hyperv"}},
    {"HostConfig": {"VolumesFrom": ["nosuch"]}},
    {"HostConfig": {"Links": ["nosuch:a"]}},
    {"HostConfig": {"BlkioWeight": 5}},
    {"HostConfig": {"BlkioDeviceReadBps": [{"Path": "/nosuch", "Rate": 1}]}},
    {"HostConfig": {"MemorySwappiness": 200}},
    {"HostConfig": {"ConsoleSize": [-1, 5]}},
    {"HostConfig": {"GroupAdd": ["nosuchgroup"]}},
    {"HostConfig": {"StorageOpt": {"size": "lots"}}},
    {"HostConfig": {"MaskedPaths": ["relative\0"]}},
    {"HostConfig": 5},
    {"NetworkingConfig": {"EndpointsConfig": {"bridge": {"IPAMConfig": {"IPv4Address": "x"}}}}},
    {"NetworkingConfig": {"EndpointsConfig": {"bridge": {"MacAddress": "x"}}}},
    {"MacAddress": "zz:zz"},
    {"Image": ""},
    {"Image": "\0"},
    {"Image": 5},
]


@pytest.mark.parametrize("more", CREATE, ids=lambda one: str(one)[:70])
def test_create_then_start(house: Goraed, more: dict[str, object]) -> None:
    """What is not refused at once must be refused at the start or run: never a 500 of our own making."""
    status, data = house.request(
        "POST", "/containers/create", {"Image": "bb", "Cmd": ["true"], **more}
    )
    assert b"internal error" not in data and b"Traceback" not in data
    assert status < 500, data
    if status == 201:
        ref = data.split(b'"')[3].decode()
        status, data = house.request("POST", f"/containers/{ref}/start")
        assert b"internal error" not in data, data
        house.request("DELETE", f"/containers/{ref}?force=1")


CALLS = [
    ("POST", "/containers/create", b"{"),
    ("POST", "/containers/create", b"[]"),
    ("POST", "/containers/create", b"\xff\xfe"),
    ("POST", "/containers/create?name=%00", {"Image": "bb"}),
    ("POST", "/containers/create?name=" + "x" * 5000, {"Image": "bb"}),
    ("GET", "/containers/json?limit=x", None),
    ("GET", "/containers/json?filters=x", None),
    ("GET", '/containers/json?filters={"status":["what"]}', None),
    ("GET", '/containers/json?filters={"nosuch":["a"]}', None),
    ("GET", '/containers/json?filters={"before":["nosuch"]}', None),
    ("GET", "/containers/%00/json", None),
    ("GET", "/containers/..%2f..%2fetc/json", None),
    ("GET", "/containers/up/logs", None),
    ("GET", "/containers/up/logs?stdout=1&since=yesterday", None),
    ("GET", "/containers/up/logs?stdout=1&tail=-5", None),
    ("GET", "/containers/up/logs?stdout=1&since=99999999999999999999", None),
    ("GET", "/containers/up/top?ps_args=%00", None),
    ("GET", "/containers/up/top?ps_args=--nosuch", None),
    ("GET", "/containers/down/top", None),
    ("GET", "/containers/down/archive?path=/nosuch", None),
    ("GET", "/containers/up/archive?path=%00", None),
    ("GET", "/containers/up/archive", None),
    ("PUT", "/containers/up/archive?path=/nosuch", b"x"),
    ("PUT", "/containers/up/archive?path=/tmp", b"this is no archive" * 100),
    ("POST", "/containers/up/resize?h=x&w=1", None),
    ("POST", "/containers/up/resize?h=-1&w=1", None),
    ("POST", "/containers/up/resize?h=99999999999&w=1", None),
    ("POST", "/containers/down/resize?h=1&w=1", None),
    ("POST", "/containers/up/kill?signal=NOSUCH", None),
    ("POST", "/containers/up/kill?signal=99999", None),
    ("POST", "/containers/up/stop?t=x", None),
    ("POST", "/containers/up/stop?signal=NOSUCH", None),
    ("POST", "/containers/up/wait?condition=what", None),
    ("POST", "/containers/up/rename", None),
    ("POST", "/containers/up/rename?name=a/b", None),
    ("POST", "/containers/up/update", {"Memory": 1}),
    ("POST", "/containers/up/update", {"Memory": "x"}),
    ("POST", "/containers/up/update", {"CpusetCpus": "900"}),
    ("POST", "/containers/up/update", {"RestartPolicy": {"Name": "what"}}),
    ("POST", "/containers/down/pause", None),
    ("POST", "/containers/up/unpause", None),
    ("POST", "/containers/up/exec", {}),
    ("POST", "/containers/up/exec", {"Cmd": []}),
    ("POST", "/containers/up/exec", {"Cmd": ["a\0"]}),
    ("POST", "/containers/up/exec", {"Cmd": ["true"], "User": "nosuch"}),
    ("POST", "/containers/up/exec", {"Cmd": ["true"], "DetachKeys": "what"}),
    ("POST", "/containers/down/exec", {"Cmd": ["true"]}),
    ("POST", "/exec/nosuch/start", {}),
    ("POST", "/exec/nosuch/resize?h=1&w=1", None),
    ("GET", "/exec/nosuch/json", None),
    ("POST", "/images/create?fromSrc=-&repo=Bad", b""),
    ("POST", "/images/create?fromSrc=-&repo=good&changes=WHAT", b"\0" * 1024),
    ("POST", "/images/create", None),
    ("GET", "/images/%00/json", None),
    ("POST", "/images/bb/tag?repo=Bad", None),
    ("POST", "/images/bb/tag", None),
    ("DELETE", "/images/nosuch", None),
    ("GET", '/images/json?filters={"until":["1.2.3h"]}', None),
    ("GET", '/images/json?filters={"dangling":["maybe"]}', None),
    ("GET", "/images/get", None),
    ("GET", "/images/get?names=nosuch", None),
    ("POST", "/volumes/create", {"Name": "a/b"}),
    ("POST", "/volumes/create", {"Name": "x" * 5000}),
    ("POST", "/volumes/create", {"Name": "v", "Driver": "nosuch"}),
    ("POST", "/volumes/create", {"Name": "w", "DriverOpts": {"type": "what"}}),
    ("DELETE", "/volumes/..%2f..", None),
    ("POST", "/networks/create", {"Name": ""}),
    ("POST", "/networks/create", {"Name": "n", "Driver": "nosuch"}),
    ("POST", "/networks/create", {"Name": "n", "IPAM": {"Config": [{"Subnet": "x"}]}}),
    ("POST", "/networks/create", {"Name": "n", "IPAM": {"Config": [{"Subnet": "10.0.0.0/33"}]}}),
    ("POST", "/networks/create", {"Name": "n", "Options": {"com.docker.network.driver.mtu": "x"}}),
    (
        "POST",
        "/networks/create",
        {"Name": "n", "Options": {"com.docker.network.bridge.name": "x" * 50}},
    ),
    ("POST", "/networks/bridge/connect", {"Container": "nosuch"}),
    ("POST", "/networks/nosuch/connect", {"Container": "up"}),
    ("POST", "/networks/bridge/disconnect", {}),
    ("DELETE", "/networks/bridge", None),
    ("GET", "/events?since=x", None),
    ("GET", "/events?filters=x&until=1", None),
    ("GET", "/system/df?type=what", None),
    ("GET", "/v1.99/info", None),
    ("GET", "/v1.2/info", None),
    ("GET", "/v1.x/info", None),
    ("GET", "/nosuch", None),
    ("PATCH", "/containers/json", None),
    ("POST", "/commit?container=nosuch", {}),
    ("POST", "/commit?container=up&repo=Bad", {}),
    ("POST", "/auth", {"username": 5}),
    ("POST", "/build?remote=what:", None),
    ("POST", "/build", b"this is no archive" * 100),
]


@pytest.mark.parametrize(
    "call", CALLS, ids=lambda one: f"{one[0]} {one[1][:60]} {str(one[2])[:30]}"
)
def test_calls(house: Goraed, call: tuple[str, str, object]) -> None:
    method, path, body = call
    path = path.replace('"', "%22").replace("{", "%7B").replace("}", "%7D")
    status, data = house.request(method, path, body, timeout_s=20)
    assert (
        status not in (500, 502) and b"internal error" not in data and b"Traceback" not in data
    ), data
    assert house.request("GET", "/_ping")[0] == 200
