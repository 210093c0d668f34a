"""The daemon about itself: the engine's facts as documents. Pure: the clock is an argument."""

from datetime import UTC, datetime

from msgspec import UNSET

from gorae.engine.system import API_VERSION, MIN_API_VERSION, VERSION, DaemonFacts, SystemInfo
from gorae.wire import system as wire
from gorae.wire.timestamp import rfc3339

GO_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
LOG_DRIVERS = ["journald", "json-file", "local"]
NETWORK_DRIVERS = ["bridge", "host", "macvlan", "null"]


def version(info: SystemInfo) -> wire.Version:
    """The answer to version."""
    facts = info.facts
    arch = GO_ARCHITECTURES.get(info.architecture, info.architecture)
    built = _built(facts.built_s)
    commit = facts.commit or f"gorae-{facts.gorae_version}"
    runtime, monitor = facts.runtime_version, facts.monitor_version
    details = {
        "ApiVersion": API_VERSION,
        "Arch": arch,
        "BuildTime": built,
        "Experimental": "false",
        "GitCommit": commit,
        "GoVersion": "none",
        "KernelVersion": info.kernel,
        "MinAPIVersion": MIN_API_VERSION,
        "Os": "linux",
    }
    return wire.Version(
        platform=wire.Platform(f"gorae {facts.gorae_version}"),
        components=[
            wire.Component("Engine", VERSION, details),
            wire.Component("gorae", facts.gorae_version, {"GitCommit": facts.commit}),
            wire.Component(facts.runtime, runtime.number, {"GitCommit": runtime.commit}),
            wire.Component("conmon", monitor.number, {"GitCommit": monitor.commit}),
        ],
        version=VERSION,
        api_version=API_VERSION,
        min_api_version=MIN_API_VERSION,
        git_commit=commit,
        go_version="none",
        os="linux",
        arch=arch,
        kernel_version=info.kernel,
        experimental=UNSET,
        build_time=built,
    )


def _built(built_s: int) -> str:
    """As dockerd writes it; empty where nobody knows."""
    if not built_s:
        return ""
    return datetime.fromtimestamp(built_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000000+00:00")


def info(found: SystemInfo, *, now_ns: int, listeners: int = 0, tasks: int = 0) -> wire.Info:
    """The answer to info. Our goroutines are threads and tasks."""
    facts, host = found.facts, found.host
    limits = host.limits
    return wire.Info(
        id=facts.id,
        containers=found.containers,
        containers_running=found.running,
        containers_paused=found.paused,
        containers_stopped=found.stopped,
        images=found.images,
        driver="overlay2",
        driver_status=[
            ("Supports d_type", "true"),
            ("Using metacopy", "false"),
            ("Native Overlay Diff", "true"),
            ("userxattr", "false"),
        ],
        plugins=wire.Plugins(["local"], NETWORK_DRIVERS, None, LOG_DRIVERS),
        memory_limit="memory" in limits,
        swap_limit="swap" in limits,
        kernel_memory_tcp="kernel_memory_tcp" in limits,
        cpu_cfs_period="cpu_quota" in limits,
        cpu_cfs_quota="cpu_quota" in limits,
        cpu_shares="cpu_shares" in limits,
        cpu_set="cpuset" in limits,
        pids_limit="pids" in limits,
        ipv4_forwarding=True,
        debug=facts.debug,
        n_fd=found.open_files,
        oom_kill_disable="oom_kill_disable" in limits,
        n_goroutines=found.threads + tasks,
        system_time=rfc3339(now_ns),
        logging_driver=facts.log.driver,
        cgroup_driver="cgroupfs",
        cgroup_version="2" if host.cgroup == "v2" else "1",
        n_events_listener=listeners,
        kernel_version=found.kernel,
        operating_system=found.operating_system,
        os_version=found.os_version,
        os_type="linux",
        architecture=found.architecture,
        index_server_address="https://index.docker.io/v1/",
        registry_config=_registries(facts),
        n_cpu=found.cpus,
        mem_total=found.memory_bytes,
        generic_resources=None,
        docker_root_dir=facts.data_root,
        http_proxy=_without_password(facts.proxies.http),
        https_proxy=_without_password(facts.proxies.https),
        no_proxy=facts.proxies.no,
        name=found.name,
        labels=list(facts.labels),
        experimental_build=False,
        server_version=VERSION,
        runtimes={facts.runtime: wire.Runtime(facts.runtime)},
        default_runtime=facts.runtime,
        swarm=wire.Swarm(),
        live_restore_enabled=True,
        isolation="",
        init_binary=facts.init_binary,
        containerd_commit=wire.Commit(),
        runc_commit=wire.Commit(facts.runtime_version.commit or facts.runtime_version.number),
        init_commit=wire.Commit(),
        security_options=_security_options(found),
        firewall_backend=wire.FirewallBackend("nftables"),
        cdi_spec_dirs=["/etc/cdi", "/var/run/cdi"],
        containerd=wire.Containerd(),
        warnings=list(found.warnings) or None,
    )


def _without_password(proxy: str) -> str:
    """As dockerd shows it: whose password it is, not which."""
    scheme, there, rest = proxy.partition("://")
    account, at, host = rest.rpartition("@")
    return f"{scheme}{there}xxxxx:xxxxx@{host}" if at and account else proxy


def _security_options(found: SystemInfo) -> list[str]:
    host = found.host
    options = ["name=apparmor"] if host.apparmor else []
    if host.seccomp:
        options.append("name=seccomp,profile=builtin")
    if host.cgroup == "v2":
        options.append("name=cgroupns")
    return options


def _registries(facts: DaemonFacts) -> wire.RegistryConfig:
    """As dockerd tells them: networks apart from names, the mirrors with a slash at the end."""
    mirrors = [f"{one.rstrip('/')}/" for one in facts.mirrors]
    indexes = {"docker.io": wire.IndexConfig(mirrors, "docker.io", official=True, secure=True)}
    for one in facts.insecure:
        if "/" not in one:
            indexes[one] = wire.IndexConfig([], one, official=False, secure=False)
    networks = [one for one in facts.insecure if "/" in one]
    return wire.RegistryConfig(indexes, [*networks, "::1/128", "127.0.0.0/8"], mirrors or None)
