"""`gorae image leaks`: secrets of an image that exists, those too that a later layer deletes."""

import json

import pytest
from tests.root.build.conftest import Builder, context
from tests.root.build.test_own import build, gorae

pytestmark = pytest.mark.root
TOKEN = "tok-of-the-npmrc-file"
DOCKERFILE = f"""FROM bb
ENV DB_PASSWORD=hunter2hunter2 PORT=80
COPY . /app/
RUN echo //r/:_authToken={TOKEN} > /root.npmrc; echo hunter2hunter2 > /conf
RUN busybox rm /root.npmrc /app/.env; busybox mkdir /k; echo AKIAIOSFODNN7GUARDED > /k/a
RUN busybox rm -rf /k; busybox mkdir /k; echo other > /conf
LABEL of.api.key=labelvalue123
"""
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBK\n-----END PRIVATE KEY-----\n"


@pytest.fixture(scope="module")
def leaky(builder: Builder, tmp_path_factory: pytest.TempPathFactory) -> str:
    files = {
        "Dockerfile": DOCKERFILE,
        ".dockerignore": "Dockerfile\n.dockerignore\n",
        ".env": "A=1\nAPI_TOKEN=tok-12345678\n",
        "key.pem": KEY,
        "node_modules/tls/test.pem": KEY,
        "plain": "nothing",
    }
    top = context(tmp_path_factory.mktemp("leaky"), files)
    status, words = build(builder, top, "-t", "leaky")
    assert status == 0, words
    return "leaky"


def test_each_is_told_with_layer_instruction_and_fate(builder, leaky):
    done = gorae(builder, "image", "leaks", "--format", "json", leaky)
    assert done.returncode == 1, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    leaks = [line["Leak"] for line in lines if "Leak" in line]
    files = {
        (one["Path"], one["Line"]): (
            one["Layer"],
            one["What"],
            one.get("Hidden", {}).get("Layer"),
            one.get("Hidden", {}).get("How"),
        )
        for one in leaks
        if one["Place"] == "layer"
    }
    assert files == {
        ("/app/.env", 2): (2, 'the value of "API_TOKEN" in an .env file', 4, "deleted"),
        ("/app/key.pem", 1): (2, "a private key", None, None),
        ("/conf", 1): (3, 'the value of env "DB_PASSWORD"', 5, "replaced"),
        ("/root.npmrc", 1): (3, "a registry token of .npmrc", 4, "deleted"),
        ("/k/a", 1): (4, "an AWS access key", 5, "deleted"),
    }
    settings = {(one["Place"], one.get("Path", "")) for one in leaks if one["Place"] != "layer"}
    assert settings == {("history", ""), ("env", "DB_PASSWORD"), ("label", "of.api.key")}
    (made,) = {one["CreatedBy"] for one in leaks if one.get("Path") == "/app/key.pem"}
    assert made == "COPY . /app/ # buildkit"
    summary = lines[-1]["Summary"]
    assert summary["Layers"] == 5 and summary["Leaks"] == len(leaks)
    for value in (TOKEN, "hunter2", "tok-12345678", "AKIAIOS", "labelvalue", "MIIE"):
        assert value not in done.stdout.decode(), value


def test_it_reads_well(builder, leaky):
    done = gorae(builder, "image", "leaks", leaky)
    lines = done.stdout.decode().splitlines()
    at = lines.index("layer 3  /root.npmrc:1: a registry token of .npmrc (:_au****)")
    assert lines[at + 1].startswith("    made by  RUN /bin/sh -c echo //r/:_au****")
    assert lines[at + 2].startswith(
        "    deleted in layer 4 by RUN /bin/sh -c busybox rm /root.npmrc"
    )
    assert lines[at + 2].endswith("; the file is still in the image")
    assert " leaks found in 5 layers, " in lines[-1]


def test_the_status(builder, leaky):
    assert gorae(builder, "image", "leaks", "-q", leaky).stdout == b""
    done = gorae(builder, "image", "leaks", "bb")
    assert done.returncode == 0 and done.stdout.startswith(b"nothing found in 1 layer, ")
    done = gorae(builder, "image", "leaks", "nosuch")
    assert done.returncode == 2 and b"No such image" in done.stderr


def test_an_image_from_elsewhere(builder, leaky, tmp_path):
    """What was pulled or loaded is looked through as what was built here."""
    archive = tmp_path / "a.tar"
    assert builder.daemon.docker("save", "-o", str(archive), leaky).returncode == 0
    before = gorae(builder, "image", "leaks", leaky).stdout
    builder.daemon.docker("rmi", "-f", leaky)
    gorae(builder, "builder", "prune", "-af")
    assert builder.daemon.docker("load", "-i", str(archive)).returncode == 0
    assert gorae(builder, "image", "leaks", leaky).stdout == before
