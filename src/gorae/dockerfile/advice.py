"""Rules that docker does not have: what makes a build slow or wrong without being an error.

GlobalArgOutOfScope   a variable of an ARG before FROM, used in a stage that does not declare it
CacheMountUnused      a cache mount that the command beside it does not use
CopyBeforeInstall     the whole context copied before packages are installed
"""

import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gorae.dockerfile import instruction as to
from gorae.dockerfile.lint import Findings
from gorae.dockerfile.mount import RunMount, parse_mount
from gorae.dockerfile.stages import Dockerfile, Stage
from gorae.errors import SyntaxFault


@dataclass(frozen=True, slots=True)
class Manager:
    """A package manager: what calls it to install, what it reads, where it keeps what it fetched."""

    name: str
    install: re.Pattern[str]
    manifest: str
    """What to copy before; empty where it installs by name."""
    caches: tuple[str, ...]
    """Ends of the folders of its cache."""
    no_cache: re.Pattern[str] | None = None
    """What makes it leave its cache alone, or empties it."""


def _manager(
    name: str, install: str, manifest: str, caches: tuple[str, ...], no_cache: str = ""
) -> Manager:
    return Manager(
        name,
        re.compile(rf"(?:^|[\s;&|(]){install}"),
        manifest,
        caches,
        re.compile(no_cache) if no_cache else None,
    )


MANAGERS = (
    _manager("npm", r"npm\s+(?:[-\w=]+\s+)*?(?:install|i|ci)\b(?!\s+(?:-\S+\s+)*[\w@])", "package.json", (".npm", ".cache/npm"), r"npm\s+cache\s+clean"),
    _manager("yarn", r"yarn(?:\s+(?:install\b|-)|\s*(?:$|[;&|)\n]))", "package.json", (".cache/yarn", ".yarn/cache", ".yarn", "yarn"), r"yarn\s+cache\s+clean"),
    _manager("pnpm", r"pnpm\s+(?:install|i|fetch)\b", "package.json", ("pnpm/store", "pnpm-store", ".pnpm-store", "pnpm"), r"pnpm\s+store\s+prune"),
    _manager("pip", r"pip3?\s+(?:[-\w=]+\s+)*?install\b[^;&|\n]*?(?:\s-r\b|\s--requirement\b|\s\.(?:\s|$|\[))", "requirements.txt", (".cache/pip", ".cache"), r"--no-cache-dir\b|PIP_NO_CACHE_DIR|pip3?\s+cache\s+purge"),
    _manager("poetry", r"poetry\s+install\b", "pyproject.toml", (".cache/pypoetry", ".cache"), r"--no-cache\b|poetry\s+cache\s+clear"),
    _manager("uv", r"uv\s+(?:sync\b|pip\s+install\b)", "pyproject.toml", (".cache/uv", ".cache"), r"--no-cache\b|UV_NO_CACHE|uv\s+cache\s+clean"),
    _manager("bundle", r"bundle\s+install\b", "Gemfile", ("bundle", ".bundle", "bundle/cache")),
    _manager("composer", r"composer\s+install\b", "composer.json", (".composer", ".composer/cache", ".cache/composer"), r"--no-cache\b|composer\s+clear-?cache"),
    _manager("go", r"go\s+mod\s+download\b", "go.mod", ("pkg/mod", ".cache/go-build"), r"go\s+clean\s+-modcache"),
    _manager("cargo", r"cargo\s+fetch\b", "Cargo.toml", (".cargo/registry", "cargo/registry", ".cargo/git", "cargo/git")),
    _manager("apt", r"apt(?:-get)?\s+(?:-\S+\s+)*install\b", "", ("var/cache/apt", "var/cache/apt/archives", "var/lib/apt", "var/lib/apt/lists"), r"apt(?:-get)?\s+clean\b"),
    _manager("apk", r"apk\s+(?:-\S+\s+)*add\b", "", ("var/cache/apk", "etc/apk/cache"), r"apk\s+(?:[^;&|\n]*\s)?--no-cache\b"),
    _manager("dnf", r"(?:micro)?(?:dnf|yum)\s+(?:-\S+\s+)*install\b", "", ("var/cache/dnf", "var/cache/yum"), r"(?:dnf|yum)\s+clean\b"),
)  # fmt: skip
_USES = re.compile(r"[\w.+-]+")
_REMOVES = re.compile(r"\brm\s+(?:-\w+\s+)*([^;&|\n]+)")
_VARIABLE = re.compile(r"(?<!\\)\$(?:\{([A-Za-z_]\w*)|([A-Za-z_]\w*))", re.ASCII)
_SINGLE_QUOTED = re.compile(r"'[^']*'")


def check(file: Dockerfile, findings: Findings, reached: Collection[int]) -> None:
    """The findings of these rules in the stages that are reached."""
    for stage in file.stages:
        if stage.index in reached:
            _check_scope(file, stage, findings)
            _check_cache_mounts(stage, findings)
            _check_order(stage, findings)


def _check_scope(file: Dockerfile, stage: Stage, findings: Findings) -> None:
    lines = {item.name: arg.location.start_line for arg in file.meta_args for item in arg.items}
    known = {
        name
        for below in _below(file, stage)
        for found in below.instructions
        for name in _defined_by(found)
    }
    told: set[str] = set()
    for found in stage.instructions:
        for name in _used_by(found):
            if name in lines and name not in known and name not in told:
                told.add(name)
                findings.at(found.comments).add(
                    "GlobalArgOutOfScope", found.location, name=name, line=lines[name]
                )
        known.update(_defined_by(found))


