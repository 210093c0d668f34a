"""Paths of the distribution API: from a path to an operation's words. Pure.

    /v2/                                       Root
    /v2/_catalog                               Catalog
    /v2/<name>/blobs/<digest>                  Target(name, "blobs", digest)
    /v2/<name>/blobs/uploads/[<id>]            Target(name, "uploads", id)
    /v2/<name>/manifests/<reference>           Target(name, "manifests", reference)
    /v2/<name>/tags/list                       Target(name, "tags", "list")
    /v2/<name>/referrers/<digest>              Target(name, "referrers", digest)

Source: distribution-spec v1.1, endpoints.
"""

import re
from dataclasses import dataclass

from gorae.errors import NotFound
from gorae.hub.fault import NameInvalid

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
NAME = re.compile(rf"{_PART}(?:/{_PART})*")
TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
ACCOUNT = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
MAX_NAME = 200
MAX_ACCOUNT = 60
_TAIL = re.compile(
    r"(?P<name>.+)/(?:(?P<noun>blobs|manifests|referrers)/(?P<reference>[^/]+)"
    r"|(?P<uploads>blobs/uploads)/?(?P<id>[^/]*)|(?P<tags>tags/list))"
)


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about: `noun` of which repository, and which one."""

    name: str
    noun: str
    reference: str


def parse(path: str) -> Target:
    """The target of a path below `/v2/`; the root and the catalog have an empty name.

    Raises:
        NotFound: no such endpoint. NameInvalid: the endpoint is one, its repository's name is none.
    """
    rest = path.removeprefix("/v2/")
    if rest in ("", "/v2"):
        return Target("", "root", "")
    if rest == "_catalog":
        return Target("", "catalog", "")
    found = _TAIL.fullmatch(rest)
    if found is None:
        raise NotFound(f'no such endpoint: "{path[:200]}"')
    if found["tags"]:
        noun, reference = "tags", "list"
    elif found["uploads"] or found["reference"] == "uploads":
        noun, reference = "uploads", found["id"] or ""
    else:
        noun, reference = found["noun"], found["reference"]
    return Target(check_name(found["name"]), noun, reference)


def check_name(name: str) -> str:
    """Raises: NameInvalid: not a repository's name."""
    if len(name) > MAX_NAME:
        raise NameInvalid(f"a repository's name has at most {MAX_NAME} characters")
    if not NAME.fullmatch(name):
        raise NameInvalid(
            f'invalid repository name "{name}": wanted lower-case letters, digits and single '
            "separators (. _ __ -) between them, in parts between slashes"
        )
    return name


def namespace_of(name: str) -> str:
    """The account that a repository belongs to; empty for a name of one part, which is the hub's own."""
    head, slash, _ = name.partition("/")
    return head if slash else ""
