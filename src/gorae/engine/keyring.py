"""The keys by which apt trusts a distribution: the host's own, or those that Debian has packaged; blocking.

Debian 12 has no package of Ubuntu's keys, its later releases have: it is fetched from there and read, not installed.
apt verifies it by Debian's keys, which lie on the host.
"""

from pathlib import Path

from gorae.errors import KernelError, NotFound, Unavailable
from gorae.linux import process

DEBIAN = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
FILES = {"debian": DEBIAN, "ubuntu": Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg")}
PACKAGES = {"debian": "debian-archive-keyring", "ubuntu": "ubuntu-keyring"}
SOURCE = "deb [signed-by={}] http://deb.debian.org/debian stable main\n"
TIMEOUT_S = 300


def find(distribution: str, folder: Path) -> Path:
    """The file of its keys; what has to be fetched lies in `folder` afterwards.

    Raises:
        NotFound: they are not here, and could not be fetched.
    """
    here = FILES[distribution]
    if here.exists():
        return here
    package = PACKAGES[distribution]
    if distribution == "debian" or not DEBIAN.exists():
        raise NotFound(_missing(here, f"apt-get install {package}"))
    problem = _fetch(package, folder)
    found = folder / "keys" / here.relative_to("/")
    if problem or not found.exists():
        reason = problem or "the package does not hold it"
        how = (
            f"apt-get install {package} (fetching it from Debian's stable release failed: {reason})"
        )
        raise NotFound(_missing(here, how))
    return found


def _missing(here: Path, how: str) -> str:
    return f'the keyring "{here}" is missing: {how}, or give --allow-unsigned'


def _fetch(package: str, folder: Path) -> str:
    """Download and unpack a package of Debian's; why it failed, or an empty text."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "sources").write_text(SOURCE.format(DEBIAN))
    apt = ["apt-get", "-qq"] + [
        f"-o{option}"
        for option in (
            f"Dir::Etc::SourceList={folder}/sources",
            "Dir::Etc::SourceParts=/nonexistent",
            f"Dir::State::Lists={folder}/lists",
            f"Dir::Cache={folder}/cache",
            "APT::Sandbox::User=root",
        )
    ]
    for argv in ([*apt, "update", "--error-on=any"], [*apt, "download", package]):
        if words := _run(argv, folder):
            return words
    packages = sorted(folder.glob(f"{package}_*.deb"))
    return _run(["dpkg-deb", "-x", *map(str, packages[-1:]), str(folder / "keys")], folder)


def _run(argv: list[str], folder: Path) -> str:
    """What a program complained of first; empty when it went well."""
    try:
        done = process.run(argv, timeout_s=TIMEOUT_S, cwd=str(folder))
    except (KernelError, Unavailable) as error:  # not installed, or the mirror does not answer
        return error.message
    if not done.returncode:
        return ""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    telling = [line for line in lines if "Failed to fetch" in line] or lines
    return telling[0].strip() if telling else f"{argv[0]} failed"
