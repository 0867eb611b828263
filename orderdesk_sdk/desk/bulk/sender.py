"""The sender of a bulk: what is due is sent on a thread of its own, in the fair rounds of the scheduler."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.runtime.due_round import RoundObserver
from orderdesk_sdk.runtime.scheduler import RunReport

__all__ = ["BulkSender"]

MAX_UNREAD = 1000
"""Handled cases that nobody has asked about: beyond that nothing new is begun, so that memory is bounded."""
IDLE_PAUSE = 0.05
"""Seconds between two rounds while nothing is due."""
PROBLEM_PAUSE = 1.0
"""Seconds after a round in which something went wrong."""
MAX_FRUITLESS_ROUNDS = 5
"""Rounds in a row with problems and nothing handled, after which it ends: what is due stays due."""
_PUT_TIMEOUT = 0.1


class BulkSender:
    """Runs rounds within the block, and follows them (a `RoundObserver`).

    Args:
        run_due: does a round.
        is_ending: whether the desk ends.
    """

    def __init__(self, run_due: Callable[[RoundObserver], RunReport], is_ending: Callable[[], bool]) -> None:
        self._run_due = run_due
        self._is_ending = is_ending
        self._stop = threading.Event()
        self._handled: queue.Queue[CancelCase] = queue.Queue(MAX_UNREAD)
        self._thread = threading.Thread(target=self._run, name="orderdesk bulk", daemon=True)
        self.problems: tuple[str, ...] = ()
        """Those of the last round, a line each."""
        self.error: Exception | None = None
        """What kept the last round from being done."""
        self.round = 0
        """The number of the present round, or the last one."""
        self.idle_round = 0
        """The number of the last round that found nothing to do; 0: none yet."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def is_stopped(self) -> bool:
        """Whether the round is to end now."""
        return self._stop.is_set()

    @property
    def is_running(self) -> bool:
        """Whether rounds are still run."""
        return self._thread.is_alive()

    def on_handled(self, cases: Sequence[Case]) -> None:
        """Keep the cases for `handled`, and wait where nobody takes them."""
        for case in cases:
            while isinstance(case, CancelCase) and not self._stop.is_set():
                with suppress(queue.Full):
                    self._handled.put(case, timeout=_PUT_TIMEOUT)
                    break

    def handled(self, wait: float) -> Iterator[CancelCase]:
        """The cancel cases that were handled since the last call, as they were before; waits for the first one.

        Args:
            wait: seconds to wait for it.
        """
        with suppress(queue.Empty):
            yield self._handled.get(timeout=wait) if wait else self._handled.get_nowait()
            while True:
                yield self._handled.get_nowait()

    def _run(self) -> None:
        fruitless = 0
        while not (self._stop.is_set() or self._is_ending()) and fruitless < MAX_FRUITLESS_ROUNDS:
            self.round, handled = self.round + 1, 0
            try:
                report = self._run_due(self)
            except Exception as error:  # noqa: BLE001 - told by whoever reads the results; what is due stays due
                self.error, self.problems = error, (str(error),)
            else:
                self.error, self.problems, handled = None, report.problems, report.handled
            if not handled and not self.problems:
                self.idle_round = self.round
            fruitless = fruitless + 1 if self.problems and not handled else 0
            self._stop.wait(PROBLEM_PAUSE if fruitless else 0 if handled else IDLE_PAUSE)
