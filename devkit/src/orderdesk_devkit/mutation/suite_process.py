"""The suite in a process of its own, which finds a mutant in place of the plugin, and is ended with all its children.

Where processes can be forked, each is forked from one that has imported pytest, the SDK and the suite already;
elsewhere it starts anew. What the plugin itself keeps is of one process, so no mutant sees another.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from attrs import frozen

from orderdesk_devkit.mutation.mutants import Mutant
from orderdesk_devkit.mutation.profile import SuiteProfile
from orderdesk_devkit.mutation.replaced_module import replace_module

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

__all__ = ["ChosenOrder", "Recorded", "SuiteJob", "SuiteOutcome", "run_suite"]

FEW = ("--fuzz", "5")
"""As many random replies and places of death as find a mistake; the suite's own run has more."""
_PRELOADED = "orderdesk_devkit.mutation.preload"
_SOURCE = "mutant.txt"
_SITE_CUSTOMIZE = """\
from pathlib import Path
from orderdesk_devkit.mutation.replaced_module import replace_module
replace_module({module!r}, Path({source!r}))
"""


@frozen
class ChosenOrder:
    """Which tests are run, in which order, of those that the suite has for the unchanged plugin. All are ids."""

    order: tuple[str, ...]
    known: frozenset[str]


@frozen
class Recorded:
    """The package whose lines are recorded: its folder, and its modules by their files."""

    package: Path
    modules: dict[Path, str]


@frozen
class SuiteJob:
    """One run.

    Args:
        tests: the file of the conformance tests.
        mutant: what takes the place of the plugin's module; None: the plugin as it is.
        chosen: None runs all tests.
        recorded: None records nothing.
    """

    tests: Path
    mutant: Mutant | None = None
    chosen: ChosenOrder | None = None
    recorded: Recorded | None = None


@frozen
class SuiteOutcome:
    """How a run ended.

    Args:
        is_ok: no test failed.
        failed: the test that failed first; None where none did.
        message: the last line of what it said.
    """

    is_ok: bool
    failed: str | None
    message: str
    profile: SuiteProfile | None


def run_suite(job: SuiteJob, timeout: float) -> SuiteOutcome | None:
    """One run, ended at its first failure; None where it did not end in `timeout` seconds."""
    context = _context()
    context.set_forkserver_preload(["__main__", _PRELOADED])
    with TemporaryDirectory(prefix="orderdesk-mutant-", ignore_cleanup_errors=True) as folder:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(job, Path(folder), dict(os.environ), theirs))
        process.start()
        theirs.close()
        try:
            return ours.recv() if ours.poll(timeout) else None
        except EOFError:  # The process ended before it said anything.
            return SuiteOutcome(False, "the end of its process", "the process of the suite ended", None)
        finally:
            _end_with_children(process)
            ours.close()


def _context() -> ForkServerContext | SpawnContext:
    if "forkserver" in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("forkserver")
    return multiprocessing.get_context("spawn")


def _end_with_children(process: BaseProcess) -> None:
    with suppress(ProcessLookupError):
        if process.pid is not None and hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def _run(job: SuiteJob, folder: Path, environment: dict[str, str], result: Connection) -> None:
    """What the process does, in an environment that may have changed since what it was forked from was started."""
    os.environ.clear()
    os.environ.update(environment)
    if hasattr(os, "setsid"):
        os.setsid()
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    if job.mutant is not None:
        _replace(job.mutant, folder)
    _run_tests(job, folder, result.send)


def _replace(mutant: Mutant, folder: Path) -> None:
    """Let this process, and every one that it starts, have the mutant."""
    source = folder / _SOURCE
    source.write_text(mutant.source, encoding="utf-8")
    (folder / "sitecustomize.py").write_text(
        _SITE_CUSTOMIZE.format(module=mutant.module, source=str(source)), encoding="utf-8"
    )
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    if mutant.module in sys.modules:
        raise RuntimeError(f"{mutant.module} is imported already")
    replace_module(mutant.module, source)


def _run_tests(job: SuiteJob, folder: Path, send: Callable[[SuiteOutcome], object]) -> None:
    import pytest

    from orderdesk_devkit.mutation.recording import ChosenTests, FirstFailure, ReachedLines

    recorder = None if job.recorded is None else ReachedLines(job.recorded.package, job.recorded.modules)

    def tell(code: int) -> None:
        # A mutant may have fewer tests than the plugin, none among them: nothing has failed then.
        is_ok = code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        failed = None if is_ok else failure.test or "the end of its process"
        send(SuiteOutcome(is_ok, failed, failure.message, recorder.profile() if recorder is not None else None))

    failure = FirstFailure(tell)
    plugins: list[object] = [failure]
    if job.chosen is not None:
        plugins.append(ChosenTests(job.chosen.order, job.chosen.known))
    if recorder is not None:
        recorder.start()
        plugins.append(recorder)
    # Rewritten asserts tell more, which nobody reads here, and modules that are imported already cannot be rewritten.
    quiet = ("-x", "-q", "--tb=line", "--assert=plain", "-p", "no:cacheprovider", "--basetemp", str(folder / "tmp"))
    tell(pytest.main([str(job.tests), *quiet, *FEW], plugins))  # Again, for a session that could not begin.
