import json
import os
import re
from pathlib import Path

import pytest

from gorae.cli.bake import definition, expression, files
from gorae.errors import GoraeError, InvalidArgument

HCL = """
variable "TAG" { default = "latest" }
function "name" {
  params = [base]
  result = "${base}:${TAG}"
}
group "default" { targets = ["app", "db"] }
target "base" {
  args = { Z = "1" }
  tags = ["base:1"]
}
target "app" {
  name = "app-${replace(v, ".", "-")}"
  matrix = { v = ["1.0", "2"] }
  args = { V = v, T = TAG, NONE = null }
  tags = [name("app")]
  no-cache = true
}
target "db" {
  inherits = ["base"]
  context = "db"
  contexts = { b = "target:base" }
  dockerfile-inline = <<EOT
FROM b
RUN echo ${TAG}
EOT
}
"""
COMPOSE = """
name: proj
services:
  web:
    build: ./web
    image: web:${TAG:-1}
  db:
    build:
      context: .
      args: [A=1, B]
      additional_contexts: {x: "service:web"}
      secrets: [tok]
  none: {image: nginx}
secrets:
  tok: {file: ./tok}
"""


def load(
    tmp_path: Path, name: str, text: str, environment: dict[str, str] | None = None
) -> files.Loaded:
    (tmp_path / name).write_text(text)
    return files.load([str(tmp_path / name)], environment or {})


def test_hcl(tmp_path: Path) -> None:
    loaded = load(tmp_path, "docker-bake.hcl", HCL, {"TAG": "v9"})
    groups, names = loaded.definition.names([])
    assert names == ["app-1-0", "app-2", "db"]
    assert groups == {"default": ["app", "db"], "app": ["app-1-0", "app-2"]}
    app = loaded.definition.resolved("app-1-0")
    assert app["args"] == {"V": "1.0", "T": "v9", "NONE": None}
    assert app["tags"] == ["app:v9"]
    db = loaded.definition.resolved("db")
    assert db["args"] == {"Z": "1"}
    assert db["dockerfile-inline"] == "FROM b\nRUN echo v9\n"
    assert loaded.variables["TAG"]["value"] == "v9"


def test_what_print_shows(tmp_path: Path) -> None:
    found = files.printed(
        load(tmp_path, "x.hcl", HCL).definition, ["db"], ["*.args.Q=1", "db.tags=x", "db.tags=y"]
    )
    assert found == {
        "group": {"default": {"targets": ["db"]}},
        "target": {
            "base": {
                "context": ".",
                "dockerfile": "Dockerfile",
                "args": {"Q": "1", "Z": "1"},
                "tags": ["base:1"],
                "output": [{"type": "cacheonly"}],
            },
            "db": {
                "context": "db",
                "contexts": {"b": "target:base"},
                "dockerfile": "Dockerfile",
                "dockerfile-inline": "FROM b\nRUN echo latest\n",
                "args": {"Q": "1", "Z": "1"},
                "tags": ["x", "y"],
            },
        },
    }


def test_json(tmp_path: Path) -> None:
    text = json.dumps(
        {
            "variable": {"V": {"default": "1"}},
            "target": {"a": {"args": {"X": "${V}y"}, "tags": ["t"]}},
        }
    )
    loaded = load(tmp_path, "b.json", text)
    assert loaded.definition.names([])[1] == ["a"]
    words = definition.words(loaded.definition.resolved("a"))
    assert words == ["--build-arg", "X=1y", "--tag", "t"]


