"""Syntax nodes to typed instructions: flags and arguments checked as BuildKit checks them."""

import re
from collections.abc import Callable
from typing import Any

from gorae.dockerfile import instruction as to
from gorae.dockerfile.arguments import FORMS
from gorae.dockerfile.blank import BLANKS
from gorae.dockerfile.duration import duration_ns
from gorae.dockerfile.flag import Flags, Kind, read_flags
from gorae.dockerfile.heredoc import Heredoc, heredoc_of
from gorae.dockerfile.mount import fields_of, from_of, truth
from gorae.dockerfile.parser import Node, onbuild_expression
from gorae.dockerfile.quote import quoted
from gorae.dockerfile.source import shown
from gorae.dockerfile.suggest import with_suggestion
from gorae.errors import InvalidArgument, SyntaxFault

_STAGE_NAME = re.compile(r"[a-z][a-z0-9-_.]*")
_SHARED: dict[str, Kind] = {"chown": "text", "chmod": "text", "link": "bool", "exclude": "texts"}
FLAGS: dict[str, dict[str, Kind]] = {
    "ADD": {**_SHARED, "keep-git-dir": "bool", "checksum": "text", "unpack": "bool"},
    "COPY": {**_SHARED, "from": "text", "parents": "bool"},
    "FROM": {"platform": "text"},
    "HEALTHCHECK": {
        "interval": "text",
        "timeout": "text",
        "start-period": "text",
        "start-interval": "text",
        "retries": "text",
    },
    "RUN": {"mount": "texts", "network": "text", "security": "text", "device": "texts"},
}
"""The flags of each instruction that has some."""
_UNCHECKED = ("ARG", "STOPSIGNAL")
"""BuildKit does not look at these instructions' flags."""
MIN_INTERVAL_NS = 10**6
MAX_RETRIES = 2**31 - 1


def instruction_of(node: Node) -> to.Instruction:
    """The instruction of a Dockerfile's line.

    Raises:
        SyntaxFault: unknown instruction or flag, or arguments that it does not take; with the line.
    """
    try:
        return checked(node)
    except SyntaxFault as fault:
        line = node.location.start_line
        raise SyntaxFault(
            f"dockerfile parse error on line {line}: {shown(fault.message)}",
            source=node.location.source,
            line=line,
        ) from None


def checked(node: Node) -> to.Instruction:
    """The same for a line that stands in no file. Raises: SyntaxFault: without a place."""
    reader = _READERS.get(node.keyword.upper())
    if reader is None:
        raise SyntaxFault(
            with_suggestion(f"unknown instruction: {node.keyword}", node.keyword, FORMS, case=False)
        )
    return reader(node)


def _shared(node: Node) -> dict[str, Any]:
    return {
        "location": node.location,
        "text": node.original.strip(BLANKS),
        "keyword": node.keyword,
        "comments": node.comments,
    }


def _flags(node: Node) -> Flags:
    keyword = node.keyword.upper()
    return Flags({}) if keyword in _UNCHECKED else read_flags(node.flags, FLAGS.get(keyword, {}))


def _some(node: Node) -> tuple[str, ...]:
    if not node.arguments.words:
        raise SyntaxFault(f"{node.keyword.upper()} requires at least one argument")
    return node.arguments.words


def _one(node: Node) -> str:
    if len(node.arguments.words) != 1:
        raise SyntaxFault(f"{node.keyword.upper()} requires exactly one argument")
    _flags(node)
    return node.arguments.words[0]


def _from(node: Node) -> to.From:
    words = node.arguments.words
    name = ""
    if len(words) == 3 and words[1].lower() == "as":
        name = words[2].lower()
        if not _STAGE_NAME.fullmatch(name):
            raise SyntaxFault(
                f"invalid name for build stage: {quoted(words[2])}, "
                "name can't start with a number or contain symbols"
            )
    elif len(words) != 1:
        raise SyntaxFault("FROM requires either one or three arguments")
    _, as_word, typed_name = words if len(words) == 3 else ("", "", "")
    return to.From(
        **_shared(node),
        image=words[0],
        platform=_flags(node).text("platform"),
        name=name,
        as_word=as_word,
        typed_name=typed_name,
    )


