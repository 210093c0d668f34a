"""What every command of compose stands on: the project, the engine, who is told of progress."""

from __future__ import annotations

import threading
from functools import cached_property

from gorae.cli import sitepackages
from gorae.errors import InvalidArgument, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gorae.cli.invocation import Invocation
    from gorae.cli.options import Values
    from gorae.compose.apply import Applier
    from gorae.compose.plan import Found
    from gorae.compose.project import Project


class Compose:
    """The project of one command line; files are read when they are asked for."""

    def __init__(self, call: Invocation, options: Values, environment: dict[str, str]) -> None:
        self._call = call
        self._options = options
        self._environment = environment
        self._lock = threading.Lock()

    @property
    def is_dry(self) -> bool:
        """Whether nothing may be done."""
        return self._options.flag("dry-run")

    @cached_property
    def project(self) -> Project:
        """The project of the files."""
        return self.load()

    def load(self, *, profiles: Sequence[str] = (), interpolate: bool = True) -> Project:
        """Read the files.

        Raises:
            GoraeError: what is wrong with them.
        """
        sitepackages.open_up()
        from gorae.compose.load import Loader, Request

        options = self._options
        request = Request(
            self._environment,
            files=options.items("file"),
            name=options.text("project-name"),
            directory=options.text("project-directory"),
            env_files=options.items("env-file"),
            profiles=[*options.items("profile"), *profiles],
            interpolate=interpolate,
        )
        loader = Loader(request, self._call.console.input_descriptor)
        project = loader.load()
        for text in loader.warnings:
            self._call.console.complain(f"WARN: {text}")
        return project

    @cached_property
    def name(self) -> str:
        """The project's name, from the option alone where there is no file."""
        given = self._options.text("project-name") or self._environment.get(
            "COMPOSE_PROJECT_NAME", ""
        )
        if given and not self._options.items("file"):
            try:
                return self.project.name
            except NotFound:
                return given
        return self.project.name

    def project_or_none(self) -> Project | None:
        """The project; None where only a name was given and no file is there."""
        try:
            return self.project
        except NotFound:
            if self._options.text("project-name"):
                return None
            raise

    def applier(self) -> Applier:
        """Who carries out plans on the project."""
        from gorae.compose.apply import Applier

        return Applier(self.project, self._call.new_session, self.tell)

    def tell(self, what: str, state: str) -> None:
        """One line of progress on standard error, by any thread."""
        with self._lock:
            self._call.console.err.line(f" {what}  {state}")
            self._call.console.err.flush()

    def containers(self, services: Sequence[str] = (), *, everything: bool = True) -> list[Found]:
        """The containers of these services (all where none is named), one-off ones left out.

        Raises:
            NotFound: a service that the project does not have.
        """
        from gorae.compose import state

        self.check(services)
        found = state.containers(self._call.session, self.name, oneoff=False)
        if services:
            found = [one for one in found if one.service in services]
        return found if everything else [one for one in found if one.state == "running"]

    def container(self, service: str, index: int = 0) -> Found:
        """One running container of a service.

        Raises:
            NotFound: docker compose's sentence.
        """
        running = [one for one in self.containers([service]) if one.state in ("running", "paused")]
        for one in running:
            if index in (0, one.number):
                return one
        if index:
            raise NotFound(f'service "{service}" is not running container #{index}')
        raise NotFound(f'service "{service}" is not running')

    def check(self, services: Sequence[str]) -> None:
        """Raises: NotFound: no such service."""
        project = self.project_or_none()
        for name in services:
            if (
                project is not None
                and name not in project.services
                and name not in project.disabled
            ):
                raise NotFound(f"no such service: {name}")

    def enabled(self, services: Sequence[str]) -> Project:
        """The project with the profiles of services that were named by hand."""
        project = self.project
        hidden = [name for name in services if name in project.disabled]
        if not hidden:
            self.check(services)
            return project
        everything = self.load(profiles=["*"])
        wanted = [one for name in hidden for one in everything.services[name].get("profiles") or ()]
        self.__dict__["project"] = self.load(profiles=wanted)
        self.check(services)
        return self.project


def timeout(options: Values) -> int | None:
    """`-t`, where it was given."""
    return options.number("timeout") if options.changed("timeout") else None


def scale(texts: Sequence[str]) -> dict[str, int]:
    """`SERVICE=N` texts.

    Raises:
        InvalidArgument: another form.
    """
    found = {}
    for text in texts:
        name, equals, count = text.partition("=")
        if not equals or not count.isdigit():
            raise InvalidArgument(f'invalid scale specifier "{text}": wanted SERVICE=NUMBER')
        found[name] = int(count)
    return found
