"""A round: what is due is done, each connection's share by itself, so that no connection waits for the slowest.

Each connection is given as much at a time as its threads can take, and the next piece when one is done. So a service
that takes seconds a call, or a dead one, holds up no queue but its own, however long that is.
"""

from __future__ import annotations

import queue
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from attrs import define, field, frozen

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.plugin.bulkhead import Job
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["CHECK_INTERVAL", "CaseGroup", "DueRound", "RoundHooks", "RoundObserver", "RunningGroup"]

CHECK_INTERVAL = 0.25
"""Seconds between two looks at what hangs, and at what has become due elsewhere meanwhile."""
PAGE_SIZE = 100
"""How many cases of a connection are read at a time."""
MAX_QUEUE_AGE = 15.0
"""Seconds after which what was read and not begun is read anew: another process may have it by then."""
MAX_NEXT_STEP_WAIT = 1.0
"""Seconds for which a round goes on while cases that it brought a step on are due again: the next round has them."""
QUEUED_AHEAD = 2
"""How many groups wait at a connection's threads beside those that are under way, so that none of these idles."""

CaseGroup = tuple[Case, ...]
"""What one thread handles at a time: one case, or several that are asked for together. Of one connection."""


@frozen(eq=False)
class RunningGroup:
    """A group that was handed to the threads of its connection, and the job that it is there."""

    cases: CaseGroup
    job: Job


class RoundObserver(Protocol):
    """Whoever has a round done and follows it."""

    @property
    def is_stopped(self) -> bool:
        """Whether the round is to end now: what is under way is finished beside the next one."""

    def on_handled(self, cases: CaseGroup) -> None:
        """Cases were handled, whatever came of it. The round begins nothing new until this returns."""


@frozen
class RoundHooks:
    """What a round has done by whoever runs it.

    Args:
        start: hands a group to its threads, with the time by `time.monotonic` when it was read, and calls back when it
            is done; None where another thread has one of its cases.
        end: what is to be done with each running group that ended.
        batches: the groups that a case goes in with others, if it is the first of them that is asked about; None for
            one that goes by itself.
        is_stopped: whether the round is to end now, and to leave what is under way to the next one.
        take_up_changes: called before what is due is looked for, a few times a second.
    """

    start: Callable[[CaseGroup, float, Callable[[], None]], Job | None]
    end: Callable[[RunningGroup], None]
    batches: Callable[[Case, bool], Sequence[CaseGroup] | None]
    is_stopped: Callable[[], bool]
    take_up_changes: Callable[[], None]


@define
class _ConnectionQueue:
    """What is due at one connection, read page by page."""

    connection: str
    until: datetime
    read_at: float = 0.0
    groups: deque[CaseGroup] = field(factory=deque)
    last_case: Case | None = None
    is_read: bool = False
    batches_read: bool = False

    def cases(self) -> list[Case]:
        """What was read and not begun."""
        return [case for group in self.groups for case in group]

    def start_anew(self) -> None:
        """Forget what was read and not begun."""
        self.groups.clear()
        self.last_case, self.is_read, self.batches_read = None, False, False

    def read_on(self, now: datetime) -> None:
        """Where all was handed out, let what has become due since follow it, so that no thread idles meanwhile."""
        if self.is_read and not self.groups:
            self.until, self.is_read = now, False