def _pairs(node: Node) -> tuple[Any, ...]:
    keyword = node.keyword.upper()
    _flags(node)
    if not node.arguments.pairs:
        raise SyntaxFault(f"{keyword} requires at least one argument")
    if any(not pair.key for pair in node.arguments.pairs):
        raise SyntaxFault(f"{keyword} names can not be blank")
    return node.arguments.pairs


def _arg(node: Node) -> to.Arg:
    items = []
    for word in _some(node):
        name, equals, value = word.partition("=")
        if not name:
            raise SyntaxFault("ARG names can not be blank")
        items.append(to.ArgItem(name, value if equals else None, _description(node, name)))
    return to.Arg(**_shared(node), items=tuple(items))


def _description(node: Node, name: str) -> str:
    for comment in node.comments:
        if comment.startswith(f"{name} "):
            return comment[len(name) + 1 :]
    return ""


def _transfer(node: Node, flags: Flags) -> dict[str, Any]:
    keyword = node.keyword.upper()
    *words, dest = node.arguments.words
    if _announced(dest) is not None:
        raise SyntaxFault(f"{keyword} cannot accept a heredoc as a destination")
    contents = {one.name: one for one in node.heredocs}
    sources, files = [], []
    for word in words:
        announced = _announced(word)
        if announced is None:
            sources.append(word)
            continue
        found = contents.get(announced.name, announced)
        files.append(to.InlineFile(announced.name, found.chomped(), announced.expand))
    return {
        "sources": tuple(sources),
        "files": tuple(files),
        "dest": dest,
        "chown": flags.text("chown"),
        "chmod": flags.text("chmod"),
        "link": flags.truth("link") or False,
        "exclude": flags.texts("exclude"),
    }


def _announced(word: str) -> Heredoc | None:
    """The heredoc of a word; one whose quotes do not end, since blanks part words first, is a plain name."""
    try:
        return heredoc_of(word)
    except SyntaxFault:
        return None


def _need_dest(node: Node) -> Flags:
    if len(node.arguments.words) < 2:
        raise SyntaxFault(
            f"{node.keyword.upper()} requires at least two arguments, but only one was provided. "
            "Destination could not be determined"
        )
    return _flags(node)


def _add(node: Node) -> to.Add:
    flags = _need_dest(node)
    return to.Add(
        **_shared(node),
        **_transfer(node, flags),
        checksum=flags.text("checksum"),
        keep_git_dir=flags.truth("keep-git-dir"),
        unpack=flags.truth("unpack"),
    )


def _copy(node: Node) -> to.Copy:
    flags = _need_dest(node)
    return to.Copy(
        **_shared(node),
        **_transfer(node, flags),
        from_=flags.text("from"),
        parents=flags.truth("parents") or False,
    )


def _command(node: Node) -> dict[str, Any]:
    return {
        **_shared(node),
        "argv": node.arguments.words,
        "shell_form": not node.arguments.is_json,
        "heredocs": node.heredocs,
    }


def _run(node: Node) -> to.Run:
    flags = _flags(node)
    network, security = flags.text("network", "default"), flags.text("security", "sandbox")
    for flag in flags.texts("mount"):
        from_of(flag)
    if network not in ("default", "none", "host"):
        raise SyntaxFault(f"invalid network mode {quoted(network)}")
    if security not in ("sandbox", "insecure"):
        raise SyntaxFault(f"security {quoted(security)} is not valid")
    return to.Run(
        **_command(node),
        mount_flags=flags.texts("mount"),
        network=network,
        security=security,
        devices=tuple(_device(one) for one in flags.texts("device")),
    )


def _device(text: str) -> to.Device:
    name, required = "", False
    for option in fields_of(text, "devices"):
        key, equals, value = option.partition("=")
        key = key.lower()
        if key == "required":
            required = truth(value, key) if equals else True
        elif key == "name" and equals:
            if name:
                raise SyntaxFault(f"device name already set to {name}")
            name = value
        elif not name:
            name = option
        elif not equals:
            raise SyntaxFault(f"invalid field '{option}' must be a key=value pair")
        else:
            raise SyntaxFault(
                with_suggestion(f"unexpected key '{key}' in '{option}'", key, ("name", "required"))
            )
    return to.Device(name, required)


def _cmd(node: Node) -> to.Cmd:
    _flags(node)
    return to.Cmd(**_command(node))


