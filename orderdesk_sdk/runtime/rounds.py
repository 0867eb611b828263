"""A round: what is due is done, each connection's share by itself, so that nobody waits for the slowest.

Each connection is given as much at a time as its threads can take, and the next piece when one is done. So a service
that takes seconds a call, or a dead one, holds up nobody's queue but its own, however long that is.
"""

from __future__ import annotations

import queue
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import datetime

from attrs import define, field, frozen

from orderdesk_sdk.cases.ledger import Ledger, Work
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.plugin.bulkhead import Ticket
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.transport.shutdown import Ending

__all__ = ["LOOK", "Flight", "Job", "Round"]

LOOK = 0.25
"""Seconds between two looks at what hangs, and at what has become due elsewhere meanwhile."""
PAGE = 100
"""How many pieces of work of a connection are read at a time."""
AHEAD = 2
"""How many pieces wait at a connection's threads beside those that are under way, so that none of these idles."""

Job = tuple[Work, ...]
"""What one thread does at a time: one piece of work, or several that are asked for together. Of one connection."""


@frozen(eq=False)
class Flight:
    """A job that was handed to the threads of its connection."""

    job: Job
    ticket: Ticket


@define
class _Share:
    """What is due at one connection, read page by page."""

    connection: str
    until: datetime
    read_at: float = 0.0
    jobs: deque[Job] = field(factory=deque)
    last: Work | None = None
    is_read: bool = False
    is_gathered: bool = False


class Round:
    """One round over a ledger.

    start: hands a job to its threads, with the time by `time.monotonic` when it was read, and calls back when it is
    done; None where somebody is at it. end: what is to be done with each flight that ended. group: the jobs that a
    piece of work goes in with others, if it is the first of them that is asked about; None for one that goes by itself.
    left: the flights of an earlier round that had not ended with it. begun: how much this one has begun.
    """

    def __init__(
        self,
        ledger: Ledger,
        connections: Connections,
        clock: Clock,
        ending: Ending,
        start: Callable[[Job, float, Callable[[], None]], Ticket | None],
        end: Callable[[Flight], None],
        group: Callable[[Work, bool], Sequence[Job] | None],
        left: Sequence[Flight] = (),
    ) -> None:
        self._ledger = ledger
        self._connections = connections
        self._clock = clock
        self._ending = ending
        self._start = start
        self._end = end
        self._group = group
        self._shares: dict[str, _Share] = {}
        self._seen: set[tuple[str, int]] = set()
        self._flying: dict[int, Flight] = dict(enumerate(left))
        self._numbers = len(left)
        self._under_way = Counter(flight.job[0].connection for flight in left)
        self._arrived: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.begun = 0

    def run(self, limit: int) -> tuple[Flight, ...]:
        """Do what is due, at most `limit` pieces, and what becomes due elsewhere while somebody is waited for.

        Returns when all is done; or, where more than `limit` is due, when so much was begun and nobody has ended for a
        while: the flights that have not ended by then. Who is slow must not keep the next round from the others.
        """
        self._look()
        looked = time.monotonic()
        while True:
            self._fill(limit)
            if not self._flying:
                return ()
            try:
                self._land(self._arrived.get(timeout=LOOK))
            except queue.Empty:
                looked = 0.0
                self._land_all()
                is_more = any(share.jobs or not share.is_read for share in self._shares.values())
                if self.begun >= limit and is_more and not self._ending.is_near:
                    return tuple(self._flying.values())
            if time.monotonic() - looked >= LOOK:
                looked = time.monotonic()
                for name in {flight.job[0].connection for flight in self._flying.values()}:
                    self._connections.bulkhead(name).reap()
                self._land_all()
                self._look()

    def _look(self) -> None:
        """Open a share for each connection that has something due and none that is open."""
        now = self._clock.now()
        for name in self._ledger.due_places(now):
            if name not in self._shares:
                self._shares[name] = _Share(name, now)

    def _fill(self, limit: int) -> None:
        """Give every connection as much as its threads can take, in turns, so that `limit` is shared fairly."""
        given = True
        while given and self.begun < limit and not self._ending.is_near:
            given = False
            for share in tuple(self._shares.values()):
                size = self._connections.bulkhead(share.connection).size
                if self.begun < limit and self._under_way[share.connection] < size + AHEAD:
                    given = self._give(share) or given
        for name in [name for name, share in self._shares.items() if share.is_read and not share.jobs]:
            if not self._under_way[name]:
                del self._shares[name]

    def _give(self, share: _Share) -> bool:
        """Begin the next job of a share; whether there was one."""
        job = self._next(share)
        if job is None:
            return False
        marks = {(work.id, work.version) for work in job}
        if marks & self._seen:  # It was tried in this round, and changed nothing.
            return True
        self._seen |= marks
        self._numbers += 1
        number = self._numbers
        ticket = self._start(job, share.read_at, lambda: self._arrived.put(number))
        if ticket is not None:
            self._under_way[share.connection] += 1
            self.begun += len(job)
            self._flying[number] = Flight(job, ticket)
        return True

    def _next(self, share: _Share) -> Job | None:
        while not share.jobs and not share.is_read:
            page = self._ledger.due(share.until, PAGE, connection=share.connection, after=share.last)
            share.read_at, share.is_read = time.monotonic(), len(page) < PAGE
            share.last = page[-1] if page else None
            for work in page:
                groups = self._group(work, not share.is_gathered)
                share.jobs.extend([(work,)] if groups is None else groups)
                share.is_gathered = share.is_gathered or groups is not None
        return share.jobs.popleft() if share.jobs else None

    def _land_all(self) -> None:
        for number, flight in tuple(self._flying.items()):
            if flight.ticket.done.is_set():
                self._land(number)

    def _land(self, number: int) -> None:
        flight = self._flying.pop(number, None)
        if flight is not None:
            self._under_way[flight.job[0].connection] -= 1
            self._end(flight)
