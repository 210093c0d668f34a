"""One scenario for each command of the CLI that the other catalogues do not give; prunes take a label that nothing has."""

from tests.oracle.scenario import Scenario, Step

SCENARIOS: list[Scenario] = []


def scenario(name: str, *steps: str | Step, images: tuple[str, ...] = ()) -> None:
    made = tuple(one if isinstance(one, Step) else Step(one) for one in steps)
    SCENARIOS.append(Scenario(f"command: {name}", made, images=images, networks=True))


def quiet(line: str) -> Step:
    return Step(line, quiet=True)


DOCKERFILE = "FROM bb\nENV A=b\nCMD echo $A\n"
RUN = "run -d --name {n} bb sleep 100"
NOTHING = "--filter label=orc.nothing=has.this"
NOWHERE = "127.0.0.1:1/orc"

# images ---------------------------------------------------------------------------------------------
scenario(
    "build",
    Step("build -q -t orc-command-build -", stdin=DOCKERFILE),
    "run --rm orc-command-build",
    images=("orc-command-build",),
)
scenario("builder build", Step("builder build -q -", stdin="FROM nosuch.invalid/x\nNOSUCH\n"))
scenario("image build", Step("image build -q -", stdin="RUN true\n"))
scenario("builder prune", "builder prune -f --filter id=orcnothing")
scenario("pull", f"pull {NOWHERE}", f"pull -q {NOWHERE}:1", f"pull -a {NOWHERE}", "pull BAD")
scenario("image pull", f"image pull {NOWHERE}@sha256:{'0' * 64}")
scenario("push", f"push {NOWHERE}", f"image push {NOWHERE}:1", "push -a BAD")
scenario("image prune", f"image prune -f {NOTHING}", f"image prune -a -f {NOTHING}")
scenario(
    "commit",
    "create --name {n} bb true",
    "commit -m why -a who -c 'CMD echo committed' {n} orc-command-commit",
    "image inspect -f '{{.Comment}} {{.Author}} {{json .Config.Cmd}}' orc-command-commit",
    "run --rm orc-command-commit",
    "container commit nosuch",
    images=("orc-command-commit",),
)
scenario(
    "export",
    "create --name {n} bb true",
    quiet("export {n}"),
    "export nosuch",
    "container export -o /nosuch/x {n}",
)
scenario(
    "manifest",
    f"manifest inspect {NOWHERE}",
    f"manifest inspect {NOWHERE}/a {NOWHERE}/b",
    "manifest inspect BAD",
    f"manifest annotate {NOWHERE}/a {NOWHERE}/b --os linux",
    f"manifest push {NOWHERE}/a",
    f"manifest rm {NOWHERE}/a",
)
scenario("search", "search", "search --limit 200 x")

# containers -----------------------------------------------------------------------------------------
scenario(
    "restart",
    RUN,
    "restart -t 0 {n}",
    "inspect -f '{{.State.Status}} {{.RestartCount}}' {n}",
    "container restart --signal KILL {n} nosuch",
    "restart -t x {n}",
)
scenario("container prune", f"container prune -f {NOTHING}", "container prune -f --filter odd=x")
scenario(
    "checkpoints are an experiment",
    "create --name {n} bb true",
    "checkpoint ls {n}",
    "checkpoint create {n} c",
    "checkpoint rm {n} c",
    "start --checkpoint c {n}",
)

# volumes --------------------------------------------------------------------------------------------
scenario(
    "volumes",
    "volume create --label a=b {w}",
    "volume inspect -f '{{.Name}} {{.Driver}} {{.Scope}} {{json .Labels}} {{json .Options}}' {w}",
    "volume ls -q --filter name={w}",
    "volume ls --filter name={w} --format '{{.Name}} {{.Driver}} {{.Labels}} {{.Links}} {{.Size}}'",
    "volume update {w}",
    "volume rm {w}",
    "volume rm {w}",
    "volume rm -f {w}",
    f"volume prune -f {NOTHING}",
    "volume prune -a -f --filter label=orc.nothing",
    "volume prune -f --filter odd=x",
)

# the daemon -----------------------------------------------------------------------------------------
scenario(
    "version and info",
    "version -f '{{.Server.APIVersion}} {{.Server.MinAPIVersion}} {{.Server.Os}}'",
    "version -f '{{.Server.Nosuch}}'",
    "info -f '{{.OSType}} {{.Swarm.LocalNodeState}} {{.Isolation}} {{.ExperimentalBuild}} {{.Driver}}'",
    "system info -f '{{.Nosuch}}'",
    "info -f '{{json .Plugins.Volume}}'",
)
scenario(
    "system df",
    quiet("system df"),
    quiet("system df -v"),
    "system df --format '{{.Type}}'",
    "system df -v --format '{{.Nosuch}}'",
)
scenario(
    "system prune", "system prune -f --filter odd=x", "system prune -f --volumes --filter until=1h"
)

