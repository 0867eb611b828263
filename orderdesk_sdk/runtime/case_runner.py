"""Runs steps for cases on the threads of their connections, each case once at a time in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.log_records import LogSubject, log_subject
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.plugin.bulkhead import Job
from orderdesk_sdk.plugin.guard import TIMED_OUT, Watchdog
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.due_run import CHECK_INTERVAL, CaseGroup, RunningJob
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["CaseRunner", "JobFunction"]

JobFunction = Callable[[CaseGroup, Watchdog], object]


class CaseRunner:
    """Hands cases to the threads of their connections. Safe from many threads."""

    def __init__(self, connections: Connections, shutdown: Shutdown, take_away: Callable[[Case, str], object]) -> None:
        """take_away: takes a case from a plugin that hangs, for the reason given."""
        self._connections = connections
        self._shutdown = shutdown
        self._take_away = take_away
        self._lock = threading.Lock()
        self._in_progress: set[str] = set()
        self._unfinished: tuple[RunningJob, ...] = ()
        self._this_thread = threading.local()

    @contextmanager
    def without_waiting(self) -> Iterator[None]:
        """Within the block this thread waits for no slow connection: what is not done at once is left unfinished."""
        self._this_thread.passes = True
        try:
            yield
        finally:
            self._this_thread.passes = False

    @property
    def waits(self) -> bool:
        """Whether this thread waits for what it runs."""
        return not getattr(self._this_thread, "passes", False)

    def take_unfinished(self) -> tuple[RunningJob, ...]:
        """The jobs that were begun and not waited for. They are the caller's."""
        with self._lock:
            left, self._unfinished = self._unfinished, ()
        return left

    def leave_unfinished(self, running: Sequence[RunningJob]) -> None:
        """Keep jobs that were begun for whoever takes them next."""
        with self._lock:
            self._unfinished += tuple(running)

    def run(self, jobs: Iterable[CaseGroup], step: JobFunction) -> list[tuple[CaseGroup, Job]]:
        """Run a step for each of the groups that are not in progress, and wait; the jobs that ended."""
        if not self.waits:
            return self._run_without_waiting(jobs, step)
        tickets = self.submit(jobs, step)
        self.wait(tickets)
        return tickets

    def _run_without_waiting(self, jobs: Iterable[CaseGroup], step: JobFunction) -> list[tuple[CaseGroup, Job]]:
        """Begin what has a thread to itself; what has ended a moment later. The rest is left to the next round."""
        tickets = self.submit([job for job in jobs if self._connections.bulkhead(job[0].connection).has_room], step)
        until = time.monotonic() + CHECK_INTERVAL
        ended = [pair for pair in tickets if pair[1].done.wait(max(0.0, until - time.monotonic()))]
        self.leave_unfinished([RunningJob(job, ticket) for job, ticket in tickets if (job, ticket) not in ended])
        self.wait(ended)
        return ended

    @staticmethod
    def errors(running: Iterable[tuple[CaseGroup, Job]]) -> dict[str, BaseException]:
        """What went wrong, by case. A conflict is nothing wrong, and a hung ticket has been dealt with."""
        return {
            job[0].id: ticket.error
            for job, ticket in running
            if ticket.error is not None and not ticket.timed_out and not isinstance(ticket.error, ConflictError)
        }

    def submit(
        self, jobs: Iterable[CaseGroup], step: JobFunction, then: Callable[[], None] | None = None
    ) -> list[tuple[CaseGroup, Job]]:
        """Begin a step for each of the groups that are not in progress; their jobs.

        Args:
            then: called when one has ended.
        """
        tickets: list[tuple[CaseGroup, Job]] = []
        for job in jobs:
            with self._lock:
                # A group goes together or not at all: who is missing from it now is asked for with the next one.
                if any(case.id in self._in_progress for case in job):
                    continue
                self._in_progress.update(case.id for case in job)
            bulkhead = self._connections.bulkhead(job[0].connection)
            tickets.append((job, bulkhead.submit(lambda watch, job=job: self._guarded(job, watch, step), then)))  # type: ignore[misc]  # mypy infers no default; it binds the value now
        return tickets

    def _guarded(self, job: CaseGroup, watchdog: Watchdog, step: JobFunction) -> None:
        try:
            if self._shutdown.is_requested:
                raise ConflictError("the desk ends", location=job[0].id, hint="open a desk again to continue")
            with log_subject(LogSubject.of(*job)):
                step(job, watchdog)
        finally:
            if not watchdog.is_abandoned:  # Else it was released with the thread, and another may have it again.
                self._release(job)

    def _release(self, job: CaseGroup) -> None:
        with self._lock:
            self._in_progress.difference_update(case.id for case in job)

    def wait(self, running: Sequence[tuple[CaseGroup, Job]]) -> None:
        """Return when all have ended; what hangs is given up, and its cases go on without it."""
        waiting = list(running)
        while waiting:
            job, ticket = waiting[0]
            if ticket.done.wait(CHECK_INTERVAL):
                waiting.pop(0)
                if ticket.timed_out:
                    self.abandon(job, ticket.watchdog)
                continue
            for name in {job[0].connection for job, _ in waiting}:
                self._connections.bulkhead(name).abandon_stuck_jobs()

    def abandon(self, job: CaseGroup, watchdog: Watchdog) -> None:
        """Take the cases of a job away from the plugin that hangs in it."""
        self._release(job)
        if watchdog.on_abandon is not None:
            watchdog.on_abandon()
        for case in job:
            # Another process may have settled it meanwhile.
            with suppress(ConflictError):
                timeout = self._connections.bulkhead(case.connection).timeout
                self._take_away(case, f"{TIMED_OUT}: {timeout:g} s without a request")
