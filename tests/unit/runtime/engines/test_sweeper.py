"""The sweeper of the engine procrastinate goes on, whatever becomes of a sweep and of whoever is told of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import cast

import pytest

from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.engines.procrastinate.engine import ProcrastinateEngine
from orderdesk_sdk.runtime.scheduler import RunReport
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from tests.support.waiting import eventually

WITHIN = 120.0
"""Real seconds after which a test gives up waiting for the sweeper; none of them waits that long."""


class Target:
    """A desk whose sweeps come to what is given; after the last of them `is_done` is set."""

    ledger = cast("Ledger", None)
    connections = cast("Connections", None)

    def __init__(self, *sweeps: RunReport | Exception) -> None:
        self._sweeps = list(sweeps)
        self.slacks: list[timedelta | None] = []
        self.is_done = threading.Event()

    def handle_wake(self, case_id: str, attempt: int) -> bool:
        return False

    def sweep(self, slack: timedelta | None = None) -> RunReport:
        if not self._sweeps:
            self.is_done.set()
            return RunReport(0, None)
        self.slacks.append(slack)
        found = self._sweeps.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


@contextmanager
def sweeping(target: Target, told: list[str], slack: timedelta = timedelta(0)) -> Iterator[ProcrastinateEngine]:
    """The sweeper at work, until all its sweeps were done."""
    stop = threading.Event()

    def tell(problem: str) -> None:
        told.append(problem)
        raise OSError("the log is full")

    engine = ProcrastinateEngine(target, cast("PostgresPool", None), stop, tell, slack=slack)
    sweeper = threading.Thread(target=engine._sweep, daemon=True)
    sweeper.start()
    try:
        yield engine
        assert target.is_done.wait(WITHIN), "the sweeper has ended"
    finally:
        stop.set()
        sweeper.join(WITHIN)


def test_it_goes_on_where_nobody_can_be_told(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    away = StorageError("the ledger is away")
    with sweeping(Target(RunReport(0, None, ("case 1: out of order",)), away, RunReport(2, None)), told) as engine:
        pass
    assert told == ["case 1: out of order", "StorageError: the ledger is away"]
    assert engine.handled == 2
    assert caplog.text.count("could not be reported (OSError)") == 2


def test_after_an_overflow_it_goes_on_until_all_that_was_due_is_begun() -> None:
    """The wakes of what is left were given up: nothing but the sweeper knows of it before it is overdue."""
    cut, minute = RunReport(9, None, is_complete=False), timedelta(minutes=1)
    target = Target(RunReport(0, None), cut, StorageError("the ledger is away"), cut, RunReport(1, None))
    with sweeping(target, [], minute) as engine:
        engine._overflow.set()
        eventually(lambda: len(target.slacks) == 5, "all sweeps are done at once")
        target.is_done.set()
    assert target.slacks[-4:] == [timedelta(0)] * 4