def _below(file: Dockerfile, stage: Stage) -> Iterator[Stage]:
    """The stages that this one stands on."""
    names = {one.name: one for one in file.stages[: stage.index] if one.name}
    while (base := names.get(stage.from_.image)) is not None and base.index < stage.index:
        yield base
        stage = base


def _defined_by(found: to.Instruction) -> Iterator[str]:
    if isinstance(found, to.Arg):
        yield from (item.name for item in found.items)
    elif isinstance(found, to.Env):
        yield from (pair.key for pair in found.pairs)


def _used_by(found: to.Instruction) -> Iterator[str]:
    """The variables in the line. In a RUN those that its own text does not set."""
    if isinstance(found, (to.Cmd, to.Entrypoint, to.Healthcheck, to.Onbuild, to.Maintainer)):
        return
    texts = [found.text]
    if isinstance(found, to.Run):
        texts += [one.content for one in found.heredocs]
    elif isinstance(found, to.Transfer):
        texts += [one.data for one in found.files if one.expand]
    for text in texts:
        for one in _VARIABLE.finditer(_SINGLE_QUOTED.sub("", text)):
            name = one[1] or one[2]
            if not (isinstance(found, to.Run) and _sets(found, name)):
                yield name


def _sets(found: to.Run, name: str) -> bool:
    pattern = re.compile(
        rf"(?:^|[\s;&|(]){name}=|\b(?:for|read|export|local|declare)\b[^;&|\n]*\b{name}\b"
    )
    texts = [found.script, *(one.content for one in found.heredocs)]
    return any(pattern.search(text) for text in texts)


def _check_cache_mounts(stage: Stage, findings: Findings) -> None:
    user = "root"
    for found in stage.instructions:
        if isinstance(found, to.User):
            user = found.user.partition(":")[0]
        if isinstance(found, to.Run):
            script = _script(found)
            for mount in _cache_mounts(found):
                why = _unused(mount, script, user)
                if why:
                    findings.at(found.comments).add("CacheMountUnused", found.location, why=why)


def _unused(mount: RunMount, script: str, user: str) -> str:
    """Why a cache mount serves nothing; empty when it may."""
    target = mount.target.rstrip("/")
    where = f'the cache mount at "{target}"'
    for removed in _REMOVES.findall(script):
        for word in removed.split():
            if posixpath.normpath(word.rstrip("*/") or "/") == target:
                return f'{where} is emptied by "rm {removed.strip()}": leave that out'
    owners = [one for one in MANAGERS if any(_is_end(target, end) for end in one.caches)]
    callers = [
        one for one in owners if one.name in _USES.findall(script) or one.install.search(script)
    ]
    for one in callers:
        switch = one.no_cache.search(script) if one.no_cache else None
        if switch:
            return f'{where} is not used, since "{switch[0].strip()}" keeps {one.name} from it'
    if user not in ("root", "0", "") and "$" not in user and target.startswith("/root/"):
        return f'{where} is not used, since the command runs as "{user}", whose home is another'
    others = [one for one in MANAGERS if one not in owners and one.install.search(script)]
    if owners and not callers and others:
        return f"{where} is {owners[0].name}'s, and the command runs {others[0].name}"
    return ""


def _is_end(target: str, end: str) -> bool:
    return target.lstrip("/") == end or target.endswith(f"/{end}")


def _cache_mounts(found: to.Run) -> Iterator[RunMount]:
    for flag in found.mount_flags:
        try:
            mount = parse_mount(flag, lambda text: text)
        except SyntaxFault:
            continue  # with a variable in it: its meaning is not known here
        if mount.type == "cache" and mount.target and "$" not in mount.target:
            yield mount


def _check_order(stage: Stage, findings: Findings) -> None:
    whole: to.Transfer | None = None
    told_or_done: set[str] = set()
    for found in stage.instructions:
        if isinstance(found, to.Transfer) and _is_whole_context(found):
            whole = whole or found
        elif isinstance(found, to.Run):
            for manager in MANAGERS:
                call = manager.install.search(_script(found))
                if call is None or manager.name in told_or_done:
                    continue
                told_or_done.add(manager.name)
                if whole is not None:
                    _tell_order(manager, call[0], found, whole, findings)


def _tell_order(
    manager: Manager, call: str, found: to.Run, whole: to.Transfer, findings: Findings
) -> None:
    findings.at(found.comments).add(
        "CopyBeforeInstall",
        found.location,
        command=" ".join(call.strip("\n ;&|(").split()),
        line=whole.location.start_line,
        manifest=manifest_of(manager),
    )


def manifest_of(manager: Manager) -> str:
    """What is to be copied before the packages are installed."""
    return manager.manifest or "nothing of the context"


def _is_whole_context(found: to.Transfer) -> bool:
    if isinstance(found, to.Copy) and found.from_:
        return False
    return any(source in (".", "./", "/", "*") for source in found.sources)


def _script(found: to.Run) -> str:
    return "\n".join([" ".join(found.argv), *(one.content for one in found.heredocs)])
