"""The queue: wakes go in within the ledger's transaction; lost as a whole, it is filled again from the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import procrastinate
from procrastinate.jobs import Job
from procrastinate.schema import SchemaManager

from orderdesk_sdk.cases.case import OPEN, Case
from orderdesk_sdk.cases.ledger import Ledger, WakeError
from orderdesk_sdk.runtime.engines.protocol import Wake
from orderdesk_sdk.runtime.engines.wakes import wake_of
from orderdesk_sdk.stores.postgres.errors import is_interruption
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from orderdesk_sdk.stores.postgres.queue_schema import create_queue, drop_queue, has_queue, unprepared

__all__ = ["JOBS", "TASK", "WakeQueue"]

TASK: Final = "orderdesk.handle_wake"
JOBS: Final = "procrastinate_jobs"
"""The table by which the queue is known to be there."""
MAX_NAME = 128
"""Characters of a queue's name, as its column has them."""
PAGE = 500
UNKNOWN_CONNECTION = ""


class WakeQueue:
    """The queue beside one ledger. Safe from many threads."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        # Never opened: each job is written over a connection that is given with it.
        self._jobs = procrastinate.App(connector=procrastinate.SyncPsycopgConnector()).job_manager

    def put_within(self, transaction: object, wakes: Sequence[Wake]) -> None:
        """Put wakes into the queue within a transaction of the ledger. Raises WakeError."""
        try:
            with unprepared(transaction) as connection:
                self._jobs.batch_defer_jobs([_job(wake) for wake in wakes], connection=connection)
        except (procrastinate.exceptions.ProcrastinateException, TypeError) as error:
            cause = error.__cause__ or error
            if isinstance(cause, Exception) and is_interruption(cause):
                raise cause from None  # The whole transaction is lost with its connection, and is done again.
            raise WakeError(
                f"the queue cannot be written ({type(cause).__name__})",
                location=self._pool.place,
                hint="run `orderdesk ledger rebuild-queue`",
            ) from None

    def put(self, case_id: str, attempt: int, at: datetime) -> None:
        """Put one wake into the queue, durable when this returns. Raises StorageError and WakeError."""
        with self._pool.transaction() as cursor:
            self.put_within(cursor, [Wake(case_id, attempt, at, UNKNOWN_CONNECTION)])

    def ensure(self, ledger: Ledger) -> bool:
        """Make the queue where it is not there, and fill it from the ledger; whether it was made."""
        if has_queue(self._pool, JOBS) or not create_queue(self._pool, JOBS, SchemaManager.get_schema()):
            return False
        self.fill(ledger)
        return True

    def rebuild(self, ledger: Ledger) -> int:
        """Drop the queue, make it anew, and fill it from the ledger; how many wakes it has then.

        Workers may go on meanwhile: they begin again when they find it gone.
        """
        drop_queue(self._pool)
        create_queue(self._pool, JOBS, SchemaManager.get_schema())
        return self.fill(ledger)

    def fill(self, ledger: Ledger) -> int:
        """A wake for each open case; how many. One that is there already does no harm."""
        count = 0
        for cases in _open_cases(ledger):
            with self._pool.transaction() as cursor:
                self.put_within(cursor, [wake_of(case) for case in cases])
            count += len(cases)
        return count


def _open_cases(ledger: Ledger) -> Iterator[Sequence[Case]]:
    """All open cases, a page at a time."""
    last: Case | None = None
    while page := ledger.cases(Case, states=tuple(OPEN), limit=PAGE, after=last):
        last = page[-1]
        due = [case for case in page if case.due_at is not None]
        if due:
            yield due


def _job(wake: Wake) -> Job:
    """The job of a wake: no lock, which would keep a wake of now behind one of tomorrow; and nothing but two values."""
    return Job(
        id=None,
        queue=wake.connection[:MAX_NAME] or "-",
        lock=None,
        queueing_lock=None,
        task_name=TASK,
        task_kwargs={"case_id": wake.case_id, "attempt": wake.attempt},
        scheduled_at=wake.at,
    )
