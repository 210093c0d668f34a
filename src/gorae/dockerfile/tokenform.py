"""Forms by which well-known secrets are known: keys, tokens of services, files of credentials.

Each form has a literal that must occur for it to be tried, so that most files cost one search each.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gorae.dockerfile.secretname import looks_secret

MIN_VALUE = 8
"""A shorter value is no secret worth the name."""
MAX_FILE_BYTES = 1024 * 1024
"""Larger files are not looked through for forms: credentials come in small ones."""


@dataclass(frozen=True, slots=True)
class Form:
    """`what` as a message names it. `literals`: one of them occurs where the pattern matches."""

    what: str
    literals: tuple[bytes, ...]
    pattern: re.Pattern[bytes]


def _form(what: str, pattern: bytes, *literals: bytes) -> Form:
    return Form(what, literals, re.compile(pattern))


FORMS = (
    _form(
        "a private key",
        rb"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----\s*[A-Za-z0-9+/=:, -]{16}[^-]{0,16384}",
        b"PRIVATE KEY",
    ),
    _form("an AWS access key", rb"\b(?:AKIA|ASIA)(?![0-9A-Z]{9}EXAMPLE)[0-9A-Z]{16}\b", b"AKIA", b"ASIA"),
    _form(
        "an AWS secret key",
        rb"(?i:aws_?secret_?access_?key)[\"']?\s{0,4}[=:]\s{0,4}[\"']?[A-Za-z0-9/+]{40}\b",
        b"cret",
        b"CRET",
    ),
    _form("a GitHub token", rb"\bgh[pousr]_[A-Za-z0-9]{36,255}\b", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"),
    _form("a GitHub token", rb"\bgithub_pat_[A-Za-z0-9_]{60,255}\b", b"github_pat_"),
    _form("a GitLab token", rb"\bgl(?:pat|ptt|dt|rt)-[A-Za-z0-9_-]{20,64}\b", b"glpat-", b"glptt-", b"gldt-", b"glrt-"),
    _form("an npm token", rb"\bnpm_[A-Za-z0-9]{36}\b", b"npm_"),
    _form(
        "a registry token of .npmrc",
        rb":_(?:authToken|auth|password)\s{0,4}=\s{0,4}[\"']?(?!\$)[^\s\"'$]{8,4096}",
        b":_auth",
        b":_password",
    ),
    _form("a PyPI token", rb"\bpypi-[A-Za-z0-9_-]{60,512}\b", b"pypi-"),
    _form("a Slack token", rb"\bxox[abeoprs]-[A-Za-z0-9-]{16,255}\b", b"xox"),
    _form("a Google API key", rb"\bAIza[0-9A-Za-z_-]{35}\b", b"AIza"),
    _form("a Stripe key", rb"\b[rs]k_live_[0-9A-Za-z]{20,128}\b", b"k_live_"),
    _form("a Docker Hub token", rb"\bdckr_[po]at_[A-Za-z0-9_-]{20,64}\b", b"dckr_"),
    _form("a Hugging Face token", rb"\bhf_[A-Za-z]{34}\b", b"hf_"),
    _form("a SendGrid key", rb"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b", b"SG."),
)  # fmt: skip

_THEIRS = re.compile(
    r"(?:^|/)(?:node_modules|site-packages|dist-packages|gems|pkg/mod)/"
    r"|^(?:usr/(?:local/)?(?:lib|lib64|libexec|share|include|bin|sbin|go)|lib|lib64|bin|sbin|proc|sys|dev"
    r"|var/(?:lib|cache))/"
)
"""Folders of other people's files, whose examples and tests hold keys that are none."""
_ENV_FILE = re.compile(r"(?:^|/)\.env(?:\.(?!example|sample|template|dist|defaults?)[\w.-]+)?$")
_ENV_LINE = re.compile(
    rb"^[ \t]{0,8}(?:export[ \t]+)?([A-Za-z_]\w{0,127})[ \t]{0,4}=[ \t]{0,4}[\"']?([^\s\"'#$][^\r\n\"'$]{7,})",
    re.MULTILINE,
)
_NETRC = re.compile(rb"\bpassword\s+(\S{4,})")
_URL_PASSWORD = re.compile(rb"https?://[^/\s:@]{1,128}:[^/\s:@$*]{4,255}@")
_DOCKER_AUTH = re.compile(rb"\"(?:auth|identitytoken)\"\s{0,8}:\s{0,8}\"[A-Za-z0-9+/=._-]{8,}\"")
_FILES = (
    (re.compile(r"(?:^|/)[._]netrc$"), _NETRC, "a password of .netrc"),
    (re.compile(r"(?:^|/)\.git-credentials$"), _URL_PASSWORD, "a password of .git-credentials"),
    (re.compile(r"(?:^|/)(?:pip\.conf|\.?pypirc)$"), _URL_PASSWORD, "a password of an index"),
    (re.compile(r"(?:^|/)\.docker/config\.json$"), _DOCKER_AUTH, "a registry's login"),
)


_NAMED = re.compile("|".join(one.pattern for one in (_ENV_FILE, *(one for one, _, _ in _FILES))))
LITERALS = tuple(dict.fromkeys(literal for form in FORMS for literal in form.literals))
"""Where none of them occurs, no form does but those that hang on the file's name."""


def is_telling(path: str) -> bool:
    """Whether there are forms that hang on a file's name. Shape: as `may_hold`."""
    return _NAMED.search(path) is not None


def may_hold(path: str) -> bool:
    """Whether a file is looked through for forms at all. Shape: without a leading "/"."""
    return _THEIRS.search(path) is None


def find_forms(data: bytes, path: str = "") -> Iterator[tuple[int, int, str]]:
    """(begin, end, what it is) of each form in a text, or in the whole content of a small file."""
    if b"\0" in data[:4096]:
        return
    for form in FORMS:
        if any(literal in data for literal in form.literals):
            for found in form.pattern.finditer(data):
                yield *found.span(), form.what
    if _ENV_FILE.search(path):
        for line in _ENV_LINE.finditer(data):
            name = line[1].decode("ascii", "replace")
            if looks_secret(name):
                yield *line.span(2), f'the value of "{name}" in an .env file'
    for wanted, pattern, what in _FILES:
        if wanted.search(path):
            for found in pattern.finditer(data):
                yield *found.span(), what


def text_forms(data: bytes) -> Iterator[tuple[int, int, str]]:
    """The same for a line of history, a variable, a label: a password in a URL counts there too."""
    yield from find_forms(data)
    for found in _URL_PASSWORD.finditer(data):
        yield *found.span(), "a password in a URL"


def has_form(value: bytes) -> bool:
    """Whether a value is a secret by its form."""
    return next(find_forms(value), None) is not None
