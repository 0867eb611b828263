"""Builds the wheel and the sdist of every distribution in this checkout; `python3 tools/dev.py build` runs it.

Each wheel is built from the sdist, so that what is published can be built again by whoever has it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def projects() -> list[Path]:
    """The folders of all distributions in this checkout: the SDK, the devkit, then the plugins by name."""
    return [ROOT, ROOT / "devkit", *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]


def build_project(project: Path, folder: Path) -> str | None:
    """Build one distribution into `folder`; gives what was said where that failed, else None.

    Without build isolation: the backend is in this environment, in the version that constraints.txt has.
    """
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(project)]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    return None if ran.returncode == 0 else f"{project.name}:\n{ran.stdout}{ran.stderr}"


def main(arguments: list[str]) -> int:
    """Build all into dist/, or into the folder that is named; gives 1 where one could not be built."""
    if len(arguments) > 1 or any(one.startswith("-") for one in arguments):
        print(f"build takes one folder at most, but got {' '.join(arguments)}", file=sys.stderr)
        return 2
    folder = Path(*arguments).resolve() if arguments else ROOT / "dist"
    if not arguments:
        shutil.rmtree(folder, ignore_errors=True)  # What an earlier version left would be published with the rest.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = [said for said in pool.map(lambda project: build_project(project, folder), projects()) if said]
    for said in failures:
        print(said, file=sys.stderr)
    for path in sorted(folder.iterdir()) if folder.exists() else []:
        print(path.name)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
