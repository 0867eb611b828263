"""The conformance tests of a plugin, run as its author runs them: by pytest, in the plugin's folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from orderdesk_devkit.quality.checks_tests import conformance_files
from orderdesk_devkit.quality.plugin_folder import PluginFolder
from orderdesk_devkit.quality.suite_result import FailedTest, SuiteResult, UntestedPart

__all__ = ["LONGEST_RUN", "run_conformance_tests"]

LONGEST_RUN = 3600.0
"""Seconds that they may take."""
_SHOWN = 500
"""Characters of what pytest said, where it could not begin."""


def run_conformance_tests(folder: PluginFolder, timeout: float = LONGEST_RUN) -> SuiteResult:
    """How the tests ended; nothing ran where the plugin has none, or where an integration of it cannot be used.

    Args:
        timeout: seconds.
    """
    files = conformance_files(folder)
    if not files or len(folder.usable) < len(folder.integrations):
        return SuiteResult()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="orderdesk-tests-") as beside:
        result = Path(beside) / "result.json"
        said = _run([str(result), *(str(file.resolve()) for file in files)], folder, Path(beside), timeout)
        if not result.exists():
            return SuiteResult(failed=(FailedTest(folder.file("tests"), said),), seconds=time.monotonic() - began)
        told = json.loads(result.read_text(encoding="utf-8"))
    return SuiteResult(
        told["passed"],
        told["skipped"],
        tuple(FailedTest(**one) for one in told["failed"]),
        tuple(UntestedPart(**one) for one in told["untested"]),
        time.monotonic() - began,
    )


def _run(arguments: Sequence[str], folder: PluginFolder, beside: Path, timeout: float) -> str:
    """What the process did, for where it wrote no result."""
    module = "orderdesk_devkit.quality.suite_process"
    output = beside / "output.txt"
    with output.open("wb") as file:
        try:
            ran = subprocess.run(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", module, *arguments],
                cwd=folder.path,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"the tests did not end within {timeout:g} s"
    said = output.read_text(encoding="utf-8", errors="replace").strip()[-_SHOWN:]
    return f"the process of the tests ended with exit code {ran.returncode}: {said}"
