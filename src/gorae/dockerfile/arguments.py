"""An instruction's line taken apart: keyword, flags, and the arguments in the form its keyword has.

    words    FROM EXPOSE                      split at blanks
    list     ADD COPY VOLUME                  a JSON array of strings, else split at blanks
    command  CMD ENTRYPOINT RUN SHELL         a JSON array of strings, else one text
    text     MAINTAINER STOPSIGNAL USER WORKDIR   one text
    pairs    ENV LABEL                        name=value …, or the old `name value`
    names    ARG                              name[=value] …
    check    HEALTHCHECK                      a word, then a command
    nested   ONBUILD                          an instruction

Quotes and escapes stay in place: they are taken away when variables are expanded.
"""

import json
import re
from dataclasses import dataclass

from gorae.dockerfile.blank import BLANKS
from gorae.dockerfile.quote import quoted
from gorae.errors import SyntaxFault

FORMS = {
    "ADD": "list",
    "ARG": "names",
    "CMD": "command",
    "COPY": "list",
    "ENTRYPOINT": "command",
    "ENV": "pairs",
    "EXPOSE": "words",
    "FROM": "words",
    "HEALTHCHECK": "check",
    "LABEL": "pairs",
    "MAINTAINER": "text",
    "ONBUILD": "nested",
    "RUN": "command",
    "SHELL": "command",
    "STOPSIGNAL": "text",
    "USER": "text",
    "VOLUME": "list",
    "WORKDIR": "text",
}
"""Every keyword and its form."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_GAP = re.compile(r"[\t\v\f\r ]+")


@dataclass(frozen=True, slots=True)
class Pair:
    """`key=value`; `spaced` is the old form, `key value`."""

    key: str
    value: str
    spaced: bool = False


@dataclass(frozen=True, slots=True)
class Arguments:
    """What follows the flags: `words` (one for a text), or `pairs`; `is_json` for an array."""

    words: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    is_json: bool = False


def split_line(line: str, escape: str) -> tuple[str, tuple[str, ...], str]:
    """Keyword as typed, flags, and the rest."""
    keyword, *rest = _GAP.split(line.strip(BLANKS), maxsplit=1)
    if not rest:
        return keyword, (), ""
    flags, left = _split_flags(rest[0], escape)
    return keyword, tuple(flags), left.strip(BLANKS)


def arguments_of(keyword: str, rest: str, escape: str) -> Arguments:
    """The arguments in the form of the keyword; of an unknown one none.

    Raises:
        SyntaxFault: with BuildKit's sentence.
    """
    form = FORMS.get(keyword.upper(), "")
    if not rest or form in ("", "nested"):
        return Arguments()
    if form == "text":
        return Arguments((rest,))
    if form == "pairs":
        return Arguments(pairs=tuple(_pairs(keyword.upper(), rest, escape)))
    if form == "names":
        return Arguments(tuple(quoted_words(rest, escape)))
    if form == "words":
        return Arguments(tuple(_GAP.split(rest)))
    if form == "check":
        kind, command = _first_word(rest)
        inner = arguments_of("CMD", command, escape)
        return Arguments((kind, *inner.words), is_json=inner.is_json)
    array = json_array(rest)
    if array is not None:
        return Arguments(tuple(array), is_json=True)
    return Arguments(tuple(_GAP.split(rest)) if form == "list" else (rest,))


def json_array(text: str) -> list[str] | None:
    """The strings of a JSON array, or None when the text is not one.

    Raises:
        SyntaxFault: an array of something else than strings.
    """
    if not text.lstrip(BLANKS).startswith("["):
        return None
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(one, str) for one in found):
        raise SyntaxFault("when using JSON array syntax, arrays must be comprised of strings only")
    return [_SURROGATE.sub("\ufffd", one) for one in found]


def quoted_words(text: str, escape: str) -> list[str]:
    """Split at blanks outside of quotes; quotes and escapes are kept."""
    words: list[str] = []
    word: list[str] = []
    started, quote, at = False, "", 0
    while at < len(text):
        char = text[at]
        at += 1
        if not quote and char in BLANKS:
            if started:
                words.append("".join(word))
            word, started = [], False
            continue
        if char == escape and quote != "'":
            if at == len(text):
                break  # an escape at the end is for nothing
            word += (char, text[at])
            at += 1
        else:
            word.append(char)
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
        started = True
    return [*words, "".join(word)] if started else words


def _split_flags(text: str, escape: str) -> tuple[list[str], str]:
    """The leading words with `--`, without their quotes, and what follows; a bare `--` ends them."""
    flags: list[str] = []
    at = 0
    while True:
        while at < len(text) and text[at] in BLANKS:
            at += 1
        if not text.startswith("--", at):
            return flags, text[at:]
        flag, at = _flag(text, at, escape)
        if flag == "--":
            return flags, text[at:]
        flags.append(flag)


def _flag(text: str, at: int, escape: str) -> tuple[str, int]:
    word: list[str] = []
    quote = ""
    while at < len(text):
        char = text[at]
        if not quote and char in BLANKS:
            break
        at += 1
        if char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        elif char == escape:
            word.append(text[at : at + 1])
            at += 1
        else:
            word.append(char)
    return "".join(word), at


def _pairs(keyword: str, rest: str, escape: str) -> list[Pair]:
    words = quoted_words(rest, escape)
    if not words:
        return []
    if "=" not in words[0]:
        key, *value = _GAP.split(rest, maxsplit=1)
        if not value:
            raise SyntaxFault(f"{keyword} must have two arguments")
        return [Pair(key, value[0], spaced=True)]
    found = []
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise SyntaxFault(
                f"Syntax error - can't find = in {quoted(word)}. Must be of the form: name=value"
            )
        found.append(Pair(key, text))
    return found


def _first_word(text: str) -> tuple[str, str]:
    for at, char in enumerate(text):
        if char in BLANKS:
            return text[:at], text[at:].lstrip(BLANKS)
    return text, ""


def _no_constant(name: str) -> float:
    raise ValueError(name)  # NaN and Infinity are not JSON
