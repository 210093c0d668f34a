"""A container's record as the runtime's configuration. Reads nothing, does nothing; values in, a value out."""

from collections.abc import Sequence
from dataclasses import replace

from gorae.engine import merge, tmpfs
from gorae.engine.model import Container, ContainerSpec, ExecSpec, MountRecord
from gorae.runtime import capabilities
from gorae.runtime import resources as resource_limits
from gorae.runtime.config import (
    MountPoint,
    Namespaces,
    Process,
    RuntimeConfig,
    Seccomp,
    User,
)
from gorae.runtime.host import HostFacts

SHM_SIZE_BYTES = 64 << 20
TMPFS_DEFAULTS = ("noexec", "nosuid", "nodev")


def runtime_config(
    container: Container,
    *,
    rootfs: str,
    user: User,
    home: str,
    host: HostFacts,
    network: str,
    ipc: str,
    pid: str,
    shm_source: str,
    init_path: str,
    etc_files: Sequence[MountPoint],
    link_env: Sequence[str],
    cgroup_parent: str,
) -> RuntimeConfig:
    """All that the runtime needs to make the container.

    `network` is `private`, `host` or the path of a namespace; `ipc` and `pid` paths of namespaces to join, or
    empty; `shm_source` the host path of a shared /dev/shm, or empty.
    """
    spec = container.spec
    unconfined = spec.security.systempaths_unconfined or spec.privileged
    return RuntimeConfig(
        id=container.id,
        rootfs=rootfs,
        process=first_process(container, user=user, home=home, host=host, link_env=link_env),
        readonly_rootfs=spec.readonly_rootfs,
        hostname="" if spec.uts_mode == "host" else hostname(container),
        domainname="" if spec.uts_mode == "host" else spec.domainname,
        mounts=(*mount_points(container), *_not_hidden(etc_files, container.mounts)),
        devices=spec.devices,
        resources=resource_limits.check(spec.resources, host)[0],  # without what is discarded here
        namespaces=namespaces(spec, network=network, ipc=ipc, pid=pid, host=host),
        seccomp=seccomp(spec),
        privileged=spec.privileged,
        masked_paths=() if unconfined else spec.masked_paths,
        readonly_paths=() if unconfined else spec.readonly_paths,
        sysctls=spec.sysctls,
        annotations=spec.annotations,
        shm_size_bytes=spec.shm_size_bytes or SHM_SIZE_BYTES,
        shm_source=shm_source,
        init_path=init_path,
        runtime=spec.runtime,
        cgroup_path=cgroup_path(container, cgroup_parent),
    )


def cgroup_path(container: Container, parent: str) -> str:
    """Below the parent asked for, else the daemon's own."""
    return resource_limits.group_path(container.spec.cgroup_parent, parent, container.id)


def hostname(container: Container) -> str:
    """The name asked for, else the short id."""
    return container.spec.hostname or container.short_id


def first_process(
    container: Container, *, user: User, home: str, host: HostFacts, link_env: Sequence[str]
) -> Process:
    """The container's first process."""
    spec = container.spec
    env = merge.environment(spec, hostname=hostname(container), links=link_env)
    return Process(
        args=merge.argv(spec),
        env=with_home(env, home),
        cwd=spec.working_dir or "/",
        user=user,
        terminal=spec.tty,
        console_size=spec.console_size,
        capabilities=capabilities.resolve(
            spec.cap_add, spec.cap_drop, privileged=spec.privileged, available=host.capabilities
        ),
        no_new_privileges=spec.security.no_new_privileges,
        rlimits=spec.ulimits,
        oom_score_adj=spec.oom_score_adj,
        apparmor_profile=spec.security.apparmor,
    )


