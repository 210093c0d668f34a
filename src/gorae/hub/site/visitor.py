"""Who looks at a page: the browser's session, its language, and the proof that a form is ours.

A session is a secret in a cookie; the database knows its hash. A form carries the session's second secret (before a
login: that of a short-lived cookie), and a browser's own word on where a request comes from must not contradict it.
"""

import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from gorae.errors import PermissionDenied
from gorae.hub import audit, clock, passwords
from gorae.hub.access import STRANGER, Identity
from gorae.hub.caller import Caller
from gorae.hub.routes.call import client_address, scheme
from gorae.hub.services import Services
from gorae.hub.site import words
from gorae.hub.tables import accounts, credentials
from gorae.hub.tables.credentials import SessionRow
from gorae.store.db import Tx

SESSION, CSRF, LANGUAGE = "gorae_hub_session", "gorae_hub_form", "gorae_hub_language"
YEAR_S = 365 * 86400
FORM_S = 3600


@dataclass(slots=True)
class Visitor:
    """`csrf`: what this visitor's forms carry; `secure`: cookies go by TLS only."""

    who: Identity
    language: str
    csrf: str
    address: str
    secure: bool
    is_new: bool = False

    @property
    def account(self) -> str:
        """Empty for a stranger."""
        return self.who.account

    @property
    def caller(self) -> Caller:
        """For the services."""
        return Caller(self.account, self.address)


def read(services: Services, request: web.Request) -> Visitor:
    """The visitor of a request; blocking."""
    trusted = services.config.trusted_proxies
    language = words.choose(
        request.query.get("lang", "") or request.cookies.get(LANGUAGE, ""),
        request.headers.get("Accept-Language", ""),
    )
    address, secure = client_address(request, trusted), scheme(request, trusted) == "https"
    cookie = request.cookies.get(SESSION, "")
    found = services.facts.read(lambda tx: _session(tx, cookie)) if cookie else None
    if found is not None:
        return Visitor(found[0], language, found[1], address, secure)
    form = request.cookies.get(CSRF, "")
    return Visitor(STRANGER, language, form or secrets.token_urlsafe(24), address, secure, not form)


def _session(tx: Tx, cookie: str) -> tuple[Identity, str] | None:
    row = credentials.session(tx, passwords.digest(cookie))
    if row is None or row.expires_ns < clock.now_ns():
        return None
    account = accounts.get(tx, row.account)
    if account is None or account.state != "active":
        return None
    return Identity(account.name, bool(account.is_admin)), row.csrf


def log_in(services: Services, account: str, caller: Caller) -> str:
    """A new session; its cookie. Blocking."""
    cookie, now = passwords.new_secret(), clock.now_ns()
    row = SessionRow(
        passwords.digest(cookie),
        account,
        secrets.token_urlsafe(24),
        now,
        now + services.config.session_lifetime_s * clock.SECOND_NS,
    )

    def write(tx: Tx) -> None:
        credentials.insert_session(tx, row)
        audit.record(tx, Caller(account, caller.address), "login.site", account)

    services.facts.write(write)
    return cookie


def log_out(services: Services, request: web.Request) -> None:
    """End the session of a request; blocking."""
    hashed = passwords.digest(request.cookies.get(SESSION, ""))
    services.facts.write(lambda tx: credentials.delete_session(tx, hashed))


def check_form(visitor: Visitor, request: web.Request, form: dict[str, str]) -> None:
    """Raises: PermissionDenied: the form is not one that we gave to this visitor."""
    origin = request.headers.get("Origin", "")
    if origin and urlsplit(origin).netloc != request.host:
        raise PermissionDenied(words.say(visitor.language, "stale_form"))
    shown = form.get("csrf", "")
    if visitor.is_new or not hmac.compare_digest(shown.encode(), visitor.csrf.encode()):
        raise PermissionDenied(words.say(visitor.language, "stale_form"))


def set_cookies(visitor: Visitor, request: web.Request, response: web.StreamResponse) -> None:
    """The language, when it was chosen; a stranger's form cookie."""
    if request.query.get("lang", "") in words.LANGUAGES:
        set_cookie(visitor, response, LANGUAGE, visitor.language, YEAR_S)
    if not visitor.account and visitor.is_new:
        set_cookie(visitor, response, CSRF, visitor.csrf, FORM_S)


def set_cookie(
    visitor: Visitor, response: web.StreamResponse, name: str, value: str, age_s: int
) -> None:
    """Not for scripts, not for other sites."""
    response.set_cookie(
        name, value, max_age=age_s, path="/", httponly=True, samesite="Lax", secure=visitor.secure
    )
