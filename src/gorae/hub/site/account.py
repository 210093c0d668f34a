"""Pages of one's own: log in, sign up, tokens, password, organisations."""

from aiohttp import web

from gorae.errors import GoraeError, InvalidArgument
from gorae.hub import errors
from gorae.hub.caller import Caller
from gorae.hub.site import visitor, words
from gorae.hub.site.desk import Visit
from gorae.hub.site.render import go
from gorae.hub.tables import audit

DAY_S = 86400
LIFETIMES_DAYS = (7, 30, 90, 365, 0)
LINES = 15


async def login(visit: Visit) -> web.StreamResponse:
    """Name and password; a session."""
    back = _inside(visit.form.get("back", "") or visit.request.query.get("back", ""))
    if visit.request.method != "POST":
        return visit.page("login.html", back=back, username="")
    name = visit.form.get("username", "").strip()
    try:
        who = await visit.run(
            visit.services.accounts.authenticate,
            name,
            visit.form.get("password", ""),
            Caller("", visit.who.address),
            by_token=False,
        )
    except GoraeError as error:
        status = errors.status_of(error)
        return visit.page("login.html", status, back=back, username=name, problem=error.message)
    return await _enter(visit, who.account, back)


def _inside(path: str) -> str:
    """A path of this site; anything else is the front page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


async def _enter(visit: Visit, account: str, back: str) -> web.StreamResponse:
    cookie = await visit.run(visitor.log_in, visit.services, account, visit.who.caller)
    response = go(back)
    age_s = visit.services.config.session_lifetime_s
    visitor.set_cookie(visit.who, response, visitor.SESSION, cookie, age_s)
    return response


async def logout(visit: Visit) -> web.StreamResponse:
    """The session ends."""
    await visit.run(visitor.log_out, visit.services, visit.request)
    response = go("/")
    response.del_cookie(visitor.SESSION, path="/")
    return response


async def signup(visit: Visit) -> web.StreamResponse:
    """A new account, where the hub takes them."""
    code = visit.form.get("invite", "") or visit.request.query.get("invite", "")
    if visit.request.method != "POST":
        return visit.page("signup.html", invite=code, username="")
    name = visit.form.get("username", "").strip()
    try:
        await visit.run(
            visit.services.accounts.sign_up,
            name,
            visit.form.get("password", ""),
            code.strip(),
            visit.who.caller,
        )
    except GoraeError as error:
        status = errors.status_of(error)
        return visit.page("signup.html", status, invite=code, username=name, problem=error.message)
    return await _enter(visit, name, "/")


async def show(visit: Visit) -> web.StreamResponse:
    """Everything of one's own on one page; forms post back to it."""
    name = visit.want_account()
    secret = ""
    if visit.request.method == "POST":
        try:
            secret = await _act(visit, name)
        except GoraeError as error:
            return await _page(visit, name, errors.status_of(error), problem=error.message)
        if not secret:
            return go("/account")
    return await _page(visit, name, 200, secret=secret)


async def _page(visit: Visit, name: str, status: int, **values: str) -> web.Response:
    services = visit.services
    lines = await visit.run(services.facts.read, lambda tx: audit.newest(tx, LINES, name))
    return visit.page(
        "mine.html",
        status,
        **{"secret": "", "problem": "", **values},
        row=await visit.run(services.accounts.get, name),
        tokens=await visit.run(services.tokens.of, name),
        organisations=await visit.run(services.accounts.organisations, name),
        lines=lines,
        lifetimes=LIFETIMES_DAYS,
    )


async def _act(visit: Visit, name: str) -> str:
    """One form of the page; a new token's secret, if that was it."""
    form, services, caller = visit.form, visit.services, visit.who.caller
    action = form.get("action", "")
    if action == "token":
        days = form.get("days", "90")
        lifetime_s = int(days) * DAY_S if days.isdigit() and len(days) < 6 else DAY_S
        scopes = form.get("scope", "").split()
        secret, _ = await visit.run(
            services.tokens.create, name, form.get("label", ""), scopes, lifetime_s, caller
        )
        return secret
    if action == "revoke":
        await visit.run(services.tokens.revoke, name, form.get("id", ""), caller)
    elif action == "password":
        old = form.get("current", "")
        stranger = Caller("", visit.who.address)
        await visit.run(services.accounts.authenticate, name, old, stranger, by_token=False)
        await visit.run(services.accounts.set_password, name, form.get("password", ""), caller)
    elif action == "profile":
        await visit.run(
            services.accounts.set_profile,
            name,
            form.get("full_name", "").strip(),
            form.get("email", "").strip(),
            caller,
        )
    elif action == "organisation":
        await visit.run(
            services.accounts.add_organisation, form.get("name", "").strip(), name, caller
        )
    else:
        raise InvalidArgument(words.say(visit.who.language, "stale_form"))
    return ""
