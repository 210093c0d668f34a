"""Definitions of bakes: HCL, JSON and compose files, and what is said on the command line beside them."""

import hashlib
import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Case:
    """Files of a folder, words behind `bake --print`, and variables of the environment."""

    name: str
    files: dict[str, str]
    words: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Changes when the case does."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]


def hcl(name: str, text: str, *words: str, **environment: str) -> Case:
    """One HCL file of the usual name."""
    return Case(name, {"docker-bake.hcl": text}, words, environment)


GROUPS = """
group "default" { targets = ["web", "tools"] }
group "tools" { targets = ["lint", "test"] }
target "web" { dockerfile = "web.Dockerfile" }
target "lint" { target = "lint" }
target "test" { context = "./test" }
target "alone" {}
"""
INHERITS = """
target "_base" {
  args = { A = "1", B = "2" }
  labels = { "org.x" = "base" }
  tags = ["base:1"]
  platforms = ["linux/amd64"]
  cache-from = ["type=local,src=/c"]
}
target "_other" {
  args = { B = "3", C = null }
  no-cache = true
}
target "app" {
  inherits = ["_base", "_other"]
  args = { D = "4" }
  tags = ["app:1"]
}
target "leaf" {
  inherits = ["app"]
  context = "leaf"
}
"""
VARIABLES = """
variable "TAG" { default = "latest" }
variable "REPO" { default = "example.com/me" }
variable "COUNT" { default = 3 }
variable "DEBUG" { default = false }
variable "NOTHING" {}
variable "FULL" { default = "${REPO}/app:${TAG}" }
variable "LIST" { default = ["a", "b"] }
target "app" {
  tags = [FULL, "${REPO}/app:${TAG}-${COUNT}"]
  args = {
    COUNT = COUNT
    DEBUG = DEBUG ? "yes" : "no"
    NOTHING = NOTHING
    MORE = COUNT > 2 && !DEBUG ? COUNT * 2 + 1 : 0
    FIRST = LIST[0]
    JOINED = join("-", LIST)
    NEG = -COUNT
    REST = COUNT % 2
  }
}
"""
FUNCTIONS = """
variable "V" { default = "1.2.3" }
function "tag" {
  params = [name, version]
  result = ["${name}:${version}", "${name}:latest"]
}
function "all" {
  params = [first]
  variadic_params = rest
  result = join("+", concat([first], rest))
}
target "app" {
  tags = tag("app", V)
  args = {
    UPPER = upper("abc")
    LOWER = lower("ABC")
    TITLE = title("some words")
    TRIM = trimspace("  x  ")
    PREFIX = trimprefix("v1.0", "v")
    SUFFIX = trimsuffix("a.tar", ".tar")
    REPLACE = replace("a.b.c", ".", "-")
    REGEX = regex_replace("a1b22", "[0-9]+", "#")
    SPLIT = split(".", V)[1]
    LEN = length([1, 2, 3])
    FORMAT = format("%s-%03d", "n", 7)
    MAX = max(1, 5, 3)
    MIN = min(4, 2)
    ABS = absolute(-2)
    SUB = substr("hello", 1, 3)
    CONTAINS = contains(["a", "b"], "b") ? "in" : "out"
    COALESCE = coalesce("", "x")
    ALL = all("a", "b", "c")
    REVERSE = reverse("abc")
    SHA = sha256("x")
    MD5 = md5("x")
    B64 = base64encode("hi")
    JSON = jsonencode({a = 1})
    DISTINCT = join(",", distinct(["a", "b", "a"]))
    SORT = join(",", sort(["c", "a", "b"]))
    KEYS = join(",", keys({b = 1, a = 2}))
    LOOKUP = lookup({a = "1"}, "z", "none")
    CEIL = ceil(1.2)
    FLOOR = floor(1.8)
    ADD = add(1, 2)
    EQUAL = equal(1, 1) ? "same" : "other"
    CHOMP = chomp("line\\n")
    INDENT = indent(2, "a\\nb")
    ZIP = zipmap(["a"], ["1"])["a"]
    FLAT = join(",", flatten([["a"], ["b", "c"]]))
    SLICE = join(",", slice(["a", "b", "c"], 1, 3))
    RANGE = join(",", [for n in range(3) : "${n}"])
    URL = urlencode("a b")
    CLEAN = sanitize("a b/c")
    TRY = try(jsondecode("{"), "else")
    CAN = can(1 + 1) && !can(jsondecode("{")) ? "can" : "cannot"
    CHUNK = jsonencode(chunklist(["a", "b", "c"], 2))
    SETS = jsonencode([setunion(["a"], ["b"]), setintersection(["a", "b"], ["b"]), setsubtract(["a", "b"], ["a"])])
    PRODUCT = jsonencode(setproduct(["a"], ["b", "c"]))
    FORMATS = join(",", formatlist("%s-%s", ["a", "b"], "x"))
    REGEXES = join(",", regexall("[a-z]", "a1b"))
    MATCH = regex("[0-9]+", "a12")
    POW = pow(2, 10)
    LOG = log(8, 2)
    SIGN = signum(-3)
    DIVIDED = divide(9, 2)
    WHOLE = divide(8, 2)
    PARSED = parseint("ff", 16)
    LISTS = join(",", coalescelist([], ["b"]))
  }
}
"""
MATRIX = """
target "app" {
  name = "app-${item.os}-${replace(item.v, ".", "-")}"
  matrix = {
    item = [
      { os = "debian", v = "12" },
      { os = "alpine", v = "3.20" },
    ]
  }
  args = { OS = item.os, VERSION = item.v }
  tags = ["app:${item.os}"]
}
target "two" {
  name = "two-${a}-${b}"
  matrix = { a = ["x", "y"], b = ["1", "2"] }
  target = a
}
"""
FOR = """
variable "NAMES" { default = "a,b,c" }
target "app" {
  tags = [for n in split(",", NAMES) : "app:${n}" if n != "b"]
  args = { for n in split(",", NAMES) : upper(n) => n }
  labels = {
    text = <<-EOT
      one
        two ${NAMES}
    EOT
    heredoc = <<EOT
 raw
EOT
    if = "%{ if NAMES != "" }yes%{ else }no%{ endif }"
    loop = "%{ for n in ["x", "y"] }${n};%{ endfor }"
    escaped = "$${NAMES} \\"q\\" \\u00e9"
  }
}
"""
FIELDS = """
target "app" {
  annotations = ["index:org.a=1", "b=2"]
  attest = ["type=provenance,mode=max", {type = "sbom"}]
  cache-from = ["user/app:cache", {type = "registry", ref = "user/app:2"}]
  cache-to = ["type=inline", "type=local,dest=path/to"]
  call = "check"
  context = "."
  contexts = { base = "docker-image://alpine:3.20", src = "../src" }
  description = "the app"
  dockerfile = "D"
  entitlements = ["network.host"]
  extra-hosts = { a = "1.2.3.4" }
  network = "host"
  no-cache = true
  no-cache-filter = ["one", "two"]
  output = ["type=docker", "type=local,dest=out"]
  platforms = ["linux/amd64", "linux/arm64"]
  pull = true
  secret = ["id=a,src=f", "type=env,id=KEY"]
  shm-size = "128m"
  target = "final"
  ulimits = ["nofile=1024:1024"]
}
"""
COMPOSE = """
name: proj
services:
  web:
    image: ${REPO:-me}/web:${TAG-latest}
    build:
      context: ./web
      dockerfile: W
      target: prod
      args: {A: "1", B: "${TAG-none}"}
      labels: [l=1]
      network: host
      shm_size: 64m
      cache_from: [a:1]
      cache_to: ["type=inline"]
      platforms: [linux/amd64]
      no_cache: true
      pull: true
      tags: [x:1, x:2]
      extra_hosts: ["h:1.2.3.4"]
      ulimits: {nofile: {soft: 1, hard: 2}}
      x-bake:
        tags: [baked:1]
        output: ["type=docker"]
  db:
    build: ./db
  inline:
    build:
      context: .
      dockerfile_inline: |
        FROM x
        RUN y
      additional_contexts: {base: ./base}
      secrets: [tok, {source: other, target: t}]
  none: {image: nginx}
secrets:
  tok: {file: ./tok.txt}
  other: {environment: OTHER}
"""
JSON = """{
  "variable": {"TAG": {"default": "latest"}, "N": {"default": 2}},
  "group": {"default": {"targets": ["a", "b"]}},
  "target": {
    "a": {"tags": ["a:${TAG}"], "args": {"N": "${N}", "PLAIN": "x", "CALC": "${N + 1}"}},
    "b": {"inherits": ["a"], "context": "b", "platforms": ["linux/amd64"], "no-cache": true}
  }
}
"""
LINKED = """
target "base" { dockerfile = "base.Dockerfile" }
target "app" {
  contexts = { base = "target:base", more = "target:deep" }
}
target "deep" { contexts = { b = "target:base" } }
group "default" { targets = ["app"] }
"""

