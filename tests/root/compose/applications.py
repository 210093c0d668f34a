"""Ten small applications and what is done with each: the same steps by every tool, the same answers wanted.

A step is a command; its answer is the exit status, what containers there are afterwards and which of them are new, and
(where asked for) what it said or all facts.
"""

from dataclasses import dataclass, field

OLD, NEW, OURS = "docker-compose", "docker compose", "gorae compose"
ALL = (OLD, NEW, OURS)
NEWER = (NEW, OURS)


@dataclass(frozen=True)
class Step:
    """`words` are the command; `say`: its output is part of the answer; `look`: all facts are.

    `lines` are what it must say, where that is not recorded: commands in containers.
    """

    words: str
    say: bool = False
    lines: tuple[str, ...] = ()
    look: bool = False
    env: dict[str, str] = field(default_factory=dict)
    tools: tuple[str, ...] = ALL


@dataclass(frozen=True)
class Application:
    """`folder` is its name; `tools` are those whose format it is; `tasks` are services that end by themselves."""

    folder: str
    steps: tuple[Step, ...]
    tools: tuple[str, ...] = ALL
    tasks: tuple[str, ...] = ()


def _do(words: str, **more: object) -> Step:
    return Step(words, **more)  # type: ignore[arg-type]


def _say(words: str, **more: object) -> Step:
    return Step(words, say=True, **more)  # type: ignore[arg-type]


def _exec(
    service: str, command: str, *lines: str, file: str = "", tools: tuple[str, ...] = NEWER
) -> Step:
    files = f"-f={file} " if file else ""
    return Step(f"{files}exec -T {service} {command}", lines=lines, tools=tools)


def _up(words: str = "", **more: object) -> Step:
    return Step(f"up -d {words}".strip(), look=True, **more)  # type: ignore[arg-type]


