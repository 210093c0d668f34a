"""What every page's handler is given: the services, the renderer, threads, the visitor."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from aiohttp import web

from gorae.errors import GoraeError, InvalidArgument, NotFound, PermissionDenied, Unauthorized
from gorae.hub import errors
from gorae.hub.services import Services
from gorae.hub.site import visitor
from gorae.hub.site.layer import Layers
from gorae.hub.site.render import Renderer
from gorae.hub.site.visitor import Visitor

P = ParamSpec("P")
T = TypeVar("T")
MAX_FORM_BYTES = 1 << 20
MAX_FIELDS = 50
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Desk:
    """Of one hub."""

    def __init__(self, services: Services, pool: ThreadPoolExecutor) -> None:
        self.services = services
        self.pool = pool
        self.renderer = Renderer(services.config)
        self.layers = Layers(services.blobs)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Blocking work in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, lambda: work(*args, **kwargs))

    def handler(
        self, page: Callable[["Visit"], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """For the router: reads the visitor, checks forms, shows what goes wrong as a page."""

        async def handle(request: web.Request) -> web.StreamResponse:
            who = await self.run(visitor.read, self.services, request)
            visit = Visit(self, request, who)
            try:
                if request.method == "POST":
                    await visit.read_form()
                return await page(visit)
            except Unauthorized:
                return visit.page("login.html", 401, back=request.path, username="")
            except GoraeError as error:
                return visit.failed(error)

        return handle


class Visit:
    """One request for a page."""

    def __init__(self, desk: Desk, request: web.Request, who: Visitor) -> None:
        self.desk = desk
        self.services = desk.services
        self.request = request
        self.who = who
        self.form: dict[str, str] = {}
        self.run = desk.run

    async def read_form(self) -> None:
        """Raises: PermissionDenied: it is not ours. InvalidArgument: too large."""
        if (self.request.content_length or 0) > MAX_FORM_BYTES:
            raise InvalidArgument(f"a form has at most {MAX_FORM_BYTES} bytes")
        fields = await self.request.post()
        self.form = {
            key: _CONTROLS.sub("", str(value)) for key, value in list(fields.items())[:MAX_FIELDS]
        }
        visitor.check_form(self.who, self.request, self.form)

    def page(self, template: str, status: int = 200, **values: Any) -> web.Response:
        """A rendered page."""
        return self.desk.renderer.page(self.request, self.who, template, status, **values)

    def failed(self, error: GoraeError) -> web.Response:
        """A page that says what is wrong; what one may not see looks like what is not there."""
        hidden = isinstance(error, NotFound)
        status = 404 if hidden else errors.status_of(error)
        return self.page("problem.html", status, problem="" if hidden else error.message)

    async def want(self, name: str, *actions: str) -> None:
        """Raises: NotFound: the visitor may not do all of these to a repository."""
        granted = await self.run(self.services.permissions.granted, self.who.who, name, actions)
        if granted != set(actions):
            raise NotFound("no such page")

    def want_account(self) -> str:
        """The visitor's account. Raises: Unauthorized: a stranger."""
        if not self.who.account:
            raise Unauthorized("log in first")
        return self.who.account

    async def want_owner(self, namespace: str) -> None:
        """Raises: PermissionDenied: the visitor does not own a namespace."""
        account = self.want_account()
        if self.who.who.is_admin or namespace == account:
            return
        roles = dict(await self.run(self.services.accounts.organisations, account))
        if roles.get(namespace) != "owner":
            raise PermissionDenied(f'only owners of "{namespace}" may do this')
