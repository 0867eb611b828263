"""Bulkheads: a few threads per connection, so that one slow service or hanging plugin starves nobody else."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.plugin.guard import HUNG, Fault, Guard, PluginHung, Watch

__all__ = ["PATIENCE", "Bulkhead", "Ticket"]

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that foreign code may run without making a call before it is taken for hung."""
MOST_LEFT = 16
"""Threads that one connection, listener or integration may leave behind. Beyond that nothing of it is begun until one
of them comes back: a host's memory is everybody's."""


class Ticket:
    """A job handed to a bulkhead.

    `done` is set when it ended or was given up; `hung` says which; `error` what it raised. `then` is called after that.
    """

    def __init__(self, job: Callable[[Watch], None], then: Callable[[], object] | None = None) -> None:
        self.job = job
        self._then = then
        self.watch = Watch()
        self.done = threading.Event()
        self.hung = False
        self.error: BaseException | None = None

    def end(self) -> None:
        """Let whoever waits for it go on."""
        self.done.set()
        if self._then is not None:
            self._then()


class Bulkhead:
    """At most `size` jobs at once for one connection. Threads are made when needed and never keep the process alive."""

    def __init__(self, name: str, size: int, patience: float) -> None:
        self.patience = patience
        self.size = size
        self._name = name
        self._jobs: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running: set[Ticket] = set()
        self._threads = 0
        self._waiting = 0
        self._left = 0

    def submit(self, job: Callable[[Watch], None], then: Callable[[], object] | None = None) -> Ticket:
        """Hand over a job; it starts when a thread is free. then: called when it has ended, from any thread."""
        ticket = Ticket(job, then)
        with self._lock:
            if self._left >= MOST_LEFT:
                ticket.hung = True
                ticket.end()
                return ticket
            self._waiting += 1
            if self._threads < min(self.size, len(self._running) + self._waiting):
                self._threads += 1
                self._start(self._work)
        self._jobs.put(ticket)
        return ticket

    def aside(
        self,
        step: Callable[[], T],
        clean: Callable[[str], str] = str,
        passes: tuple[type[OrderDeskError], ...] = (),
        *,
        patience: float | None = None,
    ) -> T | Fault | OrderDeskError:
        """Run a step of foreign code beside the jobs; as `Guard.run`, and for a hang a Fault without a kind.

        For whoever must not be left behind: the host's own threads, and those that other people's cases wait for.
        patience: seconds; None: this bulkhead's.
        """
        longest = self.patience if patience is None else patience
        watch, ended = Watch(), threading.Event()
        outcome: list[T | Fault | OrderDeskError] = []

        def run() -> None:
            with contextlib.suppress(PluginHung):  # Nobody waits any more.
                outcome.append(Guard(watch, clean).run(step, passes))
            ended.set()
            if watch.is_left:
                with self._lock:
                    self._left -= 1

        with self._lock:
            if self._left >= MOST_LEFT:
                return Fault(HUNG)
        self._start(run)
        while not ended.wait(longest):
            with self._lock:
                if watch.leave(longest):
                    self._left += 1
                    return Fault(HUNG)
        return outcome[0]

    @property
    def is_hanging(self) -> bool:
        """Whether a thread that was left behind still runs."""
        return self._left > 0

    def reap(self) -> None:
        """Give up the jobs whose plugin code has run longer than the patience; their threads are replaced."""
        with self._lock:
            hung = [ticket for ticket in self._running if ticket.watch.leave(self.patience)]
            for ticket in hung:
                self._running.discard(ticket)
                self._threads -= 1
                self._left += 1
                ticket.hung = True
            if hung and self._waiting:
                self._threads += 1
                self._start(self._work)
        for ticket in hung:
            ticket.end()

    @property
    def has_room(self) -> bool:
        """Whether a job would have a thread at once."""
        with self._lock:
            return len(self._running) + self._waiting < self.size

    @property
    def is_idle(self) -> bool:
        """Whether no job is under way, or waits for a thread."""
        with self._lock:
            return not self._running and not self._waiting

    def close(self) -> None:
        """Let idle threads end."""
        with self._lock:
            for _ in range(self._threads):
                self._jobs.put(None)

    def _start(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True, name=f"orderdesk {self._name}").start()

    def _work(self) -> None:
        while True:
            ticket = self._jobs.get()
            if ticket is None:
                return
            with self._lock:
                self._waiting -= 1
                self._running.add(ticket)
            try:
                ticket.job(ticket.watch)
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the ticket
                ticket.error = error
            with self._lock:
                given_up = ticket.hung
                self._left -= given_up
                self._running.discard(ticket)
            if given_up:
                return  # Another thread has taken this one's place.
            ticket.end()
