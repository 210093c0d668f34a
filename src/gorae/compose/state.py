"""What of an application is in the engine: its containers, networks, volumes, found by their labels."""

from __future__ import annotations

from gorae.client import jsontext
from gorae.client.session import quote
from gorae.compose import labels
from gorae.compose.plan import Found
from gorae.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.client.session import Session


def filters(*wanted: str) -> str:
    """The `filters` parameter for these labels."""
    return jsontext.encode({"label": list(wanted)})


def containers(session: Session, project: str, *, oneoff: bool = True) -> list[Found]:
    """All containers of a project, one-off ones too unless they are not wanted."""
    query = {"all": True, "filters": filters(f"{labels.PROJECT}={project}")}
    found = [of_summary(one) for one in session.get("/containers/json", query)]
    return sorted(
        (one for one in found if oneoff or not one.oneoff),
        key=lambda one: (one.service, one.number),
    )


def of_summary(one: dict[str, Any]) -> Found:
    """A line of the containers' list."""
    own = one.get("Labels") or {}
    volumes = {
        mount["Destination"]: mount["Name"]
        for mount in one.get("Mounts") or ()
        if mount.get("Type") == "volume" and len(mount.get("Name", "")) == 64
    }
    number = own.get(labels.NUMBER, "1")
    return Found(
        id=one["Id"],
        name=one["Names"][0].removeprefix("/") if one.get("Names") else one["Id"][:12],
        service=own.get(labels.SERVICE, ""),
        number=int(number) if number.isdigit() else 1,
        state=one.get("State", ""),
        config_hash=own.get(labels.CONFIG_HASH, ""),
        image_id=own.get(labels.IMAGE, "") or one.get("ImageID", ""),
        oneoff=own.get(labels.ONEOFF, "").lower() == "true",
        health=_health(one.get("Status", "")),
        exit_code=_exit_code(one.get("Status", "")),
        volumes=volumes,
    )


def _health(status: str) -> str:
    for word in ("unhealthy", "healthy", "starting"):
        if f"({word})" in status or f"(health: {word})" in status:
            return word
    return ""


def _exit_code(status: str) -> int:
    _, found, rest = status.partition("Exited (")
    number = rest.partition(")")[0]
    return int(number) if found and number.lstrip("-").isdigit() else 0


def image_id(session: Session, name: str) -> str:
    """The id of an image; empty when it is not here."""
    try:
        return str(session.get(f"/images/{quote(name, safe='/:@')}/json")["Id"])
    except NotFound:
        return ""


def networks(session: Session, project: str) -> list[dict[str, Any]]:
    """The project's networks."""
    found: list[dict[str, Any]] = session.get(
        "/networks", {"filters": filters(f"{labels.PROJECT}={project}")}
    )
    return found


def volumes(session: Session, project: str) -> list[dict[str, Any]]:
    """The project's volumes."""
    answer = session.get("/volumes", {"filters": filters(f"{labels.PROJECT}={project}")})
    return list(answer.get("Volumes") or ())


def projects(session: Session, *, everything: bool) -> dict[str, list[dict[str, Any]]]:
    """The containers of every project, by its name."""
    query = {"all": everything or None, "filters": filters(labels.PROJECT)}
    found: dict[str, list[dict[str, Any]]] = {}
    for one in session.get("/containers/json", query):
        found.setdefault(one["Labels"][labels.PROJECT], []).append(one)
    return found