CASES = [
    hcl("groups", GROUPS),
    hcl("groups, one by name", GROUPS, "tools"),
    hcl("groups, several", GROUPS, "alone", "lint"),
    hcl("no default", 'target "a" {}\ntarget "b" {}\n'),
    hcl("no such target", GROUPS, "nosuch"),
    hcl("inherits", INHERITS, "leaf", "app"),
    hcl("inherits what is not there", 'target "a" { inherits = ["nosuch"] }\n', "a"),
    hcl("inherits itself", 'target "a" { inherits = ["b"] }\ntarget "b" { inherits = ["a"] }\n', "a"),
    hcl("variables", VARIABLES, "app"),
    hcl("variables of the environment", VARIABLES, "app", TAG="v1", COUNT="7", DEBUG="true", NOTHING="x"),
    hcl("a variable that is no number", VARIABLES, "app", COUNT="many"),
    hcl("functions", FUNCTIONS, "app"),
    hcl("matrix", MATRIX, "app", "two"),
    hcl("matrix, one of it", MATRIX, "app-debian-12"),
    hcl("for, heredocs and templates", FOR, "app"),
    Case("every field", {"docker-bake.hcl": FIELDS, "f": "", "path": ""}, ("app",), {"KEY": "k"}),
    hcl("attributes without a block", 'TAG = "t"\nvariable "X" { default = TAG }\ntarget "a" { tags = ["a:${X}"] }\n', "a"),
    hcl("set", INHERITS, "app", "--set", "app.args.A=9", "--set", "*.platform=linux/arm64", "--set", "app.tags=n:1"),
    hcl("set adds", INHERITS, "app", "--set", "app.tags+=n:1", "--set", "a*.labels.x=y", "--set", "app.context=else"),
    hcl("set of more kinds", GROUPS, "web", "--set", "web.output=type=local,dest=o", "--set", "web.no-cache=true",
        "--set", "web.secrets=type=env,id=S", "--set", "web.contexts.a=b", "--set", "web.dockerfile=E", S="s"),
    hcl("set by another name", GROUPS, "web", "--set", "web.platforms=linux/arm64"),
    hcl("set what is none", GROUPS, "web", "--set", "web.nosuch=1"),
    hcl("no-cache, pull, push", GROUPS, "web", "--no-cache", "--pull", "--push"),
    hcl("load", GROUPS, "web", "--load"),
    hcl("linked targets", LINKED),
    hcl("a syntax error", 'target "a" {\n  tags = [\n}\n', "a"),
    hcl("an unknown function", 'target "a" { tags = [nosuch("x")] }\n', "a"),
    hcl("an unknown variable", 'target "a" { tags = [NOSUCH] }\n', "a"),
    hcl("an unknown field", 'target "a" { nosuch = 1 }\n', "a"),
    hcl("a name that cannot be", 'target "a b" {}\n', "a b"),
    hcl("validation", 'variable "P" {\n  default = 1\n  validation {\n    condition = P > 2\n'
        '    error_message = "too small"\n  }\n}\ntarget "a" { args = { P = P } }\n', "a"),
    hcl("typed variables", 'variable "L" {\n  type = list(string)\n  default = ["a"]\n}\nvariable "N" { type = number }\n'
        'target "a" {\n  tags = L\n  args = { N = N }\n}\n', "a", L="x,y", N="5"),
    Case("json", {"docker-bake.json": JSON}),
    Case("json, one target", {"docker-bake.json": JSON}, ("b",), {"TAG": "z"}),
    Case("compose", {"compose.yaml": COMPOSE, "tok.txt": ""}, (), {"TAG": "t1"}),
    Case("compose, one service", {"docker-compose.yml": COMPOSE}, ("web",)),
    Case("compose and hcl", {"compose.yaml": COMPOSE, "docker-bake.hcl": 'target "web" { tags = ["over:1"] }\ntarget "more" {}\n'}, ("web", "more")),
    Case("an override", {"docker-bake.hcl": GROUPS, "docker-bake.override.hcl": 'target "web" { args = { O = "1" } }\n'}, ("web",)),
    Case("files by name", {"one.hcl": GROUPS, "two.json": '{"target": {"web": {"tags": ["j:1"]}}}'}, ("-f", "one.hcl", "-f", "two.json", "web")),
    Case("no file", {}, ()),
    Case("a file that is not there", {}, ("-f", "nosuch.hcl")),
]  # fmt: skip
