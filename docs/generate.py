"""Make the documents that are made from code: `generate.py` rewrites docs/api.md and ARCHITECTURE.md's rooms.

generate.py --man DIR            manual pages below DIR
generate.py --completions DIR    completion scripts, where each shell looks for them below DIR
"""

import argparse
import sys
from pathlib import Path

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


if __name__ == "__main__":
    main()