class DueRound:
    """One round over a ledger.

    Args:
        now: what is due by this time is done.
        unfinished: the groups of an earlier round that had not ended with it.
    """

    def __init__(
        self,
        ledger: Ledger,
        connections: Connections,
        now: Callable[[], datetime],
        shutdown: Shutdown,
        hooks: RoundHooks,
        unfinished: Sequence[RunningGroup] = (),
    ) -> None:
        self._ledger = ledger
        self._connections = connections
        self._now = now
        self._shutdown = shutdown
        self._hooks = hooks
        self._queues: dict[str, _ConnectionQueue] = {}
        self._begun: dict[str, int] = {}
        self._due_again: list[Case] = []
        self._running: dict[int, RunningGroup] = dict(enumerate(unfinished))
        self._last_number = len(unfinished)
        self._running_by_connection = Counter(running.cases[0].connection for running in unfinished)
        self._finished: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._next_step_since: float | None = None
        self.started = 0
        self.is_complete = True
        """Once it has ended: whether all was begun that was due."""

    def run(self, limit: int) -> tuple[RunningGroup, ...]:
        """Do what is due, at most `limit` cases, and what becomes due elsewhere while others are waited for.

        Returns when all is done or it is stopped; or, where more than `limit` is due, when so much was begun and nobody
        has ended for a while; or a moment after a case that was brought a step on was due again: the groups that have
        not ended by then. Who is slow must not keep the next round from the others.
        """
        self._open_queues()
        try:
            return self._run(limit)
        finally:
            # Of what was read nothing more is begun: others may do it.
            self.is_complete = self._next_step_since is None and not self._is_more()
            with suppress(StorageError):  # They are free again after a while, too.
                unread = [case for one in self._queues.values() for case in one.cases()]
                self._ledger.release_due([*unread, *self._due_again])

    def _run(self, limit: int) -> tuple[RunningGroup, ...]:
        looked = time.monotonic()
        while True:
            self._start_groups(limit)
            if not self._running or self._hooks.is_stopped() or self._is_next_step_overdue():
                return tuple(self._running.values())
            try:
                self._finish(self._finished.get(timeout=CHECK_INTERVAL))
            except queue.Empty:
                looked = 0.0
                self._finish_done()
                if self.started >= limit and self._is_more() and not self._shutdown.is_requested:
                    return tuple(self._running.values())
            if time.monotonic() - looked >= CHECK_INTERVAL:
                looked = time.monotonic()
                for name in {running.cases[0].connection for running in self._running.values()}:
                    self._connections.bulkhead(name).abandon_stuck_jobs()
                self._finish_done()
                self._open_queues()

    def _is_more(self) -> bool:
        """Whether something is due that was not begun."""
        return any(one.groups or not one.is_read for one in self._queues.values())

    def _is_next_step_overdue(self) -> bool:
        since = self._next_step_since
        return since is not None and time.monotonic() - since > MAX_NEXT_STEP_WAIT

    def _open_queues(self) -> None:
        """Open a queue for each connection that has something due and none that is open."""
        self._hooks.take_up_changes()
        now = self._now()
        for name in self._ledger.due_connections(now):
            if name not in self._queues:
                self._queues[name] = _ConnectionQueue(name, now)

    def _start_groups(self, limit: int) -> None:
        """Give every connection as much as its threads take, a group at a time, so that `limit` is shared fairly."""
        given = True
        while given and self.started < limit and not self._shutdown.is_requested:
            given = False
            for connection_queue in tuple(self._queues.values()):
                if self._hooks.is_stopped():
                    return
                size = self._connections.bulkhead(connection_queue.connection).size
                running = self._running_by_connection[connection_queue.connection]
                if self.started < limit and running < size + QUEUED_AHEAD:
                    given = self._start_next(connection_queue) or given
        for name in [name for name, one in self._queues.items() if one.is_read and not one.groups]:
            if not self._running_by_connection[name]:
                del self._queues[name]

    def _start_next(self, connection_queue: _ConnectionQueue) -> bool:
        """Begin the next group of a queue; whether there was one."""
        group = self._next_group(connection_queue)
        if group is None:
            return False
        begun = {case.id: self._begun[case.id] for case in group if case.id in self._begun}
        if begun:  # One step of a case in a round: it changed nothing, or is due again.
            self._due_again += group
            if self._next_step_since is None and any(
                case.version != begun.get(case.id, case.version) for case in group
            ):
                self._next_step_since = time.monotonic()
            return True
        self._begun.update((case.id, case.version) for case in group)
        self._last_number += 1
        number = self._last_number
        job = self._hooks.start(group, connection_queue.read_at, lambda: self._finished.put(number))
        if job is not None:
            self._running_by_connection[connection_queue.connection] += 1
            self.started += len(group)
            self._running[number] = RunningGroup(group, job)
        return True

    def _next_group(self, connection_queue: _ConnectionQueue) -> CaseGroup | None:
        if connection_queue.groups and time.monotonic() - connection_queue.read_at > MAX_QUEUE_AGE:
            connection_queue.start_anew()
        while not connection_queue.groups and not connection_queue.is_read:
            page = self._ledger.reserve_due(
                connection_queue.until,
                PAGE_SIZE,
                connection=connection_queue.connection,
                after=connection_queue.last_case,
            )
            connection_queue.read_at, connection_queue.is_read = time.monotonic(), len(page) < PAGE_SIZE
            connection_queue.last_case = page[-1] if page else None
            for case in page:
                groups = self._hooks.batches(case, not connection_queue.batches_read)
                connection_queue.groups.extend([(case,)] if groups is None else groups)
                connection_queue.batches_read = connection_queue.batches_read or groups is not None
        return connection_queue.groups.popleft() if connection_queue.groups else None

    def _finish_done(self) -> None:
        for number, running in tuple(self._running.items()):
            if running.job.done.is_set():
                self._finish(number)

    def _finish(self, number: int) -> None:
        running = self._running.pop(number, None)
        if running is not None:
            name = running.cases[0].connection
            self._running_by_connection[name] -= 1
            self._hooks.end(running)
            if name in self._queues:
                self._queues[name].read_on(self._now())
