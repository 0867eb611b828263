"""A virtual clock for many threads: time passes only while all of them sleep, and then just to the first that wakes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

__all__ = ["SteppedClock"]

QUIET = 0.05
"""Real seconds without a question to the clock after which everybody is taken to be asleep."""


class SteppedClock:
    """Unlike `VirtualClock`, a sleeper does not carry the others along: who is at work loses no time to who sleeps."""

    def __init__(self, start: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)) -> None:
        self._changed = threading.Condition()
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[float] = []
        self._questions = 0
        self._ended = False

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        with self._changed:
            self._questions += 1
            return self._elapsed

    def sleep_until(self, moment: float) -> None:
        with self._changed:
            self._questions += 1
            self._sleepers.append(moment)
            self._changed.wait_for(lambda: self._elapsed >= moment or self._ended)
            self._sleepers.remove(moment)
            self._questions += 1

    @contextmanager
    def running(self) -> Iterator[None]:
        """Within the block time passes; at its end all sleepers wake."""
        stepper = threading.Thread(target=self._step, daemon=True)
        stepper.start()
        try:
            yield
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
            stepper.join()

    def _step(self) -> None:
        with self._changed:
            while not self._ended:
                before = self._questions
                self._changed.wait(QUIET)
                if self._sleepers and self._questions == before:
                    self._elapsed = max(self._elapsed, min(self._sleepers))
                    self._changed.notify_all()
