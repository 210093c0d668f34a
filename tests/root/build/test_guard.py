"""The secret guard: what a build would keep is told, or refused with nothing stored; what it says is masked."""

import base64
import contextlib
import json
import sqlite3
import subprocess
import zlib
from pathlib import Path

import pytest
from tests.root.build.conftest import Builder, context
from tests.root.build.test_own import build, gorae

pytestmark = pytest.mark.root
ARG = "arg-value-to-be-found"


def kept(builder: Builder) -> tuple[int, int]:
    """Committed snapshots and results of steps."""
    path = builder.daemon.data_root / "gorae.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        (snapshots,) = db.execute("SELECT count(*) FROM snapshot").fetchone()
        (results,) = db.execute("SELECT count(*) FROM build_cache").fetchone()
    return snapshots, results


def mentions(builder: Builder, *texts: str) -> list[str]:
    """The files of data root and exec root that hold one of the texts, and whether the log does."""
    flags = [word for text in texts for word in ("-e", text)]
    folders = [str(builder.daemon.data_root), str(builder.daemon.exec_root)]
    found = subprocess.run(["grep", "-rlaF", *flags, *folders], capture_output=True, text=True)
    log = builder.daemon.log.read_text(errors="replace")
    return found.stdout.split() + ["log" for text in texts if text in log]


def encoded(text: str) -> list[str]:
    """What base64 makes of it wherever it stands: at each offset, without the characters that others are in."""
    found = []
    for before in range(3):
        whole = base64.b64encode(b"x" * before + text.encode()).decode().rstrip("=")
        found.append(whole[2 if before else 0 : -2])
    return found


