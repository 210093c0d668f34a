"""The plan carried out: networks and volumes, images, containers; every step told to a listener.

Containers of one wave are worked on at once, each by a session of its own. A container is made anew beside the old one:
first the new is created under a passing name, then the old stops and goes, then the new takes its name and starts.
"""

from __future__ import annotations

import io
import tarfile
import threading
import time
from dataclasses import replace

from gorae.compose import canonical, create, labels, plan, quantity, state
from gorae.compose import project as projects
from gorae.compose.plan import Action, Found, Wish
from gorae.errors import Conflict, GoraeError, InvalidArgument, NotFound, NotModified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from gorae.client.session import Session
    from gorae.compose.project import Project

    Tell = Callable[[str, str], None]
    """(what: `Container shop-web-1`, state: `Started`)."""

AT_ONCE = 8
POLL_S = 0.1
DEFAULT_TIMEOUT_S = 10


class Applier:
    """Works on one project. `session()` gives a further session to the engine; `images(services)` makes sure of them."""

    def __init__(self, project: Project, session: Callable[[], Session], tell: Tell) -> None:
        self.project = project
        self._new_session = session
        self._session = session()
        self._tell = tell
        self._containers: dict[str, str] = {}
        self._made: dict[str, str] = {}
        self._changed_networks: set[str] = set()

    # what containers stand on -----------------------------------------------------------------

    def prepare(self, services: Iterable[str]) -> None:
        """Make the networks and volumes that services use; those that are external must be there.

        Raises:
            NotFound: an external one is missing. Conflict: one of that name belongs to somebody else.
        """
        used_networks, used_volumes = _used(self.project, services)
        there = {one["Name"]: one for one in self._session.get("/networks")}
        for key in used_networks:
            self._network(key, there)
        for key in used_volumes:
            self._volume(key)

    def _network(self, key: str, there: Mapping[str, Any]) -> None:
        body = self.project.networks[key]
        name = str(body["name"])
        if body.get("external"):
            if name not in there and not _is_predefined(name):
                raise NotFound(f"network {name} declared as external, but could not be found")
            return
        if name in there:
            own = there[name].get("Labels") or {}
            if (
                own.get(labels.PROJECT, self.project.name) != self.project.name
                or labels.NETWORK not in own
            ):
                raise Conflict(
                    f'a network with name {name} exists but was not created for project "{self.project.name}".\n'
                    "Set `external: true` to use an existing network"
                )
            if own.get(labels.CONFIG_HASH, "") in ("", canonical.network_hash(body)):
                return
            self._remove_changed(there[name])
            self._changed_networks.add(key)
        self._tell(f"Network {name}", "Creating")
        self._session.post("/networks/create", None, network_document(self.project, key))
        self._tell(f"Network {name}", "Created")

    def _remove_changed(self, network: Mapping[str, Any]) -> None:
        """Away with a network whose settings are not the wanted ones any more; its containers are made anew later."""
        what = f"Network {network['Name']}"
        self._tell(what, "Removing (its configuration changed)")
        attached = self._session.get(f"/networks/{network['Id']}")["Containers"] or {}
        for container in attached:
            stop_container(self._session, container, None)
            try:
                self._session.post(
                    f"/networks/{network['Id']}/disconnect",
                    None,
                    {"Container": container, "Force": True},
                )
            except NotFound:
                continue
        self._session.delete(f"/networks/{network['Id']}")
        self._tell(what, "Removed")

    def _volume(self, key: str) -> None:
        body = self.project.volumes[key]
        name = str(body["name"])
        try:
            found = self._session.get(f"/volumes/{name}")
        except NotFound:
            found = None
        if body.get("external"):
            if found is None:
                raise NotFound(f'external volume "{name}" not found')
            return
        if found is not None:
            if (found.get("Labels") or {}).get(labels.PROJECT, "") != self.project.name:
                self._tell(f"Volume {name}", "Exists, made by somebody else")
            return
        self._tell(f"Volume {name}", "Creating")
        document = {
            "Name": name,
            "Driver": body.get("driver") or "local",
            "DriverOpts": {k: str(v) for k, v in (body.get("driver_opts") or {}).items()},
            "Labels": labels.of_object(self.project, labels.VOLUME, key, body),
        }
        self._session.post("/volumes/create", None, document)
        self._tell(f"Volume {name}", "Created")

    # containers -------------------------------------------------------------------------------

    def up(self, wish: Wish) -> list[Found]:
        """Bring the application up; what was there before."""
        there = state.containers(self._session, self.project.name)
        wish = replace(wish, changed_networks=frozenset(self._changed_networks))
        waves = plan.up(self.project, there, wish)
        self._containers = {one.service: one.id for one in reversed(there) if not one.oneoff}
        for wave in waves:
            self.carry_out(wave)
        if wish.start:
            for wave in waves:
                self._start_wave([one for one in wave if one.kind != "remove"], wish)
        return there

    def _start_wave(self, wave: Sequence[Action], wish: Wish) -> None:
        """Start what is made, when what it depends on has come to its condition."""
        self._await_dependencies({one.service for one in wave}, wish)
        self._at_once(
            wave, lambda session, action: self._start(session, action, self._made[action.name])
        )

    def carry_out(self, wave: Sequence[Action], *, timeout_s: int | None = None) -> None:
        """One wave, its actions at once; nothing is started.

        Raises:
            GoraeError: the first failure, after the others have ended.
        """
        self._at_once(wave, lambda session, action: self._act(session, action, timeout_s))

    def _at_once(self, wave: Sequence[Action], act: Callable[[Session, Action], None]) -> None:
        failures: list[GoraeError] = []
        room = threading.Semaphore(AT_ONCE)

        def work(action: Action) -> None:
            with room:
                try:
                    act(self._new_session(), action)
                except GoraeError as error:
                    self._tell(f"Container {action.name}", f"Error {error}")
                    failures.append(error)

        threads = [threading.Thread(target=work, args=(one,), daemon=True) for one in wave]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def _act(self, session: Session, action: Action, timeout_s: int | None) -> None:
        what = f"Container {action.name}"
        if action.kind == "create":
            self._tell(what, "Creating")
            container = self.create(session, action.service, action.number, action.name, {})
            self._tell(what, "Created")
            self._keep(action, container)
            return
        found = action.found
        assert found is not None
        if action.kind == "recreate":
            self._recreate(session, action, found, timeout_s)
        elif action.kind == "remove":
            self.remove(session, found, timeout_s)
        else:
            self._keep(action, found.id)
            if action.kind == "leave":
                self._tell(what, "Running" if found.state == "running" else "Created")

    def _keep(self, action: Action, container: str) -> None:
        self._made[action.name] = container
        self._containers.setdefault(action.service, container)

    def _start(self, session: Session, action: Action, container: str) -> None:
        if action.kind == "leave":
            return
        what = f"Container {action.name}"
        self._tell(what, "Starting")
        start_container(session, container)
        for hook in self.project.services[action.service].get("post_start") or ():
            run_hook(session, container, hook)
        self._tell(what, "Started")

    def _recreate(
        self, session: Session, action: Action, old: Found, timeout_s: int | None
    ) -> None:
        what = f"Container {action.name}"
        self._tell(what, f"Recreate ({action.reason})" if action.reason else "Recreate")
        passing = f"{old.id[:12]}_{old.name}"
        wanted = create.container_name(self.project, action.service, action.number)
        container = self.create(session, action.service, action.number, passing, old.volumes)
        stop_container(session, old.id, timeout_s)
        session.delete(f"/containers/{old.id}", {"force": True})
        session.call("POST", f"/containers/{container}/rename", {"name": wanted}).read()
        self._containers[action.service] = container
        self._made[action.name] = container
        self._tell(what, "Recreated")

    def create(
        self,
        session: Session,
        service: str,
        number: int,
        name: str,
        volumes: Mapping[str, str],
        *,
        oneoff: bool = False,
    ) -> str:
        """One container; its id. Contents that stand in the file itself are copied in."""
        image = self.project.services[service].get("image") or create.image_name(
            self.project, service
        )
        names = create.Names(dict(self._containers), dict(volumes))
        document = create.document(
            self.project, service, number, state.image_id(session, str(image)), names, oneoff=oneoff
        )
        return self.create_of(session, service, name, document)

    def create_of(self, session: Session, service: str, name: str, document: dict[str, Any]) -> str:
        """A container of a ready document."""
        platform = self.project.services[service].get("platform")
        answer = session.post("/containers/create", {"name": name, "platform": platform}, document)
        container = str(answer["Id"])
        for kind in ("secrets", "configs"):
            for one in self.project.services[service].get(kind) or ():
                self._put_content(session, container, kind, one)
        return container

    def _put_content(
        self, session: Session, container: str, kind: str, one: dict[str, Any]
    ) -> None:
        """A secret or config that is no file: `environment` or `content` of the project's."""
        import os

        source = getattr(self.project, kind)[one["source"]]
        if source.get("file"):
            return
        if source.get("environment"):
            name = source["environment"]
            if name not in os.environ:
                raise NotFound(f'{kind[:-1]} {one["source"]}: the variable "{name}" is not set')
            data = os.environb[os.fsencode(name)]
        elif source.get("content") is not None:
            data = str(source["content"]).encode()
        else:
            raise InvalidArgument(
                f"{kind[:-1]} {one['source']} has neither file, environment nor content"
            )
        archive = _one_file(create.target_of(kind, one), data, one)
        session.call(
            "PUT", f"/containers/{container}/archive", {"path": "/"}, body=[archive],
            headers=[("Content-Type", "application/x-tar")],
        ).read()  # fmt: skip

    def remove(
        self, session: Session, found: Found, timeout_s: int | None, *, volumes: bool = False
    ) -> None:
        """Stop and remove one container."""
        what = f"Container {found.name}"
        if found.state in ("running", "restarting", "paused"):
            self._tell(what, "Stopping")
            service = self.project.services.get(found.service, {})
            for hook in service.get("pre_stop") or ():
                run_hook(session, found.id, hook)
            stop_container(session, found.id, timeout_s)
            self._tell(what, "Stopped")
        self._tell(what, "Removing")
        try:
            session.delete(f"/containers/{found.id}", {"force": True, "v": volumes or None})
        except NotFound:
            pass
        self._tell(what, "Removed")

    # waiting ----------------------------------------------------------------------------------

    def _await_dependencies(self, services: Iterable[str], wish: Wish) -> None:
        if wish.no_deps:
            return
        for name in services:
            if name not in self.project.services:
                continue
            depends = self.project.services[name].get("depends_on") or {}
            for other, one in depends.items():
                if other in self.project.services and one["condition"] != "service_started":
                    self.await_condition(
                        other, one["condition"], required=one.get("required", True)
                    )

    def await_condition(
        self, service: str, condition: str, *, required: bool = True, timeout_s: float = 0
    ) -> None:
        """Until every container of a service is healthy, or has ended well.

        Raises:
            Conflict: it will not come to that.
        """
        end = time.monotonic() + timeout_s if timeout_s else None
        told = False
        while True:
            verdicts = [
                _verdict(self._session.get(f"/containers/{one.id}/json"), condition)
                for one in state.containers(self._session, self.project.name, oneoff=False)
                if one.service == service
            ]
            failed = next((why for ok, why in verdicts if ok is None), "")
            if failed:
                if required:
                    raise Conflict(f"dependency failed to start: {failed}")
                self._tell(f"Service {service}", f"Skipped: {failed}")
                return
            if verdicts and all(ok for ok, _ in verdicts):
                if told:
                    word = "Healthy" if condition == "service_healthy" else "Exited"
                    self._tell(f"Service {service}", word)
                return
            if end is not None and time.monotonic() > end:
                raise Conflict(
                    f"timeout waiting for service {service} to be {condition.removeprefix('service_')}"
                )
            if not told:
                self._tell(f"Service {service}", "Waiting")
                told = True
            time.sleep(POLL_S)

    # down -------------------------------------------------------------------------------------

    def down(
        self,
        *,
        volumes: bool,
        rmi: str,
        remove_orphans: bool,
        timeout_s: int | None,
        services: Sequence[str] = (),
    ) -> bool:
        """Take the application down; whether there was anything."""
        there = state.containers(self._session, self.project.name)
        if services:
            there = [one for one in there if one.service in services]
        elif not remove_orphans:
            gone = {one.id for one in plan.orphans(self.project, there)}
            there = [one for one in there if one.id not in gone]
        for wave in plan.down(self.project, there):
            self._remove_all(
                [one.found for one in wave if one.found is not None], timeout_s, volumes=True
            )
        if services:
            return bool(there)
        some = bool(there)
        for one in state.networks(self._session, self.project.name):
            some = True
            self._remove_network(one)
        if volumes:
            for one in state.volumes(self._session, self.project.name):
                some = True
                self._tell(f"Volume {one['Name']}", "Removing")
                self._session.delete(f"/volumes/{one['Name']}")
                self._tell(f"Volume {one['Name']}", "Removed")
        if rmi:
            self._remove_images(rmi)
        return some

    def _remove_all(self, found: Sequence[Found], timeout_s: int | None, *, volumes: bool) -> None:
        failures: list[GoraeError] = []

        def work(one: Found) -> None:
            try:
                self.remove(self._new_session(), one, timeout_s, volumes=volumes)
            except GoraeError as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(one,), daemon=True) for one in found]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def _remove_network(self, one: dict[str, Any]) -> None:
        what = f"Network {one['Name']}"
        self._tell(what, "Removing")
        try:
            self._session.delete(f"/networks/{one['Id']}")
        except NotFound:
            pass
        except GoraeError as error:
            if "has active endpoints" not in str(error):
                raise
            self._tell(what, "Resource is still in use")
            return
        self._tell(what, "Removed")

    def _remove_images(self, which: str) -> None:
        for name, service in self.project.services.items():
            if which == "local" and service.get("image"):
                continue
            image = str(service.get("image") or create.image_name(self.project, name))
            try:
                self._session.delete(f"/images/{image}")
            except NotFound:
                continue
            self._tell(f"Image {image}", "Removed")


