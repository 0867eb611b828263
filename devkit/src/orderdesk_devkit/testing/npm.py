"""A vendor's own JavaScript client, as judge of a simulator: fetched by npm at test time, never committed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from orderdesk_devkit.testing.report_keys import LOUD

__all__ = ["npm_package", "run_node"]

FETCHING = 300
"""Seconds that npm may take."""
RUNNING = 60
"""Seconds that a script may take."""


def npm_package(cache: pytest.Cache, name: str, version: str) -> Path:
    """A folder whose node_modules hold the package; fetched on first use, and kept in pytest's cache.

    Skips the test, aloud, where node or npm is missing, or npm cannot fetch it.
    """
    folder = cache.mkdir(f"{name}-{version}")
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip(f"{LOUD}node and npm are not installed, so there is no {name}")
    complete = folder / "complete"
    if not complete.exists():  # An interrupted npm leaves packages that only look whole.
        flags = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", "."]
        try:
            subprocess.run(  # noqa: S603 - what a test names, with no shell between
                [npm, "install", *flags, f"{name}@{version}"],
                cwd=folder,
                check=True,
                capture_output=True,
                text=True,
                timeout=FETCHING,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"{LOUD}npm cannot fetch {name} {version} ({type(error).__name__})")
        complete.touch()
    return folder


def run_node(folder: Path, script: Path, given: object) -> object:
    """What a script prints as JSON, given JSON on its input; it finds the packages in `folder`, and no proxy."""
    environ = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    run = subprocess.run(  # noqa: S603 - a test's own script, with no shell between
        [shutil.which("node") or "node", str(script)],
        input=json.dumps(given),
        env={**environ, "NODE_PATH": str(folder / "node_modules"), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=RUNNING,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said: object = json.loads(run.stdout)
    return said