def exec_process(
    container: Container, spec: ExecSpec, *, user: User, home: str, host: HostFacts
) -> Process:
    """A further process: the container's environment and capabilities, its own command and user."""
    own = container.spec
    env = merge.environment(
        replace(own, tty=spec.tty, env=(*own.env, *spec.env)), hostname=hostname(container)
    )
    privileged = spec.privileged or own.privileged
    return Process(
        args=spec.cmd,
        env=with_home(env, home),
        cwd=spec.working_dir or own.working_dir or "/",
        user=user,
        terminal=spec.tty,
        console_size=spec.console_size,
        capabilities=capabilities.resolve(
            own.cap_add, own.cap_drop, privileged=privileged, available=host.capabilities
        ),
        no_new_privileges=own.security.no_new_privileges,
        rlimits=own.ulimits,
        oom_score_adj=own.oom_score_adj,
        apparmor_profile=own.security.apparmor,
    )


def with_home(env: Sequence[str], home: str) -> tuple[str, ...]:
    """HOME of the user's entry in /etc/passwd, unless it is set."""
    if any(one.startswith("HOME=") for one in env):
        return tuple(env)
    return (*env, f"HOME={home or '/'}")


def namespaces(
    spec: ContainerSpec, *, network: str, ipc: str, pid: str, host: HostFacts
) -> Namespaces:
    """Which namespaces are new, the host's, or another container's."""
    cgroup = spec.cgroupns_mode or host.default_cgroupns
    return Namespaces(
        pid=pid or ("host" if spec.pid_mode == "host" else "private"),
        ipc=ipc or (spec.ipc_mode if spec.ipc_mode in ("host", "none") else "private"),
        uts="host" if spec.uts_mode == "host" else "private",
        cgroup="host" if cgroup == "host" or spec.privileged and not spec.cgroupns_mode else cgroup,
        user="host",
        network=network,
    )


def seccomp(spec: ContainerSpec) -> Seccomp:
    """The default profile unless another was asked for; none for the privileged."""
    asked = spec.security.seccomp
    if asked in ("", "builtin"):
        return Seccomp("unconfined") if spec.privileged else Seccomp()
    if asked == "unconfined":
        return Seccomp("unconfined")
    return Seccomp("custom", asked)


def mount_points(container: Container) -> tuple[MountPoint, ...]:
    """The mounts of volumes, binds and tmpfs."""
    temporary = (
        tmpfs_point(target, tuple(filter(None, options.split(","))))
        for target, options in container.spec.tmpfs.items()
    )
    return (*(_point(one) for one in container.mounts), *temporary)


def _point(one: MountRecord) -> MountPoint:
    request = one.request
    if one.kind == "tmpfs":
        options = list(request.options) if request else []
        if request and request.tmpfs_size_bytes:
            options.append(f"size={request.tmpfs_size_bytes}")
        if request and request.tmpfs_mode:
            options.append(f"mode={request.tmpfs_mode:o}")
        return tmpfs_point(one.target, tuple(options), readonly=one.readonly)
    return MountPoint(
        type="bind",
        source=one.source,
        target=one.target,
        readonly=one.readonly,
        propagation=one.propagation or "rprivate",
        recursive=request.recursive if request else True,
        readonly_recursive=not (request and request.readonly_mode == "writable"),
    )


def tmpfs_point(target: str, options: tuple[str, ...], *, readonly: bool = False) -> MountPoint:
    """A tmpfs with docker's defaults, which an option of the opposite meaning takes away.

    Raises:
        InvalidArgument: an option that means nothing to a tmpfs.
    """
    tmpfs.check(options)
    opposite = {"exec": "noexec", "suid": "nosuid", "dev": "nodev"}
    gone = {opposite[one] for one in options if one in opposite}
    kept = [one for one in TMPFS_DEFAULTS if one not in gone and one not in options]
    return MountPoint(
        type="tmpfs", source="tmpfs", target=target, readonly=readonly, options=(*kept, *options)
    )


def _not_hidden(
    etc_files: Sequence[MountPoint], mounts: Sequence[MountRecord]
) -> tuple[MountPoint, ...]:
    """A user's own mount at /etc/hosts and the like wins over ours."""
    taken = {one.target for one in mounts}
    return tuple(one for one in etc_files if one.target not in taken)
