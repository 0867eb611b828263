"""What npm has and a test is judged by, as a vendor's own JavaScript client: fetched at test time, never committed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from orderdesk_devkit.testing.report_keys import VENDOR_SKIP

__all__ = ["npm_package", "run_node"]

FETCH_TIMEOUT = 300
"""Seconds that npm may take."""
RUN_TIMEOUT = 60
"""Seconds that a script may take."""


def npm_package(cache: pytest.Cache, name: str, version: str, *, skip: str = VENDOR_SKIP) -> Path:
    """A folder whose node_modules hold the package; fetched on first use, and kept in pytest's cache.

    Skips the test, aloud, where node or npm is missing, or npm cannot fetch it.

    Args:
        skip: which of LOUD_SKIPS is said then.
    """
    folder = cache.mkdir(f"{name}-{version}")
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip(f"{skip}node and npm are not installed, so there is no {name}")
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
                timeout=FETCH_TIMEOUT,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"{skip}npm cannot fetch {name} {version} ({type(error).__name__})")
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
        timeout=RUN_TIMEOUT,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said: object = json.loads(run.stdout)
    return said
