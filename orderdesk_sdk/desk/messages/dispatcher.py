"""Hands messages whose time has come to threads of their own, so that no case waits for a message, nor the sender."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import timedelta

from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.cases.messages import InboundMessage
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.desk.messages.config import MessageConfig
from orderdesk_sdk.desk.messages.handler import MessageHandler
from orderdesk_sdk.desk.parts import DeskParts
from orderdesk_sdk.errors import OrderDeskError, describe_exception
from orderdesk_sdk.plugin.bulkhead import Bulkhead
from orderdesk_sdk.plugin.guard import Watchdog
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["LEASE", "MessageDispatcher"]

LEASE = minutes(5)
"""Whoever has begun a message and says nothing for so long is taken for dead, and it is begun again."""
CLEAN_EVERY = 3600.0
"""Seconds between two looks for messages that are old enough to be forgotten."""
_PAUSE = 0.02
_log = RoomLogger("desk")


class MessageDispatcher:
    """The threads that handle messages, of one process. Safe from many threads."""

    def __init__(self, parts: DeskParts, handler: MessageHandler, config: MessageConfig, shutdown: Shutdown) -> None:
        self._ledger = parts.ledger
        self._clock = parts.clock
        self._handler = handler
        self._config = config
        self._shutdown = shutdown
        self._threads = Bulkhead("messages", config.threads, float("inf"))
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._is_begun = False
        self._handled = 0
        self._problems: list[str] = []
        self._cleaned_at: float | None = None

    def start_due(self) -> int:
        """Begin the messages whose time has come, as many as there are threads for; how many were begun."""
        self._forget_old()
        begun = 0
        while not self._shutdown.is_requested:
            with self._lock:  # What is claimed is counted before anybody else claims.
                free = self._config.threads - self._running.total()
                share = max(1, self._config.threads // 2)
                busy = [name for name, count in self._running.items() if count >= share]
                now = self._clock.now()
                claimed = self._ledger.claim_messages(now, now + LEASE, free, without=busy) if free > 0 else ()
                self._running.update(message.source.connection for message in claimed)
            for message in claimed:
                self._start(message)
            begun += len(claimed)
            self._is_begun = self._is_begun or bool(claimed)
            if not claimed:
                return begun
        return begun

    def wait(self, longest: float) -> None:
        """Wait until nothing is under way and nothing more is due, at most so many seconds."""
        until = time.monotonic() + longest
        if self.is_idle and not self._is_begun:
            return
        while time.monotonic() < until and not self._shutdown.is_requested:
            if not self.start_due() and self.is_idle:
                self._is_begun = False
                return
            time.sleep(_PAUSE)

    @property
    def is_idle(self) -> bool:
        """Whether no message is being handled in this process."""
        with self._lock:
            return self._running.total() == 0

    def take_results(self) -> tuple[int, tuple[str, ...]]:
        """How many messages were handled since the last call, and the problems, one line each."""
        with self._lock:
            result = self._handled, tuple(self._problems)
            self._handled, self._problems = 0, []
        return result

    def wait_until_idle(self) -> None:
        """Return when nothing is under way. The desk's ending must have begun."""
        while not self.is_idle:
            time.sleep(_PAUSE)

    def close(self) -> None:
        """Let the threads end when they are done."""
        self._threads.close()

    def _start(self, message: InboundMessage) -> None:
        def handle(_: Watchdog) -> None:
            problem: str | None = None
            try:
                with self._shutdown.in_use():
                    problem = self._handler.handle(message).problem
            except OrderDeskError as error:
                problem = f"message {message.id}: {error}"
            except BaseException as error:  # noqa: BLE001 - the message is begun again when its time is up
                problem = f"message {message.id}: {describe_exception(error)}"
            finally:
                self._end(message, problem)

        self._threads.submit(handle)

    def _end(self, message: InboundMessage, problem: str | None) -> None:
        with self._lock:
            self._running[message.source.connection] -= 1
            self._running += Counter()  # Without the connections that have none.
            self._handled += 1
            if problem is not None:
                self._problems.append(problem)

    def _forget_old(self) -> None:
        now = time.monotonic()
        if self._cleaned_at is not None and now - self._cleaned_at < CLEAN_EVERY:
            return
        self._cleaned_at = now
        old = self._clock.now() - timedelta(days=self._config.keep_days)
        count = 0
        while removed := self._ledger.remove_old_messages(old):
            count += removed
            if self._shutdown.is_requested:
                break
        if count:
            _log.info("old messages forgotten: %d", count)
