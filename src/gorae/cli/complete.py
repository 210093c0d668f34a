"""What may stand next on a command line: the answer that the shells' completion scripts ask for.

Shape: candidates are (word, description); none of them means that file names are as good as anything. Words come
from the tables; names of containers, images, networks and volumes from the engine.
"""

from __future__ import annotations

from gorae.cli import commands
from gorae.cli.options import HELP, Command, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gorae.cli.invocation import Invocation

    Candidates = list[tuple[str, str]]
    Names = Callable[[str], Iterable[str]]

KINDS = ("container", "image", "network", "volume")
_VALUE_KINDS = {
    "network": "network", "net": "network", "volumes-from": "container", "link": "container",
    "volume": "volume",
}  # fmt: skip
_LISTS = {
    "container": ("/containers/json", {"all": True}),
    "image": ("/images/json", {}),
    "network": ("/networks", {}),
    "volume": ("/volumes", {}),
}


def candidates(words: Sequence[str], options: Sequence[Option], names: Names) -> Candidates:
    """What may replace the last of `words`, those after the program's name.

    Args:
        options: the global ones.
        names: kind -> names of such objects.
    """
    *before, current = words or [""]
    rest, owner = _after_options(list(before), options)
    if owner:
        return _values(owner, current, names)
    if not rest:
        return _prefixed(_group("") if not current.startswith("-") else _options(options), current)
    group = rest.pop(0) if rest[0] in commands.SUMMARIES else ""
    if rest and f"{group} {rest[0]}" in commands.SUMMARIES:
        group = f"{group} {rest.pop(0)}"
    if not rest:
        return _prefixed(_group(group), current)
    word = rest.pop(0)
    inner = commands.GROUPS.get(word, {}) if group in ("", "builder") else {}
    if inner and word not in commands.SUMMARIES:
        if rest and rest[0] in inner:
            group, word = word, rest.pop(0)
        elif not rest and not current.startswith("-"):
            return _prefixed(_group(word), current)
    command = commands.find(group, word)
    return _of_command(command, rest, current, names) if command else []


def _of_command(command: Command, words: list[str], current: str, names: Names) -> Candidates:
    positionals, owner = _after_options(words, (*command.options, HELP))
    if owner:
        return _values(owner, current, names)
    ended = not command.interspersed and positionals
    if current.startswith("-") and not ended:
        name, equals, _ = current[2:].partition("=")
        if equals:
            option = next((one for one in command.options if one.name == name), None)
            found = _values(option, current.partition("=")[2], names) if option else []
            return [(f"--{name}={word}", text) for word, text in found]
        return _prefixed(_options((*command.options, HELP)), current)
    kind = positional_kind(command, len(positionals))
    return _prefixed([(name, "") for name in names(kind)], current) if kind else []


def positional_kind(command: Command, index: int) -> str:
    """Which kind of object the positional at `index` names, by the usage line; empty for none."""
    places = [word for word in command.usage.split() if "OPTIONS" not in word]
    if not places:
        return ""
    if index >= len(places) and "..." not in places[-1]:
        return ""
    place = places[min(index, len(places) - 1)].upper()
    return next((kind for kind in KINDS if kind.upper() in place), "")


def _after_options(words: list[str], options: Sequence[Option]) -> tuple[list[str], Option | None]:
    """The words from the first positional on, less the options among them; an option that waits for its value."""
    longs = {one.name: one for one in options}
    shorts = {one.short: one for one in options if one.short}
    positionals: list[str] = []
    while words:
        word = words.pop(0)
        if positionals or not word.startswith("-") or word == "-":
            positionals.append(word)
            continue
        option = longs.get(word[2:]) if word.startswith("--") else shorts.get(word[-1:])
        if option is not None and option.kind != "bool":
            if not words:
                return positionals, option
            words.pop(0)
    return positionals, None


def _group(group: str) -> Candidates:
    found = [
        (word, text) for word, (_, text) in commands.GROUPS[group].items() if word[0] not in "_"
    ]
    before = f"{group} " if group else ""
    for name, text in commands.SUMMARIES.items():
        word = name.removeprefix(before)
        if name.startswith(before) and " " not in word:
            found.append((word, text))
    return sorted(found)


def _options(options: Iterable[Option]) -> Candidates:
    return [(f"--{one.name}", one.summary) for one in options if not one.hidden]


def _values(option: Option, current: str, names: Names) -> Candidates:
    if option.choices:
        return _prefixed([(word, "") for word in option.choices], current)
    kind = _VALUE_KINDS.get(option.name, "")
    return _prefixed([(name, "") for name in names(kind)], current) if kind else []


def _prefixed(found: Candidates, current: str) -> Candidates:
    return [(word, text) for word, text in found if word.startswith(current)]


def names_of(call: Invocation, kind: str) -> list[str]:
    """The names of that kind of object in the engine; none where it does not answer."""
    from gorae.errors import GoraeError

    path, query = _LISTS[kind]
    session = call.new_session(may_start=False)
    try:
        answer = session.get(path, query)
    except (GoraeError, OSError):
        return []
    if kind == "container":
        return [name.lstrip("/") for one in answer for name in one["Names"] or ()]
    if kind == "image":
        return [tag for one in answer for tag in one["RepoTags"] or ()]
    rows = answer if kind == "network" else answer["Volumes"] or ()
    return [one["Name"] for one in rows]


def run(call: Invocation) -> int:
    """Print the candidates, a tab before the description."""
    from gorae.cli.main import GLOBAL_OPTIONS

    found = candidates(call.arguments, GLOBAL_OPTIONS, lambda kind: names_of(call, kind))
    for word, text in found:
        call.say(f"{word}\t{text}" if text else word)
    return 0


COMMAND = Command(
    "__complete",
    "[WORD...]",
    "print what may stand next (for shells)",
    run,
    arguments=(0, None),
    interspersed=False,
)
