"""The wheels and sdists of this checkout, built once in a run of the tests."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

__all__ = ["ROOT", "built_distributions", "project_folders"]

ROOT = Path(__file__).resolve().parent.parent.parent


def project_folders() -> list[Path]:
    """The folders of all distributions: the SDK, the devkit, then the plugins by name."""
    return [ROOT, ROOT / "devkit", *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]


def built_distributions(temporary: pytest.TempPathFactory) -> Path:
    """The folder with all wheels and sdists, as `python3 tools/dev.py build FOLDER` writes them; needs no network."""
    base = temporary.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base  # Of several test processes one builds.
    folder = shared / "distributions"
    with (shared / "distributions.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            part = shared / "distributions.part"
            ran = subprocess.run(
                [sys.executable, str(ROOT / "tools" / "distributions.py"), str(part)],
                check=False,
                capture_output=True,
                text=True,
            )
            assert ran.returncode == 0, ran.stdout + ran.stderr
            part.rename(folder)
    return folder
