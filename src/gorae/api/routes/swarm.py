"""Swarm: this node is in none. Clients know the sentence and carry on."""

from aiohttp import web

from gorae import errors
from gorae.api.backend import Services
from gorae.api.call import Call
from gorae.api.route import Route
from gorae.errors import Unavailable

_MANAGER = (
    ("Swarm", "GET", "/swarm", "SwarmInspect"),
    ("Swarm", "POST", "/swarm/update", "SwarmUpdate"),
    ("Swarm", "GET", "/swarm/unlockkey", "SwarmUnlockkey"),
    ("Swarm", "POST", "/swarm/unlock", "SwarmUnlock"),
    ("Node", "GET", "/nodes", "NodeList"),
    ("Node", "GET", "/nodes/{id}", "NodeInspect"),
    ("Node", "DELETE", "/nodes/{id}", "NodeDelete"),
    ("Node", "POST", "/nodes/{id}/update", "NodeUpdate"),
    ("Service", "GET", "/services", "ServiceList"),
    ("Service", "POST", "/services/create", "ServiceCreate"),
    ("Service", "GET", "/services/{id}", "ServiceInspect"),
    ("Service", "DELETE", "/services/{id}", "ServiceDelete"),
    ("Service", "POST", "/services/{id}/update", "ServiceUpdate"),
    ("Service", "GET", "/services/{id}/logs", "ServiceLogs"),
    ("Task", "GET", "/tasks", "TaskList"),
    ("Task", "GET", "/tasks/{id}", "TaskInspect"),
    ("Task", "GET", "/tasks/{id}/logs", "TaskLogs"),
    ("Secret", "GET", "/secrets", "SecretList"),
    ("Secret", "POST", "/secrets/create", "SecretCreate"),
    ("Secret", "GET", "/secrets/{id}", "SecretInspect"),
    ("Secret", "DELETE", "/secrets/{id}", "SecretDelete"),
    ("Secret", "POST", "/secrets/{id}/update", "SecretUpdate"),
    ("Config", "GET", "/configs", "ConfigList"),
    ("Config", "POST", "/configs/create", "ConfigCreate"),
    ("Config", "GET", "/configs/{id}", "ConfigInspect"),
    ("Config", "DELETE", "/configs/{id}", "ConfigDelete"),
    ("Config", "POST", "/configs/{id}/update", "ConfigUpdate"),
)


def routes(services: Services) -> list[Route]:
    """Thirty operations."""
    del services
    return [
        *(
            Route(method, path, not_a_manager, operation, group, "503: no swarm here")
            for group, method, path, operation in _MANAGER
        ),
        Route("POST", "/swarm/init", refused, "SwarmInit", "Swarm", "501: no swarm here"),
        Route("POST", "/swarm/join", refused, "SwarmJoin", "Swarm", "501: no swarm here"),
        Route("POST", "/swarm/leave", not_a_member, "SwarmLeave", "Swarm", "503: no swarm here"),
    ]


async def not_a_manager(_: Call) -> web.Response:
    """The sentence that clients know."""
    raise Unavailable(
        'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to '
        "connect this node to swarm and try again."
    )


async def not_a_member(_: Call) -> web.Response:
    """As dockerd outside a swarm."""
    raise Unavailable("This node is not part of a swarm")


async def refused(_: Call) -> web.Response:
    """Swarm mode is not offered."""
    raise errors.NotImplemented("swarm mode is not supported")
