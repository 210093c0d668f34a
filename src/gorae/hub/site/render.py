"""Templates to answers: escaping is on, and the policy that goes along allows nothing from elsewhere."""

from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

from gorae.hub import clock
from gorae.hub.config import Config
from gorae.hub.site import shape, visitor, words
from gorae.hub.site.visitor import Visitor

FOLDER = Path(__file__).parent
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Renderer:
    """See the module."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            size=shape.size, short=shape.short, moment=shape.moment, day=shape.day
        )

    def page(
        self, request: web.Request, who: Visitor, template: str, status: int = 200, **values: Any
    ) -> web.Response:
        """A page for a visitor."""

        def t(key: str, **more: object) -> str:
            return words.say(who.language, key, **more)

        def ago(at_ns: int) -> str:
            return shape.ago(who.language, at_ns, clock.now_ns())

        known: dict[str, Any] = {"t": t, "ago": ago, "who": who, "title": self._config.title}
        known.update(
            host=request.host if not self._config.url else self._config.url.partition("://")[2],
            signup=self._config.signup,
            other_language="en" if who.language == "ko" else "ko",
            path=request.path,
            query={key: value for key, value in request.query.items() if key != "lang"},
            words="",
            notice="",
            problem="",
        )
        text = self._templates.get_template(template).render({**known, **values})
        response = web.Response(text=text, content_type="text/html", headers=HEADERS, status=status)
        visitor.set_cookies(who, request, response)
        return response


def go(path: str) -> web.Response:
    """To another page, after a form."""
    return web.Response(status=303, headers={"Location": path, **HEADERS})