def network_document(project: Project, key: str) -> dict[str, Any]:
    """The body of `POST /networks/create`. Pure."""
    body = project.networks[key]
    found: dict[str, Any] = {
        "Name": str(body["name"]),
        "Driver": body.get("driver") or "bridge",
        "Options": {k: str(v) for k, v in (body.get("driver_opts") or {}).items()},
        "Internal": bool(body.get("internal", False)),
        "Attachable": bool(body.get("attachable", False)),
        "EnableIPv6": bool(body.get("enable_ipv6", False)),
        "Labels": labels.of_object(project, labels.NETWORK, key, body),
    }
    if body.get("enable_ipv4") is not None:
        found["EnableIPv4"] = bool(body["enable_ipv4"])
    ipam = body.get("ipam") or {}
    if ipam:
        pools = [
            {"Subnet": one.get("subnet", ""), "IPRange": one.get("ip_range", ""), "Gateway": one.get("gateway", ""),
             "AuxiliaryAddresses": one.get("aux_addresses") or {}}
            for one in ipam.get("config") or ()
        ]  # fmt: skip
        found["IPAM"] = {
            "Driver": ipam.get("driver", "default"),
            "Config": pools,
            "Options": ipam.get("options") or {},
        }
    return found


def start_container(session: Session, container: str) -> None:
    """Start; one that runs is fine."""
    try:
        session.post(f"/containers/{container}/start")
    except NotModified:
        return


