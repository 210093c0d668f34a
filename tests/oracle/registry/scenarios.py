"""What docker says about pulls, pushes and logins. `{o}` is the open registry, `{p}` one with passwords, `{t}` one with
tokens. Before each scenario two images are there: `reg-one` (two layers) and `reg-two` (these and a third).

A line that begins with `API` is a request; its answer is the status and the lines of the stream, without those that
only count bytes.
"""

from tests.oracle.scenario import Scenario, Step

SCENARIOS: list[Scenario] = []


def scenario(name: str, *steps: str | Step) -> None:
    made = tuple(one if isinstance(one, Step) else Step(one) for one in steps)
    SCENARIOS.append(Scenario(name, made))


def unordered(line: str) -> Step:
    return Step(line, sort=True)


def quiet(line: str) -> Step:
    return Step(line, quiet=True)


LOGIN_P = Step("login -u alice --password-stdin {p}", stdin="wonder:land")
LOGIN_T = Step("login -u alice --password-stdin {t}", stdin="wonder:land")

scenario(
    "there and back",
    "tag reg-one {o}/s/one:1",
    unordered("push {o}/s/one:1"),
    unordered("push {o}/s/one:1"),
    "pull {o}/s/one:1",
    "rmi reg-one reg-two",
    quiet("rmi {o}/s/one:1"),
    unordered("pull {o}/s/one:1"),
    "image inspect -f '{{.RepoTags}} {{len .RepoDigests}} {{.Id}}' {o}/s/one:1",
    "pull -q {o}/s/one:1",
)
scenario(
    "the stream of a push",
    "tag reg-two {o}/s/stream:1",
    unordered("API POST /images/{o}/s/stream/push?tag=1"),
)
scenario(
    "the stream of a pull",
    "tag reg-two {o}/s/stream:2",
    quiet("push {o}/s/stream:2"),
    quiet("rmi reg-one reg-two {o}/s/stream:2"),
    unordered("API POST /images/create?fromImage={o}/s/stream&tag=2"),
    "API POST /images/create?fromImage={o}/s/stream&tag=2",
)
scenario(
    "only the top layer",
    "tag reg-two {o}/s/two:1",
    quiet("push {o}/s/two:1"),
    quiet("rmi reg-two {o}/s/two:1"),
    unordered("pull {o}/s/two:1"),
)
scenario(
    "mounted",
    "tag reg-one {o}/s/mount-a:1",
    "tag reg-one {o}/s/mount-b:1",
    quiet("push {o}/s/mount-a:1"),
    unordered("push {o}/s/mount-b:1"),
)
scenario(
    "a tag that moves",
    "tag reg-one {o}/s/move:1",
    quiet("push {o}/s/move:1"),
    "tag reg-two {o}/s/move:1",
    "pull {o}/s/move:1",
    "pull {o}/s/move:1",
)
scenario(
    "all tags",
    "tag reg-one {o}/s/all:1",
    "tag reg-two {o}/s/all:2",
    unordered("push -a {o}/s/all"),
    quiet("rmi {o}/s/all:1 {o}/s/all:2"),
    unordered("pull -a {o}/s/all"),
    "pull -a {o}/s/all:1",
    "push -a {o}/s/all:1",
)
scenario(
    "by digest",
    "tag reg-one {o}/s/dig:1",
    quiet("push {o}/s/dig:1"),
    "pull {o}/s/dig@sha256:" + "0" * 64,
    "pull {o}/s/dig@sha256:00",
    "push {o}/s/dig@sha256:" + "0" * 64,
)
scenario(
    "what is not there",
    "pull {o}/s/none:1",
    "pull -a {o}/s/none",
    "pull {o}/s/none",
    "push {o}/s/none:1",
    "push {o}/s/none",
    "push -a {o}/s/none",
    "API POST /images/create?fromImage={o}/s/none&tag=1",
    "API GET /distribution/{o}/s/none:1/json",
)
scenario(
    "a tag that is not there",
    "tag reg-one {o}/s/notag:1",
    "push {o}/s/notag:2",
    "push {o}/s/notag",
)
scenario(
    "nobody listens",
    "pull 127.0.0.1:1/x",
    "tag reg-one 127.0.0.1:1/x:1",
    "push 127.0.0.1:1/x:1",
    "login -u a -p b 127.0.0.1:1",
    "rmi 127.0.0.1:1/x:1",
)
scenario("names", "pull Upper", "pull a:b:c", "pull scratch", "push Upper", "pull 'x y'")
scenario(
    "platforms",
    "tag reg-one {o}/s/platform:1",
    "push --platform linux/arm64 {o}/s/platform:1",
    "push --platform nonsense/x/y/z {o}/s/platform:1",
    unordered("push --platform linux/amd64 {o}/s/platform:1"),
    "pull --platform linux/arm64 {o}/s/platform:1",
    "pull --platform linux/amd64 {o}/s/platform:1",
    "pull --platform nonsense {o}/s/platform:1",
)
scenario(
    "passwords",
    "tag reg-one {p}/s/one:1",
    "push {p}/s/one:1",
    "pull {p}/s/one:1",
    Step("login -u alice --password-stdin {p}", stdin="wrong"),
    "pull {p}/s/one:1",
    LOGIN_P,
    unordered("push {p}/s/one:1"),
    "pull {p}/s/one:1",
    "logout {p}",
    "logout {p}",
    "pull {p}/s/one:1",
)
scenario(
    "tokens",
    "tag reg-one {t}/s/one:1",
    "pull {t}/s/one:1",
    Step("login -u alice --password-stdin {t}", stdin="wrong"),
    LOGIN_T,
    unordered("push {t}/s/one:1"),
    "pull {t}/s/one:1",
    "pull {t}/s/none:1",
    "logout {t}",
    "pull {t}/s/one:1",
    "tag reg-one {t}/s/other:1",
    Step("push {t}/s/other:1", sort=True),
)
scenario(
    "what a tag means",
    "tag reg-one {o}/s/means:1",
    quiet("push {o}/s/means:1"),
    "API GET /distribution/{o}/s/means:1/json",
    "API GET /distribution/{o}/s/means/json",
    "API GET /distribution/Upper/json",
)
scenario(
    "run pulls what is missing",
    "tag reg-one {o}/s/run:1",
    quiet("push {o}/s/run:1"),
    quiet("rmi reg-one reg-two {o}/s/run:1"),
    unordered("create --name {n} {o}/s/run:1 true"),
    "rm {n}",
    "create --pull never --name {n} {o}/s/run:2 true",
    "create --pull always --name {n} {o}/s/run:2 true",
    "create --pull always --name {n} {o}/s/run:1 true",
    "create --name {m} -q {o}/s/nosuch:1 true",
)
scenario(
    "searches",
    "API GET /images/search?term=x&limit=101",
    "API GET /images/search?term=x&limit=a",
    "search --filter nosuch=1 x",
    "search --filter stars=x x",
    "search --limit 500 x",
)
