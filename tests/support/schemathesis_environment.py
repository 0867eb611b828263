"""An environment of its own for schemathesis, whose pins are others than ours; made once, and kept beside .venv."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from orderdesk_devkit.testing.report_keys import FUZZ_SKIP

__all__ = ["run_schemathesis"]

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / ".venv-schemathesis"
CONSTRAINTS = ROOT / "tests" / "web" / "constraints-schemathesis.txt"
INSTALL_WITHIN = 300
"""Seconds that pip may take."""


def run_schemathesis(arguments: list[str], cwd: Path, within: float) -> subprocess.CompletedProcess[str]:
    """Run `schemathesis` in a folder, where it finds its hooks.

    Skips the test, aloud, where it is not there and cannot be installed.
    """
    program = _environment() / "bin" / "schemathesis"
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(cwd), "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(
        [str(program), *arguments],
        cwd=cwd,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=within,
    )


def _environment() -> Path:
    """The folder of the environment, which is made where there is none of these very pins."""
    digest = hashlib.sha256(CONSTRAINTS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = FOLDER / digest
    ready = folder / "ready"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Of several test processes one makes it.
        if not ready.exists():
            _make(folder)
            ready.touch()
    return folder


def _make(folder: Path) -> None:
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True, capture_output=True)
        subprocess.run(
            [*pip, "--constraint", str(CONSTRAINTS), "schemathesis"],
            check=True,
            capture_output=True,
            text=True,
            timeout=INSTALL_WITHIN,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError) as error:
        pytest.skip(f"{FUZZ_SKIP}schemathesis cannot be installed ({type(error).__name__})")
