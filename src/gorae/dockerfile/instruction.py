"""Typed instructions: what each line of a Dockerfile asks for, as values.

`text` is the line as written (continuations joined) for messages and progress; `keyword` has its case. Fields in
which variables count hold them unexpanded: `expand` makes the expanded instruction.
Source: Dockerfile reference (frontend 1.20).
"""

from dataclasses import dataclass

from gorae.dockerfile.arguments import Pair
from gorae.dockerfile.heredoc import Heredoc
from gorae.dockerfile.mount import RunMount
from gorae.dockerfile.source import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """What all have. `comments` are the lines right above, without `#`."""

    location: Location
    text: str
    keyword: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class From(Instruction):
    """`FROM [--platform=P] IMAGE [AS NAME]`; `name` is in lower case, `as_word` and `typed_name` as typed."""

    image: str
    platform: str = ""
    name: str = ""
    typed_name: str = ""
    as_word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Instruction):
    """A command line: `argv` in the exec form; in the shell form it is one text (or none), for the SHELL."""

    argv: tuple[str, ...]
    shell_form: bool
    heredocs: tuple[Heredoc, ...] = ()

    @property
    def script(self) -> str:
        """The shell form's text."""
        return " ".join(self.argv)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Command):
    """`RUN`. `mounts` is empty until the instruction is expanded: options may hold variables."""

    mount_flags: tuple[str, ...] = ()
    mounts: tuple[RunMount, ...] = ()
    network: str = "default"
    security: str = "sandbox"
    devices: tuple["Device", ...] = ()


@dataclass(frozen=True, slots=True)
class Device:
    """`RUN --device=NAME[,required]`: a CDI device."""

    name: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cmd(Command):
    """`CMD`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrypoint(Command):
    """`ENTRYPOINT`."""


@dataclass(frozen=True, slots=True)
class InlineFile:
    """A heredoc that ADD or COPY writes as a file: `data` is what is meant, tabs cut where asked."""

    name: str
    data: str
    expand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Instruction):
    """What ADD and COPY share: sources in the order given without the heredocs, `files`, and the destination."""

    sources: tuple[str, ...]
    files: tuple[InlineFile, ...]
    dest: str
    chown: str = ""
    chmod: str = ""
    link: bool = False
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(Transfer):
    """`COPY`; `from_` names a stage, its number, an image or a named context."""

    from_: str = ""
    parents: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Transfer):
    """`ADD`; `unpack` and `keep_git_dir` are None where not given: what is usual for the kind of source."""

    checksum: str = ""
    keep_git_dir: bool | None = None
    unpack: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Env(Instruction):
    """`ENV`."""

    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label(Instruction):
    """`LABEL`."""

    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class ArgItem:
    """One name of an ARG; `default` is None where none is given. `description` is the comment `# NAME …` above."""

    name: str
    default: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arg(Instruction):
    """`ARG`."""

    items: tuple[ArgItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expose(Instruction):
    """`EXPOSE`; words that may each expand to several, sorted as BuildKit sorts them."""

    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume(Instruction):
    """`VOLUME`."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Instruction):
    """`USER`."""

    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workdir(Instruction):
    """`WORKDIR`."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell(Instruction):
    """`SHELL`."""

    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopsignal(Instruction):
    """`STOPSIGNAL`."""

    signal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthcheck(Instruction):
    """`HEALTHCHECK`; `test` as the image keeps it: `NONE`, `CMD` + words, or `CMD-SHELL` + one text."""

    test: tuple[str, ...]
    interval_ns: int = 0
    timeout_ns: int = 0
    start_period_ns: int = 0
    start_interval_ns: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Onbuild(Instruction):
    """`ONBUILD`; `expression` is the trigger as the image keeps it, heredocs included."""

    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintainer(Instruction):
    """`MAINTAINER`."""

    maintainer: str
