"""Plugins: there are none, and none can be installed."""

from aiohttp import web

from gorae import errors
from gorae.api import answer
from gorae.api.backend import Services
from gorae.api.call import Call
from gorae.api.route import Route
from gorae.errors import NotFound

GROUP = "Plugin"


def routes(services: Services) -> list[Route]:
    """Eleven operations."""
    del services
    at = "/plugins/{name}"
    return [
        Route("GET", "/plugins", none, "PluginList", GROUP, "Always empty"),
        Route("GET", "/plugins/privileges", refused, "GetPluginPrivileges", GROUP, "Refused"),
        Route("POST", "/plugins/pull", refused, "PluginPull", GROUP, "Refused"),
        Route("POST", "/plugins/create", refused, "PluginCreate", GROUP, "Refused"),
        Route("GET", f"{at}/json", missing, "PluginInspect", GROUP, "No such plugin"),
        Route("DELETE", at, missing, "PluginDelete", GROUP, "No such plugin"),
        Route("POST", f"{at}/enable", missing, "PluginEnable", GROUP, "No such plugin"),
        Route("POST", f"{at}/disable", missing, "PluginDisable", GROUP, "No such plugin"),
        Route("POST", f"{at}/upgrade", missing, "PluginUpgrade", GROUP, "No such plugin"),
        Route("POST", f"{at}/push", missing, "PluginPush", GROUP, "No such plugin"),
        Route("POST", f"{at}/set", missing, "PluginSet", GROUP, "No such plugin"),
    ]


async def none(call: Call) -> web.Response:
    """An empty list, whatever the filters choose."""
    call.filters("enabled", "capability")
    return answer.document([])


async def missing(call: Call) -> web.Response:
    """404."""
    raise NotFound(f'plugin "{call.id}" not found')


async def refused(_: Call) -> web.Response:
    """501."""
    raise errors.NotImplemented("plugins are not supported")
