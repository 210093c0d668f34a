import os
from pathlib import Path

import pytest

from gorae.compose import project as projects
from gorae.compose.load import Loader, Request, parse_yaml
from gorae.compose.project import Project
from gorae.errors import GoraeError, InvalidArgument, NotFound, SyntaxFault


def load(folder: Path, environment: dict[str, str] | None = None, **more: object) -> Project:
    request = Request(environment or {}, directory=str(folder), **more)  # type: ignore[arg-type]
    return Loader(request).load()


def write(folder: Path, text: str, name: str = "compose.yaml") -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def test_names_and_defaults(tmp_path: Path) -> None:
    folder = tmp_path / "My App"
    write(
        folder, "services: {web: {image: x}}\nvolumes: {data: }\nnetworks: {front: {name: shared}}"
    )
    found = load(folder)
    assert found.name == "myapp"
    assert found.services["web"]["networks"] == {"default": None}
    assert found.networks["default"]["name"] == "myapp_default"
    assert found.networks["front"]["name"] == "shared"
    assert found.volumes["data"]["name"] == "myapp_data"


def test_an_override_file_is_merged(tmp_path: Path) -> None:
    write(
        tmp_path,
        "services: {web: {image: x, ports: ['80:80'], environment: {A: 1, B: 2}, command: a b}}",
    )
    write(
        tmp_path,
        "services: {web: {ports: ['80:80', '81:81'], environment: [B=3], command: [c]}}",
        "compose.override.yaml",
    )
    web = load(tmp_path).services["web"]
    assert [one["published"] for one in web["ports"]] == ["80", "81"]
    assert web["environment"] == {"A": "1", "B": "3"}
    assert web["command"] == ["c"]


def test_reset_and_override_tags(tmp_path: Path) -> None:
    first = write(
        tmp_path,
        "services: {web: {image: x, ports: ['80'], labels: {a: 1}, dns: [1.1.1.1]}}",
        "a.yaml",
    )
    second = write(
        tmp_path,
        "services: {web: {ports: !override ['81'], labels: !reset {}, dns: !reset null}}",
        "b.yaml",
    )
    web = load(tmp_path, files=[first, second]).services["web"]
    assert [one["target"] for one in web["ports"]] == [81]
    assert "labels" not in web and "dns" not in web


def test_extends_includes_profiles_and_env_files(tmp_path: Path) -> None:
    write(tmp_path, "A=from file\nQ='single $A'\nexport D=\"two\\nlines\"  # comment\n", "vars.env")
    write(
        tmp_path,
        "services: {base: {image: b, environment: {X: 1}, volumes: ['./v:/v']}}",
        "sub/base.yaml",
    )
    write(tmp_path, "services: {helper: {image: h, volumes: ['./h:/h']}}", "inc/compose.yaml")
    write(
        tmp_path,
        """
include: [inc/compose.yaml]
services:
  web: {extends: {service: base, file: sub/base.yaml}, environment: {Y: 2}, env_file: vars.env}
  debug: {image: d, profiles: [dev]}
""",
    )
    found = load(tmp_path)
    assert set(found.services) == {"web", "helper"}
    assert found.disabled == ("debug",)
    web = found.services["web"]
    assert web["image"] == "b"
    assert web["environment"] == {
        "A": "from file",
        "Q": "single $A",
        "D": "two\nlines",
        "X": "1",
        "Y": "2",
    }
    assert web["volumes"][0]["source"] == str(tmp_path / "sub/v")
    assert found.services["helper"]["volumes"][0]["source"] == str(tmp_path / "inc/h")
    assert set(load(tmp_path, profiles=["dev"]).services) == {"web", "helper", "debug"}


def test_variables_of_the_dot_env_file_and_ours(tmp_path: Path) -> None:
    write(tmp_path, "TAG=1\nNAME=file\n", ".env")
    write(tmp_path, "services: {web: {image: 'x:${TAG}', hostname: '${NAME}'}}")
    web = load(tmp_path, {"NAME": "shell"}).services["web"]
    assert (web["image"], web["hostname"]) == ("x:1", "shell")


def test_anchors_merge_keys_and_plain_words(tmp_path: Path) -> None:
    write(
        tmp_path,
        "x-c: &c {restart: always}\nservices: {web: {<<: *c, image: x, command: [on, 'yes', 1], ports: ['22:22']}}",
    )
    web = load(tmp_path).services["web"]
    assert web["restart"] == "always"
    assert web["command"] == ["on", "yes", "1"]
    assert web["ports"][0]["published"] == "22"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("services: {web: {image: x, imge: y}}", "did you mean image?"),
        ("networkz: {}", "did you mean networks?"),
        ("services: {web: {}}", "neither an image nor a build"),
        ("services: {web: {image: x, depends_on: [db]}}", 'depends on undefined service "db"'),
        ("services: {web: {image: x, networks: [n]}}", "undefined network n"),
        ("services: {web: {image: x, volumes: ['v:/v']}}", "undefined volume v"),
        (
            "services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [a]}}",
            "dependency cycle",
        ),
        ("services: {a: {extends: b}, b: {extends: a}}", "circular reference"),
        ("[1]", "must be a mapping"),
        (
            "services: {web: {image: x, network_mode: host, networks: [n]}}\nnetworks: {n: }",
            "mutually exclusive",
        ),
        ("name: Bad!\nservices: {}", "invalid project name"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, words: str) -> None:
    write(tmp_path, text)
    with pytest.raises(InvalidArgument, match=words.replace("?", r"\?")):
        load(tmp_path)


def test_a_syntax_error_has_its_line(tmp_path: Path) -> None:
    write(tmp_path, "services:\n  web: {image: x}\n bad: [")
    with pytest.raises(SyntaxFault) as found:
        load(tmp_path)
    assert found.value.line >= 3


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Loader(Request({}, directory=os.fspath(tmp_path))).load()


def test_aliases_cannot_make_a_file_endless() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]"
        for old, new in zip("abcdefg", "bcdefgh", strict=True)
    ]
    with pytest.raises(GoraeError, match="aliases"):
        parse_yaml("\n".join(lines), "bomb.yaml")


def test_waves_of_dependencies(tmp_path: Path) -> None:
    write(
        tmp_path,
        "services: {a: {image: x, depends_on: [b, c]}, b: {image: x}, c: {image: x, network_mode: 'service:b'}}",
    )
    found = load(tmp_path)
    assert projects.in_order(found.services) == [["b"], ["c"], ["a"]]
    assert projects.with_dependencies(found.services, ["c"]) == ["b", "c"]


def test_one_variable_is_taken_away_by_reset(tmp_path: Path) -> None:
    write(tmp_path, "services: {a: {image: i, environment: {A: 1, B: 2}}}")
    write(tmp_path, "services: {a: {environment: {A: !reset null}}}", "compose.override.yaml")
    assert load(tmp_path).services["a"]["environment"] == {"B": "2"}


def test_what_is_shared_is_depended_on(tmp_path: Path) -> None:
    write(
        tmp_path,
        "services: {a: {image: i, network_mode: 'service:b', volumes_from: [c]}, b: {image: i}, c: {image: i}}",
    )
    assert load(tmp_path).services["a"]["depends_on"] == {
        "b": {"condition": "service_started", "restart": True, "required": True},
        "c": {"condition": "service_started", "required": True},
    }
