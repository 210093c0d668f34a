"""gorae's own endpoint, driven by `gorae build`: the folder handed over, secrets, outputs, explanations."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from tests.daemon import SRC, _wait
from tests.root.build.conftest import Builder, context

pytestmark = pytest.mark.root
GORAE = [sys.executable, "-c", "from gorae.cli.main import main; main()"]
SECRET = "s3cr3t-value-that-may-not-stay"


def gorae(
    builder: Builder,
    *argv: str,
    stdin: bytes | None = None,
    env: dict[str, str] | None = None,
    timeout_s: float = 60,
):
    return subprocess.run(
        [*GORAE, "-H", builder.daemon.host, *argv],
        env={**os.environ, "PYTHONPATH": str(SRC), **(env or {})},
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        timeout=timeout_s,
    )


def build(builder: Builder, top: Path, *flags: str, **options) -> tuple[int, str]:
    done = gorae(builder, "build", "--progress", "plain", *flags, str(top), **options)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_nothing_is_uploaded_and_the_change_is_named(builder: Builder, tmp_path):
    top = context(
        tmp_path,
        {"Dockerfile": "FROM bb\nCOPY src /src\nRUN cat /src/a", "src/a": "one", "src/b": "two"},
    )
    status, words = build(builder, top, "-t", "handed")
    assert status == 0, words
    status, words = build(builder, top, "-t", "handed")
    assert words.count("CACHED") >= 2
    (top / "src/a").write_text("changed")
    status, words = build(builder, top, "-t", "handed", "--explain")
    assert "why: src/a changed" in words
    assert builder.run("handed", "cat", "/src/a") == "changed"


def test_the_store_is_sound_with_an_image_of_ours(builder: Builder, tmp_path):
    top = context(tmp_path, {"Dockerfile": "FROM bb\nRUN echo sound > /sound"})
    assert build(builder, top, "-t", "sound")[0] == 0
    assert builder.daemon.ask("GET", "/gorae/system/check") == {"Findings": []}


@pytest.mark.parametrize("name", [".dockerignore", "Dockerfile.dockerignore"])
def test_an_ignored_source_names_its_ignore_file(builder: Builder, tmp_path, name):
    text = "FROM bb\nCOPY kept.env /\nCOPY secret.env /"
    files = {
        "Dockerfile": text,
        name: "# why\n*.env\n!kept.env\n",
        "kept.env": "",
        "secret.env": "",
    }
    status, words = build(builder, context(tmp_path, files))
    assert status == 1
    assert f'"/secret.env": not found: {name}:2 ("*.env") leaves it out' in words


def test_an_arg_is_named(builder: Builder, tmp_path):
    top = context(tmp_path, {"Dockerfile": "FROM bb\nARG A=1\nRUN echo $A"})
    assert build(builder, top)[0] == 0
    _, words = build(builder, top, "--build-arg", "A=2", "--explain")
    assert "ARG A has another value" in words


def test_a_build_is_explained_afterwards(builder: Builder, tmp_path):
    text = "FROM bb\nCOPY src /src\nRUN cat /src/a\n"
    top = context(tmp_path / "c", {"Dockerfile": text, "src/a": "one", "src/b": "beside"})
    assert gorae(builder, "build", "why", "--folder", str(tmp_path)).returncode == 1
    assert build(builder, top)[0] == 0
    (top / "src/a").write_text("changed")
    (top / "Dockerfile").write_text(text + "RUN false\n")
    assert build(builder, top)[0] == 1
    done = gorae(builder, "build", "why", "--folder", str(top))
    words = done.stdout.decode()
    assert done.returncode == 0 and "why: src/a changed" in words and "FAILED" in words
    assert "why: step 1 before it has another result" in words
    document = json.loads(
        gorae(builder, "build", "why", "1", "--folder", str(top), "--format", "json").stdout
    )
    (step,) = document["steps"]
    assert step["changes"][0]["name"] == "src/a" and (step["changed_files"], step["files"]) == (
        1,
        2,
    )
    found = gorae(builder, "build", "why", "--build", document["id"][:9], "9")
    assert found.returncode == 1 and b"has no step 9: it has 1 to 3" in found.stderr


def test_secrets_leave_no_trace(builder: Builder, tmp_path):
    text = f"""FROM bb
