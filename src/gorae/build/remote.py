"""What ADD and contexts take from elsewhere: files by HTTP, trees by git; blocking.

    https://host/path/file.tar.gz          a file
    https://host/repo.git#ref:folder       a commit of a repository, or a folder of it; also git@host:repo.git,
                                           git://…, ssh://…, github.com/…; `?ref=…&subdir=…` says the same

Sizes are bounded, redirects are followed within HTTP only, git may ask nobody and may use no local repository.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import urllib3

from gorae.build.cancel import Cancel
from gorae.errors import InvalidArgument, NotFound, Unavailable
from gorae.linux import process
from gorae.store import tree

MAX_BYTES = 16 << 30
PIECE = 256 << 10
TIMEOUT = urllib3.Timeout(connect=30, read=60)
MAX_REDIRECTS = 10
GIT_TIMEOUT_S = 1800
GIT_PROTOCOLS = "http:https:git:ssh"
_GIT_PREFIXES = ("git://", "git@", "ssh://", "github.com/")
_SCP = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^/].*")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class GitSource:
    """Which commit of which repository, and which folder of it."""

    url: str
    ref: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that was fetched. `modified_ns`: of its Last-Modified header, 0 without one."""

    name: str
    digest: str
    size_bytes: int
    modified_ns: int
    etag: str = ""


def is_url(text: str) -> bool:
    """Whether a source is a file elsewhere."""
    return text.startswith(("http://", "https://"))


def is_git(text: str) -> bool:
    """Whether a source is a repository."""
    if text.startswith(_GIT_PREFIXES) or _SCP.fullmatch(text.partition("#")[0]):
        return True
    return is_url(text) and urlsplit(text).path.endswith(".git")


def git_source(text: str) -> GitSource:
    """Raises: InvalidArgument: a reference or folder that could mean something else to git."""
    url, _, fragment = text.partition("#")
    ref, _, folder = fragment.partition(":")
    if "?" in url:
        url, _, query = url.partition("?")
        asked = parse_qs(query)
        ref = asked.get("ref", asked.get("branch", asked.get("tag", [ref])))[0]
        folder = asked.get("subdir", [folder])[0]
    if url.startswith("github.com/"):
        url = f"https://{url}"
    if ref.startswith("-") or url.startswith("-") or ".." in folder.split("/"):
        raise InvalidArgument(f'invalid git source "{text}"')
    return GitSource(url, ref, folder.strip("/"))


def download(url: str, target: Path, cancel: Cancel) -> Downloaded:
    """A file to a path that is not there yet.

    Raises:
        NotFound, Unavailable: the server's answer. InvalidArgument: too large.
    """
    manager = urllib3.PoolManager(
        timeout=TIMEOUT, retries=urllib3.Retry(redirect=MAX_REDIRECTS, connect=2)
    )
    try:
        answer = manager.request("GET", url, preload_content=False)
    except urllib3.exceptions.HTTPError as error:
        raise Unavailable(f'cannot fetch "{url}": {_reason(error)}') from error
    try:
        if answer.status == 404:
            raise NotFound(f"invalid response status 404 for {url}")
        if answer.status != 200:
            raise Unavailable(f"invalid response status {answer.status} for {url}")
        return _stored(answer, url, target, cancel)
    except urllib3.exceptions.HTTPError as error:
        raise Unavailable(f'cannot fetch "{url}": {_reason(error)}') from error
    finally:
        answer.close()
        manager.clear()


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error).rpartition(": ")[2].lower()


def _stored(answer: urllib3.BaseHTTPResponse, url: str, target: Path, cancel: Cancel) -> Downloaded:
    found, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        for piece in answer.stream(PIECE, decode_content=False):
            cancel.check()
            size += len(piece)
            if size > MAX_BYTES:
                raise InvalidArgument(f'"{url}" is larger than {MAX_BYTES} bytes')
            found.update(piece)
            file.write(piece)
    return Downloaded(
        _name(answer.headers.get("Content-Disposition", ""), answer.url or url),
        f"sha256:{found.hexdigest()}",
        size,
        _time_ns(answer.headers.get("Last-Modified", "")),
        answer.headers.get("ETag", ""),
    )


def _name(disposition: str, url: str) -> str:
    """What a fetched file is called: as the server says, else the last part of the path."""
    found = re.search(r'filename="?([^";]+)"?', disposition)
    name = found[1] if found else unquote(urlsplit(url).path)
    return name.rstrip("/").rpartition("/")[2] or "download"


def _time_ns(text: str) -> int:
    try:
        return int(parsedate_to_datetime(text).timestamp()) * 10**9
    except (ValueError, TypeError, IndexError):
        return 0


def clone(source: GitSource, target: Path, cancel: Cancel, *, keep_git_dir: bool) -> str:
    """A commit's tree in a new folder; the commit's id.

    Raises:
        NotFound: git is not installed, or has no such repository or reference. Unavailable.
    """
    target.mkdir(parents=True, mode=0o755)
    _git(target, cancel, "init", "-q", "--initial-branch=main")
    _git(target, cancel, "remote", "add", "origin", source.url)
    _fetch(source.ref or "HEAD", target, cancel)
    _git(target, cancel, "checkout", "-q", "--detach", "FETCH_HEAD")
    _git(
        target, cancel, "submodule", "update", "-q", "--init", "--recursive", "--depth=1",
    )  # fmt: skip
    commit = _git(target, cancel, "rev-parse", "HEAD").strip()
    if not keep_git_dir:
        for found in target.rglob(".git"):
            tree.remove(found)
    return commit


def _fetch(ref: str, target: Path, cancel: Cancel) -> None:
    """The commit alone where the server can give that; else what it takes."""
    try:
        _git(target, cancel, "fetch", "-q", "--depth=1", "--no-tags", "origin", "--", ref)
    except Unavailable:
        if _COMMIT.fullmatch(ref):
            _git(target, cancel, "fetch", "-q", "--no-tags", "origin")
            _git(target, cancel, "update-ref", "FETCH_HEAD", ref)
        else:
            _git(target, cancel, "fetch", "-q", "--no-tags", "origin", "--", ref)


_ASIDES = ("Please make sure", "and the repository exists", "warning: ", "Warning: ", "hint: ")
_FROM_BELOW = ("fatal: Could not read from remote repository", "fatal: the remote end hung up")


def _git(folder: Path, cancel: Cancel, *words: str) -> str:
    cancel.check()
    argv = ["git", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false", *words]
    env = {
        "PATH": process.PATH,
        "HOME": "/nonexistent",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": GIT_PROTOCOLS,
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new",
        "LC_ALL": "C",
    }
    env |= {
        key: os.environ[key]
        for key in ("https_proxy", "http_proxy", "SSH_AUTH_SOCK")
        if key in os.environ
    }
    done = process.run(argv, cwd=str(folder), env=env, timeout_s=GIT_TIMEOUT_S)
    if done.returncode:
        raise Unavailable(
            f"git {words[0]} failed: {git_reason(done.stderr.decode(errors='replace'))}"
        )
    return done.stdout.decode(errors="replace")


def git_reason(said: str) -> str:
    """One line of what git or its ssh says: its first words of a failure, not the advice below them."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(_ASIDES)]
    first = next((line for line in told if line.startswith(("fatal: ", "error: "))), "")
    if first.startswith(_FROM_BELOW) and told[0] != first:
        return f"{told[0]} ({first})"
    return first or next(iter(told or lines), "no reason given")
