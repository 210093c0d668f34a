import pytest

from gorae.engine.logdetails import attributes, check, prefix
from gorae.engine.model import Container, ContainerSpec, ContainerState, LogConfig
from gorae.errors import InvalidArgument


def container(**options: str) -> Container:
    spec = ContainerSpec(
        image="repo/app:1",
        image_id="sha256:" + "b" * 64,
        labels={"x": "y", "xy": "z"},
        env=("A=1", "B=2 =&", "GONE"),
        log=LogConfig(
            "json-file", {name.replace("_", "-"): text for name, text in options.items()}
        ),
    )
    return Container("a" * 64, "web", 0, spec, ContainerState(), mounts=(), request="")


def test_nothing_is_asked_for() -> None:
    assert prefix(container()) == b" "


def test_sorted_and_written_as_a_query() -> None:
    assert prefix(container(labels="x,nosuch", env="B,GONE")) == b"B=2+%3D%26,x=y "


def test_by_expression() -> None:
    assert attributes(container(labels_regex="^x.", env_regex="^[A]$")) == {"xy": "z", "A": "1"}


def test_a_tag() -> None:
    assert attributes(container(tag="{{.Name}}/{{ .ID }}/{{.ImageName}}/{{.ImageID}}")) == {
        "tag": f"web/{'a' * 12}/repo/app:1/{'b' * 12}"
    }


@pytest.mark.parametrize(
    "options", [{"env-regex": "("}, {"labels-regex": "["}, {"tag": "{{"}, {"tag": "{{.Nosuch}}"}]
)
def test_what_is_none(options: dict[str, str]) -> None:
    with pytest.raises(InvalidArgument):
        check(LogConfig("json-file", options))
