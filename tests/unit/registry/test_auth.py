"""From a challenge to a token request, and from an answer to a token."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from gorae.errors import Unavailable
from gorae.registry.auth import Credentials, parse_token, pick, scope, token_request
from gorae.registry.challenge import Challenge

REALM = Challenge("bearer", {"realm": "https://auth.example/token?x=1", "service": "reg"})
SCOPES = (scope("a/b", "push", "pull"),)


def test_nobody_asks_without_credentials() -> None:
    found = token_request(REALM, SCOPES, Credentials())
    assert (found.method, found.headers, found.secret) == ("GET", {}, False)
    query = parse_qs(urlsplit(found.url).query)
    assert query == {"x": ["1"], "service": ["reg"], "scope": ["repository:a/b:pull,push"]}


def test_a_password_goes_as_basic() -> None:
    found = token_request(REALM, SCOPES, Credentials("me", "se:cret"))
    assert found.secret
    assert base64.b64decode(found.headers["Authorization"].removeprefix("Basic ")) == b"me:se:cret"
    assert "account=me" in found.url
    assert "c2U6" not in repr(found) and "Basic" not in repr(found)


def test_a_login_asks_for_a_refresh_token() -> None:
    found = token_request(REALM, (), Credentials("me", "x"), login=True)
    assert "offline_token=true" in found.url


def test_an_identity_token_is_exchanged_by_post() -> None:
    found = token_request(REALM, SCOPES, Credentials(identity_token="idt"))
    assert found.method == "POST"
    form = parse_qs(found.body.decode())
    assert form["grant_type"] == ["refresh_token"]
    assert form["refresh_token"] == ["idt"]
    assert form["scope"] == list(SCOPES)


@pytest.mark.parametrize(
    "realm", ["", "ftp://x/y", "relative", "https://user:pw@host/t", "file:///etc/passwd"]
)
def test_a_realm_that_cannot_be_asked(realm: str) -> None:
    with pytest.raises(Unavailable):
        token_request(Challenge("bearer", {"realm": realm}), (), Credentials())


def test_a_token_under_either_name() -> None:
    assert parse_token(b'{"token":"a","expires_in":300}').lifetime_s == 300
    found = parse_token(b'{"access_token":"b","refresh_token":"r"}')
    assert (found.value, found.refresh, found.lifetime_s) == ("b", "r", 60)
    assert found.good_until(100.0) == 150.0


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"token":1}', b'{"token":"a\\r\\nb"}'])
def test_no_token(body: bytes) -> None:
    with pytest.raises(Unavailable):
        parse_token(body)


def test_bearer_before_basic() -> None:
    basic, bearer = Challenge("basic"), Challenge("bearer")
    assert pick([basic, bearer]) == bearer
    assert pick([basic]) == basic
    assert pick([Challenge("negotiate")]) is None