def rows(builder: Builder) -> list[str]:
    """Every cell of every table, whatever pages it lies in; what is compressed is told plainly."""
    path = builder.daemon.data_root / "gorae.db"
    found = []
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        tables = [
            row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        for table in tables:
            for row in db.execute(f'SELECT * FROM "{table}"'):
                found += [_text(cell) for cell in row]
    return found


def _text(cell: object) -> str:
    if not isinstance(cell, bytes):
        return str(cell)
    with contextlib.suppress(zlib.error):
        cell = zlib.decompress(cell)
    return cell.decode("latin-1")


class Given:
    """A secret of one test's own: the engine is the whole module's."""

    def __init__(self, path: Path, name: str) -> None:
        self.value = f"guarded/value+{name}"
        path.write_text(self.value)
        self.flags = ("--secret", f"id=s,src={path}")


@pytest.fixture
def secret(tmp_path: Path, request: pytest.FixtureRequest) -> Given:
    return Given(tmp_path / "value", request.node.name)


def test_a_layer_that_keeps_a_secret_is_told_from_the_cache_too(builder, tmp_path, secret):
    text = """FROM bb
RUN --mount=type=secret,id=s cp /run/secrets/s /plain && busybox base64 /plain > /coded
COPY . /app
"""
    files = {"Dockerfile": text, ".env": "DB_PASSWORD=hunter2hunter2"}
    top = context(tmp_path / "c", files)
    for _ in range(2):
        status, words = build(builder, top, *secret.flags)
        assert status == 0, words
        for path, line in (("/plain", "line 2: RUN"), ("/coded", "line 2: RUN")):
            told = f'SecretGuard: the value of secret "s" is kept in {path} ({line})'
            assert words.count(f"WARN: {told}") == 1 and words.count(f" - {told}") == 1, words
        assert '"DB_PASSWORD" in an .env file is kept in /app/.env (line 3: COPY)' in words
        assert secret.value not in words
    assert "CACHED" in words
    status, words = build(builder, top, *secret.flags, "--secret-guard", "off")
    assert status == 0 and "SecretGuard" not in words


def test_a_layer_that_was_built_unguarded_is_looked_through(builder, tmp_path, secret):
    text = "FROM bb\nRUN --mount=type=secret,id=s cp /run/secrets/s /unguarded\n"
    top = context(tmp_path / "c", {"Dockerfile": text})
    assert build(builder, top, *secret.flags, "--secret-guard", "off")[0] == 0
    for _ in range(2):
        status, words = build(builder, top, *secret.flags)
        assert status == 0 and "CACHED" in words
        assert 'SecretGuard: the value of secret "s" is kept in /unguarded (line 2: RUN)' in words


def test_error_stores_nothing(builder, tmp_path, secret):
    text = "FROM bb\nRUN echo before\nRUN --mount=type=secret,id=s cat /run/secrets/s > /kept-{}\n"
    top = context(tmp_path / "c", {"Dockerfile": text.format("a")})
    before = kept(builder)
    status, words = build(builder, top, *secret.flags, "--secret-guard", "error", "-t", "refused")
    assert status == 1
    assert 'the value of secret "s" would be kept in /kept-a: read it from its mount' in words
    assert ">>> RUN --mount=type=secret" in words
    assert kept(builder) == (before[0] + 1, before[1] + 1)
    assert mentions(builder, secret.value) == []
    assert builder.daemon.docker("image", "inspect", "refused").returncode != 0
    context(tmp_path / "c", {"Dockerfile": text.format("b")})
    assert build(builder, top, *secret.flags, "--secret-guard", "off")[0] == 0
    status, words = build(builder, top, *secret.flags, "--secret-guard", "error")
    assert status == 1, "a layer from the cache"
    assert "would be kept in /kept-b" in words


def test_error_keeps_no_state_of_a_failed_step_that_wrote_a_secret(builder, tmp_path, secret):
    text = "FROM bb\nRUN --mount=type=secret,id=s cat /run/secrets/s > /kept; exit 9\n"
    top = context(tmp_path / "c", {"Dockerfile": text})
    status, words = build(builder, top, *secret.flags, "--secret-guard", "error")
    assert status == 1 and "exit code: 9" in words
    assert mentions(builder, secret.value) == []


def test_history_variables_and_labels(builder, tmp_path):
    text = "FROM bb\nARG API_TOKEN\nENV COPIED=$API_TOKEN\nRUN echo run-with $API_TOKEN\n"
    top = context(tmp_path, {"Dockerfile": text})
    args = ("--build-arg", f"API_TOKEN={ARG}", "--label", f"token={ARG}")
    for _ in range(2):
        status, words = build(builder, top, *args, "-t", "telling")
        assert status == 0, words
        told = (
            'SecretGuard: the value of build arg "API_TOKEN" is kept in the history '
            '(line 2: ARG, line 3: ENV, line 4: RUN), ENV COPIED, the label "token": '
            "use RUN --mount=type=secret,id=api_token and build with --secret id=api_token,env=API_TOKEN"
        )
        assert words.count(f" - {told}") == 1, words
        assert ARG not in words
    status, words = build(builder, top, *args, "--secret-guard=error", "-t", "refused")
    assert status == 1 and ">>> ARG API_TOKEN" in words and "would be kept in the history" in words
    done = gorae(builder, "build", "--progress", "rawjson", *args, str(top))
    warnings = [one for line in done.stderr.splitlines() for one in _warnings(line)]
    (one,) = [one for one in warnings if one.get("rule") == "SecretGuard"]
    assert base64.b64decode(one["short"]).decode() == told
    assert one["range"] == [{"start": {"line": 2}, "end": {"line": 4}}]


def _warnings(line: bytes) -> list[dict]:
    return json.loads(line).get("warnings", []) if line.startswith(b"{") else []


def test_the_classic_stream_tells_too(builder, tmp_path):
    text = "FROM bb\nARG API_TOKEN\nRUN echo $API_TOKEN > /kept; echo it is $API_TOKEN\n"
    top = context(tmp_path, {"Dockerfile": text})
    done = builder.build(top, "--build-arg", f"API_TOKEN={ARG}-classic")
    assert done.returncode == 0, done.stderr
    assert (
        '[Warning] SecretGuard: the value of build arg "API_TOKEN" is kept in /kept' in done.stdout
    )
    assert "it is ****" in done.stdout and ARG not in done.stdout


def test_the_log_is_masked_over_two_writes(builder, tmp_path, secret):
    half = len(secret.value) // 2
    text = f"""FROM bb
RUN --mount=type=secret,id=s,env=V echo whole $V; echo -n "split ${{V:0:{half}}}"; busybox sleep 0.3; echo "${{V:{half}}}"
RUN --mount=type=secret,id=s,env=V echo last $V; exit 7
"""
    top = context(tmp_path / "c", {"Dockerfile": text})
    status, words = build(builder, top, *secret.flags)
    assert status == 1
    assert "whole ****" in words and "split ****" in words and "last ****" in words, words
    assert secret.value not in words and secret.value[half:] not in words
    assert "SecretGuard" not in words
    assert mentions(builder, secret.value, *encoded(secret.value)) == []
    records = gorae(builder, "build", "why").stdout.decode()
    assert secret.value not in records


def test_a_secret_leaves_no_trace(builder, tmp_path, secret):
    """From a file and from a variable, used, told, failed with, and cached: nothing that the engine keeps has it."""
    text = """FROM bb
RUN --mount=type=secret,id=s --mount=type=secret,id=v,env=TOKEN \\
    cat /run/secrets/s; echo $TOKEN; busybox base64 /run/secrets/s; test -s /run/secrets/s
RUN --mount=type=secret,id=v cat /run/secrets/v > /gone; rm /gone; echo done > /done
LABEL a=b
"""
    top = context(tmp_path / "c", {"Dockerfile": text})
    variable = f"variable-{secret.value}"
    flags = (*secret.flags, "--secret", "id=v,env=GIVEN")
    for _ in range(2):
        status, words = build(builder, top, *flags, "-t", "traceless", env={"GIVEN": variable})
        assert status == 0, words
    failing = context(
        tmp_path / "f",
        {"Dockerfile": f"{text}RUN --mount=type=secret,id=s cat /run/secrets/s; false\n"},
    )
    assert build(builder, failing, *flags, env={"GIVEN": variable})[0] == 1
    whole = [secret.value, *encoded(secret.value), *encoded(variable)]
    assert mentions(builder, *whole) == []
    told = [
        json.dumps(builder.inspect("traceless")),
        builder.daemon.docker("history", "--no-trunc", "traceless").stdout,
        json.dumps(builder.daemon.ask("GET", "/gorae/build/records")),
        gorae(builder, "build", "why").stdout.decode(),
        *rows(builder),
    ]
    assert not [one for one in told for value in whole if value in one]
    archive = builder.daemon.docker("save", "-o", str(tmp_path / "a.tar"), "traceless")
    assert archive.returncode == 0
    assert secret.value.encode() not in (tmp_path / "a.tar").read_bytes()


def test_no_record_of_a_build_holds_a_value(builder, tmp_path, secret):
    """Names of steps, keys, errors: all that is written down of a build whose arg stands in its texts."""
    text = "FROM bb AS other\nARG API_TOKEN\nRUN echo $API_TOKEN\nWORKDIR /w-$API_TOKEN\nFROM bb\nCOPY --from=other /bin /b\n"
    top = context(tmp_path / "c", {"Dockerfile": text})
    value = "record-value-to-hide"
    status, words = build(builder, top, *secret.flags, "--build-arg", f"API_TOKEN={value}")
    assert status == 0, words
    assert value not in words
    assert not [one for one in rows(builder) if value in one]


def test_a_log_is_clipped_and_its_end_shown_at_a_failure(builder, tmp_path):
    text = "FROM bb\nRUN busybox seq 1 400000; echo the very end; exit {}\n"
    top = context(tmp_path / "a", {"Dockerfile": text.format(3)})
    status, words = build(builder, top)
    assert status == 1
    assert words.count("[output clipped, log limit 2MiB reached]") == 1
    assert "the very end" in words and " 150000\n" in words and " 330000\n" not in words
    top = context(tmp_path / "b", {"Dockerfile": text.format(0)})
    status, words = build(builder, top)
    assert status == 0 and "the very end\n" not in words.split("DONE")[-2]
    assert len(words) < 5 << 20
