import pytest

from gorae.dockerfile.change import apply_changes
from gorae.errors import InvalidArgument
from gorae.oci.config import RunConfig


def test_all_that_may_be_changed() -> None:
    found = apply_changes(
        RunConfig(),
        [
            "ENV A=1 B=$A",
            'LABEL l="$A $B" m=${X:-d}',
            "ENTRYPOINT foo",
            "CMD bar",
            "EXPOSE 80 81/udp 127.0.0.1:8080:82",
            "VOLUME /a /b",
            'VOLUME ["/c d"]',
            "WORKDIR /x",
            "WORKDIR y",
            "USER $A",
            "ONBUILD RUN x",
            "STOPSIGNAL 9",
            "HEALTHCHECK --interval=3s CMD a b",
        ],
    )
    document = found.to_document()
    assert document == {
        "User": "1",
        "ExposedPorts": {"80/tcp": {}, "81/udp": {}, "82/tcp": {}},
        "Env": ["A=1", "B="],
        "Entrypoint": ["/bin/sh", "-c", "foo"],
        "Cmd": ["/bin/sh", "-c", "bar"],
        "Volumes": {"/a": {}, "/b": {}, "/c d": {}},
        "WorkingDir": "/x/y",
        "Labels": {"l": "1 ", "m": "d"},
        "StopSignal": "9",
        "Healthcheck": {"Test": ["CMD-SHELL", "a b"], "Interval": 3_000_000_000},
        "OnBuild": ["RUN x"],
    }


def test_several_lines_in_one_change() -> None:
    assert apply_changes(RunConfig(env=("A=0",)), ["ENV A=1\nENV B=$A"]).env == ("A=1", "B=1")


def test_an_entrypoint_leaves_the_command_be() -> None:
    found = apply_changes(RunConfig(), ['CMD ["a"]', 'ENTRYPOINT ["b"]'])
    assert (found.entrypoint, found.cmd) == (("b",), ("a",))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("RUN x", "RUN is not a valid change command"),
        ("Foo x", "Foo is not a valid change command"),
        ("SHELL ['x']", "SHELL is not a valid change command"),
        ("ENV", "ENV requires at least one argument"),
        ("ENV A", "ENV must have two arguments"),
        ("ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger"),
        ("WORKDIR", "WORKDIR requires exactly one argument"),
        ("", "file with no instructions"),
        ("USER --x=y a", "unknown flag: --x"),
        (
            "LABEL a=b --foo",
            'Syntax error - can\'t find = in "--foo". Must be of the form: name=value',
        ),
        ("STOPSIGNAL FOO", "invalid signal: FOO"),
        ("EXPOSE 80a", "invalid containerPort: 80a"),
    ],
)
def test_what_may_not(change: str, sentence: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        apply_changes(RunConfig(), [change])
    assert caught.value.message == sentence
