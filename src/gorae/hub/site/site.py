"""The site's paths."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web

from gorae.hub.services import Services
from gorae.hub.site import account, pages, repository
from gorae.hub.site.desk import Desk
from gorae.hub.site.render import FOLDER

ONE_DAY = "max-age=86400"
STATIC = {"hub.css": "text/css", "hub.js": "text/javascript", "whale.svg": "image/svg+xml"}


def add_routes(app: web.Application, services: Services, pool: ThreadPoolExecutor) -> None:
    """Put the pages beside the registry's own paths."""
    desk = Desk(services, pool)
    router = app.router
    for path, page in (
        ("/", pages.home),
        ("/search", pages.search),
        ("/u/{name}", pages.account),
        ("/r/{name:.+}", repository.show),
        ("/files/{name:.+}", repository.files),
    ):
        router.add_get(path, desk.handler(page))
    for path, page in (
        ("/login", account.login),
        ("/signup", account.signup),
        ("/account", account.show),
        ("/settings/{name:.+}", repository.settings),
    ):
        router.add_get(path, desk.handler(page))
        router.add_post(path, desk.handler(page))
    router.add_post("/logout", desk.handler(account.logout))
    router.add_post("/u/{name}/members", desk.handler(pages.members))
    for name, kind in STATIC.items():
        router.add_get(f"/static/{name}", _static(name, kind))
    router.add_get("/favicon.ico", _static("whale.svg", "image/svg+xml"))


def _static(name: str, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    data = (FOLDER / "static" / name).read_bytes()
    headers = {
        "Content-Type": kind,
        "Cache-Control": ONE_DAY,
        "X-Content-Type-Options": "nosniff",
    }

    async def serve(_: web.Request) -> web.Response:
        return web.Response(body=data, headers=headers)

    return serve
