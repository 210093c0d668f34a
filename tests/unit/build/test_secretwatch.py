"""The secret guard in a build: texts before the first step, layers as they are made or come from the cache, masks."""

import pytest

from gorae.build.graph import Wish, plan
from gorae.build.layerscan import LayerScan
from gorae.build.progress import Progress, Vertex, Warning
from gorae.build.secretwatch import Looked, SecretWatch
from gorae.build.vertex import Base, Plan
from gorae.dockerfile.stages import read
from gorae.errors import InvalidArgument, SyntaxFault
from gorae.oci.config import ImageConfig, RunConfig

TOKEN = "a-token-value"
FILE = """FROM bb
ARG NPM_TOKEN
ENV COPIED=$NPM_TOKEN
RUN npm ci
"""


class Build:
    """A watch over one Dockerfile, and what it said."""

    def __init__(self, text=FILE, mode="warn", args=None, given=None, labels=None, looked=None):
        self.said = []
        self.progress = Progress(self.said.append)
        self.args = {"NPM_TOKEN": TOKEN} if args is None else args
        config = RunConfig(env=("PATH=/bin", "OLD_PASSWORD=of the base"), labels={"of": "base"})
        made = ImageConfig.make(
            architecture="amd64", os="linux", config=config, diff_ids=(), history=()
        )
        bases = {("bb", ""): Base("bb", "sha256:" + "1" * 64, made, "")}
        file = read(text.encode(), "Dockerfile")
        self.plan: Plan = plan(file, Wish(build_args=self.args, labels=labels or {}), bases)
        self.watch = SecretWatch(
            mode,
            self.progress,
            looked or Looked(),
            given=given or {},
            build_args=self.args,
            dockerfile=text.encode(),
        )
        self.progress.mask = self.watch.mask

    def check(self):
        self.watch.check_texts(self.plan)
        return self

    @property
    def warnings(self):
        return [one for one in self.said if isinstance(one, Warning)]

    def scan(self, **files: bytes) -> LayerScan:
        found = self.watch.layer()
        for name, data in files.items():
            found.observe(name, data[:5])
            found.observe(name, data[5:])
        return found


def test_a_value_is_told_once_with_all_its_places():
    (one,) = Build(labels={"token": TOKEN}).check().warnings
    assert one.short == (
        'SecretGuard: the value of build arg "NPM_TOKEN" is kept in the history (line 2: ARG, line 3: ENV, '
        'line 4: RUN), ENV COPIED, the label "token": use RUN --mount=type=secret,id=npm_token and build '
        "with --secret id=npm_token,env=NPM_TOKEN"
    )
    assert one.lines == (2, 4) and one.rule == "SecretGuard"


def test_a_variable_made_of_a_build_arg_counts_by_its_own_name():
    text = "FROM bb\nARG PLAIN\nENV DB_PASSWORD=x-$PLAIN\nENV SHOWN_KEY=in-the-file/$OTHER"
    (one,) = Build(text, args={"PLAIN": "12345678"}).check().warnings
    assert 'the value of env "DB_PASSWORD" is kept in the history (line 3: ENV)' in one.short


def test_token_forms_count_wherever_they_are_from():
    text = f"FROM bb\nENV A=ghp_{'a1B2' * 9}\nONBUILD RUN echo AKIAIOSFODNN7GUARDED"
    shorts = [one.short for one in Build(text, args={}).check().warnings]
    assert len(shorts) == 2
    assert "a GitHub token is kept in the history (line 2: ENV), ENV A" in shorts[0]
    assert "an AWS access key is kept in ONBUILD" in shorts[1]


def test_a_password_in_a_url_counts_in_texts():
    args = {"HTTP_PROXY": "http://me:proxypass@proxy:3128"}
    text = "FROM bb\nARG HTTP_PROXY\nADD https://me:mypass@host/a.git /a\n"
    build = Build(text, args=args)
    build.watch.check_texts(build.plan, {"org.url": "https://a:annotated@b"})
    shorts = [one.short for one in build.warnings]
    assert shorts[0].startswith(
        'SecretGuard: the value of proxy "HTTP_PROXY" is kept in the history (line 2: ARG): leave its ARG out'
    )
    assert shorts[1].startswith(
        'SecretGuard: a password in a URL is kept in the history (line 3: ADD), the annotation "org.url"'
    )
    assert len(shorts) == 2


@pytest.mark.parametrize(
    ("text", "args"),
    [
        (FILE, {"NPM_TOKEN": "short"}),
        (FILE.replace("npm ci", f"echo {TOKEN}"), None),
        ("FROM bb\nRUN npm ci", None),
        ("FROM bb AS a\nARG NPM_TOKEN\nRUN x\nFROM bb\nCOPY --from=a / /", None),
        ("FROM bb\nLABEL a=b", {}),
    ],
)
def test_what_is_no_leak(text, args):
    assert Build(text, args=args).check().warnings == []
    Build(text, "error", args=args).check()