# what there is none of ------------------------------------------------------------------------------
scenario(
    "plugins",
    "plugin ls",
    "plugin ls --filter enabled=true -q",
    "plugin ls --filter odd=x",
    "plugin inspect nosuch",
    "plugin enable nosuch",
    "plugin disable -f nosuch",
    "plugin rm nosuch",
    "plugin set nosuch a=b",
    "plugin upgrade --grant-all-permissions nosuch",
)
scenario("plugins that are pushed", "plugin push nosuch", "plugin push BAD")
scenario(
    "nodes",
    *(
        f"node {one}"
        for one in (
            "ls",
            "ps",
            "ps x",
            "inspect x",
            "rm x",
            "promote x",
            "demote x",
            "update --role worker x",
        )
    ),
)
scenario(
    "secrets", "secret ls", "secret inspect x", "secret rm x", Step("secret create x -", stdin="s")
)
scenario(
    "configs", "config ls", "config inspect x", "config rm x", Step("config create x -", stdin="s")
)
scenario(
    "services",
    "service ls",
    "service create --name x bb",
    "service inspect x",
    "service logs x",
    "service ps x",
    "service rm x",
    "service rollback x",
    "service scale x=2",
    "service update x",
)
scenario(
    "stacks",
    "stack ls",
    "stack ps x",
    "stack services x",
    "stack rm x",
    Step("stack config -c -", stdin="services:\n  a:\n    image: bb\n"),
    Step("stack deploy -c - x", stdin="services:\n  a:\n    image: bb\n"),
)
scenario(
    "a node in no swarm",
    "swarm ca",
    "swarm join-token worker",
    "swarm join-token odd",
    "swarm leave",
    "swarm leave -f",
    "swarm unlock-key",
    Step("swarm unlock", stdin="x\n"),
    "swarm update --autolock",
)

# events, stats, wait --------------------------------------------------------------------------------
TO_NOW = "events --since 1 --until 1"
scenario(
    "events of no time",
    TO_NOW,
    "events --since x",
    "events --until x",
    "events --since 2 --until 1",
)
scenario(
    "events of odd filters",
    f"{TO_NOW} --filter odd=x",
    f"{TO_NOW} --filter x",
    f"{TO_NOW} --format '{{{{.Nosuch}}}}'",
)
A_SECOND = quiet("run --rm bb sleep 1.1")
"""`--until` is given in whole seconds: what happened in this one would not be told."""
scenario(
    "events of a container",
    "create --name {n} bb true",
    "start -a {n}",
    A_SECOND,
    Step(
        "events --since 10m --until 0s --filter container={1} "
        "--format '{{.Type}} {{.Action}} {{.Actor.Attributes.image}} {{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}}'",
        sort=True,
    ),
    "events --since 10m --until 0s --filter container={1} --filter event=die --format '{{.Action}}'",
    "events --since 10m --until 0s --filter container={1} --filter type=network --format '{{.Action}}'",
)
scenario(
    "events of names and limits",
    RUN,
    "rename {n} {m}",
    "update --cpus 1 {m}",
    "pause {m}",
    "unpause {m}",
    A_SECOND,
    "events --since 10m --until 0s --filter container={1} --filter event=rename --filter event=update "
    "--filter event=pause --filter event=unpause --format '{{.Action}} {{.Actor.Attributes.oldName}}'",
)
scenario(
    "events of a network",
    "network create {w}",
    quiet("run --name {n} --network {w} bb true"),
    A_SECOND,
    Step(
        "events --since 10m --until 0s --filter network={1} --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.type}}'",
        sort=True,
    ),
)
scenario(
    "stats of one that runs",
    RUN,
    "stats --no-stream --format '{{.Name}} {{.PIDs}}' {n}",
    "stats --no-stream --format '{{.Nosuch}}' {n}",
    "stats --no-stream --no-trunc --format '{{.ID}}' {n}",
    "stats --no-stream nosuch",
)
scenario(
    "stats of one that does not",
    "create --name {n} bb true",
    "stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.MemPerc}} {{.NetIO}} {{.BlockIO}} {{.PIDs}}' {n}",
)
scenario(
    "wait",
    "run -d --name {n} bb sh -c 'exit 7'",
    "wait {n}",
    "wait {n} {n}",
    "wait {n} nosuch",
    "wait",
)
scenario(
    "update live",
    RUN,
    "update --memory 64m --memory-swap 64m --cpu-shares 512 --pids-limit 50 --restart on-failure:2 {n}",
    "inspect -f '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.CpuShares}} {{.HostConfig.PidsLimit}} {{json .HostConfig.RestartPolicy}}' {n}",
    "update --memory 1m {n}",
    "update --cpus 100 {n}",
    "update --restart odd {n}",
    "update --cpuset-cpus 0-9999 {n}",
    "update --cpuset-cpus 0-x {n}",
    "update --cpuset-cpus 0-99 {n}",
    "update {n}",
    "update --cpus 1 nosuch",
)
scenario(
    "exec with a terminal of what is not there",
    RUN,
    "exec -t {n} nosuch",
    "exec -d {n} nosuch",
    "exec -dt {n} nosuch",
    "exec -t {n} /etc",
    "exec -t -w /nosuch {n} true",
)
