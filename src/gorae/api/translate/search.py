"""What a search found, as a document, and the filters of it."""

from collections.abc import Callable

from gorae.engine.distribution import Hit
from gorae.errors import InvalidArgument
from gorae.wire.filters import Filters
from gorae.wire.registry import SearchResult


def document(one: Hit) -> SearchResult:
    """One repository."""
    return SearchResult(one.stars, one.official, one.name, one.automated, one.description)


def chosen(filters: Filters) -> Callable[[Hit], bool]:
    """What takes a result. Raises: InvalidArgument: a filter's value is wrong."""
    lists = filters.as_lists()
    fewest = max((_stars(one) for one in lists.get("stars", [])), default=0)
    official = filters.flag("is-official", default=False) if "is-official" in lists else None
    automated = filters.flag("is-automated", default=False) if "is-automated" in lists else None

    def takes(one: Hit) -> bool:
        return (
            one.stars >= fewest
            and official in (None, one.official)
            and automated in (None, one.automated)
        )

    return takes


def limit(text: str) -> int:
    """How many results are wanted; 0 when it was not said. Raises: InvalidArgument."""
    try:
        return int(text or 0)
    except ValueError:
        raise InvalidArgument(
            f'invalid limit specified: strconv.Atoi: parsing "{text}": invalid syntax'
        ) from None


def _stars(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise InvalidArgument(
            f"invalid filter 'stars={text}': strconv.Atoi: parsing \"{text}\": invalid syntax"
        )
    return int(text)