def test_error_ends_the_build_at_the_line():
    with pytest.raises(SyntaxFault) as error:
        Build(mode="error").check()
    assert error.value.line == 2
    assert TOKEN not in error.value.message and "would be kept in" in error.value.message
    with pytest.raises(InvalidArgument, match='the label "token"'):
        Build("FROM bb\nRUN x", "error", labels={"token": TOKEN}).check()


def test_off_looks_for_nothing_and_hides_secrets_alone():
    build = Build(mode="off", given={"s": b"secret-value"}).check()
    assert build.warnings == [] and not build.watch.looks_at_layers
    assert build.watch.mask(f"secret-value {TOKEN}") == f"**** {TOKEN}"


def test_a_layers_leaks_are_told_with_file_and_line():
    build = Build(given={"s": b"secret-value"})
    step = build.plan.steps[0]
    build.watch.made(step, "sha256:1", build.scan(clean=b"nothing", leak=b"a secret-value"))
    (one,) = build.warnings
    assert one.short.startswith(
        'SecretGuard: the value of secret "s" is kept in /leak (line 4: RUN): '
    )
    assert one.vertex == build.progress.digest(step.label) and one.lines == (4, 4)


def test_many_leaks_of_a_layer_are_counted():
    build = Build(given={"s": b"secret-value"})
    files = {f"f{number:02}": b"secret-value" for number in range(25)}
    build.watch.made(build.plan.steps[0], "sha256:1", build.scan(**files))
    assert len(build.warnings) == 21
    assert build.warnings[-1].short == "SecretGuard: 5 more leaks in the layer of line 4"


def test_a_file_named_by_a_value_hides_it():
    build = Build(given={"s": b"secret-value"})
    scan = build.scan(**{"x-secret-value": b"secret-value"})
    leaks = build.watch.made(build.plan.steps[0], "sha256:1", scan)
    assert leaks[0].where == "/x-****"


def test_a_step_from_the_cache_is_told_again():
    build = Build(given={"s": b"secret-value"})
    step = build.plan.steps[0]
    known = build.scan(leak=b"secret-value").end()
    build.watch.hit(step, "sha256:1", known, lambda scan: pytest.fail("looked through again"))
    assert len(build.warnings) == 1
    off = Build(mode="off", given={"s": b"secret-value"})
    off.watch.hit(step, "sha256:1", known, lambda scan: pytest.fail("looked through again"))
    assert off.warnings == []


@pytest.mark.parametrize("mode", ["warn", "error"])
def test_a_layer_that_nobody_looked_through_is(mode):
    build = Build(mode=mode, given={"s": b"secret-value"})
    step = build.plan.steps[0]
    assert build.watch.hit(step, "sha256:1", None, lambda scan: scan.observe("f", b"clean")) == ()
    assert build.watch.hit(step, "sha256:1", (), lambda scan: pytest.fail("again")) is None
    assert build.warnings == []
    build = Build(given={"s": b"secret-value"})
    found = build.watch.hit(
        step, "sha256:1", None, lambda scan: scan.observe("f", b"a secret-value")
    )
    assert found is not None and found[0].where == "/f" and len(build.warnings) == 1


def test_error_looks_through_what_the_cache_gives_once_for_each_set_of_values():
    looked, opened = Looked(), []

    def look(scan: LayerScan) -> None:
        opened.append(scan)
        scan.observe("file", b"other-value")

    for value, times in ((b"secret-value", 1), (b"secret-value", 1), (b"third-value", 2)):
        build = Build(mode="error", given={"s": value}, looked=looked)
        build.watch.hit(build.plan.steps[0], "sha256:1", [], look)
        assert len(opened) == times
    build = Build(mode="error", given={"s": b"other-value"}, looked=looked)
    for _ in range(2):
        with pytest.raises(InvalidArgument, match='the value of secret "s" would be kept in /file'):
            build.watch.hit(build.plan.steps[0], "sha256:1", [], look)


def test_what_is_told_and_stored_is_masked():
    build = Build(given={"s": b"secret-value"})
    build.progress.end(build.progress.begin("RUN use secret-value"), error="secret-value failed")
    vertices = [one for one in build.said if isinstance(one, Vertex)]
    assert {one.name for one in vertices} == {"RUN use ****"}
    assert vertices[-1].error == "**** failed"
    document = {"argv": ["sh", f"x {TOKEN}"], "n": 1, "more": {"a": ("secret-value",)}}
    assert build.watch.masked(document) == {
        "argv": ["sh", "x ****"],
        "n": 1,
        "more": {"a": ["****"]},
    }
