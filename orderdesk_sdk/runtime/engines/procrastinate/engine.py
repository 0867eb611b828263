"""The engine: a worker of the queue that is begun anew where the database was away, and a sweeper beside it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.errors import describe_exception
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.engines.procrastinate.queue import WakeQueue
from orderdesk_sdk.runtime.engines.procrastinate.worker import QueueTimes, QueueWorker
from orderdesk_sdk.runtime.engines.protocol import Wake
from orderdesk_sdk.runtime.engines.wake_handler import DEFAULT_SLACK
from orderdesk_sdk.runtime.problem_reports import ProblemReports
from orderdesk_sdk.runtime.scheduler import RunReport
from orderdesk_sdk.stores.postgres.pool import PostgresPool

__all__ = ["ProcrastinateEngine", "WakeTarget"]

_log = RoomLogger("runtime")
RESTART_PAUSE = 1.0
"""Seconds between the end of a worker and the start of the next."""
STOP_CHECK = 0.1
SWEEPS_PER_SLACK = 4


class WakeTarget(Protocol):
    """What an engine calls: a desk."""

    ledger: Ledger
    connections: Connections

    def handle_wake(self, case_id: str, attempt: int) -> bool:
        """Do what is due of this attempt of a case."""

    def sweep(self, slack: timedelta | None = None) -> RunReport:
        """Do what is overdue."""


class ProcrastinateEngine:
    """Wakes a desk by a queue in the database of its ledger.

    Args:
        pool: of the ledger.
        stop: ends `run` when set; what is under way is finished.
        report: called with each new problem of a sweep, one line; what it raises is logged.
        slack: how long a case may be overdue before it is swept up.
    """

    def __init__(
        self,
        target: WakeTarget,
        pool: PostgresPool,
        stop: threading.Event,
        report: Callable[[str], object],
        *,
        slack: timedelta = DEFAULT_SLACK,
        times: QueueTimes | None = None,
    ) -> None:
        self._target = target
        self._pool = pool
        self._stop = stop
        self._reports = ProblemReports(report)
        self._slack = slack
        self._times = times or QueueTimes()
        self._queue = WakeQueue(pool)
        self._overflow = threading.Event()
        self._counting = threading.Lock()
        self.handled = 0
        """Steps of cases that were done, by wakes and by sweeps."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Those of the last sweep, a line each."""
        return self._reports.last

    def wake(self, case_id: str, attempt: int, at: datetime) -> None:
        """Put one wake into the queue."""
        self._queue.put(case_id, attempt, at)

    def wake_within(self, transaction: object, wakes: Sequence[Wake]) -> None:
        """Put wakes into the queue within a transaction of the ledger. Raises WakeError."""
        self._queue.put_within(transaction, wakes)

    def run(self) -> None:
        """Work until `stop` is set, whatever becomes of the database meanwhile."""
        sweeper = threading.Thread(target=self._sweep, name="orderdesk sweeper", daemon=True)
        sweeper.start()
        while not self._stop.is_set():
            try:
                self._queue.ensure(self._target.ledger)
                asyncio.run(self._work())
            except Exception as error:  # noqa: BLE001 - whatever it is, the ledger has what is due, and the sweeper does it
                _log.warning("the queue's worker ended (%s); it starts again", type(error).__name__, about=LogSubject())
            self._stop.wait(RESTART_PAUSE)
        sweeper.join()

    async def _work(self) -> None:
        shares = {name: self._target.connections.bulkhead(name).size for name in self._target.connections.names()}
        worker = QueueWorker(self._pool.database, shares, self._handle, self._overflow.set, self._times)
        stopping = asyncio.Event()
        watching = asyncio.create_task(self._watch(stopping))
        try:
            await worker.run(stopping)
        finally:
            watching.cancel()

    async def _watch(self, stopping: asyncio.Event) -> None:
        while not self._stop.is_set():
            await asyncio.sleep(STOP_CHECK)
        stopping.set()

    def _sweep(self) -> None:
        """Look into the ledger for what is overdue; at once, and for all that is due, where a share overflowed."""
        pause = self._slack.total_seconds() / SWEEPS_PER_SLACK
        slack = self._slack
        while not self._stop.is_set():
            if self._overflow.is_set():  # Else one that comes between the two lines would be forgotten.
                self._overflow.clear()
                slack = timedelta(0)
            report = self._sweep_once(slack)
            if report is None:
                self._wait(min(pause, RESTART_PAUSE))
            elif report.is_complete:
                slack = self._slack
                self._wait(pause)
            else:  # The rest of it has no wakes any more, if a share overflowed.
                self._stop.wait(STOP_CHECK)

    def _sweep_once(self, slack: timedelta) -> RunReport | None:
        """What a sweep came to; None where it could not be done."""
        report = None
        try:
            report = self._target.sweep(slack)
        except Exception as error:  # noqa: BLE001 - the ledger is away, say; the next sweep does it
            problems: tuple[str, ...] = (describe_exception(error),)
        else:
            problems = report.problems
            self._count(report.handled)
        self._reports.update(problems)
        return report

    def _handle(self, case_id: str, attempt: int) -> None:
        self._count(int(self._target.handle_wake(case_id, attempt)))

    def _count(self, handled: int) -> None:
        with self._counting:
            self.handled += handled

    def _wait(self, seconds: float) -> None:
        waited = 0.0
        while waited < seconds and not self._stop.is_set() and not self._overflow.wait(STOP_CHECK):
            waited += STOP_CHECK
