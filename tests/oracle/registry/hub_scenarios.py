"""What docker says when the registry is a hub of ours, `{h}`: anna's and bob's own, acme where anna writes and bob reads."""

from tests.hubserver import PASSWORD
from tests.oracle.registry.scenarios import quiet, unordered
from tests.oracle.scenario import Scenario, Step

SCENARIOS: list[Scenario] = []
ANNA = Step("login -u anna --password-stdin {h}", stdin=PASSWORD)
BOB = Step("login -u bob --password-stdin {h}", stdin=PASSWORD)


def scenario(name: str, *steps: str | Step) -> None:
    made = tuple(one if isinstance(one, Step) else Step(one) for one in steps)
    SCENARIOS.append(Scenario(name, made))


scenario(
    "hub login and logout",
    Step("login -u anna --password-stdin {h}", stdin="guess"),
    Step("login -u nobody --password-stdin {h}", stdin=PASSWORD),
    ANNA,
    "login {h}",
    "logout {h}",
    "logout {h}",
)
scenario(
    "hub there and back",
    "tag reg-two {h}/anna/one:1",
    ANNA,
    unordered("push {h}/anna/one:1"),
    unordered("push {h}/anna/one:1"),
    "logout {h}",
    quiet("rmi reg-one reg-two {h}/anna/one:1"),
    unordered("pull {h}/anna/one:1"),
    "pull {h}/anna/one:1",
    "image inspect -f '{{.RepoTags}} {{len .RepoDigests}} {{.Id}}' {h}/anna/one:1",
)
scenario(
    "hub push without a login",
    "tag reg-one {h}/anna/one:1",
    unordered("push {h}/anna/one:1"),
    unordered("push -q {h}/anna/one:1"),
)
scenario(
    "hub push into another's",
    "tag reg-one {h}/anna/one:1",
    BOB,
    unordered("push {h}/anna/one:1"),
)
scenario(
    "hub push as a reader",
    "tag reg-one {h}/acme/shared:1",
    BOB,
    unordered("push {h}/acme/shared:1"),
    ANNA,
    quiet("push {h}/acme/shared:1"),
)
scenario(
    "hub what is not there",
    "pull {h}/anna/one:1",
    "pull {h}/nobody/one:1",
    ANNA,
    "pull {h}/anna/one:1",
    "pull -a {h}/anna/one",
    "tag reg-one {h}/anna/one:1",
    quiet("push {h}/anna/one:1"),
    "pull {h}/anna/one:2",
    "pull {h}/anna/one@sha256:0000000000000000000000000000000000000000000000000000000000000000",
)
scenario(
    "hub mounted and all tags",
    ANNA,
    "tag reg-one {h}/anna/one:1",
    "tag reg-two {h}/anna/one:2",
    "tag reg-one {h}/anna/two:1",
    unordered("push -a {h}/anna/one"),
    unordered("push {h}/anna/two:1"),
    quiet("rmi reg-one reg-two {h}/anna/one:1 {h}/anna/one:2 {h}/anna/two:1"),
    unordered("pull -a {h}/anna/one"),
)
scenario(
    "hub search",
    ANNA,
    "tag reg-one {h}/anna/one:1",
    "tag reg-one {h}/anna/two:1",
    quiet("push {h}/anna/one:1"),
    quiet("push {h}/anna/two:1"),
    unordered("search {h}/anna"),
    unordered("search --format '{{.Name}} {{.StarCount}} {{.IsOfficial}}' {h}/anna"),
    "search --limit 1 --format '{{.StarCount}}' {h}/anna",
    "search --filter is-official=true {h}/anna",
    "search --filter stars=3 {h}/anna",
    "search {h}/nothing-like-this",
    "search --limit 101 {h}/anna",
    "search --filter nosuch=1 {h}/anna",
)
scenario(
    "hub what a tag is",
    ANNA,
    "tag reg-one {h}/anna/one:1",
    quiet("push {h}/anna/one:1"),
    "API GET /distribution/{h}/anna/one:1/json",
    quiet("API GET /distribution/{h}/anna/two:1/json"),
)
