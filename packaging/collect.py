"""Copy the package and the Python distributions of a lock file: `collect.py SRC LOCK TARGET`.

TARGET/gorae is the package, TARGET/site what it stands on. Only files that a distribution itself records are taken.
"""

import importlib.metadata
import shutil
import sys
from pathlib import Path


def main(source: str, lock: str, target: str) -> None:
    shutil.copytree(
        Path(source) / "gorae",
        Path(target) / "gorae",
        ignore=shutil.ignore_patterns("__pycache__", "*.pyc"),
    )
    site = Path(target) / "site"
    for line in Path(lock).read_text().splitlines():
        name = line.partition("==")[0].strip()
        if name and not name.startswith("#"):
            copy_distribution(importlib.metadata.distribution(name), site)


def copy_distribution(distribution: importlib.metadata.Distribution, site: Path) -> None:
    """Its modules and metadata; programs (paths that lead out of the folder) and compiled files are left."""
    for file in distribution.files or ():
        if ".." in file.parts or "__pycache__" in file.parts:
            continue
        to = site / file
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file.locate(), to)


main(*sys.argv[1:])
