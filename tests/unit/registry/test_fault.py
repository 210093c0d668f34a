"""What a registry's refusal becomes."""

from gorae.errors import InvalidArgument, NotFound, PermissionDenied, Unauthorized
from gorae.registry.fault import Again, TooLarge, denied, refusal


def test_the_registrys_own_words() -> None:
    error = refusal(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
    assert isinstance(error, NotFound)
    assert error.message == "manifest unknown: manifest unknown"


def test_several_errors() -> None:
    error = refusal(400, b'{"errors":[{"code":"A_B","message":"x"},{"code":"C"}]}')
    assert isinstance(error, InvalidArgument)
    assert error.message == "errors: a b: x, c: unknown error"


def test_no_words() -> None:
    assert refusal(503, b"").message == "received unexpected HTTP status: 503 Service Unavailable"
    assert "error parsing HTTP 418" in refusal(418, b"<html>").message


def test_classes() -> None:
    assert isinstance(refusal(401, b""), Unauthorized)
    assert isinstance(refusal(403, b""), PermissionDenied)
    assert isinstance(refusal(413, b""), TooLarge)
    again = refusal(429, b"", "7")
    assert isinstance(again, Again) and again.retry_after == "7"
    assert isinstance(denied(), PermissionDenied)


def test_an_authorization_servers_words() -> None:
    error = refusal(401, b'{"details":"incorrect username or password"}')
    assert error.message == "unauthorized: incorrect username or password"


def test_a_long_answer_is_cut_short() -> None:
    assert len(refusal(500, b"x" * 100_000).message) < 1000
