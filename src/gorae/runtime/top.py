"""The processes of a container as the host's ps(1) shows them."""

from collections.abc import Collection

from gorae.errors import Internal, InvalidArgument, KernelError
from gorae.linux import process

TIMEOUT_S = 10


def top(pids: Collection[int], ps_args: str) -> tuple[list[str], list[list[str]]]:
    """Titles and rows.

    Raises:
        InvalidArgument: ps did not like its arguments, or shows no pids. Internal: no ps.
    """
    try:
        done = process.run(["ps", *(ps_args or "-ef").split()], timeout_s=TIMEOUT_S)
    except KernelError as error:
        if not error.not_found:
            raise
        raise Internal(
            'ps: exec: "ps": executable file not found in $PATH: apt-get install procps on the host'
        ) from None
    if done.returncode:
        raise InvalidArgument(f"ps: {done.stderr.decode(errors='replace').strip()}")
    return parse(done.stdout.decode(errors="replace"), pids)


def parse(output: str, pids: Collection[int]) -> tuple[list[str], list[list[str]]]:
    """The lines of these processes; the last column takes the rest of its line.

    Raises:
        InvalidArgument: there is no column of pids.
    """
    lines = output.splitlines()
    if not lines:
        raise Internal("ps printed nothing")
    titles = lines[0].split()
    if "PID" not in titles:
        raise InvalidArgument("Couldn't find PID field in ps output")
    column = titles.index("PID")
    rows = [line.split(None, len(titles) - 1) for line in lines[1:]]
    wanted = {str(pid) for pid in pids}
    return titles, [row for row in rows if len(row) > column and row[column] in wanted]
