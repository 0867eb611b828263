"""The conformance suite against one mutant: in a process of its own, which finds the mutant in place of the plugin."""

from __future__ import annotations

import enum
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen

from orderdesk_devkit.mutation.mutants import Mutant
from orderdesk_sdk.errors import ConfigurationError

__all__ = ["Fate", "MutantResult", "SuiteRun", "run_mutant", "run_unchanged"]

FEW = ("--fuzz", "5")
"""As many random replies and places of death as find a mistake; the suite's own run has more."""
_NO_MISTAKES = 0
_FAILED = re.compile(r"^(?:FAILED|ERROR) \S*::(\S+)", re.MULTILINE)
_SITE_CUSTOMIZE = """\
from pathlib import Path
from orderdesk_devkit.mutation.replaced_module import replace_module
replace_module({module!r}, Path({source!r}))
"""


class Fate(enum.Enum):
    """What became of a mutant."""

    KILLED = "killed"
    """A test failed."""
    TIMED_OUT = "timed out"
    """The suite did not end in several times the time that it needs: somebody would notice."""
    SURVIVED = "survived"
    """Every test passed."""
    NOT_TRIED = "not tried"
    """The budget was used up before."""


@frozen
class MutantResult:
    """What became of a mutant.

    Args:
        test: that failed first; None where none did.
    """

    mutant: Mutant
    fate: Fate
    test: str | None = None


@frozen
class SuiteRun:
    """How the suite of a plugin is run.

    Args:
        tests: the file of its conformance tests.
        timeout: seconds after which a run is given up.
    """

    tests: Path
    timeout: float


def run_unchanged(tests: Path, timeout: float) -> float:
    """The seconds that the suite takes for the plugin as it is. Raises ConfigurationError where it does not pass."""
    begun = time.monotonic()
    with _start_up_folder(None) as folder:
        ended = _run(folder, tests, timeout)
    if ended is None or ended.returncode != _NO_MISTAKES:
        told = "did not end" if ended is None else ended.stdout.strip().splitlines()[-1]
        raise ConfigurationError(
            f"the suite does not pass for the plugin as it is: {told}",
            location=str(tests),
            hint=f"run `python -m pytest {tests}` and mend what it tells",
        )
    return time.monotonic() - begun


def run_mutant(suite: SuiteRun, mutant: Mutant) -> MutantResult:
    """What the suite says of a mutant."""
    with _start_up_folder(mutant) as folder:
        ended = _run(folder, suite.tests, suite.timeout)
    if ended is None:
        return MutantResult(mutant, Fate.TIMED_OUT)
    if ended.returncode == _NO_MISTAKES:
        return MutantResult(mutant, Fate.SURVIVED)
    failed = _FAILED.search(ended.stdout)
    return MutantResult(mutant, Fate.KILLED, failed.group(1) if failed else "the import of the plugin")


@contextmanager
def _start_up_folder(mutant: Mutant | None) -> Iterator[Path]:
    """A folder for the path of Python, whose `sitecustomize` lets every process that starts have the mutant."""
    with TemporaryDirectory(prefix="orderdesk-mutant-") as name:
        folder = Path(name)
        if mutant is not None:
            (folder / "mutant.txt").write_text(mutant.source, encoding="utf-8")
            (folder / "sitecustomize.py").write_text(
                _SITE_CUSTOMIZE.format(module=mutant.module, source=str(folder / "mutant.txt")), encoding="utf-8"
            )
        yield folder


def _run(folder: Path, tests: Path, timeout: float) -> subprocess.CompletedProcess[str] | None:
    """One run, ended at its first failure; None where it did not end in time."""
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        str(tests),
        "-x",
        "-q",
        "-rfE",
        "--tb=no",
        "-p",
        "no:cacheprovider",
        *FEW,
    ]
    process = subprocess.Popen(  # noqa: S603 - this Python and the plugin's own tests
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, start_new_session=True
    )
    try:
        out, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _end_group(process)
        return None
    return subprocess.CompletedProcess(command, process.returncode, out)


def _end_group(process: subprocess.Popen[str]) -> None:
    """End a run with all processes that it has started."""
    if os.name == "nt":
        process.kill()
    else:
        os.killpg(process.pid, 9)
    process.communicate()
