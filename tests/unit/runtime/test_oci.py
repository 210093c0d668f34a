"""The runtimes' words in docker's."""

import pytest

from gorae.errors import Conflict, Internal, InvalidArgument, NotFound
from gorae.runtime.oci import CREATE, EXEC, OciRuntime, plain_words, translated

INIT = "unable to start container process: error during container init: "


@pytest.mark.parametrize(
    ("words", "command", "wanted"),
    [
        (
            "executable file `nosuch` not found in $PATH: No such file or directory",
            "nosuch",
            'exec: "nosuch": executable file not found in $PATH',
        ),
        (
            "executable file `/x/y` not found in $PATH: No such file or directory",
            "/x/y",
            'exec: "/x/y": stat /x/y: no such file or directory',
        ),
        (
            "open executable: Operation not permitted",
            "/etc",
            'exec: "/etc": is a directory: permission denied',
        ),
        ("open executable: Permission denied", "/f", 'exec: "/f": permission denied'),
        (
            'exec: "/f": stat /f: no such file or directory',
            "/f",
            'exec: "/f": stat /f: no such file or directory',
        ),
    ],
)
def test_what_cannot_run(words: str, command: str, wanted: str) -> None:
    error = translated(words, prefix=CREATE, runtime="crun", command=command)
    assert isinstance(error, InvalidArgument)
    assert error.message == f"{CREATE}crun create failed: {INIT}{wanted}"
    error = translated(words, prefix=EXEC, runtime="crun", command=command)
    assert error.message == f"{EXEC}unable to start container process: {wanted}"


def test_not_a_directory_gets_dockers_hint() -> None:
    error = translated(
        "mount `/etc/hostname` to `etc/`: Not a directory",
        prefix=CREATE,
        runtime="crun",
        command="",
    )
    assert 'error mounting "/etc/hostname" to rootfs at "/etc": not a directory' in error.message
    assert error.message.endswith(
        "Check if the specified host path exists and is the expected type"
    )


def test_working_directory() -> None:
    error = translated(
        "chdir `/nodir`: No such file or directory", prefix=EXEC, runtime="crun", command="sh"
    )
    assert error.message == (
        f"{EXEC}unable to start container process: "
        'chdir to cwd ("/nodir") set in config.json failed: no such file or directory'
    )


def test_working_directory_below_a_file() -> None:
    for words in ("chdir `/etc/passwd/x`: Not a directory", "mkdir /etc/passwd/x: not a directory"):
        error = translated(words, prefix=CREATE, runtime="crun", command="sh")
        assert error.message == "Cannot mkdir: /etc/passwd/x is not a directory"


def test_a_container_that_ended_meanwhile() -> None:
    error = translated("the container `x` is not running", prefix=EXEC, runtime="crun", command="")
    assert isinstance(error, Conflict)
    assert error.message == f"{EXEC}cannot exec in a stopped container"


def test_what_nobody_knows_is_passed_on() -> None:
    error = translated("the moon is full", prefix=CREATE, runtime="crun", command="")
    assert isinstance(error, Internal)
    assert error.message == f"{CREATE}crun create failed: the moon is full"


def test_log_records_are_stripped() -> None:
    record = (
        'time="2026-01-02T03:04:05Z" level=error msg="exec: \\"x\\": no such file or directory"'
    )
    assert plain_words(record) == 'exec: "x": no such file or directory'
    assert plain_words("2026-01-02T03:04:05.000000Z: plain") == "plain"
    assert plain_words("just words") == "just words"


def test_no_runtime() -> None:
    with pytest.raises(NotFound, match='no OCI runtime "nosuchruntime"'):
        OciRuntime.find("nosuchruntime")
