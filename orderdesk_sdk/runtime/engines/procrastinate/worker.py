"""Inside a worker: its jobs are handled on threads, each connection within its share."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import procrastinate
from attrs import frozen
from procrastinate.jobs import DeleteJobCondition

from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.runtime.engines.procrastinate.queue import MAX_NAME, TASK
from orderdesk_sdk.stores.postgres.database_url import DatabaseUrl
from orderdesk_sdk.stores.postgres.queue_schema import QUEUE_SESSION

__all__ = ["QueueTimes", "QueueWorker"]

_log = RoomLogger("runtime")
# Its tracebacks reach a log that is set up, and never a bare terminal: the worker tells of an outage by itself.
logging.getLogger("procrastinate").addHandler(logging.NullHandler())
MAX_CONNECTIONS = 4
"""To the database, beside the one that listens."""
SPARE = 8
"""Jobs beside those of the connections' shares: of connections that are no more, and those that are put back."""


@frozen
class QueueTimes:
    """In seconds.

    Args:
        poll: between two looks for jobs whose time has come. New ones are told at once.
        heartbeat: between two signs of life.
        stalled: without a sign of life, after which a worker's jobs are given to others.
        retry: before a job is tried again that could not be handled.
    """

    poll: float = 1.0
    heartbeat: float = 10.0
    stalled: float = 30.0
    retry: float = 5.0


class QueueWorker:
    """One worker, from its start to its stop.

    Args:
        shares: how many jobs of each connection are handled at once.
        handle: handles a wake, on a thread.
        on_overflow: called, on the loop, where a job came that its connection's share has no room for. The job is done
            with: whoever is called looks into the ledger.
    """

    def __init__(
        self,
        database: DatabaseUrl,
        shares: Mapping[str, int],
        handle: Callable[[str, int], object],
        on_overflow: Callable[[], object],
        times: QueueTimes,
    ) -> None:
        self._shares = {name[:MAX_NAME]: share for name, share in shares.items()}
        self._handle = handle
        self._on_overflow = on_overflow
        self._times = times
        self._running: Counter[str] = Counter()
        self._threads = ThreadPoolExecutor(sum(self._shares.values()) + SPARE, thread_name_prefix="orderdesk wake")
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=database.url.reveal(),
                min_size=1,
                max_size=MAX_CONNECTIONS,
                configure=_configure,
                kwargs={} if database.prepares else {"prepare_threshold": None},
            )
        )
        retry = procrastinate.RetryStrategy(max_attempts=5, wait=max(1, round(times.retry)))
        self._app.task(name=TASK, pass_context=True, retry=retry)(self._run_job)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop, then finish what is under way. Raises what the database raises."""
        try:
            async with self._app.open_async():
                working = asyncio.create_task(self._work())
                stopping = asyncio.create_task(stop.wait())
                reviving = asyncio.create_task(self._revive_stalled())
                try:
                    await asyncio.wait({working, stopping, reviving}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in (working, stopping, reviving):
                        task.cancel()
                    ended = await asyncio.gather(working, reviving, return_exceptions=True)
                for result in ended:
                    if isinstance(result, Exception):
                        raise result
        finally:
            self._threads.shutdown()

    async def _work(self) -> None:
        await self._app.run_worker_async(
            concurrency=sum(self._shares.values()) + SPARE,
            install_signal_handlers=False,
            delete_jobs=DeleteJobCondition.ALWAYS.value,
            fetch_job_polling_interval=self._times.poll,
            update_heartbeat_interval=self._times.heartbeat,
            stalled_worker_timeout=self._times.stalled,
        )

    async def _revive_stalled(self) -> None:
        """Give to others the jobs of workers that show no sign of life, again and again."""
        jobs = self._app.job_manager
        while True:
            await jobs.prune_stalled_workers(self._times.stalled)
            for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=self._times.stalled):
                _log.warning("a worker left a wake behind; another handles it", about=LogSubject())
                await jobs.retry_job(job)
            await asyncio.sleep(self._times.stalled / 2)

    async def _run_job(self, context: procrastinate.JobContext, case_id: str, attempt: int) -> None:
        name = context.job.queue
        if self._running[name] >= self._shares.get(name, SPARE):
            self._on_overflow()
            return
        self._running[name] += 1
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._handle, case_id, attempt)
        finally:
            self._running[name] -= 1


async def _configure(connection: Any) -> None:  # the driver's connection, whose package this one must not import
    await connection.execute(QUEUE_SESSION)
    await connection.commit()
