"""Words as the Dockerfile's instructions split them: quotes, backslashes, the JSON form."""

import json

from gorae.errors import SyntaxFault


def json_words(text: str) -> list[str] | None:
    """The strings of a JSON array, or None when the text is not one."""
    if not text.lstrip().startswith("["):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        return found
    return None


def shell_words(text: str, *, keep_quotes: bool = False) -> list[str]:
    """Split at blanks outside of quotes.

    Raises:
        SyntaxFault: a quote that does not end.
    """
    words: list[str] = []
    word, started, quote = "", False, ""
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'" and at + 1 < len(text):
            word += (
                text[at : at + 2]
                if keep_quotes or quote and text[at + 1] not in '"\\$'
                else text[at + 1]
            )
            started, at = True, at + 2
            continue
        if quote:
            if char == quote:
                quote = ""
                word += char if keep_quotes else ""
            else:
                word += char
        elif char in "'\"":
            quote, started = char, True
            word += char if keep_quotes else ""
        elif char.isspace():
            if started:
                words.append(word)
            word, started = "", False
        else:
            word, started = word + char, True
        at += 1
    if quote:
        raise SyntaxFault(f"unexpected end of statement while looking for matching {quote}")
    return [*words, word] if started else words
