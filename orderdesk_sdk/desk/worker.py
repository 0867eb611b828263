"""Ticking: a desk's due work is done round after round, whatever happens in one of them.

    worker = threading.Thread(target=tick, args=(desk, stop, logging.error))

A full disk, a locked ledger, an order store that is away: what keeps a round from being done passes, or is mended, and
then the next one does it. Each problem is told when it comes, and again only when it has been gone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from threading import Event

from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError, in_words
from orderdesk_sdk.runtime.scheduler import Report

__all__ = ["Rounds", "tick"]


class Rounds:
    """The rounds of a desk. tell: called with each new problem, one line; what it raises is ignored."""

    def __init__(self, desk: Desk, tell: Callable[[str], object]) -> None:
        self._desk = desk
        self._tell = tell
        self._known: frozenset[str] = frozenset()
        self.problems: tuple[str, ...] = ()
        """Those of the last round."""

    def go(self) -> Report | None:
        """Do what is due; None where the round could not be done. Raises nothing."""
        try:
            report = self._desk.run_due()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and what is due stays due
            self.note([str(error) if isinstance(error, OrderDeskError) else in_words(error)])
            return None
        self.note(report.problems)
        return report

    def note(self, problems: Sequence[str]) -> None:
        """Tell those that were not among the last ones."""
        for problem in dict.fromkeys(problems):
            if problem not in self._known:
                with contextlib.suppress(Exception):  # Whoever cannot be told must not keep the work from being done.
                    self._tell(problem)
        self.problems, self._known = tuple(problems), frozenset(problems)


def tick(desk: Desk, stop: Event, tell: Callable[[str], object], every: float = 1.0) -> None:
    """Do what is due until `stop` is set: then what is under way is finished, and nothing new is begun.

    every: seconds between two looks. tell: as for `Rounds`. Raises nothing.
    """
    rounds = Rounds(desk, tell)
    with desk.ending_on(stop):
        while not stop.is_set():
            rounds.go()
            stop.wait(every)