def _entrypoint(node: Node) -> to.Entrypoint:
    _flags(node)
    return to.Entrypoint(**_command(node))


def _shell(node: Node) -> to.Shell:
    _flags(node)
    words = _some(node)
    if not node.arguments.is_json:
        raise SyntaxFault("SHELL requires the arguments to be in JSON form")
    return to.Shell(**_shared(node), argv=words)


def _healthcheck(node: Node) -> to.Healthcheck:
    kind, *command = _some(node)
    kind = kind.upper()
    if kind == "NONE":
        if command:
            raise SyntaxFault("HEALTHCHECK NONE takes no arguments")
        return to.Healthcheck(**_shared(node), test=("NONE",))
    flags = _flags(node)
    if kind != "CMD":
        raise SyntaxFault(f"Unknown type {quoted(kind)} in HEALTHCHECK (try CMD)")
    if not command:
        raise SyntaxFault("Missing command after HEALTHCHECK CMD")
    test = ("CMD", *command) if node.arguments.is_json else ("CMD-SHELL", *command)
    return to.Healthcheck(
        **_shared(node),
        test=test,
        interval_ns=_interval(flags, "interval"),
        timeout_ns=_interval(flags, "timeout"),
        start_period_ns=_interval(flags, "start-period"),
        start_interval_ns=_interval(flags, "start-interval"),
        retries=_retries(flags.text("retries")),
    )


def _interval(flags: Flags, name: str) -> int:
    text = flags.text(name)
    if not text:
        return 0
    try:
        found = duration_ns(text)
    except InvalidArgument as error:
        raise SyntaxFault(error.message) from None
    if found and found < MIN_INTERVAL_NS:
        raise SyntaxFault(f"Interval {quoted(name)} cannot be less than 1ms")
    return found


def _retries(text: str) -> int:
    if not text:
        return 0
    digits = text[1:] if text[0] in "+-" else text
    if not (digits.isascii() and digits.isdigit()):
        raise SyntaxFault(f"strconv.ParseInt: parsing {quoted(text)}: invalid syntax")
    if len(digits) > 10 or int(digits) > MAX_RETRIES:
        raise SyntaxFault(f"strconv.ParseInt: parsing {quoted(text)}: value out of range")
    if text[0] == "-" and int(digits):
        raise SyntaxFault(f"--retries cannot be negative ({int(text)})")
    return int(digits)


def _expose(node: Node) -> to.Expose:
    ports = tuple(sorted(_some(node)))
    _flags(node)
    return to.Expose(**_shared(node), ports=ports)


def _volume(node: Node) -> to.Volume:
    words = _some(node)
    _flags(node)
    paths = tuple(word.strip(BLANKS) for word in words)
    if "" in paths:
        raise SyntaxFault("VOLUME specified can not be an empty string")
    return to.Volume(**_shared(node), paths=paths)


def _onbuild(node: Node) -> to.Onbuild:
    if node.child is None:
        raise SyntaxFault("ONBUILD requires at least one argument")
    _flags(node)
    trigger = node.child.keyword.upper()
    if trigger == "ONBUILD":
        raise SyntaxFault("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
    if trigger in ("MAINTAINER", "FROM"):
        raise SyntaxFault(f"{trigger} isn't allowed as an ONBUILD trigger")
    return to.Onbuild(**_shared(node), expression=onbuild_expression(node))


_READERS: dict[str, Callable[[Node], to.Instruction]] = {
    "ADD": _add,
    "ARG": _arg,
    "CMD": _cmd,
    "COPY": _copy,
    "ENTRYPOINT": _entrypoint,
    "ENV": lambda node: to.Env(pairs=_pairs(node), **_shared(node)),
    "EXPOSE": _expose,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": lambda node: to.Label(pairs=_pairs(node), **_shared(node)),
    "MAINTAINER": lambda node: to.Maintainer(maintainer=_one(node), **_shared(node)),
    "ONBUILD": _onbuild,
    "RUN": _run,
    "SHELL": _shell,
    "STOPSIGNAL": lambda node: to.Stopsignal(signal=_one(node), **_shared(node)),
    "USER": lambda node: to.User(user=_one(node), **_shared(node)),
    "VOLUME": _volume,
    "WORKDIR": lambda node: to.Workdir(path=_one(node), **_shared(node)),
}
