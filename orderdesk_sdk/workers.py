"""Bulkheads: a few threads per connection, so that one slow service or hanging plugin starves nobody else."""

from __future__ import annotations

import contextlib
import ctypes
import queue
import threading
import time
from collections.abc import Callable

__all__ = ["HUNG", "Bulkhead", "PluginHung", "Ticket", "Watch"]

HUNG = "its plugin ran on without making a call and was stopped"


class PluginHung(BaseException):
    """Raised inside a plugin that has run for too long without a call.

    Ends a loop, cannot end a blocking system call.
    """

    def __str__(self) -> str:
        return HUNG


class Watch(contextlib.AbstractContextManager[None]):
    """Notes while plugin code runs, so that a hang can be told from a slow service."""

    def __init__(self) -> None:
        self.since: float | None = None

    def __enter__(self) -> None:
        self.since = time.monotonic()

    def __exit__(self, *error: object) -> None:
        self.since = None


class Ticket:
    """A job handed to a bulkhead.

    `done` is set when it ended or was given up; `hung` says which; `error` what it raised.
    """

    def __init__(self, job: Callable[[Watch], None]) -> None:
        self.job = job
        self.watch = Watch()
        self.done = threading.Event()
        self.hung = False
        self.error: BaseException | None = None
        self.thread_id: int | None = None


class Bulkhead:
    """At most `size` jobs at once for one connection. Threads are made when needed and never keep the process alive."""

    def __init__(self, name: str, size: int, patience: float) -> None:
        self._name = name
        self._size = size
        self._patience = patience
        self._jobs: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running: set[Ticket] = set()
        self._threads = 0
        self._waiting = 0

    def submit(self, job: Callable[[Watch], None]) -> Ticket:
        """Hand over a job; it starts when a thread is free."""
        ticket = Ticket(job)
        with self._lock:
            self._waiting += 1
            if self._threads < min(self._size, len(self._running) + self._waiting):
                self._threads += 1
                threading.Thread(target=self._work, daemon=True, name=f"orderdesk {self._name}").start()
        self._jobs.put(ticket)
        return ticket

    def reap(self) -> None:
        """Give up the jobs whose plugin code has run longer than the patience; their threads are replaced."""
        now = time.monotonic()
        with self._lock:
            hung = [
                ticket
                for ticket in self._running
                if ticket.watch.since is not None and now - ticket.watch.since > self._patience
            ]
            for ticket in hung:
                self._running.discard(ticket)
                self._threads -= 1
                ticket.hung = True
            if hung and self._waiting:
                self._threads += 1
                threading.Thread(target=self._work, daemon=True, name=f"orderdesk {self._name}").start()
        for ticket in hung:
            if ticket.thread_id is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(ticket.thread_id), ctypes.py_object(PluginHung)
                )
            ticket.done.set()

    def close(self) -> None:
        """Let idle threads end."""
        with self._lock:
            for _ in range(self._threads):
                self._jobs.put(None)

    def _work(self) -> None:
        while True:
            ticket = self._jobs.get()
            if ticket is None:
                return
            ticket.thread_id = threading.get_ident()
            with self._lock:
                self._waiting -= 1
                self._running.add(ticket)
            try:
                ticket.job(ticket.watch)
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the ticket
                ticket.error = error
            with self._lock:
                given_up = ticket.hung
                self._running.discard(ticket)
            ticket.done.set()
            if given_up:
                return  # Another thread has taken this one's place.
