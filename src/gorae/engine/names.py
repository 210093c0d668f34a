"""Names and ids: what may be a name, names made up, and which object a text means.

Pure: randomness comes as an argument.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from gorae.errors import InvalidArgument, NotFound

NAME_RULE = "[a-zA-Z0-9][a-zA-Z0-9_.-]"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_HEX = re.compile(r"[0-9a-f]{1,64}")
MAX_NAME = 255

_MOODS = [
    "able",
    "agile",
    "airy",
    "amber",
    "apt",
    "azure",
    "bold",
    "brave",
    "breezy",
    "bright",
    "brisk",
    "calm",
    "candid",
    "cheerful",
    "clear",
    "clever",
    "coral",
    "cosy",
    "crisp",
    "curious",
    "daring",
    "deep",
    "deft",
    "eager",
    "early",
    "earnest",
    "easy",
    "elegant",
    "fair",
    "fearless",
    "fine",
    "fleet",
    "fluent",
    "fond",
    "frank",
    "fresh",
    "gentle",
    "glad",
    "golden",
    "graceful",
    "grand",
    "happy",
    "hardy",
    "honest",
    "hopeful",
    "humble",
    "jolly",
    "jovial",
    "keen",
    "kind",
    "lively",
    "loyal",
    "lucid",
    "lucky",
    "mellow",
    "merry",
    "mighty",
    "mild",
    "modest",
    "neat",
    "nimble",
    "noble",
    "patient",
    "placid",
    "plucky",
    "polite",
    "proud",
    "quick",
    "quiet",
    "radiant",
    "rapid",
    "ready",
    "serene",
    "sharp",
    "silver",
    "sincere",
    "smooth",
    "snug",
    "sober",
    "solid",
    "sound",
    "spry",
    "steady",
    "stout",
    "sunny",
    "swift",
    "tender",
    "tidy",
    "tranquil",
    "trusty",
    "upbeat",
    "valiant",
    "vivid",
    "warm",
    "wise",
    "witty",
    "young",
    "zesty",
]
_SEA = [
    "albatross",
    "anchovy",
    "anemone",
    "auk",
    "barnacle",
    "beluga",
    "bonito",
    "bowhead",
    "bream",
    "cachalot",
    "clam",
    "cod",
    "conch",
    "coral",
    "crab",
    "cuttlefish",
    "dolphin",
    "dugong",
    "eel",
    "finback",
    "flounder",
    "fulmar",
    "gannet",
    "garfish",
    "grampus",
    "gull",
    "haddock",
    "hake",
    "halibut",
    "herring",
    "humpback",
    "kelp",
    "kittiwake",
    "krill",
    "lamprey",
    "limpet",
    "lobster",
    "mackerel",
    "manatee",
    "manta",
    "marlin",
    "minke",
    "mullet",
    "murre",
    "mussel",
    "narwhal",
    "nautilus",
    "octopus",
    "orca",
    "osprey",
    "otter",
    "oyster",
    "pelican",
    "penguin",
    "petrel",
    "pilot",
    "plaice",
    "plankton",
    "plover",
    "pollock",
    "porpoise",
    "prawn",
    "puffin",
    "ray",
    "rorqual",
    "salmon",
    "sardine",
    "scallop",
    "seal",
    "shark",
    "shearwater",
    "shrimp",
    "skate",
    "skua",
    "smelt",
    "sole",
    "sponge",
    "sprat",
    "squid",
    "starfish",
    "sturgeon",
    "sunfish",
    "tarpon",
    "tern",
    "triton",
    "trout",
    "tuna",
    "turbot",
    "turtle",
    "urchin",
    "walrus",
    "whale",
    "whelk",
    "wrasse",
]


def check_name(name: str) -> str:
    """Give `name` back when it may be a container's.

    Raises:
        InvalidArgument: with docker's sentence.
    """
    bare = name.removeprefix("/")
    if len(bare) > MAX_NAME or not _NAME.fullmatch(bare):
        raise InvalidArgument(f"Invalid container name ({name}), only {NAME_RULE} are allowed")
    return bare


def make_name(below: Callable[[int], int], taken: Mapping[str, object]) -> str:
    """A free name of two words, `calm_narwhal`; `below(n)` draws from 0 to n-1."""
    for _ in range(20):
        name = f"{_MOODS[below(len(_MOODS))]}_{_SEA[below(len(_SEA))]}"
        if name not in taken:
            return name
    while True:
        numbered = f"{name}{below(1_000_000)}"
        if numbered not in taken:
            return numbered


def resolve(text: str, by_name: Mapping[str, str], ids: Iterable[str], *, kind: str) -> str:
    """The id that `text` means: a full id, a name, else the unique prefix of an id.

    Raises:
        NotFound: nothing of that name; `kind` is the sentence's noun ("container").
        InvalidArgument: several ids begin so.
    """
    bare = text.removeprefix("/")
    if not bare:
        raise InvalidArgument(f"{kind} name cannot be empty")
    all_ids = ids if isinstance(ids, (dict, set, frozenset)) else tuple(ids)
    if bare in all_ids:
        return bare
    if bare in by_name:
        return by_name[bare]
    if _HEX.fullmatch(bare):
        found = [one for one in all_ids if one.startswith(bare)]
        if len(found) == 1:
            return found[0]
        if found:
            raise InvalidArgument(f"multiple IDs found with provided prefix: {bare}")
    raise NotFound(f"No such {kind}: {text}")
