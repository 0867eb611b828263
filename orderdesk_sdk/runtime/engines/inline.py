"""The inline engine: a loop in this process, which looks into the ledger. A wake is only why it looks at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.runtime.scheduler import RunReport

__all__ = ["InProcessEngine"]

MIN_PAUSE = 0.05
"""Seconds between two rounds at least, however many wakes come."""


class InProcessEngine:
    """Does round after round.

    Args:
        run_once: does a round and raises nothing; None where the round could not be done.
        every: seconds between two looks for what other processes recorded.
    """

    def __init__(
        self, run_once: Callable[[], RunReport | None], clock: Clock, stop: threading.Event, every: float = 1.0
    ) -> None:
        self._run_once = run_once
        self._clock = clock
        self._stop = stop
        self._every = every
        self._woken = threading.Event()

    def wake(self, case_id: str, attempt: int, at: datetime) -> None:  # noqa: ARG002 - the ledger says what is due
        """Look at this time at the latest."""
        if at <= self._clock.now():
            self._woken.set()

    def run(self) -> None:
        """Do rounds until `stop` is set."""
        while not self._stop.is_set():
            self._woken.clear()
            report = self._run_once()
            self._stop.wait(MIN_PAUSE)
            self._wait(report.next_due if report is not None else None)

    def _wait(self, due: datetime | None) -> None:
        """Return when the next case is due, something woke, or other processes are to be looked after."""
        until = time.monotonic() + self._every
        while not (self._stop.is_set() or self._woken.wait(MIN_PAUSE)):
            if time.monotonic() >= until or (due is not None and due <= self._clock.now()):
                return