DOWN = _do("down -v -t 0", look=True)
RESET = "-f=compose.yaml -f=compose.override.yaml -f=reset.yaml"
APPLICATIONS = (
    Application("front-and-back", (
        _up(),
        _exec("web", "wget -q -O - http://www/", "front and back", tools=ALL),
        _exec("cache", "sh -c 'nc database 5432 </dev/null'", "rows"),
        _exec("web", "sh -c 'nslookup -type=a db >/dev/null && nslookup -type=a site >/dev/null && echo both'", "both"),
        _exec("cache", "sh -c 'nslookup -type=a www >/dev/null || echo apart'", "apart"),
        _say("port web 80"),
        _up(env={"GREETING": "changed"}),
        _do("up -d --scale cache=3", env={"GREETING": "changed"}),
        _do("up -d --scale cache=1", env={"GREETING": "changed"}),
        _do("stop -t 0 web"), _do("pause db", tools=NEWER), _do("unpause db", tools=NEWER), _do("kill db", tools=NEWER),
        _do("start"), _do("restart -t 0 db"), _do("rm -s -f cache"),
        _do("up -d --force-recreate db", env={"GREETING": "changed"}),
        DOWN,
    )),
    Application("conditions", (
        _up(),
        _say("logs --no-color web"),
        _do("--profile bad up -d after-broken"),
        _do("--profile bad down -v -t 0", look=True),
    ), tasks=("migrate", "broken")),
    Application("volumes", (
        _up(),
        _exec("store", "sh -c 'cat /data/log /again/log /seed/file /seed-long/file; touch /again/no 2>/dev/null || echo no'",
              "one", "one", "seed", "seed", "no"),
        _exec("reader", "sh -c 'cat /data/log; echo x >/memory/x && echo memory'", "one", "memory"),
        _exec("store", "sh -c 'echo kept >/anonymous/file; echo out >/outside/file; echo done'", "done"),
        _up(env={"WORD": "two"}),
        _do("down -t 0", look=True),
        _do("up -d store"),
        _exec("store", "sh -c 'cat /data/log /outside/file; ls /anonymous'", "one", "one", "two", "out"),
        DOWN,
    )),
    Application("variables", (
        _up(env={"CALLER": "somebody", "PASSED": "through"}),
        _do("up -d", env={"CALLER": "somebody", "PASSED": "through"}),
        _do("up -d", env={"CALLER": "another", "PASSED": "through"}, tools=NEWER),
        _up("--force-recreate", env={"FROM_DOT_ENV": "mine", "EMPTY": "full"}),
        _do("-f=compose.yaml -f=more.yaml up -d", look=True, tools=NEWER),
        _do("-f=required.yaml config -q", tools=NEWER),
        DOWN,
    )),
    Application("build", (
        _up("--build"),
        _exec("plain", "cat /message /word /stage", "a message", "default", "final", tools=ALL),
        _exec("chosen", "cat /word /stage", "chosen", "test"),
        _exec("other", "cat /other", "a message"),
        _do("up -d --build", env={"WORD": "changed"}),
        _exec("chosen", "cat /word", "changed"),
        _do("-f=inline.yaml up -d", tools=NEWER),
        _exec("inline", "cat /inline", "a message", tools=NEWER, file="inline.yaml"),
        _do("down -v -t 0 --rmi local --remove-orphans", look=True),
    )),
    Application("limits", (
        _up(),
        _do("up -d", env={"OTHER_MEMORY": "40m"}),
        _do("up -d --scale worker=3"), _do("up -d --scale worker=1"), _do("up -d"),
        _exec("worker", "sh -c 'ulimit -n'", "1000"),
        _say("logs --no-color worker"),
        _do("-f=deploy.yaml up -d", look=True, tools=NEWER),
        _do("-f=deploy.yaml scale deployed=3", tools=NEWER),
        _do("down -v -t 0 --remove-orphans", look=True),
    )),
    Application("granted", (
        _up(env={"TOKEN": "sesame"}),
        _exec("app", "cat /run/secrets/of-file /etc/other /of-file", "from a file", "from a file", "listen 80"),
        _exec("app", "cat /etc/app/settings", "word=first", "cost=$5"),
        _exec("app", "sh -c 'cat /run/secrets/of-environment /env; echo'", "sesamesesame"),
        _exec("app", "stat -c '%a %u %n' /etc/app/settings /run/secrets/of-environment /env",
              "440 0 /etc/app/settings", "444 0 /run/secrets/of-environment", "444 0 /env"),
        _do("up -d", env={"TOKEN": "sesame"}),
        _do("down -v -t 0", look=True, env={"TOKEN": "sesame"}),
    ), NEWER),
    Application("selected", (
        _up(),
        _say("logs --no-color included"),
        _do("--profile debug up -d", look=True),
        _say("--profile tools logs --no-color tools"),
        _say("run --rm tools"),
        _do("--profile debug down -v -t 0", look=True),
    ), NEWER, tasks=("tools",)),
    Application("overrides", (
        _up(),
        _do("-f=compose.yaml up -d"),
        _do(f"{RESET} up -d", look=True, tools=NEWER),
        _do("up -d --scale kept=0"),
        _do("down -v -t 0 --remove-orphans", look=True),
    )),
    Application("lifecycle", (
        _up(),
        _exec("web", "sh -c 'hostname; cat /proc/sys/net/core/somaxconn; id -u; touch /no 2>/dev/null || echo read-only'",
              "webhost", "1024", "1", "read-only"),
        _say("port web 8081"),
        _say("port --protocol udp web 8082", tools=NEWER),
        _do("run --rm -T retry sh -c 'exit 7'"),
        _do("run --rm -T --name compose-once -e A=b quiet 'test $A = b'", tools=NEWER),
        _do("restart -t 0 quiet"),
        DOWN,
    ), tasks=("retry",)),
)  # fmt: skip
BY_FOLDER = {one.folder: one for one in APPLICATIONS}
