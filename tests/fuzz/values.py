"""Values for requests: mostly such as clients send, some such as nobody should. All from a given `Random`."""

import json
from random import Random
from typing import Any

from tests.fuzz.description import Description, Schema

NAMES = tuple(f"c{number}" for number in range(6))
NETWORKS = ("n0", "n1", "n2", "bridge", "host", "none")
VOLUMES = ("v0", "v1", "v2")
IMAGES = ("bb", "bb:latest", "i0", "i1:tag", "127.0.0.1:1/i2", "127.0.0.1:1/none:x")
NOWHERE = "http://127.0.0.1:1/x"
COMMANDS = (
    ["sleep", "100"],
    ["true"],
    ["sh", "-c", "echo out; echo err >&2; exit 3"],
    ["cat"],
    ["nosuchprogram"],
    ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"],
)
MODES = ("bridge", "host", "none", "container:c0", "n0", "nosuchnet", "default", "container:")
PATHS = (
    "/",
    "/etc",
    "/etc/passwd",
    "/tmp/x",
    ".",
    "../../..",
    "/proc/1/root",
    "/nosuch/x",
    "bin/sh",
)
MOMENTS = ("0", "1", "10m", "1700000000", "1700000000.5", "2024-01-01T00:00:00Z", "9999999999")
SIGNALS = ("KILL", "SIGTERM", "9", "0", "-1", "NOSUCH", "SIGRTMIN+3", "64", "65")
AUTH = ("e30=", "", "!!!", "eyJ1c2VybmFtZSI6MX0=", "W10=", "bnVsbA==", "eyJ1c2VybmFtZSI6ImEifQ")
FILTERS = (
    '{"label":["a=b"]}',
    '{"name":["c0"]}',
    '{"status":["running"]}',
    '{"status":["nosuch"]}',
    '{"until":["10m"]}',
    '{"until":["x"]}',
    '{"dangling":["true"]}',
    '{"dangling":["maybe"]}',
    '{"ancestor":["bb"]}',
    '{"exited":["x"]}',
    '{"exited":["3"]}',
    '{"before":["c0"]}',
    '{"since":["nosuch"]}',
    '{"network":["n0"]}',
    '{"publish":["80/tcp"]}',
    '{"expose":["x"]}',
    '{"health":["none"]}',
    '{"id":["a"]}',
    '{"driver":["bridge"]}',
    '{"type":["custom"]}',
    '{"scope":["local"]}',
    '{"event":["die"]}',
    '{"reference":["b*"]}',
    '{"reference":["[ab"]}',
    '{"name":{"c0":true}}',
    '{"name":["["]}',
    '{"name":["(((((a*)*)*)*)*"]}',
    '{"nosuch":["x"]}',
    '{"label":[1]}',
    '{"label":"x"}',
    "[]",
    "{",
    "null",
)
CHANGES = ("CMD sleep 1", "ENV a=b", "FROM x", "RUN x", "", "EXPOSE 99999", "USER x y", "VOLUME /v")
PLAUSIBLE: dict[str, tuple[Any, ...]] = {
    "Image": IMAGES,
    "Cmd": COMMANDS,
    "Entrypoint": (None, [], ["/bin/sh", "-c"], "sh"),
    "Env": (["A=b"], ["A"], ["=b"], None),
    "User": ("", "0", "1000:1000", "nobody", "nosuchuser", "99999999999"),
    "WorkingDir": ("", "/tmp", "/new/dir", "relative"),
    "Hostname": ("h", "", "h.d"),
    "StopSignal": SIGNALS,
    "StopTimeout": (0, 1),
    "NetworkMode": MODES,
    "PidMode": ("", "host", "container:c1", "odd"),
    "IpcMode": ("", "private", "shareable", "none", "host", "container:c1", "odd"),
    "UTSMode": ("", "host", "odd"),
    "UsernsMode": ("", "host", "odd"),
    "CgroupnsMode": ("", "private", "host", "odd"),
    "CgroupParent": ("", "..", "/../.."),
    "Binds": (
        ["v0:/v"],
        ["v1:/v:ro"],
        ["v2:/v:odd"],
        ["/tmp/gorae-fuzz-host:/v"],
        ["v0"],
        ["v0:v"],
    ),
    "Mounts": (
        [{"Type": "volume", "Source": "v0", "Target": "/w"}],
        [{"Type": "tmpfs", "Target": "/w", "TmpfsOptions": {"SizeBytes": 1 << 20}}],
        [{"Type": "bind", "Source": "/nosuch", "Target": "/w"}],
        [{"Type": "image", "Source": "bb", "Target": "/w"}],
        [{"Type": "odd", "Target": 3}],
    ),
    "Tmpfs": ({"/t": ""}, {"/t": "size=1m"}, {"/t": "size=odd"}, {"t": ""}),
    "VolumesFrom": (["c0"], ["c1:ro"], ["c2:odd"], ["nosuch"]),
    "Links": (["c0:x"], ["nosuch"]),
    "PortBindings": (
        {"80/tcp": [{"HostPort": ""}]},
        {"80/tcp": [{"HostPort": "18080"}]},
        {"80/udp": [{"HostIp": "127.0.0.1", "HostPort": "0"}]},
        {"80/sctp": [{"HostPort": "70000"}]},
        {"x/tcp": None},
        {"80": [{"HostIp": "odd"}]},
        {"80/tcp": [{"HostPort": "20000-20010"}]},
    ),
    "ExposedPorts": ({"80/tcp": {}}, {"1-9/udp": {}}, {"9-1/udp": {}}, {"x": {}}),
    "RestartPolicy": (
        {"Name": "no"},
        {"Name": "on-failure", "MaximumRetryCount": 1},
        {"Name": "x"},
    ),
    "LogConfig": ({"Type": "json-file"}, {"Type": "none"}, {"Type": "odd"}, {"Config": {"a": "b"}}),
    "Ulimits": ([{"Name": "nofile", "Soft": 64, "Hard": 64}], [{"Name": "odd", "Soft": 9}]),
    "Sysctls": ({"net.core.somaxconn": "99"}, {"kernel.shmmax": "x"}, {"nosuch.x": "1"}),
    "CapAdd": (["ALL"], ["NET_ADMIN"], ["cap_sys_time"], ["ODD"]),
    "CapDrop": (["ALL"], ["ODD"]),
    "SecurityOpt": (["no-new-privileges"], ["seccomp=unconfined"], ["seccomp={"], ["odd"]),
    "Devices": (
        [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x"}],
        [{"PathOnHost": "/no"}],
    ),
    "DeviceRequests": ([{"Driver": "cdi", "DeviceIDs": ["a/b=c"]}], [{"Count": -1}]),
    "DeviceCgroupRules": (["c 1:3 rwm"], ["odd"]),
    "Runtime": ("", "crun", "nosuch"),
    "Isolation": ("", "default", "hyperv"),
    "CpusetCpus": ("0", "0-9999", "x", ""),
    "CpusetMems": ("0", "x"),
    "NanoCpus": (10**8, -1, 10**18),
    "Memory": (64 << 20, 6 << 20, 1, -1, 1 << 62),
    "MemorySwap": (-1, 128 << 20, 1),
    "ShmSize": (1 << 20, 0, -1, 1 << 62),
    "PidsLimit": (10, 0, -1),
    "OomScoreAdj": (0, 1000, -1000, 5000),
    "Healthcheck": (
        {"Test": ["CMD", "true"], "Interval": 10**9},
        {"Test": ["CMD-SHELL"]},
        {"Test": ["NONE"]},
        {"Test": ["ODD"], "Timeout": 1},
    ),
    "Driver": ("bridge", "local", "", "macvlan", "overlay", "nosuch", "host"),
    "DriverOpts": ({"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}, {"o": "x"}, {"odd": "y"}),
    "Container": (*NAMES, "nosuch"),
    "IPAM": (
        {"Config": [{"Subnet": "10.99.0.0/24"}]},
        {"Config": [{"Subnet": "10.99.0.0/33"}]},
        {"Config": [{"Gateway": "10.99.0.1"}]},
        {"Config": [{"Subnet": "fd00:9::/64"}, {"Subnet": "10.99.8.0/24", "IPRange": "x"}]},
        {"Driver": "odd"},
    ),
    "EndpointConfig": ({"IPAMConfig": {"IPv4Address": "10.99.0.9"}}, {"Aliases": ["a"]}, {}),
    "NetworkingConfig": ({"EndpointsConfig": {"n0": {}}}, {"EndpointsConfig": {"n1": None}}),
    "EndpointsConfig": ({"n0": {"Aliases": ["x"]}}, {"n1": {"MacAddress": "odd"}}),
    "Options": ({"com.docker.network.driver.mtu": "1400"}, {"com.docker.network.driver.mtu": "x"}),
    "Labels": ({"a": "b"}, {"": ""}),
    "ConsoleSize": ([10, 20], [1], [-1, -1], None),
    "DetachKeys": ("ctrl-p,ctrl-q", "odd,", ""),
    "serveraddress": ("127.0.0.1:1", NOWHERE, "", "::"),
    "name": NAMES,
    "platform": ("linux/amd64", "linux", "odd/", "windows/amd64", '{"os":"linux"}'),
    "filters": FILTERS,
    "signal": SIGNALS,
    "t": ("0", "1"),
    "h": ("10", "0", "65536"),
    "w": ("20", "x"),
    "path": PATHS,
    "ps_args": ("-ef", "aux", "-o pid", "-o comm", "odd", "-C;id"),
    "since": MOMENTS,
    "until": MOMENTS,
    "tail": ("all", "0", "5", "-1", "x"),
    "detachKeys": ("ctrl-a", "odd,"),
    "condition": ("not-running", "next-exit", "removed", "odd"),
    "fromImage": ("127.0.0.1:1/x", "127.0.0.1:1/x@sha256:1", "127.0.0.1:1/X", "scratch"),
    "fromSrc": ("-", "-", NOWHERE, "odd"),
    "repo": ("i0", "i1", "127.0.0.1:1/i2", "ODD", "a/b/c"),
    "tag": ("latest", "tag", "x y"),
    "changes": CHANGES,
    "container": (*NAMES, "nosuch"),
    "dockerfile": ("Dockerfile", "nosuch", "../../etc/passwd", "sub/D"),
    "remote": ("", NOWHERE, "git://127.0.0.1:1/x", "127.0.0.1:1/x.git#a:b"),
    "extrahosts": ("a:1.2.3.4", "odd", '["a:1.2.3.4"]'),
    "buildargs": ('{"A":"b"}', '{"A":null}', "[]", "{"),
    "labels": ('{"A":"b"}', "[]", "{"),
    "cachefrom": ('["bb"]', "{}", "["),
    "outputs": ("", '[{"Type":"odd"}]', "odd"),
    "networkmode": ("", "none", "host", "odd"),
    "type": ("container", "image", "volume", "build-cache", "odd"),
    "term": ("127.0.0.1:1/x", ""),
    "names": IMAGES,
    "X-Registry-Auth": AUTH,
    "X-Registry-Config": AUTH,
}
"""What a parameter or a field of this name often is. Only these values reach what could do harm on a host."""
HARMFUL = frozenset(
    (
        "Binds",
        "Mounts",
        "Cmd",
        "Devices",
        "Source",
        "DriverOpts",
        "CgroupParent",
        "Sysctls",
        "Tmpfs",
    )
)
"""Fields that get no odd values: their harm would be done outside of the daemon's own folders."""
ODD_TEXT = (
    "",
    " ",
    "..",
    "a/../b",
    "\0",
    "a\0b",
    "a\nb",
    "é",
    "💥",
    "\ud800",
    "%s%n",
    "{{.}}",
    "$(id)",
    "a" * 300,
    "a" * 5000,
    ":",
    "@",
    "sha256:" + "a" * 64,
    "sha256:",
    "0" * 64,
    "-",
    "--help",
    "null",
    "true",
    "1e999",
    "٣",
)
ODD_NUMBERS = (-1, 0, 1, 255, 65536, -(1 << 31), 1 << 31, 1 << 63, -(1 << 63), 1 << 64, 10**40)
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    1e308,
    "",
    "x",
    [],
    {},
    [None],
    [[]],
    {"": None},
    {"a": {"b": []}},
    "\0",
    10**30,
)
ODD_DOCUMENTS = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"x"',
    b"1",
    b"{}" + b" " * 5000,
    b"\xff\xfe{}",
    b'{"a":' * 3000,
    b"[" * 100_000,
    b'{"Image":"bb","Image":"bb"}',
    b'{"Cmd":"\\ud800"}',
    b"{}{}",
    b"\x1f\x8b\x08\x00",
)
DEEPEST = 6
MANY_FIELDS = 12


class Values:
    """Makes values of schemas."""

    def __init__(self, description: Description, luck: Random) -> None:
        self._description = description
        self._luck = luck

    def often(self, share: float) -> bool:
        """True that often."""
        return self._luck.random() < share

    def query(self, name: str, kind: str, words: tuple[str, ...]) -> str:
        """A parameter as it stands in a URL, not yet escaped."""
        if self.often(0.75):
            if name in PLAUSIBLE:
                return str(self._luck.choice(PLAUSIBLE[name]))
            if words:
                return self._luck.choice(words)
            if kind == "boolean":
                return self._luck.choice(("0", "1", "true", "false"))
            if kind == "integer":
                return str(self._luck.choice((0, 1, 5, 100)))
        if kind == "integer" and self.often(0.7):
            return str(self._luck.choice(ODD_NUMBERS))
        return self._luck.choice(ODD_TEXT)

    def document(self, schema: Schema) -> bytes:
        """A body; one of twelve is no document at all."""
        if self.often(0.08):
            return self._luck.choice(ODD_DOCUMENTS)
        return json.dumps(self.value(schema, 0)).encode()

    def value(self, schema: Schema, depth: int) -> Any:
        """Of the schema's kind; one of fifteen is of another."""
        schema = self._description.resolve(schema)
        if self.often(0.07):
            return self._luck.choice(ODD_VALUES)
        kind = schema.get("type", "object")
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            if depth > DEEPEST:
                return []
            return [
                self.value(schema["items"], depth + 1)
                for _ in range(self._luck.choice((0, 1, 1, 3)))
            ]
        if kind == "boolean":
            return self.often(0.5)
        if kind in ("integer", "number"):
            return self._luck.choice((0, 1, 5, 100, *ODD_NUMBERS))
        return self._luck.choice(tuple(schema.get("enum", ())) or ("a", "b", *ODD_TEXT))

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        fields = schema.get("properties", {})
        share = 0.6 if len(fields) <= MANY_FIELDS else 0.1
        made = {
            name: self.field(name, one, depth) for name, one in fields.items() if self.often(share)
        }
        more = schema.get("additionalProperties")
        if more and more is not True and depth <= DEEPEST and self.often(0.6):
            made[self._luck.choice(("a", "80/tcp", "/v", *ODD_TEXT))] = self.value(more, depth + 1)
        if self.often(0.05):
            made["NoSuchField"] = self._luck.choice(ODD_VALUES)
        return made

    def field(self, name: str, schema: Schema, depth: int) -> Any:
        """A field: what it often is, or anything of its kind."""
        if name in HARMFUL or (name in PLAUSIBLE and self.often(0.8)):
            return self._luck.choice(PLAUSIBLE.get(name, ("/nosuch",)))
        if depth > DEEPEST:
            return None
        return self.value(schema, depth + 1)
