"""Documents and code say the same: rooms, routes, options, completions, links."""

import csv
import re
import subprocess
import sys
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

from gorae.cli import commands
from gorae.cli.completion import SCRIPTS

TOP = Path(__file__).parents[2]
PAGES = sorted([*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")])
FIX = "run `make docs` and commit what it changed"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """docs/generate.py."""
    spec = util.spec_from_file_location("generate", TOP / "docs/generate.py")
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_room_stands_in_architecture_with_its_charter(generate: ModuleType) -> None:
    text = (TOP / "ARCHITECTURE.md").read_text()
    assert generate.architecture(text) == text, FIX
    for path in (TOP / "src/gorae").glob("*/__init__.py"):
        assert f"### [{path.parent.name}/]" in text, path


def test_every_operation_stands_in_the_page_of_the_api(generate: ModuleType) -> None:
    text = (TOP / "docs/api.md").read_text()
    assert generate.api() == text, FIX
    with generate.ENDPOINTS.open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            assert f"| {row['operation']} | {row['method']} `{row['path']}` |" in text


@pytest.fixture(scope="module")
def manuals(generate: ModuleType) -> dict[str, str]:
    """File name -> page."""
    pages: dict[str, str] = generate.manuals()
    return pages


def all_commands() -> list[tuple[str, str]]:
    return [
        (group, word)
        for group, entries in commands.GROUPS.items()
        for word in entries
        if not word.startswith("_")
    ]


@pytest.mark.parametrize(("group", "word"), all_commands(), ids=" ".join)
def test_every_option_stands_in_its_manual_page(
    group: str, word: str, manuals: dict[str, str]
) -> None:
    command = commands.find(group, word)
    assert command is not None
    page = manuals[f"man1/gorae-{command.path.replace(' ', '-')}.1"]
    for option in command.options:
        shown = "\\-\\-" + option.name.replace("-", "\\-") + "\\fR"
        assert (shown in page) != option.hidden, option.name
    assert f"man1/{'-'.join(['gorae', *f'{group} {word}'.split()])}.1" in manuals


def test_every_command_is_in_the_overview_and_the_daemon_has_a_page(
    manuals: dict[str, str],
) -> None:
    for group, word in all_commands():
        name = "-".join(["gorae", *f"{group} {word}".split()]).replace("-", "\\-")
        assert f".BR {name} (1)" in manuals["man1/gorae.1"]
    assert "\\-\\-data\\-root DIR" in manuals["man8/goraed.8"]


@pytest.mark.parametrize("shell", sorted(SCRIPTS))
def test_completion_scripts_ask_the_program(shell: str) -> None:
    assert "__complete --" in SCRIPTS[shell]


def test_bash_reads_its_completion_script() -> None:
    line = f"{SCRIPTS['bash']}\ngorae() {{ printf 'web\\tx\\nwork\\n'; }}\nCOMP_LINE='gorae stop w' COMP_POINT=12\n_gorae\nprintf '%s,' \"${{COMPREPLY[@]}}\"\n"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout == "web,work,"


def test_no_option_of_a_command_is_named_twice() -> None:
    for group, word in all_commands():
        command = commands.find(group, word)
        assert command is not None
        for names in (
            [one.name for one in command.options],
            [one.short for one in command.options if one.short],
        ):
            assert len(names) == len(set(names)), (group, word, names)


@pytest.mark.parametrize("page", PAGES, ids=lambda one: str(one.relative_to(TOP)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.*)$", found.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor in slugs, target


HEAVY = "asyncio aiohttp msgspec logging http.client importlib.metadata argparse json re socket ssl"


def test_a_command_starts_light() -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(TOP / 'src')!r})\n"
        "import gorae.cli.main, gorae.client.transport, gorae.cli.container.ls\n"
        f"print([one for one in {HEAVY.split()!r} if one in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-ISc", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
