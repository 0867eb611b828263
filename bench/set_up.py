"""What the first command in a clone takes before it runs, over installing the same libraries alone."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure, Scale, compare
from bench.loopback import ROOT

__all__ = ["set_up"]

FIRST_COMMAND = "import sys; sys.path.insert(0, 'tools'); import dev; dev.ensure_environment('demo')"


def set_up(effort: Scale) -> Iterator[Figure]:
    """Only in a full run: it needs a package index, and a minute."""
    if not effort.full:
        return
    with tempfile.TemporaryDirectory(prefix="orderdesk-bench-") as name:
        clone, alone = Path(name) / "clone", Path(name) / "alone"
        _run("git", "clone", "--quiet", "--local", str(ROOT), str(clone))
        ours = _seconds(sys.executable, "-c", FIRST_COMMAND, folder=clone)
        names = _run(str(clone / ".venv" / "bin" / "python"), "-m", "pip", "freeze", "--exclude-editable")
        (Path(name) / "libraries.txt").write_text(names, encoding="utf-8")
        yardstick = _seconds(sys.executable, "-m", "venv", str(alone))
        install = ("-m", "pip", "install", "--quiet", "-r", str(Path(name) / "libraries.txt"))
        yardstick += _seconds(str(alone / "bin" / "python"), *install)
    against = "a virtual environment with the same libraries"
    yield compare("setting up `tools/dev.py demo` in a clone", "s", against, [ours], [yardstick])


def _seconds(*command: str, folder: Path = ROOT) -> float:
    began = time.perf_counter()
    _run(*command, folder=folder)
    return time.perf_counter() - began


def _run(*command: str, folder: Path = ROOT) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout
