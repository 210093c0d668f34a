"""Membership: on which networks a container is, changed while it runs and for every later start."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from gorae.engine import endpointcheck
from gorae.engine.bringup import Bringup
from gorae.engine.model import Container, NetworkRequest
from gorae.engine.networks import Networks
from gorae.engine.record import Records
from gorae.engine.sandbox import Sandboxes
from gorae.errors import NotFound, PermissionDenied

Run = Callable[..., Awaitable[Any]]


class Memberships:
    """The service; for the event loop, blocking work runs in the pool behind `run`."""

    def __init__(
        self, records: Records, networks: Networks, sandboxes: Sandboxes, bringup: Bringup, run: Run
    ) -> None:
        self._records = records
        self._networks = networks
        self._sandboxes = sandboxes
        self._bringup = bringup
        self._run = run

    async def connect(self, ref: str, network: str, wanted: NetworkRequest) -> None:
        """A further network, now if it runs and at every start.

        Raises:
            PermissionDenied: it is on it already, or its mode allows none.
        """
        record = self._records.find(ref)
        found = self._networks.find(network)
        wanted = replace(wanted, network=found.name)
        async with record.held():
            container = record.container
            endpointcheck.may_connect(container, found)
            endpointcheck.check_addresses(wanted, found)
            requests = self._sandboxes.requests(container) if _has_networks(container) else ()
            if self._is_on(requests, found.id):
                if record.state.pid:
                    raise PermissionDenied(
                        f"endpoint with name {container.name} already exists in network {found.name}"
                    )
                requests = tuple(one for one in requests if not self._is_on((one,), found.id))
            if record.state.pid:
                directory = self._bringup.container_dir(record.id)
                endpoints = await self._run(self._sandboxes.connect, container, wanted, directory)
                await self._records.save_state(record, endpoints=endpoints, loose=False)
            elif record.state.loose:
                await self._records.save_state(record, loose=False)
            spec = replace(container.spec, networks=(*requests, wanted))
            await self._records.save_spec(record, replace(record.container, spec=spec))
        if record.state.pid:
            self._networks.announce("connect", found.id, record.id)

    def _is_on(self, requests: tuple[NetworkRequest, ...], network_id: str) -> bool:
        for one in requests:
            with contextlib.suppress(NotFound):
                if self._networks.find(one.network).id == network_id:
                    return True
        return False

    async def disconnect(self, ref: str, network: str, *, force: bool = False) -> None:
        """One network less, now and at every start.

        Raises:
            PermissionDenied: it is not on it.
        """
        record = self._records.find(ref)
        found = self._networks.find(network)
        async with record.held():
            container = record.container
            endpointcheck.may_disconnect(container, found)
            requests = self._sandboxes.requests(container) if _has_networks(container) else ()
            rest = tuple(one for one in requests if not self._is_on((one,), found.id))
            gone = [one for one in record.state.endpoints if one.network_id == found.id]
            if len(rest) == len(requests) and not gone and not force:
                the = "" if record.state.pid else "the "
                raise PermissionDenied(
                    f"container {record.id} is not connected to {the}network {found.name}"
                )
            left = tuple(one for one in record.state.endpoints if one not in gone)
            if record.state.pid and gone:
                directory = self._bringup.container_dir(record.id)
                left = await self._run(self._sandboxes.disconnect, container, gone[0], directory)
            await self._records.save_state(record, endpoints=left, loose=not rest)
            spec = replace(container.spec, networks=rest)
            await self._records.save_spec(record, replace(record.container, spec=spec))
        if record.state.pid:
            self._networks.announce("disconnect", found.id, record.id)


def _has_networks(container: Container) -> bool:
    """Whether it has any: all may have been taken from it, until its next start."""
    return not container.state.loose
