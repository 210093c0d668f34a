"""What the engine does not offer yet is answered with 501, by name."""

from typing import Any

from gorae import errors


def offered(service: object, name: str, what: str) -> Any:
    """The service's method.

    Raises:
        NotImplemented: there is none; `what` is the operation in the sentence.
    """
    method = getattr(service, name, None)
    if method is None:
        raise errors.NotImplemented(f"{what} is not offered by this engine yet")
    return method
