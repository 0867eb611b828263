"""Bulkheads: a few threads per connection, so that one slow service or hanging plugin starves nobody else."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.plugin.guard import TIMED_OUT, Guard, PluginFailure, PluginTimeout, Watchdog
from orderdesk_sdk.plugin.telemetry import attached, current_context

__all__ = ["DEFAULT_TIMEOUT", "Bulkhead", "Job"]

T = TypeVar("T")

DEFAULT_TIMEOUT = 10.0
"""Seconds that foreign code may run without making a call before it is taken for hung."""
MAX_ABANDONED_THREADS = 16
"""Threads that one connection, listener or integration may leave behind. Beyond that nothing of it is begun until one
of them comes back: a host's memory is everybody's."""


class Completion:
    """Is set once, and waited for: as a threading.Event, by one lock in place of a condition and a lock per wait."""

    __slots__ = ("_lock", "_setting")

    def __init__(self) -> None:
        self._lock = threading.Lock()  # Held until it is set; who waited passes it on.
        self._lock.acquire()
        self._setting = threading.Lock()

    def set(self) -> None:
        """Let everybody go on who waits, or will; a second time does nothing."""
        if self._setting.acquire(blocking=False):
            self._lock.release()

    def is_set(self) -> bool:
        """Whether it is."""
        return self._setting.locked()

    def wait(self, timeout: float) -> bool:
        """Wait for it, at most so many seconds; whether it is set."""
        if not self._lock.acquire(timeout=timeout):
            return False
        self._lock.release()
        return True


class Job:
    """A job handed to a bulkhead.

    `done` is set when it ended or was given up; `timed_out` says which; `error` what it raised. `on_done` is called
    after that.
    """

    def __init__(self, run: Callable[[Watchdog], None], on_done: Callable[[], object] | None = None) -> None:
        self.run = run
        self._on_done = on_done
        self.watchdog = Watchdog()
        self.done = Completion()
        self.timed_out = False
        self.error: BaseException | None = None
        self.context = current_context()

    def finish(self) -> None:
        """Let whoever waits for it go on."""
        self.done.set()
        if self._on_done is not None:
            self._on_done()


class Bulkhead:
    """At most `size` jobs at once for one connection. Threads are made when needed and never keep the process alive."""

    def __init__(self, name: str, size: int, timeout: float) -> None:
        self.timeout = timeout
        self.size = size
        self._name = name
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running: set[Job] = set()
        self._threads = 0
        self._queued = 0
        self._abandoned = 0
        self.last_done: float | None = None
        """When a job last ended without an error, by `time.monotonic`; None while none did."""

    def submit(self, run: Callable[[Watchdog], None], on_done: Callable[[], object] | None = None) -> Job:
        """Submit a job; it starts when a thread is free.

        Args:
            on_done: called when it has ended, from any thread.
        """
        job = Job(run, on_done)
        with self._lock:
            if self._abandoned >= MAX_ABANDONED_THREADS:
                job.timed_out = True
                job.finish()
                return job
            self._queued += 1
            if self._threads < min(self.size, len(self._running) + self._queued):
                self._threads += 1
                self._start(self._run_jobs)
        self._jobs.put(job)
        return job

    def run_isolated(
        self,
        step: Callable[[], T],
        redact: Callable[[str], str] = str,
        allowed_errors: tuple[type[OrderDeskError], ...] = (),
        *,
        timeout: float | None = None,
    ) -> T | PluginFailure | OrderDeskError:
        """Run a step of foreign code beside the jobs; as `Guard.run`, and for a hang a PluginFailure without a kind.

        For whoever must not be left behind: the host's own threads, and those that other people's cases wait for.

        Args:
            timeout: seconds; None: this bulkhead's.
        """
        longest = self.timeout if timeout is None else timeout
        watch, ended = Watchdog(), threading.Event()
        outcome: list[T | PluginFailure | OrderDeskError] = []

        def run() -> None:
            with contextlib.suppress(PluginTimeout):  # Nobody waits any more.
                outcome.append(Guard(watch, redact).run(step, allowed_errors))
            ended.set()
            if watch.is_abandoned:
                with self._lock:
                    self._abandoned -= 1

        with self._lock:
            if self._abandoned >= MAX_ABANDONED_THREADS:
                return PluginFailure(f"{TIMED_OUT}: {longest:g} s without a request")
        self._start(run)
        while not ended.wait(longest):
            with self._lock:
                if watch.abandon(longest):
                    self._abandoned += 1
                    return PluginFailure(f"{TIMED_OUT}: {longest:g} s without a request")
        return outcome[0]

    @property
    def has_stuck_threads(self) -> bool:
        """Whether a thread that was left behind still runs."""
        return self._abandoned > 0

    def abandon_stuck_jobs(self) -> None:
        """Give up the jobs whose plugin code has run longer than the timeout; their threads are replaced."""
        with self._lock:
            hung = [job for job in self._running if job.watchdog.abandon(self.timeout)]
            for job in hung:
                self._running.discard(job)
                self._threads -= 1
                self._abandoned += 1
                job.timed_out = True
            if hung and self._queued:
                self._threads += 1
                self._start(self._run_jobs)
        for job in hung:
            job.finish()

    @property
    def has_room(self) -> bool:
        """Whether a job would have a thread at once."""
        with self._lock:
            return len(self._running) + self._queued < self.size

    @property
    def is_idle(self) -> bool:
        """Whether no job is under way, or waits for a thread."""
        with self._lock:
            return not self._running and not self._queued

    def close(self) -> None:
        """Let idle threads end."""
        with self._lock:
            for _ in range(self._threads):
                self._jobs.put(None)

    def _start(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True, name=f"orderdesk {self._name}").start()

    def _run_jobs(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            with self._lock:
                self._queued -= 1
                self._running.add(job)
            try:
                with attached(job.context):
                    job.run(job.watchdog)
                self.last_done = time.monotonic()
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the job
                job.error = error
            with self._lock:
                given_up = job.timed_out
                self._abandoned -= given_up
                self._running.discard(job)
            if given_up:
                return  # Another thread has taken this one's place.
            job.finish()
