"""A tcp socket speaks TLS and knows its clients: docker and gorae, with the right papers and with wrong ones."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.daemon import Goraed, goraed
from tests.oracle.twin import PROGRAMS

HOST = "tcp://127.0.0.1:2376"
pytestmark = pytest.mark.root


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=60)


def authority(folder: Path, *names: str) -> Path:
    """A CA and, signed by it, certificates for these names; each as docker's clients want the files called."""
    folder.mkdir()
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(
        folder, "req", "-x509", *key, "-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=ca"
    )
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in names:
        (folder / name).mkdir()
        openssl(
            folder,
            "req",
            *key,
            "-keyout",
            f"{name}/key.pem",
            "-out",
            "request",
            "-subj",
            f"/CN={name}",
        )
        openssl(
            folder, "x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca-key.pem",
            "-CAcreateserial", "-extfile", "names", "-out", f"{name}/cert.pem",
        )  # fmt: skip
        (folder / name / "ca.pem").write_bytes((folder / "ca.pem").read_bytes())
    return folder


@dataclass(frozen=True)
class Setting:
    """A daemon that asks for certificates, and two authorities, of which it trusts `ours`."""

    daemon: Goraed
    ours: Path
    strange: Path

    def ask(
        self, program: str, *words: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        cleared = {k: v for k, v in os.environ.items() if not k.startswith(("DOCKER_", "GORAE_"))}
        return subprocess.run(
            ["nsenter", "-t", str(self.daemon.netns), "-n", *PROGRAMS[program], *words],
            env={**cleared, "DOCKER_CONFIG": "/nonexistent", **(env or {})},
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    folder = tmp_path_factory.mktemp("tls")
    ours = authority(folder / "ours", "server", "client")
    strange = authority(folder / "strange", "client")
    flags = ["--tlsverify", "--tlscacert", f"{ours}/ca.pem", "--tlscert", f"{ours}/server/cert.pem"]
    with goraed("-H", HOST, *flags, "--tlskey", f"{ours}/server/key.pem") as daemon:
        yield Setting(daemon, ours, strange)


def papers(folder: Path) -> list[str]:
    return [
        "-H", HOST, "--tlsverify", "--tlscacert", f"{folder}/ca.pem", "--tlscert", f"{folder}/cert.pem",
        "--tlskey", f"{folder}/key.pem",
    ]  # fmt: skip


@pytest.mark.parametrize("program", list(PROGRAMS))
def test_the_right_papers_are_let_in(program: str, setting: Setting) -> None:
    said = setting.ask(program, *papers(setting.ours / "client"), "ps", "-q")
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@pytest.mark.parametrize("program", list(PROGRAMS))
def test_papers_may_come_by_the_environment(program: str, setting: Setting) -> None:
    env = {"DOCKER_HOST": HOST, "DOCKER_TLS_VERIFY": "1"}
    env["DOCKER_CERT_PATH"] = str(setting.ours / "client")
    assert setting.ask(program, "ps", "-q", env=env).returncode == 0


@pytest.mark.parametrize("program", list(PROGRAMS))
def test_a_client_of_another_authority_is_refused(program: str, setting: Setting) -> None:
    words = papers(setting.strange / "client")
    words[words.index("--tlscacert") + 1] = f"{setting.ours}/ca.pem"
    said = setting.ask(program, *words, "ps")
    assert said.returncode == 1
    assert len(said.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("program", list(PROGRAMS))
def test_a_server_of_another_authority_is_not_believed(program: str, setting: Setting) -> None:
    said = setting.ask(program, *papers(setting.strange / "client"), "ps")
    assert said.returncode == 1
    assert "certificate" in said.stderr
    assert len(said.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("program", list(PROGRAMS))
def test_without_tls_nothing_is_said(program: str, setting: Setting) -> None:
    said = setting.ask(program, "-H", HOST, "ps")
    assert said.returncode == 1
    assert len(said.stderr.strip().splitlines()) == 1
