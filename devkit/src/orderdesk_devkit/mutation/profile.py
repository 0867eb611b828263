"""What a run of the unchanged plugin tells: how long each test of its suite takes, and which lines it reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

__all__ = ["FileLines", "SuiteProfile", "SuiteTest"]


@frozen
class SuiteTest:
    """A test of the suite.

    Args:
        id: pytest's own.
        seconds: of itself.
        all_seconds: with the set-up of its fixtures, of which some remember what they made for an earlier test.
        uses_processes: it starts other processes, or uses a fixture that does; what those reach is not known.
        skipped: why it was skipped; None where it ran.
    """

    id: str
    seconds: float
    all_seconds: float
    uses_processes: bool = False
    skipped: str | None = None

    @property
    def name(self) -> str:
        """Its function, with the parameters."""
        return self.id.rpartition("::")[2]


@frozen
class FileLines:
    """The lines of a file, from 1.

    Args:
        statements: the first line of each statement that can run.
        missing: those of them that nothing has reached.
        imported: what ran by the import, before any test.
        tests: by line, the ids of the tests that reach it.
    """

    statements: frozenset[int]
    missing: frozenset[int]
    imported: frozenset[int]
    tests: Mapping[int, frozenset[str]]


@frozen
class SuiteProfile:
    """All tests of a suite, and by file of the plugin what they reach."""

    tests: tuple[SuiteTest, ...]
    files: Mapping[Path, FileLines]

    def tests_of(self, file: Path, lines: Sequence[int]) -> tuple[SuiteTest, ...]:
        """The tests that may see a change in these lines, in the order in which they find it soonest.

        What runs by the import is for all tests. Tests with other processes are the last, and are among them wherever
        another test is. None where no test reaches the lines.
        """
        found = self.files.get(file.resolve())
        able = [test for test in self.tests if test.skipped is None]
        if found is not None and found.imported.isdisjoint(lines):
            ids = {name for line in lines for name in found.tests.get(line, ())}
            able = [test for test in able if test.id in ids or (ids and test.uses_processes)]
        # One that was skipped may run for a mutant, and costs nothing where it does not.
        skipped = [test for test in self.tests if test.skipped is not None] if able else []
        return (*skipped, *sorted(able, key=lambda test: (test.uses_processes, test.seconds)))

    def slow_tests(self, share: float) -> frozenset[str]:
        """The ids of the slowest tests, which take this share of the time of all."""
        left = share * sum(test.seconds for test in self.tests)
        found = set()
        for test in sorted(self.tests, key=lambda test: test.seconds, reverse=True):
            left -= test.seconds
            if left < 0:
                break
            found.add(test.id)
        return frozenset(found)

    @property
    def reached_share(self) -> float:
        """The statements that the suite reaches among all of the plugin, 0 to 1."""
        made = sum(len(lines.statements) for lines in self.files.values())
        missing = sum(len(lines.missing) for lines in self.files.values())
        return (made - missing) / made if made else 1.0

    @property
    def missing_lines(self) -> tuple[tuple[Path, int, int], ...]:
        """The lines that no test reaches: file, first and last one of each run of statements."""
        return tuple(
            (path, first, last) for path, lines in sorted(self.files.items()) for first, last in _runs_of(lines)
        )


def _runs_of(lines: FileLines) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    is_open = False
    for line in sorted(lines.statements):
        if line not in lines.missing:
            is_open = False
        elif is_open:
            runs[-1] = (runs[-1][0], line)
        else:
            runs.append((line, line))
            is_open = True
    return runs
