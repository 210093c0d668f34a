"""Execs as documents."""

from msgspec import UNSET, Struct, UnsetType, field


class ExecCreate(Struct, rename="pascal"):
    """The request to prepare a process in a container. Console size (rows, columns)."""

    user: str = ""
    privileged: bool = False
    tty: bool = False
    console_size: list[int] | None = None
    attach_stdin: bool = False
    attach_stderr: bool = False
    attach_stdout: bool = False
    detach_keys: str = ""
    env: list[str] | None = None
    working_dir: str = ""
    cmd: list[str] | None = None
    kill_on_disconnect: bool = False
    """gorae's own."""


class ExecStart(Struct, rename="pascal"):
    """The request to start it."""

    detach: bool = False
    tty: bool = False
    console_size: list[int] | None = None


class ProcessConfig(Struct, omit_defaults=True):
    """The process, in the names that only this document has."""

    tty: bool | UnsetType = UNSET
    entrypoint: str | UnsetType = UNSET
    arguments: list[str] | UnsetType = UNSET
    privileged: bool | UnsetType = UNSET
    user: str = ""


class ExecInspect(Struct, rename="pascal"):
    """All about an exec. `detach_keys` is base64 of the bytes."""

    id: str = field(name="ID")
    running: bool
    exit_code: int | None
    process_config: ProcessConfig
    open_stdin: bool
    open_stderr: bool
    open_stdout: bool
    can_remove: bool
    container_id: str = field(name="ContainerID")
    detach_keys: str
    pid: int
