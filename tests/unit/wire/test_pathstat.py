import base64
import json
import stat

from gorae.wire import pathstat


def test_modes_are_go_s() -> None:
    assert pathstat.go_mode(stat.S_IFDIR | 0o755) == 1 << 31 | 0o755
    assert pathstat.go_mode(stat.S_IFLNK | 0o777) == 1 << 27 | 0o777
    assert pathstat.go_mode(stat.S_IFREG | 0o4755) == 1 << 23 | 0o755
    assert pathstat.go_mode(stat.S_IFDIR | 0o1777) == 1 << 31 | 1 << 20 | 0o777
    assert pathstat.go_mode(stat.S_IFCHR | 0o600) == 1 << 26 | 1 << 21 | 0o600


def test_the_header_is_base64_of_json() -> None:
    text = pathstat.header_value(pathstat.PathStat("t", 4096, 1, "2023-11-14T22:13:20Z"))
    assert json.loads(base64.b64decode(text)) == {
        "name": "t",
        "size": 4096,
        "mode": 1,
        "mtime": "2023-11-14T22:13:20Z",
        "linkTarget": "",
    }