def test_compose(tmp_path: Path) -> None:
    found = load(tmp_path, "compose.yaml", COMPOSE, {"B": "from env"}).definition
    assert found.names([])[1] == ["web", "db"]
    assert found.targets["web"] == {"context": "./web", "tags": ["web:1"]}
    assert found.targets["db"]["args"] == {"A": "1", "B": "from env"}
    assert found.targets["db"]["contexts"] == {"x": "target:web"}
    assert found.targets["db"]["secret"] == ["id=tok,src=tok"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.hcl", 'target "x" {'),
        ("a.hcl", 'target "x y" {}'),
        (
            "a.hcl",
            'variable "V" {\n  default = 1\n  validation {\n    condition = V > 2\n    error_message = "no"\n  }\n}',
        ),
        ("a.hcl", 'target "x" { tags = ["%{ if true }x"] }'),
        ("a.hcl", 'target "x" { tags = ["%{ nosuch }x"] }'),
        ("a.hcl", 'target "x" { args = { a = NOSUCH } }'),
        (
            "a.hcl",
            'variable "A" { default = B }\nvariable "B" { default = A }\ntarget "x" { context = A }',
        ),
        ("a.json", "[1]"),
        ("a.json", "{"),
        ("a.yaml", "services: ["),
        ("a.yaml", "a: b"),
        ("a.yaml", "services: {w: {build: {args: {A: '${X:?say X}'}}}}"),
    ],
)
def test_wrong_files_are_one_sentence(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(InvalidArgument) as found:
        load(tmp_path, name, text)
    assert "\n" not in str(found.value)


def test_an_unknown_field_is_said(tmp_path: Path) -> None:
    found = load(tmp_path, "a.hcl", 'target "x" { nosuch = 1 }').definition
    assert found.unknown == ['target "x": unknown key "nosuch" is passed over']
    assert found.resolved("x") == {"context": ".", "dockerfile": "Dockerfile"}


def test_templates_have_directives() -> None:
    scope = expression.Scope(lambda name: {"l": ["x", "y"], "on": True}[name], {})
    for text, found in (
        ("%{ for n in l }${n};%{ endfor }.", "x;y;."),
        ("%{ for i, n in l }${i}${n}%{ endfor }", "0x1y"),
        ("%{ if on }a%{ else }b%{ endif }", "a"),
        ("%{ if !on }${nosuch}%{ else }b%{ endif }", "b"),
        ("%{ if on }%{ for n in l }${n}%{ endfor }%{ endif }", "xy"),
        ("$${a} %%{b} \\u00e9", "${a} %{b} \u00e9"),
    ):
        assert expression.template(text, scope) == found
    assert expression.template(expression.escaped("${a}%{b}"), scope) == "${a}%{b}"


def test_circles_and_missing_names(tmp_path: Path) -> None:
    found = load(
        tmp_path, "a.hcl", 'target "a" { inherits = ["b"] }\ntarget "b" { inherits = ["a"] }'
    ).definition
    assert found.resolved("a")["context"] == "."
    for act in (
        lambda: found.names(["nosuch"]),
        lambda: found.names([]),
    ):
        with pytest.raises(GoraeError):
            act()


def test_wrong_overrides() -> None:
    for text in ("a=1", "a.nosuch=1", "a.tags"):
        with pytest.raises(InvalidArgument):
            definition.override("a", {}, text)
    assert definition.override("a", {"tags": ["x"]}, "b.tags=y") == {"tags": ["x"]}
    assert definition.override("a", {"tags": ["x"]}, "a.tags+=y")["tags"] == ["x", "y"]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(GoraeError, match="no such file or directory"):
        files.load([os.fspath(tmp_path / "none.hcl")], {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"target": 3}', '"target": wanted an object'),
        ('{"group": [1]}', '"group": wanted an object'),
        ('{"variable": 3}', '"variable": wanted an object'),
        ('{"target": {"a": 3}}', 'target "a": wanted an object'),
        ('{"target": {"a": null}}', 'target "a": wanted an object'),
        ('{"target": {"a": {"tags": 3}}}', 'target "a": tags: wanted a list'),
        ('{"target": {"a": {"inherits": "b"}}}', 'target "a": inherits: wanted a list'),
        ('{"target": {"a": {"args": [1]}}}', 'target "a": args: wanted a map'),
        ('{"target": {"a": {"matrix": 3}}}', 'target "a": matrix: wanted a map'),
        (
            '{"target": {"a": {"name": "b", "matrix": {"v": 3}}}}',
            'target "a": matrix: v: wanted a list',
        ),
        ('{"group": {"g": {"targets": 3}}}', 'group "g": targets: wanted a list'),
        ('{"function": {"f": {"params": 3}}}', 'function "f": params: wanted a list'),
    ],
)
def test_values_of_the_wrong_kind_are_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bake.json"
    path.write_text(text)
    with pytest.raises(InvalidArgument, match=re.escape(words)):
        files.load([str(path)], {})
