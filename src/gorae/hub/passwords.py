"""Passwords and secrets: argon2 for what people choose, sha256 for what we drew ourselves."""

import hashlib
import secrets
import threading

import argon2

from gorae.errors import InvalidArgument

MIN_CHARS = 8
MAX_CHARS = 1000
AT_ONCE = 2
TOKEN_PREFIX = "gorae_"

# 19 MiB, two passes: OWASP's second recommendation. Each check holds that much memory: only so many run at once.
_hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_turn = threading.BoundedSemaphore(AT_ONCE)
_nobody = ""


def check_strength(password: str) -> None:
    """Raises: InvalidArgument: too short or too long."""
    if not MIN_CHARS <= len(password) <= MAX_CHARS:
        raise InvalidArgument(f"a password needs at least {MIN_CHARS} characters")


def hash_password(password: str) -> str:
    """argon2's text, with salt and parameters in it. Raises: InvalidArgument: too short."""
    check_strength(password)
    with _turn:
        return _hasher.hash(password)


def verify(hashed: str, password: str) -> bool:
    """Whether it is the password. Takes as long when there is no such account (`hashed` empty)."""
    global _nobody
    if len(password) > MAX_CHARS:
        return False
    with _turn:
        if not hashed:
            _nobody = _nobody or _hasher.hash(secrets.token_hex(8))
        try:
            return _hasher.verify(hashed or _nobody, password) and bool(hashed)
        except argon2.exceptions.VerificationError:
            return False
        except argon2.exceptions.InvalidHashError:
            return False


def new_secret(prefix: str = "") -> str:
    """A secret of 256 bits."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a secret that nobody can guess."""
    return hashlib.sha256(secret.encode()).hexdigest()
