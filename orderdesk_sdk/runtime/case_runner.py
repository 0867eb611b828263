"""Runs steps for cases on the threads of their connections, each case once at a time in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.log_records import LogSubject, log_subject
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.plugin.bulkhead import Job
from orderdesk_sdk.plugin.guard import TIMED_OUT, Watchdog
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.due_round import CHECK_INTERVAL, CaseGroup, RunningGroup
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["CaseRunner", "GroupStep"]

GroupStep = Callable[[CaseGroup, Watchdog], object]


class CaseRunner:
    """Hands cases to the threads of their connections. Safe from many threads."""

    def __init__(self, connections: Connections, shutdown: Shutdown, take_away: Callable[[Case, str], object]) -> None:
        """A runner over connections.

        Args:
            take_away: takes a case from a plugin that hangs, for the reason given.
        """
        self._connections = connections
        self._shutdown = shutdown
        self._take_away = take_away
        self._lock = threading.Lock()
        self._in_progress: set[str] = set()
        self._awaited: dict[str, threading.Event] = {}
        self._unfinished: tuple[RunningGroup, ...] = ()
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

    def take_unfinished(self) -> tuple[RunningGroup, ...]:
        """The groups that were begun and not waited for. They are the caller's."""
        with self._lock:
            left, self._unfinished = self._unfinished, ()
        return left

    def leave_unfinished(self, running: Sequence[RunningGroup]) -> None:
        """Keep groups that were begun for whoever takes them next."""
        with self._lock:
            self._unfinished += tuple(running)

    def run(self, groups: Iterable[CaseGroup], step: GroupStep) -> list[tuple[CaseGroup, Job]]:
        """Run a step for each of the groups that are not in progress, and wait; those that ended, with their jobs."""
        if not self.waits:
            return self._run_without_waiting(groups, step)
        started = self.submit(groups, step)
        self.wait(started)
        return started

    def _run_without_waiting(self, groups: Iterable[CaseGroup], step: GroupStep) -> list[tuple[CaseGroup, Job]]:
        """Begin what has a thread to itself; what has ended a moment later. The rest is left to the next round."""
        with_room = [group for group in groups if self._connections.bulkhead(group[0].connection).has_room]
        started = self.submit(with_room, step)
        until = time.monotonic() + CHECK_INTERVAL
        ended = [pair for pair in started if pair[1].done.wait(max(0.0, until - time.monotonic()))]
        self.leave_unfinished([RunningGroup(*pair) for pair in started if pair not in ended])
        self.wait(ended)
        return ended

    @staticmethod
    def errors(running: Iterable[tuple[CaseGroup, Job]]) -> dict[str, BaseException]:
        """What went wrong, by case. A conflict is nothing wrong, and a hung job has been dealt with."""
        return {
            group[0].id: job.error
            for group, job in running
            if job.error is not None and not job.timed_out and not isinstance(job.error, ConflictError)
        }

    def submit(
        self, groups: Iterable[CaseGroup], step: GroupStep, on_done: Callable[[], None] | None = None
    ) -> list[tuple[CaseGroup, Job]]:
        """Begin a step for each of the groups that are not in progress; those, with their jobs.

        Args:
            on_done: called when one has ended.
        """
        started: list[tuple[CaseGroup, Job]] = []
        for group in groups:
            with self._lock:
                # A group goes together or not at all: who is missing from it now is asked for with the next one.
                if any(case.id in self._in_progress for case in group):
                    continue
                self._in_progress.update(case.id for case in group)
            bulkhead = self._connections.bulkhead(group[0].connection)
            started.append((group, bulkhead.submit(partial(self._guarded, group, step), on_done)))
        return started

    def _guarded(self, group: CaseGroup, step: GroupStep, watchdog: Watchdog) -> None:
        try:
            if self._shutdown.is_requested:
                raise ConflictError("the desk ends", location=group[0].id, hint="open a desk again to continue")
            with log_subject(LogSubject.of(*group)):
                step(group, watchdog)
        finally:
            if not watchdog.is_abandoned:  # Else it was released with the thread, and another may have it again.
                self._release(group)

    def _release(self, group: CaseGroup) -> None:
        with self._lock:
            self._in_progress.difference_update(case.id for case in group)
            for case in group if self._awaited else ():
                if case.id in self._awaited:
                    self._awaited.pop(case.id).set()

    def wait_until_released(self, cases: Iterable[Case], longest: float) -> None:
        """Return when none of the cases is in progress, after `longest` seconds at the latest."""
        until = time.monotonic() + longest
        for case in cases:
            with self._lock:
                if case.id not in self._in_progress:
                    continue
                released = self._awaited.setdefault(case.id, threading.Event())
            released.wait(max(0.0, until - time.monotonic()))

    def wait(self, running: Sequence[tuple[CaseGroup, Job]]) -> None:
        """Return when all have ended; what hangs is given up, and its cases go on without it."""
        waiting = list(running)
        while waiting:
            group, job = waiting[0]
            if job.done.wait(CHECK_INTERVAL):
                waiting.pop(0)
                if job.timed_out:
                    self.abandon(group, job.watchdog)
                continue
            for name in {group[0].connection for group, _ in waiting}:
                self._connections.bulkhead(name).abandon_stuck_jobs()

    def abandon(self, group: CaseGroup, watchdog: Watchdog) -> None:
        """Take the cases of a group away from the plugin that hangs in it."""
        self._release(group)
        if watchdog.on_abandon is not None:
            watchdog.on_abandon()
        for case in group:
            # Another process may have settled it meanwhile.
            with suppress(ConflictError):
                timeout = self._connections.bulkhead(case.connection).timeout
                self._take_away(case, f"{TIMED_OUT}: {timeout:g} s without a request")
