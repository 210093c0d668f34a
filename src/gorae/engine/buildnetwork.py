"""The places of builds' commands in the network, as `build.running.Networks` wants them; blocking."""

import contextlib
from pathlib import Path

from gorae.engine.networks import Networks
from gorae.errors import GoraeError, InvalidArgument, NotFound
from gorae.net import resolv
from gorae.net.driver import NetDriver
from gorae.net.model import EndpointRequest

DEFAULT = ("", "default", "bridge")


class BuildNetworks:
    """`default` is the bridge network, `host` and `none` are what they say, other words name a network."""

    def __init__(self, driver: NetDriver, networks: Networks) -> None:
        self._driver = driver
        self._networks = networks

    def join(self, step_id: str, mode: str) -> str:
        """See Networks of `build.running`."""
        if mode == "host":
            return "host"
        if mode == "none":
            return "private"
        if mode.startswith("container:"):
            raise InvalidArgument(f'network mode "{mode}" is not supported for builds')
        try:
            network = self._networks.find("bridge" if mode in DEFAULT else mode)
        except NotFound:
            raise NotFound(
                f'network mode "{mode}" not supported by builds: no such network'
            ) from None
        request = EndpointRequest(network.id, interface="eth0")
        namespace = self._driver.create_sandbox(step_id, [request])
        try:
            self._driver.attach(step_id, request)
        except GoraeError:
            self._driver.remove_sandbox(step_id)
            raise
        return namespace

    def leave(self, step_id: str) -> None:
        """See Networks of `build.running`."""
        self._driver.remove_sandbox(step_id)

    def resolv_conf(self, mode: str) -> str:
        """See Networks of `build.running`."""
        text = ""
        with contextlib.suppress(OSError):
            text = Path("/etc/resolv.conf").read_text(errors="replace")
        return resolv.resolv_conf(
            text, servers=(), search=(), options=(), keep_loopback=mode == "host"
        )

    def host_gateway(self) -> str:
        """See Networks of `build.running`: the bridge network's, whichever one a command is in."""
        subnets = self._networks.find("bridge").model.subnets
        return next((one.gateway for one in subnets if one.gateway), "127.0.0.1")
