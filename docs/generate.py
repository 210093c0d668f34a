"""Make the documents that are made from code: `generate.py` rewrites docs/api.md and ARCHITECTURE.md's rooms.

generate.py --man DIR            manual pages below DIR
generate.py --completions DIR    completion scripts, where each shell looks for them below DIR
"""

import argparse
import ast
import csv
import sys
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "src"))

COMPLETIONS = {
    "bash": "bash-completion/completions/gorae",
    "zsh": "zsh/site-functions/_gorae",
    "fish": "fish/vendor_completions.d/gorae.fish",
}


def manuals() -> dict[str, str]:
    """Path below the manual's folder -> page."""
    from gorae.cli.main import GLOBAL_OPTIONS
    from gorae.cli.manual import daemon_page, pages
    from gorae.cli.version import VERSION

    found = {f"man1/{name}": text for name, text in pages(GLOBAL_OPTIONS, VERSION).items()}
    found["man8/goraed.8"] = daemon_page(daemon_options(), VERSION)
    return found


def daemon_options() -> list[tuple[str, str]]:
    """goraed's options as they are typed, and what each does."""
    from gorae.daemon.config import parser

    rows = []
    for action in parser()._actions:
        typed = ", ".join(action.option_strings)
        metavar = action.metavar or ("|".join(action.choices) if action.choices else "")
        if action.nargs != 0 and metavar:
            typed += f" {metavar}"
        rows.append((typed, action.help or ""))
    return rows


def completions() -> dict[str, str]:
    """Path below the share folder -> script."""
    from gorae.cli.completion import SCRIPTS

    return {COMPLETIONS[shell]: text for shell, text in SCRIPTS.items()}


ENDPOINTS = TOP / "tests/data/engine-api/docker-engine-api-v1.50-endpoints.tsv"
API_HEAD = """# The Engine API, operation by operation

Made by `make docs` from the description of the API (1.50; 1.51 adds no operation) and from the routes in
`src/gorae/api/routes/`. Announced: 1.51, least 1.24. An operation without a place in the last column answers 404 with a
JSON message; swarm's, where they have a place, answer as an engine outside a swarm does.
"""


def api() -> str:
    """docs/api.md."""
    from unittest.mock import MagicMock

    from gorae.api.app import all_routes

    routes = all_routes(MagicMock())
    served = {(one.method, _shape(one.path)): one for one in routes}
    lines = [API_HEAD]
    group = ""
    with ENDPOINTS.open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["group"] != group:
                group = row["group"]
                lines += [
                    f"\n## {group}\n",
                    "| Operation | Request | Query | Answers | What | Served by |",
                    "| --- | --- | --- | --- | --- | --- |",
                ]
            route = served.pop((row["method"], _shape(row["path"])), None)
            answers = row["success_codes"] + (
                f"; {row['error_codes']}" if row["error_codes"] else ""
            )
            query = ", ".join(f"`{one}`" for one in row["query_params"].split(",") if one)
            lines.append(
                f"| {row['operation']} | {row['method']} `{row['path']}` | {query} | {answers} "
                f"| {route.summary if route else ''} | {_place(route)} |"
            )
    lines += [
        "\n## gorae's own, and what the description leaves out\n",
        "| Request | What | Served by |",
        "| --- | --- | --- |",
    ]
    for route in sorted(served.values(), key=lambda one: (one.path, one.method)):
        lines.append(f"| {route.method} `{route.path}` | {route.summary} | {_place(route)} |")
    return "\n".join(lines) + "\n"


def _shape(path: str) -> str:
    """The path without its parameters' names."""
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def _place(route: Any) -> str:
    if route is None:
        return ""
    module = route.handler.__module__.replace(".", "/") + ".py"
    return f"[{Path(module).name}](../src/{module})"


BEGIN, END = "<!-- rooms: made by `make docs` -->", "<!-- end of rooms -->"


def architecture(text: str) -> str:
    """ARCHITECTURE.md with the rooms' charters as their `__init__` has them."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{rooms()}{END}{after}"


def rooms() -> str:
    """Every room's charter, verbatim, in the order of the floors."""
    found = {}
    for path in sorted((TOP / "src/gorae").glob("*/__init__.py")):
        charter = ast.get_docstring(ast.parse(path.read_text()))
        found[path.parent.name] = (
            f"### [{path.parent.name}/](src/gorae/{path.parent.name}/)\n\n{charter}\n\n"
        )
    order = [name for floor in floors() for name in floor]
    return "".join(found[name] for name in sorted(found, key=lambda one: order.index(one)))


def floors() -> list[list[str]]:
    """The rooms of each floor, top first, as the import contract has them."""
    import tomllib

    settings = tomllib.loads((TOP / "pyproject.toml").read_text())
    contract = settings["tool"]["importlinter"]["contracts"][0]
    return [
        [name.strip("() ").removeprefix("gorae.") for name in layer.split("|")]
        for layer in contract["layers"]
    ]


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--man", type=Path)
    options.add_argument("--completions", type=Path)
    given = options.parse_args()
    if given.man:
        write(given.man, manuals())
    if given.completions:
        write(given.completions, completions())
    if not (given.man or given.completions):
        (TOP / "docs/api.md").write_text(api())
        page = TOP / "ARCHITECTURE.md"
        page.write_text(architecture(page.read_text()))


if __name__ == "__main__":
    main()
