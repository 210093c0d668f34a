"""The classic API, driven by the real docker CLI: steps, cache, failures, what is left behind."""

import os

import pytest
from tests.root.build.conftest import Builder, context
from tests.root.daemon.client import findings

pytestmark = pytest.mark.root

NODE = """FROM bb
WORKDIR /app
COPY package.json /app/
RUN echo installed > /app/modules
COPY . /app
ARG DEFAULT_PORT=80
ENV PORT=$DEFAULT_PORT
EXPOSE $PORT
CMD ["cat", "/app/server.js"]
"""


def test_the_classic_case(builder: Builder, tmp_path):
    """A changed source does not install again."""
    top = context(tmp_path, {"Dockerfile": NODE, "package.json": "{}", "server.js": "one"})
    first = builder.build(top, "-t", "node", "--build-arg", "DEFAULT_PORT=90")
    assert first.returncode == 0, first.stderr
    assert "Step 9/9" in first.stdout and "Using cache" not in first.stdout.split("Step 3/")[1]
    assert builder.run("node") == "one"
    config = builder.inspect("node")["Config"]
    assert config["ExposedPorts"] == {"90/tcp": {}} and "PORT=90" in config["Env"]

    again = builder.build(top, "-t", "node", "--build-arg", "DEFAULT_PORT=90")
    assert "Running in" not in again.stdout
    assert again.stdout.splitlines()[-2] == first.stdout.splitlines()[-2]

    (top / "server.js").write_text("two")
    changed = builder.build(top, "-t", "node", "--build-arg", "DEFAULT_PORT=90")
    assert "Running in" not in changed.stdout
    assert builder.run("node") == "two"

    (top / "package.json").write_text('{"a": 1}')
    assert "Running in" in builder.build(top, "-t", "node").stdout


def test_what_was_built_is_no_finding(builder: Builder, tmp_path):
    """A layer of which no archive is kept is nothing that is gone: it is packed again when it is wanted."""
    top = context(tmp_path, {"Dockerfile": "FROM bb\nRUN echo 1 >/found"})
    assert builder.build(top, "-t", "unfound").returncode == 0
    assert findings(builder.daemon) == []


def test_times_do_not_count(builder: Builder, tmp_path):
    top = context(tmp_path, {"Dockerfile": "FROM bb\nCOPY a /a\nRUN cat /a", "a": "x"})
    assert builder.build(top, "-t", "times").returncode == 0
    os.utime(top / "a", ns=(1, 1))
    assert "Running in" not in builder.build(top, "-t", "times").stdout
    (top / "a").chmod(0o755)
    assert "Running in" in builder.build(top, "-t", "times").stdout


def test_quiet_prints_the_id(builder: Builder, tmp_path):
    top = context(tmp_path, {"Dockerfile": "FROM bb\nRUN echo loud"})
    done = builder.build(top, "-q", "-t", "quiet")
    assert done.stdout.strip() == builder.inspect("quiet")["Id"]


def test_a_failing_command(builder: Builder, tmp_path):
    top = context(tmp_path, {"Dockerfile": "FROM bb\nRUN echo last words; exit 4"})
    done = builder.build(top, "-t", "failing")
    assert done.returncode == 4
    assert "last words" in done.stdout
    assert (
        "The command '/bin/sh -c echo last words; exit 4' returned a non-zero code: 4"
        in done.stderr
    )


def test_a_missing_source(builder: Builder, tmp_path):
    top = context(tmp_path, {"Dockerfile": "FROM bb\nCOPY nope /x"})
    done = builder.build(top)
    assert done.returncode == 1
    assert "stat nope: file does not exist" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FROM bb\nFOO x", "dockerfile parse error on line 2: unknown instruction: FOO"),
        ("RUN true", "no build stage in current context"),
        ("FROM bb AS a\nCOPY --from=b / /\nFROM bb AS b\nCOPY --from=a / /", "circular dependency"),
    ],
)
def test_a_wrong_dockerfile(builder: Builder, tmp_path, text, words):
    done = builder.build(context(tmp_path, {"Dockerfile": text}))
    assert done.returncode == 1
    assert words in done.stderr


def test_stages_that_nobody_needs_are_skipped(builder: Builder, tmp_path):
    text = """FROM bb AS used
RUN echo used > /made
FROM bb AS unused
RUN exit 9
FROM bb
COPY --from=used /made /made
"""
    top = context(tmp_path, {"Dockerfile": text})
    done = builder.build(top, "-t", "stages")
    assert done.returncode == 0, done.stderr
    assert builder.run("stages", "cat", "/made") == "used\n"
    assert builder.build(top, "--target", "unused").returncode == 9


def test_the_image_can_be_saved_and_loaded(builder: Builder, tmp_path):
    """The layer's archive is made when it is wanted, and is what its name says."""
    top = context(tmp_path, {"Dockerfile": "FROM bb\nRUN echo kept > /kept"})
    assert builder.build(top, "-t", "kept").returncode == 0
    image = builder.inspect("kept")
    archive = str(tmp_path / "kept.tar")
    assert builder.daemon.docker("save", "-o", archive, "kept").returncode == 0
    assert builder.daemon.docker("rmi", "kept").returncode == 0
    assert "kept" in builder.daemon.docker("load", "-i", archive).stdout
    assert builder.inspect("kept")["Id"] == image["Id"]
    assert builder.run("kept", "cat", "/kept") == "kept\n"


def test_what_the_classic_api_cannot_carry(builder: Builder):
    for query in ("version=2", "outputs=%5B%7B%22Type%22%3A%22local%22%7D%5D"):
        status, body = builder.daemon.request("POST", f"/build?{query}", b"")
        assert status == 501, body


def test_nothing_is_left_on_the_host(builder: Builder):
    """No mount, no bundle, no scratch file of all these builds."""
    daemon = builder.daemon
    for folder in ("rootfs", "bundle", "build", "build-mounts"):
        where = daemon.exec_root / folder
        assert not where.exists() or list(where.glob("build-*")) == []
    assert not list((daemon.data_root / "build" / "tmp").iterdir())
