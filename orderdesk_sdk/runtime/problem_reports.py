"""Tells somebody of the problems of round after round, whatever becomes of whoever is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger

__all__ = ["ProblemReports"]

_log = RoomLogger("runtime")


class ProblemReports:
    """Reports each problem when it comes, and again only when it has been gone.

    Args:
        report: called with each new problem, one line; what it raises is logged.
    """

    def __init__(self, report: Callable[[str], object]) -> None:
        self._report = report
        self.last: tuple[str, ...] = ()
        """Those of the last round, a line each."""

    def update(self, problems: Sequence[str]) -> None:
        """Take the problems of a round, and report those that were not among the last ones. Raises nothing."""
        new = [problem for problem in dict.fromkeys(problems) if problem not in self.last]
        self.last = tuple(problems)
        for problem in new:
            try:
                self._report(problem)
            except Exception as error:  # noqa: BLE001 - whoever cannot be told must not keep the work from being done
                _log.warning("a problem could not be reported (%s)", type(error).__name__, about=LogSubject())
