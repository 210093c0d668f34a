"""The pages' pure parts."""

import string

import pytest

from gorae.errors import InvalidArgument
from gorae.hub.site.layer import Entry, listing
from gorae.hub.site.markdown import html
from gorae.hub.site.shape import ago, instruction, size
from gorae.hub.site.words import choose, keys, say


@pytest.mark.parametrize(
    "line, shown",
    [
        ('/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'),
        ("/bin/sh -c apt-get  update", "RUN apt-get update"),
        ("RUN /bin/sh -c make # buildkit", "RUN make"),
        ("COPY . /app # buildkit", "COPY . /app"),
        ("", ""),
    ],
)
def test_instructions(line: str, shown: str) -> None:
    assert instruction(line) == shown


def test_every_text_has_both_languages_and_the_same_holes() -> None:
    for key in keys():
        holes = [
            {name for _, name, _, _ in string.Formatter().parse(say(language, key)) if name}
            for language in ("en", "ko")
        ]
        assert holes[0] == holes[1], key


def test_languages() -> None:
    assert choose("", "fr;q=0.9, ko-KR, en") == "ko"
    assert choose("en", "ko") == "en"
    assert choose("xx", "") == "en"


def test_sizes_and_times() -> None:
    assert (size(999), size(1000), size(123_456_789)) == ("999 B", "1 kB", "123 MB")
    minute = 60 * 10**9
    assert ago("en", 0, 5 * minute) == "5 min ago"
    assert ago("ko", 0, 3 * 24 * 60 * minute) == "3일 전"
    assert ago("en", 0, 400 * 24 * 60 * minute) == "1970-01-01"


@pytest.mark.parametrize(
    "text",
    [
        "<b>x</b>",
        "[x](javascript:alert)",
        "[x](data:text/html,<b>)",
        "![i](http://x/y.png)",
        "<!-- -->",
    ],
)
def test_markdown_lets_nothing_through(text: str) -> None:
    made = str(html(text))
    assert "<b>" not in made and "<img" not in made and 'href="javascript' not in made
    assert 'href="data' not in made and "<!--" not in made


def entry(path: str, size_bytes: int = 0, kind: str = "file") -> Entry:
    return Entry(path, kind, size_bytes, 0o644, 0, "")


def test_a_listing_is_of_one_folder() -> None:
    entries = (entry("a/b/c", 5), entry("a/d", 7), entry("e", 1), entry("a", kind="folder"))
    assert [(row.name, row.kind, row.size_bytes) for row in listing(entries, "")] == [
        ("a", "folder", 12),
        ("e", "file", 1),
    ]
    assert [row.path for row in listing(entries, "a")] == ["a/b", "a/d"]
    with pytest.raises(InvalidArgument):
        listing(entries, "nowhere")
