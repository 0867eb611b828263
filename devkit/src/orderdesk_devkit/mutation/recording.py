"""The pytest plugins of a run: which tests run and in which order, which failed first, and what each reaches."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path

import pytest
from attrs import define, field, frozen
from coverage import Coverage

from orderdesk_devkit.mutation.profile import FileLines, SuiteProfile, SuiteTest

__all__ = ["ChosenTests", "FirstFailure", "ReachedLines"]

_TEST, _FIXTURE = "test:", "fixture:"
"""What the name of a context begins with."""
_BETWEEN = "between tests"
_STARTS_A_PROCESS = frozenset(("os.fork", "os.posix_spawn", "os.spawn", "subprocess.Popen"))


@frozen(eq=False)  # pytest keeps plugins in sets.
class ChosenTests:
    """Runs these tests, in this order, after any that the unchanged plugin does not have.

    Args:
        order: ids.
        known: all ids of the unchanged plugin.
    """

    order: Sequence[str]
    known: frozenset[str]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what is not chosen, and sort the others."""
        places = {name: place for place, name in enumerate(self.order)}
        left_out = [item for item in items if item.nodeid in self.known and item.nodeid not in places]
        items[:] = sorted(
            (item for item in items if item.nodeid in places or item.nodeid not in self.known),
            key=lambda item: places.get(item.nodeid, -1),
        )
        config.hook.pytest_deselected(items=left_out)


@define(eq=False)  # pytest keeps plugins in sets.
class FirstFailure:
    """Remembers which test failed first, and how.

    Args:
        at_end: called with the exit code before pytest tidies up, which a process that is ended anyway can leave out.
    """

    at_end: Callable[[int], object]
    test: str | None = None
    message: str = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Every test that was to run has run."""
        self.at_end(exitstatus)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Of a test: its name."""
        if report.failed and self.test is None:
            self.test = report.nodeid.rpartition("::")[2]
            self.message = _message(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Of a file that could not be imported: that it was its import."""
        if report.failed and self.test is None:
            self.test = "the import of the plugin"
            self.message = _message(report)


def _message(report: pytest.TestReport | pytest.CollectReport) -> str:
    lines = [line for line in report.longreprtext.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


@define(eq=False)
class ReachedLines:
    """Records how long each test takes, and which lines of a package it and the set-up of its fixtures reach.

    Args:
        package: the folder of the package.
        modules: its modules by their files; they are imported first, for what an import runs is of no test.
    """

    package: Path
    modules: Mapping[Path, str]
    _coverage: Coverage = field(init=False)
    _context: str = field(init=False, default="")
    _seconds: dict[str, float] = field(init=False, factory=dict)
    _of_calls: dict[str, float] = field(init=False, factory=dict)
    _skipped: dict[str, str] = field(init=False, factory=dict)
    _fixtures: dict[str, set[str]] = field(init=False, factory=dict)
    _with_processes: set[str] = field(init=False, factory=set)

    def start(self) -> None:
        """Record from now on, beginning with the import of the modules."""
        self._coverage = Coverage(data_file=None, config_file=False, include=[f"{self.package}/*"], messages=False)
        self._coverage.set_option("run:core", "ctrace")  # The only one that knows contexts.
        self._coverage.start()
        for name in self.modules.values():
            importlib.import_module(name)
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _: tuple[object, ...]) -> None:
        if event in _STARTS_A_PROCESS:
            self._with_processes.add(self._context)

    def _switch(self, context: str) -> None:
        self._context = context
        self._coverage.switch_context(context)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """What runs now is of this test."""
        self._fixtures[item.nodeid] = set(getattr(item, "fixturenames", ()))
        self._switch(f"{_TEST}{item.nodeid}")
        try:
            return (yield)
        finally:
            self._switch(_BETWEEN)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """What runs now is of all tests that use this fixture: it may remember what it made for the first of them."""
        before = self._context
        self._fixtures.setdefault(request.node.nodeid, set()).add(fixturedef.argname)
        self._switch(f"{_FIXTURE}{fixturedef.argname}")
        try:
            return (yield)
        finally:
            self._switch(before)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up the time of a test."""
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration
        if report.when == "call":
            self._of_calls[report.nodeid] = report.duration
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self._skipped[report.nodeid] = reason.removeprefix("Skipped: ")

    def profile(self) -> SuiteProfile:
        """What was recorded. Ends the recording."""
        self._coverage.stop()
        tests = tuple(
            SuiteTest(
                name,
                self._of_calls.get(name, 0.0),
                seconds,
                self._uses(name, self._with_processes),
                self._skipped.get(name),
            )
            for name, seconds in self._seconds.items()
        )
        return SuiteProfile(tests, {path.resolve(): self._lines_of(path) for path in self.modules})

    def _lines_of(self, path: Path) -> FileLines:
        _, statements, _, missing, _ = self._coverage.analysis2(str(path))
        contexts = self._coverage.get_data().contexts_by_lineno(str(path.resolve()))
        reached = {line: set(names) for line, names in contexts.items()}
        return FileLines(
            frozenset(statements),
            frozenset(missing),
            frozenset(line for line, names in reached.items() if "" in names),
            {line: frozenset(self._tests_of(names)) for line, names in reached.items()},
        )

    def _tests_of(self, contexts: set[str]) -> list[str]:
        return [name for name in self._seconds if self._uses(name, contexts)]

    def _uses(self, test: str, contexts: set[str]) -> bool:
        fixtures = self._fixtures.get(test, set())
        return f"{_TEST}{test}" in contexts or any(f"{_FIXTURE}{name}" in contexts for name in fixtures)
