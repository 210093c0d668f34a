"""Whose images must be signed, and by which keys: the policy file. Pure.

    {"default": {"keys": []},
     "registries": {"registry.example": {"keys": ["/etc/gorae/keys/release.pub"]},
                    "registry.example/free": {"keys": []}}}

A name is a registry, or a repository or its beginning, part by part; the longest that fits counts. `keys`: paths of
PEM public keys, of which any may have signed; none: nothing need be signed. `"reject": true` refuses all.
`"identity": true`: the signature must name the repository, too.
"""

from dataclasses import dataclass, field

from gorae.errors import InvalidArgument
from gorae.oci import text

WHAT = "policy"
MAX_POLICY_BYTES = 1 << 20
_KNOWN = {"keys", "reject", "identity"}


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked of an image. `name`: the policy's word that it comes from."""

    keys: tuple[str, ...] = ()
    reject: bool = False
    identity: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules by name."""

    default: Rule = Rule()
    rules: dict[str, Rule] = field(default_factory=dict)

    @classmethod
    def parse(cls, raw: bytes) -> "Policy":
        """Raises: InvalidArgument: naming the field. A word that means nothing is refused: it might be a typing error."""
        document = text.load(raw, WHAT)
        _refuse_unknown(document, {"default", "registries"}, WHAT)
        registries = text.want(document, "registries", dict, WHAT, {})
        return cls(
            _rule(text.want(document, "default", dict, WHAT, {}), "default"),
            {name.strip("/"): _rule(one, name) for name, one in registries.items()},
        )

    def rule(self, repository: str) -> Rule:
        """What is asked of the images of a normalized repository."""
        parts = repository.split("/")
        for count in range(len(parts), 0, -1):
            found = self.rules.get("/".join(parts[:count]))
            if found is not None:
                return found
        return self.default


def _rule(document: object, name: str) -> Rule:
    what = f'{WHAT}, "{name}"'
    if not isinstance(document, dict):
        raise InvalidArgument(f"{what}: wanted an object")
    _refuse_unknown(document, _KNOWN, what)
    keys = text.want(document, "keys", list, what, [])
    if not all(isinstance(one, str) and one.startswith("/") for one in keys):
        raise InvalidArgument(f'{what}: "keys" wants absolute paths')
    return Rule(
        tuple(keys),
        bool(text.want(document, "reject", bool, what, False)),
        bool(text.want(document, "identity", bool, what, False)),
        name,
    )


def _refuse_unknown(document: dict[str, object], known: set[str], what: str) -> None:
    unknown = sorted(set(document) - known)
    if unknown:
        raise InvalidArgument(f'{what}: "{unknown[0]}" means nothing here')
