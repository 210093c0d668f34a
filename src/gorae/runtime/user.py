"""Users and groups by name, from the files of a root file system that a stranger made.

`USER[:GROUP]`, each a name or a number. Without a group, the user's own and those that list the user by name are
taken. The two files are found below a directory descriptor, whatever links lie on the way, and read up to a limit.

Source: passwd(5), group(5); docker's behaviour, pinned by tests/oracle
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gorae.errors import InvalidArgument
from gorae.linux.fd import read_in_root
from gorae.runtime.config import User

FILE_LIMIT = 4 << 20
MAX_ID = (1 << 31) - 1
PASSWD = "etc/passwd"
GROUP = "etc/group"
_INTEGER = re.compile(r"-?[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class PasswdEntry:
    """One line of /etc/passwd."""

    name: str
    uid: int
    gid: int
    home: str


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """One line of /etc/group."""

    name: str
    gid: int
    members: tuple[str, ...]


def lookup(root_fd: int, wanted: str, group_add: Sequence[str] = ()) -> User:
    """The numbers of `USER[:GROUP]` (empty: root), with groups of `group_add` added.

    Raises:
        InvalidArgument: no such user or group, in docker's words. KernelError: a file could not be read.
    """
    groups = parse_group(_text(root_fd, GROUP))
    return resolve(wanted, parse_passwd(_text(root_fd, PASSWD)), groups, group_add)


def home(root_fd: int, uid: int) -> str:
    """The home directory of a uid; empty when /etc/passwd does not know it."""
    for entry in parse_passwd(_text(root_fd, PASSWD)):
        if entry.uid == uid:
            return entry.home
    return ""


def resolve(
    wanted: str,
    passwd: Sequence[PasswdEntry],
    groups: Sequence[GroupEntry],
    group_add: Sequence[str] = (),
) -> User:
    """The same, from what the files say."""
    user_word, _, group_word = wanted.partition(":")
    user_word = user_word or "0"
    entry = next((one for one in passwd if _names(user_word, one.name, one.uid)), None)
    if entry is None:
        missing = f"unable to find user {user_word}: no matching entries in passwd file"
        uid, gid = _number(user_word, missing), 0
    else:
        uid, gid = entry.uid, entry.gid
    own: list[int] = []
    if group_word:
        gid = _gid(group_word, groups)
    elif entry is not None:
        own = [one.gid for one in groups if entry.name in one.members]
    added = [_gid(word, groups) for word in group_add]
    return User(uid, gid, tuple(dict.fromkeys((gid, *own, *added))))


def _gid(word: str, groups: Sequence[GroupEntry]) -> int:
    for one in groups:
        if _names(word, one.name, one.gid):
            return one.gid
    return _number(word, f"unable to find group {word}: no matching entries in group file")


def _names(word: str, name: str, number: int) -> bool:
    return word == name or (word.isdecimal() and word.isascii() and int(word) == number)


def _number(word: str, missing: str) -> int:
    if not _INTEGER.fullmatch(word):
        raise InvalidArgument(missing)
    if not 0 <= int(word) <= MAX_ID:
        raise InvalidArgument(f"uids and gids must be in range 0-{MAX_ID}")
    return int(word)


def parse_passwd(text: str) -> list[PasswdEntry]:
    """Lines that are none are passed over, as libc does."""
    return [
        PasswdEntry(fields[0], int(fields[2]), int(fields[3]), fields[5] if len(fields) > 5 else "")
        for fields in _lines(text)
        if len(fields) >= 4 and _is_id(fields[2]) and _is_id(fields[3])
    ]


def parse_group(text: str) -> list[GroupEntry]:
    """Lines that are none are passed over, as libc does."""
    return [
        GroupEntry(fields[0], int(fields[2]), tuple(filter(None, "".join(fields[3:4]).split(","))))
        for fields in _lines(text)
        if len(fields) >= 3 and _is_id(fields[2])
    ]


def _is_id(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) <= 10 and int(word) <= MAX_ID


def _lines(text: str) -> Iterator[list[str]]:
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield stripped.split(":")


def _text(root_fd: int, path: str) -> str:
    content = read_in_root(root_fd, path, FILE_LIMIT)
    if content is None:
        return ""
    if len(content) == FILE_LIMIT:  # the last line may be cut
        content = content[: content.rfind(b"\n") + 1]
    return content.decode(errors="replace")
