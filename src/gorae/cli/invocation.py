"""One command being carried out: its options and words, the engine, the terminal."""

from __future__ import annotations

import os

from gorae.client.address import TLSFiles, parse_address
from gorae.client.session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gorae.cli.console import Console
    from gorae.cli.options import Values
    from gorae.client.address import Address


class Invocation:
    """What a command's `run` gets.

    Shape: `title` is the command as typed (`gorae container ls`), `globals` the options before it.
    """

    def __init__(
        self, title: str, options: Values, arguments: list[str], console: Console, globals_: Values
    ) -> None:
        self.title = title
        self.options = options
        self.arguments = arguments
        self.console = console
        self.globals = globals_
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The engine; connected on its first call."""
        if self._session is None:
            self._session = self.new_session()
        return self._session

    def new_session(self, *, may_start: bool = True) -> Session:
        """A further session to the same engine, for calls beside a stream.

        Args:
            may_start: start a local daemon where none answers.
        """
        address = find_address(self.globals, os.environ)
        return Session(
            address,
            version=os.environ.get("DOCKER_API_VERSION", ""),
            on_unreachable=self._start_daemon if may_start else None,
        )

    def _start_daemon(self, address: Address) -> bool:
        if not address.is_default or os.geteuid() != 0:
            return False
        from gorae.cli import autostart

        return autostart.start_daemon(address, self.console)

    def say(self, text: str) -> None:
        """One line of standard output."""
        self.console.out.line(text)

    def for_each(self, names: Iterable[str], act: Callable[[str], object]) -> int:
        """Do `act` for each name, print the name, complain of failures and go on.

        Returns:
            1 if one failed.
        """
        from gorae.errors import GoraeError

        failed = 0
        for name in names:
            try:
                act(name)
            except GoraeError as error:
                self.console.complain(str(error))
                failed = 1
            else:
                self.say(name)
        return failed


def find_address(options: Values, environment: os._Environ[str] | dict[str, str]) -> Address:
    """`-H`, else GORAE_HOST, else DOCKER_HOST, else the default socket; TLS by options or docker's variables."""
    hosts = options.items("host")
    text = hosts[-1] if hosts else ""
    text = text or environment.get("GORAE_HOST", "") or environment.get("DOCKER_HOST", "")
    return parse_address(text, _tls(options, environment))


def _tls(options: Values, environment: os._Environ[str] | dict[str, str]) -> TLSFiles | None:
    verify = options.flag("tlsverify") or bool(environment.get("DOCKER_TLS_VERIFY"))
    if not (verify or options.flag("tls") or environment.get("DOCKER_TLS")):
        return None
    folder = environment.get("DOCKER_CERT_PATH") or os.path.join(
        environment.get("HOME", "/"), ".docker"
    )

    def file(option: str, name: str) -> str:
        path = os.path.join(folder, name)
        return options.text(option) or (path if os.path.exists(path) else "")

    return TLSFiles(
        file("tlscacert", "ca.pem"), file("tlscert", "cert.pem"), file("tlskey", "key.pem"), verify
    )
