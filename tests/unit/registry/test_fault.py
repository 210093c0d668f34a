"""A registry's refusals in docker's words."""

from gorae.errors import Unauthorized
from gorae.registry.fault import refusal, words_of_challenge


def test_a_challenge_alone_can_say_that_the_token_is_not_enough() -> None:
    header = 'Bearer realm="http://h/token",service="s",scope="repository:a/b:push",error="insufficient_scope"'
    error = refusal(401, words_of_challenge(header))
    assert isinstance(error, Unauthorized)
    assert error.message == "denied: requested access to the resource is denied"
    assert words_of_challenge('Bearer realm="http://h/token",error="invalid_token"') == b""