def stop_container(session: Session, container: str, timeout_s: int | None) -> None:
    """Stop; one that does not run, or is gone, is fine."""
    try:
        session.post(f"/containers/{container}/stop", {"t": timeout_s})
    except (NotModified, NotFound):
        return


def run_hook(session: Session, container: str, hook: dict[str, Any]) -> None:
    """`post_start` and `pre_stop`: a command in the container, waited for.

    Raises:
        Conflict: it failed.
    """
    command = hook.get("command")
    argv = command if isinstance(command, list) else ["sh", "-c", str(command)]
    variables = hook.get("environment") or {}
    document = {
        "Cmd": argv,
        "User": hook.get("user", ""),
        "Privileged": bool(hook.get("privileged", False)),
        "WorkingDir": hook.get("working_dir", ""),
        "Env": [f"{k}={v}" for k, v in variables.items()]
        if isinstance(variables, dict)
        else list(variables),
        "AttachStdout": True,
        "AttachStderr": True,
    }
    exec_id = session.post(f"/containers/{container}/exec", None, document)["Id"]
    stream = session.hijack(f"/exec/{exec_id}/start", None, {"Detach": False, "Tty": False})
    while stream.receive():
        continue
    stream.close()
    code = session.get(f"/exec/{exec_id}/json").get("ExitCode")
    if code:
        raise Conflict(f"hook {' '.join(argv)!r} exited with status {code}")


