"""The pytest plugin: says in the terminal summary, aloud, which checks against a vendor's own files did not run.

Registered under `pytest11` as `orderdesk`. It imports nothing of the SDK, so a test run pays nothing for having it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

__all__ = ["LOUD", "pytest_terminal_summary"]

LOUD = "not checked against the vendor: "
"""How the reason of a skip begins that must not go unseen."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One yellow line per reason, however quiet the run is."""
    counts: dict[str, int] = {}
    for report in terminalreporter.getreports("skipped"):
        # (path, line, "Skipped: reason") for a skip; a text in other cases.
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        _, loud, rest = reason.partition(LOUD)
        if loud:
            counts[rest] = counts.get(rest, 0) + 1
    for rest, count in counts.items():
        terminalreporter.write_line(f"WARNING: {count} skipped, {LOUD}{rest}", yellow=True)
