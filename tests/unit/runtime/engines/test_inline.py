"""The inline engine looks at once when something wakes it, and looks again and again where nothing does."""

from __future__ import annotations

import threading
from datetime import timedelta

from orderdesk_sdk.clock import SystemClock
from orderdesk_sdk.runtime.engines.inline import InProcessEngine
from orderdesk_sdk.runtime.scheduler import RunReport

CLOCK = SystemClock()
HOUR = timedelta(hours=1)
WITHIN = 120.0
"""Real seconds after which a test gives up; none of them waits that long."""


class Rounds:
    """Counts rounds, and stops the engine after the last one. wait_for: lets another thread wait for a round."""

    def __init__(self, last: int, next_due: timedelta | None = HOUR) -> None:
        self.stop = threading.Event()
        self.first = threading.Event()
        self.count = 0
        self._last = last
        self._next_due = next_due

    def __call__(self) -> RunReport | None:
        self.count += 1
        self.first.set()
        if self.count == self._last:
            self.stop.set()
        return None if self._next_due is None else RunReport(0, CLOCK.now() + self._next_due)


def run(engine: InProcessEngine) -> threading.Thread:
    thread = threading.Thread(target=engine.run, daemon=True)
    thread.start()
    return thread


def test_a_wake_of_now_is_a_round_at_once_and_one_of_later_is_none() -> None:
    rounds = Rounds(last=2)
    engine = InProcessEngine(rounds, CLOCK, rounds.stop, every=3600)
    thread = run(engine)
    assert rounds.first.wait(WITHIN)
    engine.wake("c1", 0, CLOCK.now() + HOUR)
    thread.join(0.3)
    assert rounds.count == 1
    engine.wake("c1", 0, CLOCK.now())
    thread.join(WITHIN)
    assert (thread.is_alive(), rounds.count) == (False, 2)


def test_it_looks_when_the_next_case_is_due_and_after_a_round_that_could_not_be_done() -> None:
    for next_due, every in ((timedelta(seconds=0.2), 3600.0), (None, 0.2)):
        rounds = Rounds(last=3, next_due=next_due)
        thread = run(InProcessEngine(rounds, CLOCK, rounds.stop, every))
        thread.join(WITHIN)
        assert (thread.is_alive(), rounds.count) == (False, 3)
