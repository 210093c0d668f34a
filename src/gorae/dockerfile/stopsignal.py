"""The signals that STOPSIGNAL takes: a number, or a Linux name with or without `SIG`."""

from gorae.errors import SyntaxFault

NAMES = frozenset(
    (
        *[
            "ABRT",
            "ALRM",
            "BUS",
            "CHLD",
            "CLD",
            "CONT",
            "FPE",
            "HUP",
            "ILL",
            "INT",
            "IO",
            "IOT",
            "KILL",
            "PIPE",
            "POLL",
            "PROF",
            "PWR",
            "QUIT",
            "SEGV",
            "STKFLT",
            "STOP",
        ],
        *[
            "SYS",
            "TERM",
            "TRAP",
            "TSTP",
            "TTIN",
            "TTOU",
            "URG",
            "USR1",
            "USR2",
            "VTALRM",
            "WINCH",
            "XCPU",
            "XFSZ",
            "RTMIN",
            "RTMAX",
        ],
        *(f"RTMIN+{number}" for number in range(1, 16)),
        *(f"RTMAX-{number}" for number in range(1, 15)),
    )
)


def check(text: str) -> str:
    """The text itself. Raises: SyntaxFault: no such signal."""
    digits = text.removeprefix("-").removeprefix("+")
    if digits.isascii() and digits.isdigit() and digits.strip("0"):
        return text
    if text.upper().removeprefix("SIG") in NAMES:
        return text
    raise SyntaxFault(f"invalid signal: {text}")
