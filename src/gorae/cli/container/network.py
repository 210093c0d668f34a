"""`--network` in both notations, and the options that go to its endpoint."""

from __future__ import annotations

from gorae.cli import values
from gorae.cli.container.publish import canonical_ip
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.options import Values

    Document = dict[str, Any]

BUILT_IN = frozenset(("default", "bridge", "host", "none", "nat", ""))
_FIELDS = {
    "alias": "aliases",
    "ip": "ip",
    "ip6": "ip6",
    "mac-address": "mac",
    "link-local-ip": "link_local",
    "driver-opt": "driver_opts",
    "gw-priority": "priority",
}


class Attachment:
    """One wanted endpoint, as given."""

    __slots__ = (
        "aliases",
        "driver_opts",
        "ip",
        "ip6",
        "link_local",
        "links",
        "mac",
        "priority",
        "target",
    )

    def __init__(self, target: str) -> None:
        self.target = target
        self.aliases: list[str] = []
        self.links: list[str] = []
        self.ip = ""
        self.ip6 = ""
        self.link_local: list[str] = []
        self.mac = ""
        self.driver_opts: dict[str, str] = {}
        self.priority = 0

    @property
    def user_defined(self) -> bool:
        """Whether the network is one that a user made."""
        return self.target not in BUILT_IN and not self.target.startswith("container:")

    def document(self) -> Document:
        """The API's endpoint settings, only with what was asked."""
        if not self.target.strip():
            raise InvalidArgument("no name set for network")
        if not self.user_defined and self.aliases:
            raise InvalidArgument(
                "network-scoped aliases are only supported for user-defined networks"
            )
        if not self.user_defined and self.links:
            raise InvalidArgument("links are only supported for user-defined networks")
        if self.mac:
            check_mac(self.mac)
        ipam = {"IPv4Address": self.ip, "IPv6Address": self.ip6, "LinkLocalIPs": self.link_local}
        found: Document = {
            "Aliases": self.aliases,
            "Links": self.links,
            "MacAddress": self.mac,
            "DriverOpts": self.driver_opts,
            "GwPriority": self.priority,
            "IPAMConfig": {name: value for name, value in ipam.items() if value},
        }
        return {name: value for name, value in found.items() if value}


def check_mac(text: str) -> None:
    """Refuse what is no MAC address."""
    for separator, groups in ((":", (6, 8, 20)), ("-", (6, 8, 20))):
        parts = text.strip().split(separator)
        if len(parts) in groups and all(
            len(p) == 2 and not p.strip("0123456789abcdefABCDEF") for p in parts
        ):
            return
    raise InvalidArgument(f"{text} is not a valid mac address")


def read_network(text: str) -> Attachment:
    """`name`, or `name=net,alias=web,ip=10.0.0.2,...`."""
    if not _is_long(text):
        return Attachment(text)
    attachment = Attachment("")
    for field in values.fields(text):
        key, found, value = field.lower().partition("=")
        if not found or not key:
            raise InvalidArgument(f"invalid field {field}")
        _set(attachment, key.strip(), value.strip())
    if not attachment.target:
        raise InvalidArgument("network name/id is not specified")
    return attachment


def _is_long(text: str) -> bool:
    """Whether a word character stands on both sides of some `=`."""
    before, found, after = text.partition("=")
    return bool(found and before and after and _is_word(before[-1]) and _is_word(after[0]))


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _set(attachment: Attachment, key: str, value: str) -> None:
    field = _FIELDS.get(key)
    if key == "name":
        attachment.target = value
    elif field in ("aliases", "link_local"):
        getattr(attachment, field).append(value)
    elif field in ("ip", "ip6", "mac"):
        setattr(attachment, field, value)
    elif field == "priority":
        try:
            attachment.priority = values.integer(value)
        except InvalidArgument:
            raise InvalidArgument(f"invalid gw-priority ({value}): invalid syntax") from None
    elif field == "driver_opts":
        name, found, setting = value.partition("=")
        if not found or not name:
            raise InvalidArgument("invalid key value pair format in driver options")
        attachment.driver_opts[name.strip()] = setting.strip()
    else:
        raise InvalidArgument(f"invalid field key {key}")


def endpoints(attachments: list[Attachment], options: Values) -> dict[str, Document]:
    """The `EndpointsConfig` of a create request.

    The single-endpoint options (`--ip`, `--network-alias`, ...) go to the first network.
    """
    if not attachments:
        attachments = [Attachment("default")]
        implied = True
    else:
        implied = False
    if len({attachment.user_defined for attachment in attachments}) > 1:
        raise InvalidArgument(
            "conflicting options: cannot attach both user-defined and non-user-defined network-modes"
        )
    _apply(attachments[0], options)
    found: dict[str, Document] = {}
    for attachment in attachments:
        if attachment.target in found:
            raise InvalidArgument(f'network "{attachment.target}" is specified multiple times')
        found[attachment.target] = attachment.document()
    only = attachments[0].target
    if len(attachments) == 1 and not implied and not found[only]:
        return {}
    return found


_CONFLICTS = (
    ("aliases", "network-alias", "--network-alias and per-network alias"),
    ("links", "link", "--link and per-network links"),
    ("ip", "ip", "--ip and per-network IPv4 address"),
    ("ip6", "ip6", "--ip6 and per-network IPv6 address"),
    ("mac", "mac-address", "--mac-address and per-network MAC address"),
    ("link_local", "link-local-ip", "--link-local-ip and per-network link-local IP addresses"),
)


def _apply(attachment: Attachment, options: Values) -> None:
    for field, name, words in _CONFLICTS:
        given = options.any(name)
        if not given:
            continue
        if getattr(attachment, field):
            raise InvalidArgument(f"conflicting options: cannot specify both {words}")
        if field == "links" and not attachment.user_defined:
            continue  # on the default bridge a link is HostConfig's
        setattr(attachment, field, given)


def read_ip(text: str) -> str:
    """An address in its shortest form."""
    found = canonical_ip(text.strip())
    if not found:
        raise InvalidArgument(f"IP address is not correctly formatted: {text}")
    return found


def read_extra_host(text: str) -> str:
    """`name:address`, `name=address`, `name:[address]`; `host-gateway` for an address."""
    name, found, address = text.partition("=")
    if not found:
        name, found, address = text.partition(":")
    if not found or not name or ":" in name:
        raise InvalidArgument(f'bad format for add-host: "{text}"')
    if address != "host-gateway":
        if len(address) > 2 and address[0] == "[" and address[-1] == "]":
            address = address[1:-1]
        if not canonical_ip(address):
            raise InvalidArgument(f'invalid IP address in add-host: "{address}"')
    return f"{name}:{address}"


def read_search_domain(text: str) -> str:
    """A domain, or `.` for none."""
    domain = text.strip(" ")
    labels = domain.rstrip(".").split(".")
    if domain != "." and (
        not any(character.isalpha() for character in domain)
        or len(domain) >= 255
        or not all(label and label.replace("-", "").replace("_", "").isalnum() for label in labels)
    ):
        raise InvalidArgument(f"{domain} is not a valid domain")
    return domain if domain == "." else domain.rstrip(".")


def read_link(text: str) -> str:
    """`container[:alias]`."""
    if not text:
        raise InvalidArgument("empty string specified for links")
    if text.count(":") > 1:
        raise InvalidArgument(f"bad format for links: {text}")
    return text