RUN --mount=type=secret,id=file test "$(cat /run/secrets/file | busybox wc -c)" = {len(SECRET)}
RUN --mount=type=secret,id=variable,env=TOKEN test ${{#TOKEN}} = {len(SECRET)} && echo ${{#TOKEN}}
RUN --mount=type=secret,id=absent test ! -e /run/secrets/absent
RUN test ! -e /run/secrets/file
"""
    top = context(tmp_path / "c", {"Dockerfile": text})
    (tmp_path / "value").write_text(SECRET)
    status, words = build(
        builder, top, "-t", "secret",
        "--secret", f"id=file,src={tmp_path}/value", "--secret", "id=variable,env=FROM_ENV",
        env={"FROM_ENV": SECRET},
    )  # fmt: skip
    assert status == 0, words
    for folder in (builder.daemon.data_root, builder.daemon.exec_root):
        found = subprocess.run(["grep", "-rlaF", SECRET, str(folder)], capture_output=True)
        assert found.stdout == b""
    assert SECRET not in builder.daemon.log.read_text(errors="replace")
    assert SECRET not in builder.daemon.docker("history", "--no-trunc", "secret").stdout


def test_a_secret_that_is_needed_and_missing(builder: Builder, tmp_path):
    text = "FROM bb\nRUN --mount=type=secret,id=x,required=true true"
    status, words = build(builder, context(tmp_path, {"Dockerfile": text}))
    assert status == 1
    assert "secret x: not found" in words


def test_outputs(builder: Builder, tmp_path):
    top = context(
        tmp_path / "c", {"Dockerfile": "FROM scratch\nCOPY a /dir/a\nCOPY a /b", "a": "hello"}
    )
    out = tmp_path / "out"
    assert build(builder, top, "-o", str(out))[0] == 0
    assert (out / "dir/a").read_text() == "hello" and (out / "b").read_text() == "hello"
    archive = tmp_path / "o.tar"
    assert build(builder, top, "-o", f"type=tar,dest={archive}")[0] == 0
    with tarfile.open(archive) as tar:
        assert sorted(tar.getnames()) == ["b", "dir", "dir/a"]
    assert build(builder, top, "-t", "out:1", "-o", f"type=docker,dest={archive}")[0] == 0
    assert "out:1" in builder.daemon.docker("load", "-i", str(archive)).stdout
    assert build(builder, top, "-o", f"type=oci,dest={archive}")[0] == 0
    with tarfile.open(archive) as tar:
        assert "index.json" in tar.getnames() and "manifest.json" not in tar.getnames()


def test_dockerfile_and_context_on_standard_input(builder: Builder, tmp_path):
    done = gorae(builder, "build", "-q", "-", stdin=b"FROM bb\nRUN echo hi > /hi")
    assert done.returncode == 0, done.stderr
    assert builder.run(done.stdout.decode().strip(), "cat", "/hi") == "hi\n"
    top = context(tmp_path / "c", {"Dockerfile": "FROM bb\nCOPY f /f", "f": "from a tar"})
    with tarfile.open(tmp_path / "c.tar.gz", "w:gz") as tar:
        tar.add(top, ".")
    done = gorae(builder, "build", "-q", "-", stdin=(tmp_path / "c.tar.gz").read_bytes())
    assert done.returncode == 0, done.stderr
    assert builder.run(done.stdout.decode().strip(), "cat", "/f") == "from a tar"


def test_a_failure_shows_the_line(builder: Builder, tmp_path):
    text = "FROM bb\nRUN echo before\nRUN echo last words && false\n"
    status, words = build(builder, context(tmp_path, {"Dockerfile": text}))
    assert status == 1
    assert "   3 | >>> RUN echo last words && false" in words
    assert "did not complete successfully: exit code: 1" in words
    assert "last words" in words


def test_mounts(builder: Builder, tmp_path):
    text = """FROM bb AS made
RUN echo from-stage > /made
FROM bb
RUN --mount=type=cache,target=/cache echo x >> /cache/log && wc -l < /cache/log > /count
RUN --mount=type=bind,target=/ctx cat /ctx/file > /file && ! touch /ctx/no 2>/dev/null
RUN --mount=type=bind,from=made,source=/made,target=/m,rw cat /m > /made2 && echo y > /m
RUN --mount=type=tmpfs,target=/t touch /t/x
"""
    top = context(tmp_path, {"Dockerfile": text, "file": "in context"})
    for expected in ("1", "2"):
        status, words = build(builder, top, "-t", "mounts", "--no-cache")
        assert status == 0, words
        assert builder.run("mounts", "cat", "/count").strip() == expected
    assert builder.run("mounts", "cat", "/file", "/made2") == "in contextfrom-stage\n"
    assert not {"t", "m", "cache", "ctx"} & set(builder.run("mounts", "ls", "/").split())


def test_independent_stages_run_beside_each_other(builder: Builder, tmp_path):
    """Each waits for the other through a cache mount: one after the other they would never end."""
    wait = "for i in $(busybox seq 1 200); do test -e /c/%s && exit 0; busybox usleep 50000; done; exit 1"
    text = f"""FROM bb AS a
RUN --mount=type=cache,id=meet,target=/c busybox touch /c/a; {wait % "b"}
FROM bb AS b
RUN --mount=type=cache,id=meet,target=/c busybox touch /c/b; {wait % "a"}
FROM scratch
COPY --from=a /bin/busybox /a
COPY --from=b /bin/busybox /b
"""
    status, words = build(builder, context(tmp_path, {"Dockerfile": text}))
    assert status == 0, words


def test_the_same_epoch_gives_the_same_digest(builder: Builder, tmp_path):
    text = "FROM bb\nRUN echo made > /made\nCOPY a /a\n"
    ids = set()
    for name in ("one", "two"):
        top = context(tmp_path / name, {"Dockerfile": text, "a": "x"})
        done = gorae(
            builder, "build", "-q", "--no-cache", "--build-arg", "SOURCE_DATE_EPOCH=1700000000",
            "-o", "type=image,rewrite-timestamp=true", str(top),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        ids.add(done.stdout)
    assert len(ids) == 1


def test_the_client_leaves(builder: Builder, tmp_path):
    """Ctrl-C ends the build, leaves nothing, and what was done stays cached."""
    text = "FROM bb\nRUN echo first\nRUN busybox sleep 1000"
    top = context(tmp_path, {"Dockerfile": text})
    process = subprocess.Popen(
        [*GORAE, "-H", builder.daemon.host, "build", "--progress", "plain", str(top)],
        env={**os.environ, "PYTHONPATH": str(SRC)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if b"RUN busybox sleep" in line:
            break
    process.send_signal(2)
    process.wait(20)
    process.stderr.close()
    bundles = builder.daemon.exec_root / "bundle"
    _wait(lambda: not list(bundles.glob("build-*")), "the step's bundle is gone")
    _wait(lambda: not list((builder.daemon.exec_root / "rootfs").glob("build-*")), "its mount too")
    _, words = build(builder, context(tmp_path, {"Dockerfile": "FROM bb\nRUN echo first"}))
    assert "CACHED" in words


def test_git_context(builder: Builder, tmp_path):
    """A repository over HTTP, at a branch, a folder of it."""
    if shutil.which("git") is None:
        pytest.fail("git is needed")
    work = context(tmp_path / "work", {"sub/Dockerfile": "FROM bb\nCOPY f /f", "sub/f": "in git"})
    git = ["git", "-C", str(work), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["commit", "-qm", "x"],
        ["branch", "dev"],
    ):
        subprocess.run([*git, *words], check=True)
    bare = tmp_path / "repo.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(bare)], check=True)
    subprocess.run(["git", "-C", str(bare), "update-server-info"], check=True)
    server = subprocess.Popen(
        ["nsenter", "-t", str(builder.daemon.netns), "-n", sys.executable, "-m", "http.server", "8099",
         "--bind", "127.0.0.1", "--directory", str(tmp_path)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(
            lambda: (
                builder.daemon.inside("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8099").returncode
                == 0
            ),
            "the web server listens",
        )
        done = gorae(builder, "build", "-q", "http://127.0.0.1:8099/repo.git#dev:sub")
        assert done.returncode == 0, done.stderr
        assert builder.run(done.stdout.decode().strip(), "cat", "/f") == "in git"
    finally:
        server.kill()
        server.wait()