def _verdict(found: dict[str, Any], condition: str) -> tuple[bool | None, str]:
    """Whether a condition is met; None: it never will be, and why."""
    name, status = found["Name"].removeprefix("/"), found["State"]
    if condition == "service_completed_successfully":
        if status["Status"] not in ("exited", "dead"):
            return False, ""
        if status["ExitCode"] == 0:
            return True, ""
        return (
            None,
            f"service didn't complete successfully: container {name} exited ({status['ExitCode']})",
        )
    health = (status.get("Health") or {}).get("Status", "")
    if status["Status"] in ("exited", "dead"):
        return None, f"container {name} exited ({status['ExitCode']})"
    if health == "unhealthy":
        return None, f"container {name} is unhealthy"
    if not health or health == "none":
        return None, f"container {name} has no healthcheck configured"
    return health == "healthy", ""


def _used(project: Project, services: Iterable[str]) -> tuple[list[str], list[str]]:
    networks: dict[str, None] = {}
    volumes: dict[str, None] = {}
    for name in projects.with_dependencies(project.services, services):
        service = project.services[name]
        networks |= dict.fromkeys(service.get("networks") or {})
        for one in service.get("volumes") or ():
            if one["type"] == "volume" and one.get("source"):
                volumes[str(one["source"])] = None
    return list(networks), list(volumes)


def _is_predefined(name: str) -> bool:
    return name in ("bridge", "host", "none")


def _one_file(path: str, data: bytes, one: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(path.lstrip("/"))
        info.size = len(data)
        info.mode = quantity.whole(one.get("mode", 0o444), "mode")
        info.uid, info.gid = (quantity.whole(one.get(key, 0), key) for key in ("uid", "gid"))
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()
