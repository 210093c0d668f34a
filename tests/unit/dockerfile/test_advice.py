import pytest

from gorae.dockerfile.check import check
from gorae.dockerfile.rule import OWN


def advice(text: str) -> list[tuple[str, int]]:
    found = check(text.encode(), "Dockerfile")
    assert found.problem is None, found.problem
    return [(one.rule.name, one.start_line) for one in found.findings if one.rule.name in OWN]


def detail(text: str) -> str:
    (one,) = [
        found.detail
        for found in check(text.encode(), "Dockerfile").findings
        if found.rule.name in OWN
    ]
    return one


SCOPE, CACHE, ORDER = OWN


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ARG V=1\nFROM bb:$V\nRUN echo $V\n", [(SCOPE, 3)]),
        ("ARG V=1\nFROM bb:$V\nRUN echo ${V:-x}\nLABEL v=$V\n", [(SCOPE, 3)]),
        ("ARG V=1\nFROM bb:$V\nARG V\nRUN echo $V\n", []),
        ("ARG V=1\nFROM bb:$V\nRUN echo '$V' \\$V $VV\n", []),
        ("ARG V=1\nFROM bb:$V\nRUN V=2; echo $V\n", []),
        ("ARG V=1\nFROM bb:$V\nRUN for V in a b; do echo $V; done\n", []),
        ("ARG V=1\nFROM bb:$V AS a\nARG V\nFROM a\nRUN echo $V\n", []),
        ("ARG V=1\nFROM bb:$V\nENV V=2\nRUN echo $V\n", []),
        ("ARG V=1\nFROM bb:$V\nRUN <<E\necho $V\nE\n", [(SCOPE, 3)]),
        ("ARG V=1\nFROM bb:$V\nCMD echo $V\n", []),
    ],
)
def test_an_arg_before_from_is_empty_afterwards(text: str, found: list[tuple[str, int]]) -> None:
    assert [one for one in advice(text) if one[0] == SCOPE] == found


def test_the_scope_is_explained() -> None:
    assert detail("ARG V=1\nFROM bb:$V\nRUN echo $V\n") == (
        'ARG V was declared before FROM (line 1) and is empty here: add "ARG V" to this stage'
    )


@pytest.mark.parametrize(
    ("run", "why"),
    [
        ("--mount=type=cache,target=/root/.cache/pip pip install x", ""),
        (
            "--mount=type=cache,target=/root/.cache/pip pip install --no-cache-dir x",
            'the cache mount at "/root/.cache/pip" is not used, since "--no-cache-dir" keeps pip from it',
        ),
        (
            "--mount=type=cache,target=/var/cache/apk apk add --no-cache git",
            'the cache mount at "/var/cache/apk" is not used, since "apk add --no-cache" keeps apk from it',
        ),
        (
            "--mount=type=cache,target=/var/lib/apt/lists apt-get update && apt-get install -y x "
            "&& rm -rf /var/lib/apt/lists/*",
            'the cache mount at "/var/lib/apt/lists" is emptied by "rm /var/lib/apt/lists/*": leave that out',
        ),
        (
            "--mount=type=cache,target=/var/cache/apt apt-get install -y x && apt-get clean",
            'the cache mount at "/var/cache/apt" is not used, since "apt-get clean" keeps apt from it',
        ),
        (
            "--mount=type=cache,target=/root/.npm yarn install",
            'the cache mount at "/root/.npm" is npm\'s, and the command runs yarn',
        ),
        ("--mount=type=cache,target=/root/.npm npm ci && yarn install", ""),
        ("--mount=type=cache,target=/work make", ""),
        ("--mount=type=cache,target=$HOME/.npm yarn install", ""),
        ("--mount=type=cache,target=/root/.npm node build.js", ""),
    ],
)
def test_a_run_that_ignores_its_cache_mount(run: str, why: str) -> None:
    text = f"FROM bb\nRUN {run}\n"
    assert [one for one in advice(text) if one[0] == CACHE] == ([(CACHE, 2)] if why else [])
    if why:
        assert detail(text) == why


def test_a_cache_in_roots_home_is_not_another_users() -> None:
    text = "FROM bb\nUSER app\nRUN --mount=type=cache,target=/root/.npm npm ci\n"
    assert detail(text) == (
        'the cache mount at "/root/.npm" is not used, since the command runs as "app", whose home is another'
    )


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("COPY . .\nRUN npm install\n", [(ORDER, 3)]),
        ("COPY . /app\nRUN cd /app && npm ci --omit=dev\n", [(ORDER, 3)]),
        ("ADD ./ .\nRUN pip install -r requirements.txt\n", [(ORDER, 3)]),
        ("COPY package.json .\nRUN npm install\nCOPY . .\n", []),
        ("COPY package.json .\nRUN npm install\nCOPY . .\nRUN npm install && npm test\n", []),
        ("COPY . .\nRUN npm install -g typescript\n", []),
        ("COPY . .\nRUN npm run build\n", []),
        ("COPY . .\nRUN apt-get update && apt-get install -y git\n", [(ORDER, 3)]),
        ("COPY --from=x . .\nRUN npm install\n", []),
        ("COPY src .\nRUN npm install\n", []),
        ("COPY . .\nRUN yarn\n", [(ORDER, 3)]),
        ("COPY . .\nRUN go mod download\nRUN bundle install\n", [(ORDER, 3), (ORDER, 4)]),
        ("COPY . .\nRUN <<E\nnpm install\nE\n", [(ORDER, 3)]),
        ('COPY . .\nRUN ["npm", "install"]\n', [(ORDER, 3)]),
    ],
)
def test_the_whole_context_before_an_install(lines: str, found: list[tuple[str, int]]) -> None:
    assert [one for one in advice(f"FROM bb\n{lines}") if one[0] == ORDER] == found


def test_the_better_order_is_told() -> None:
    assert detail("FROM bb\nWORKDIR /a\nCOPY . .\nRUN npm  ci\n") == (
        '"npm ci" runs again after every change of the context, which line 3 copies whole before it: '
        "copy package.json first, install, then copy the rest"
    )


def test_our_rules_obey_the_control() -> None:
    assert advice(f"# check=skip={ORDER}\nFROM bb\nCOPY . .\nRUN npm install\n") == []
    assert advice(f"FROM bb\nCOPY . .\n# check=skip={ORDER}\nRUN npm install\n") == []
