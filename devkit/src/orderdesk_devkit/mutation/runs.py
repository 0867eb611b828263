"""The conformance suite against one mutant, by the tests that reach its change."""

from __future__ import annotations

import enum
from pathlib import Path

from attrs import frozen

from orderdesk_devkit.mutation.mutants import Mutant, modules_of_package
from orderdesk_devkit.mutation.profile import SuiteProfile, SuiteTest
from orderdesk_devkit.mutation.suite_process import ChosenOrder, Recorded, SuiteJob, run_suite
from orderdesk_sdk.errors import ConfigurationError

__all__ = ["Fate", "MutantResult", "SuiteRun", "require_unchanged", "run_mutant", "run_unchanged"]

_TIMES_THE_TESTS = 5.0
_LEAST_TIMEOUT = 60.0


class Fate(enum.Enum):
    """What became of a mutant."""

    KILLED = "killed"
    """A test failed."""
    TIMED_OUT = "timed out"
    """The suite did not end in several times the time that it needs: somebody would notice."""
    SURVIVED = "survived"
    """Every test that reaches the change passed."""
    NOT_REACHED = "not reached"
    """No test reaches the change, so it survives untried."""
    NOT_TRIED = "not tried"
    """The budget was used up before."""


@frozen
class MutantResult:
    """What became of a mutant.

    Args:
        test: that failed first; None where none did.
        passed: the names of the tests that reach its change, where none of them failed.
    """

    mutant: Mutant
    fate: Fate
    test: str | None = None
    passed: tuple[str, ...] = ()


@frozen
class SuiteRun:
    """How the suite of a plugin is run.

    Args:
        tests: the file of its conformance tests.
        profile: what its run for the unchanged plugin told.
        left_out: ids of tests that are not run.
        least_timeout: seconds that each run may take at least, however fast its tests are.
    """

    tests: Path
    profile: SuiteProfile
    left_out: frozenset[str] = frozenset()
    least_timeout: float = _LEAST_TIMEOUT

    def timeout(self, tests: tuple[SuiteTest, ...]) -> float:
        """Seconds after which a run of these tests is given up."""
        return max(self.least_timeout, _TIMES_THE_TESTS * sum(test.all_seconds for test in tests))


def run_unchanged(tests: Path, package: Path, timeout: float) -> SuiteProfile:
    """What the suite tells of the plugin as it is. Raises ConfigurationError where it does not pass.

    Args:
        tests: the file of the conformance tests.
        package: the folder of the plugin's package.
        timeout: seconds.
    """
    outcome = run_suite(SuiteJob(tests, recorded=Recorded(package, modules_of_package(package))), timeout)
    if outcome is None or not outcome.is_ok or outcome.profile is None:
        told = "it did not end" if outcome is None else f"{outcome.failed}: {outcome.message}"
        raise ConfigurationError(
            f"the suite does not pass for the plugin as it is: {told}",
            location=str(tests),
            hint=f"run `python -m pytest {tests}` and mend what it tells",
        )
    return outcome.profile


def require_unchanged(suite: SuiteRun) -> None:
    """Raise ConfigurationError where the plugin as it is cannot be imported any more: what failed proves nothing."""
    known = frozenset(test.id for test in suite.profile.tests)
    outcome = run_suite(SuiteJob(suite.tests, chosen=ChosenOrder((), known)), suite.least_timeout)
    if outcome is None or not outcome.is_ok:
        raise ConfigurationError(
            "the plugin or the suite has changed while its mutants were tried",
            location=str(suite.tests),
            hint="run it again, and leave the files alone as long as it runs",
        )


def run_mutant(suite: SuiteRun, mutant: Mutant) -> MutantResult:
    """What the suite says of a mutant."""
    reaching = suite.profile.tests_of(mutant.file, mutant.lines)
    if not reaching:
        return MutantResult(mutant, Fate.NOT_REACHED)
    chosen = tuple(test for test in reaching if test.id not in suite.left_out)
    known = frozenset(test.id for test in suite.profile.tests)
    order = ChosenOrder(tuple(test.id for test in chosen), known)
    outcome = run_suite(SuiteJob(suite.tests, mutant, order), suite.timeout(chosen))
    if outcome is None:
        return MutantResult(mutant, Fate.TIMED_OUT)
    if not outcome.is_ok:
        return MutantResult(mutant, Fate.KILLED, outcome.failed)
    return MutantResult(mutant, Fate.SURVIVED, None, tuple(test.name for test in chosen if test.skipped is None))
