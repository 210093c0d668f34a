"""The token endpoint: credentials in, a token for what they may do out.

GET with Basic (or nothing, for a stranger), POST with an OAuth 2 form. Source: distribution, token authentication
and OAuth2.
"""

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from gorae.errors import InvalidArgument, Unauthorized
from gorae.hub.access import STRANGER, Identity, Scope, parse_scopes
from gorae.hub.caller import Caller
from gorae.hub.path import NAME
from gorae.hub.routes.call import Call, read_basic
from gorae.hub.services import Services

MAX_FORM_BYTES = 64 << 10


async def get(call: Call) -> web.StreamResponse:
    """With Basic credentials; `offline_token` asks for something to keep instead of the password."""
    query = call.request.query
    kind, _, text = call.request.headers.get("Authorization", "").partition(" ")
    who = STRANGER
    if kind.lower() == "basic":
        who = await _authenticate(call, *read_basic(text))
    elif kind:
        raise Unauthorized("the token endpoint wants Basic credentials")
    scopes = parse_scopes(query.getall("scope", []))
    offline = query.get("offline_token") == "true"
    return await _answer(call, who, scopes, query.get("client_id", ""), offline=offline)


async def post(call: Call) -> web.StreamResponse:
    """grant_type password or refresh_token."""
    call.request._client_max_size = MAX_FORM_BYTES
    form = await call.request.post()
    fields = {key: str(value) for key, value in form.items()}
    grant = fields.get("grant_type", "")
    if grant == "password":
        who = await _authenticate(call, fields.get("username", ""), fields.get("password", ""))
    elif grant == "refresh_token":
        who = await _authenticate(call, "", fields.get("refresh_token", ""))
    else:
        raise InvalidArgument('"grant_type" wants password or refresh_token')
    scopes = parse_scopes(fields.get("scope", "").split())
    offline = grant == "password" and fields.get("access_type") == "offline"
    return await _answer(call, who, scopes, fields.get("client_id", ""), offline=offline)


async def _authenticate(call: Call, name: str, secret: str) -> Identity:
    who = await call.run(
        call.services.accounts.authenticate, name, secret, Caller("", call.address)
    )
    call.account = who.account
    return who


async def _answer(
    call: Call, who: Identity, scopes: list[Scope], client: str, *, offline: bool
) -> web.StreamResponse:
    granted = await call.run(_granted, call.services, who, scopes)
    token, issued = call.services.bearer.sign(who.account, granted)
    document: dict[str, Any] = {
        "token": token,
        "access_token": token,
        "expires_in": call.services.bearer.lifetime_s,
        "issued_at": datetime.fromtimestamp(issued, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "scope": " ".join(str(one) for one in granted),
    }
    if offline and who.account:
        document["refresh_token"] = await call.run(
            call.services.tokens.login,
            who.account,
            who.limits,
            f"{client or 'docker'} login from {call.address}",
            call.services.config.login_lifetime_s,
            call.caller,
        )
    return web.json_response(document, headers={"Cache-Control": "no-store"})


def _granted(services: Services, who: Identity, scopes: list[Scope]) -> list[Scope]:
    """What of the scopes the identity gets; those of which it gets nothing are left out."""
    found = []
    for one in scopes:
        if one.kind == "repository" and NAME.fullmatch(one.name):
            actions = services.permissions.granted(who, one.name, one.actions)
        elif one.kind == "registry" and one.name == "catalog" and who.account:
            actions = one.actions & {"*"}
        else:
            continue
        if actions:
            found.append(Scope(one.kind, one.name, actions))
    return found
