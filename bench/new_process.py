"""What a fresh Python prints: nothing is imported or cached from an earlier measurement."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bench.loopback import quiet_environment

__all__ = ["run_in_new_process"]


def run_in_new_process(code: str, *, path: Path | None = None) -> list[float]:
    """The numbers that `code` prints, one a line. path: a directory put in front of its sys.path; None: none."""
    environment = quiet_environment() | ({"PYTHONPATH": str(path)} if path is not None else {})
    # Started elsewhere, so that the checkout is found the way an installation is, not as the current directory.
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tempfile.gettempdir(),
        env=environment,
        check=False,
    )
    if ran.returncode != 0:
        raise RuntimeError(f"a fresh Python failed:\n{ran.stderr}")
    return [float(line) for line in ran.stdout.split()]
