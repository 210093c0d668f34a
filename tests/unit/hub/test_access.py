"""Who may do what, as a table."""

import pytest

from gorae.errors import InvalidArgument
from gorae.hub.access import (
    STRANGER,
    Identity,
    Scope,
    Standing,
    check_limits,
    granted,
    limited_to,
    parse_scopes,
)

ALL = ("pull", "push", "delete")
ANNA, ADMIN = Identity("anna"), Identity("root", is_admin=True)
PUBLIC = {"visibility": "public", "namespace_exists": True}
PRIVATE = {"visibility": "private", "namespace_exists": True}


@pytest.mark.parametrize(
    "who, standing, expected",
    [
        (STRANGER, Standing(**PUBLIC), "pull"),
        (STRANGER, Standing(**PRIVATE), ""),
        (STRANGER, Standing(), ""),
        (ANNA, Standing(**PUBLIC), "pull"),
        (ANNA, Standing(**PRIVATE), ""),
        (ANNA, Standing(**PRIVATE, role="reader"), "pull"),
        (ANNA, Standing(**PRIVATE, role="writer"), "pull push"),
        (ANNA, Standing(**PRIVATE, role="owner"), "pull push delete"),
        (ANNA, Standing(namespace_exists=True, role="owner"), "pull push delete"),
        (ANNA, Standing(visibility="public", namespace_exists=False, role="owner"), "pull"),
        (ADMIN, Standing(), "pull push delete"),
        (STRANGER, Standing(proxied="public"), "pull"),
        (STRANGER, Standing(proxied="private"), ""),
        (ANNA, Standing(proxied="private"), "pull"),
        (ADMIN, Standing(proxied="public"), "pull"),
    ],
)
def test_what_a_standing_gives(who: Identity, standing: Standing, expected: str) -> None:
    assert granted(who, "acme/app", standing, ALL) == frozenset(expected.split())
    assert granted(who, "acme/app", standing, ("*",)) == frozenset(expected.split())
    assert granted(who, "acme/app", standing, ()) == frozenset()


def test_a_token_can_only_narrow() -> None:
    ci = Identity("anna", limits=("acme/*:pull,push", "other/one:pull"))
    own = Standing(**PRIVATE, role="owner")
    assert granted(ci, "acme/app", own, ALL) == {"pull", "push"}
    assert granted(ci, "other/one", own, ALL) == {"pull"}
    assert granted(ci, "else/two", own, ALL) == frozenset()
    assert granted(ci, "acme/app", Standing(**PRIVATE), ALL) == frozenset()


def test_limits_as_people_write_them() -> None:
    assert check_limits(["push"]) == ("*:pull,push",)
    assert check_limits(["acme/*:delete"]) == ("acme/*:pull,delete",)
    assert limited_to(check_limits(["pull"]), "any/thing") == {"pull"}
    for bad in ([], [""], ["write"], [":pull"], ["a b:pull"], ["acme/*:"]):
        with pytest.raises(InvalidArgument):
            check_limits(bad)


def test_scopes() -> None:
    found = parse_scopes(["repository:a/b:pull,push registry:catalog:*", "repository:h:5/x:pull"])
    assert found == [
        Scope("repository", "a/b", frozenset(("pull", "push"))),
        Scope("registry", "catalog", frozenset("*")),
        Scope("repository", "h:5/x", frozenset(("pull",))),
    ]
    assert str(found[0]) == "repository:a/b:pull,push"
    for bad in ("repository", "repository:x", "::pull", "x " * 40):
        with pytest.raises(InvalidArgument):
            parse_scopes([bad])
