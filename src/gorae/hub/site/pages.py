"""The front page, search, and an account's public page."""

from aiohttp import web

from gorae.errors import NotFound
from gorae.hub.access import PULL, granted
from gorae.hub.site.desk import Visit
from gorae.hub.site.render import go
from gorae.hub.tables.repositories import Repository
from gorae.store.db import Tx

PAGE = 20


async def home(visit: Visit) -> web.StreamResponse:
    """What there is, and how to begin."""
    found, more = await visit.run(visit.services.catalog.search, visit.who.account, "", 1, PAGE)
    own: list[Repository] = []
    if visit.who.account:
        own = await visit.run(visit.services.catalog.of_namespace, visit.who.account)
    return visit.page("home.html", found=found, own=own[:PAGE], more=more)


async def search(visit: Visit) -> web.StreamResponse:
    """Repositories by words."""
    query = visit.request.query
    words = query.get("q", "").strip()[:100]
    text = query.get("page", "1")
    number = min(max(int(text), 1), 1000) if text.isdigit() and len(text) < 5 else 1
    found, more = await visit.run(
        visit.services.catalog.search, visit.who.account, words, number, PAGE
    )
    return visit.page("search.html", found=found, more=more, number=number, words=words)


async def account(visit: Visit) -> web.StreamResponse:
    """A user or an organisation: its repositories that the visitor may see, its members."""
    name = visit.request.match_info["name"]
    row = await visit.run(visit.services.accounts.get, name)
    repositories = await visit.run(visit.services.catalog.of_namespace, name)

    def visible(tx: Tx) -> list[Repository]:
        who, standing = visit.who.who, visit.services.permissions.standing
        return [
            one
            for one in repositories
            if granted(who, one.name, standing(tx, who, one.name), (PULL,))
        ]

    shown = await visit.run(visit.services.facts.read, visible)
    members = [] if row.is_user else await visit.run(visit.services.accounts.members, name)
    mine = dict(members).get(visit.who.account, "")
    may_see = bool(mine) or visit.who.who.is_admin
    return visit.page(
        "account.html",
        row=row,
        repositories=shown,
        members=members if may_see else [],
        may_change=mine == "owner" or visit.who.who.is_admin,
    )


async def members(visit: Visit) -> web.StreamResponse:
    """An organisation's owner adds or removes a member."""
    name = visit.request.match_info["name"]
    row = await visit.run(visit.services.accounts.get, name)
    if row.is_user:
        raise NotFound("no such page")
    await visit.want_owner(name)
    form, accounts = visit.form, visit.services.accounts
    if form.get("action") == "remove":
        await visit.run(accounts.remove_member, name, form.get("member", ""), visit.who.caller)
    else:
        await visit.run(
            accounts.set_member,
            name,
            form.get("member", "").strip(),
            form.get("role", ""),
            visit.who.caller,
        )
    return go(f"/u/{name}")
