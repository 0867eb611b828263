"""The guard around foreign code: whatever a plugin, a listener or a rule does becomes a value, or is left behind.

Foreign code runs under a `Guard` only. What it raises, `SystemExit` and the like included, becomes a `PluginFailure`
with safe words; what it gives is taken over, within the guard, as plain values (`plain`). While it runs its `Watchdog`
is on, so that whoever waits for the thread can tell a hang from a slow service and leave the thread behind. A thread
cannot be killed: a loop of Python code is ended by `PluginTimeout`, which is raised there again until it was heeded, a
blocking call stays until it returns, and neither changes anything of ours any more. Code that keeps the interpreter's
lock (one endless regular expression, say) cannot be left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from attrs import frozen

from orderdesk_sdk.errors import OrderDeskError, PluginError, describe_exception
from orderdesk_sdk.plugin.interrupts import raise_in_thread, repeat_until_over, withdraw_from_thread
from orderdesk_sdk.plugin.plain_values import class_name, plain_text

__all__ = [
    "TIMED_OUT",
    "MAX_MESSAGE_LENGTH",
    "PluginFailure",
    "Guard",
    "PluginTimeout",
    "AbandonableLock",
    "Watchdog",
    "failure_message",
    "raise_for_failure",
    "current_watchdog",
]

T = TypeVar("T")

TIMED_OUT = "Plugin timed out"
MAX_MESSAGE_LENGTH = 2000
"""Characters of what a plugin says, in an answer or an exception, that are kept."""
MAX_SCANNED_LENGTH = 100_000
"""Characters of such words in which secrets are looked for, before they are cut."""
POLL_SECONDS = 0.05
"""Seconds between two looks at whether the holder of a lock was left behind."""

_thread_state = threading.local()


class PluginTimeout(BaseException):
    """Raised inside foreign code that has run for too long, and around it, so that its thread does nothing more."""

    def __str__(self) -> str:
        return TIMED_OUT


@frozen
class PluginFailure:
    """What foreign code did wrong, without secrets.

    Args:
        error_type: the exception's class; "" where there was none.
    """

    message: str
    error_type: str = ""


class Watchdog:
    """Notes while foreign code runs on a thread that may be left behind.

    `on_abandon` saves what that thread did, and is called by whoever abandons it; None where nothing is to be saved.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread_id = 0
        self._enclosing: Watchdog | None = None
        self._is_paused = False
        self.since: float | None = None
        """Since when foreign code runs, by `time.monotonic`; None: none does, and nothing is interrupted."""
        self.is_abandoned = False
        self.on_abandon: Callable[[], None] | None = None

    def start(self) -> None:
        """Note that foreign code runs on this thread from now on. Raises PluginTimeout where it was left behind."""
        if self.is_abandoned:
            raise PluginTimeout
        self._thread_id = threading.get_ident()
        self._enclosing, _thread_state.watch = current_watchdog(), self
        self.since = time.monotonic()  # Last: whatever comes now, the caller has begun to stop it.

    def stop(self) -> None:
        """The other end, once `since` is None. Raises PluginTimeout where the thread was left behind meanwhile."""
        _thread_state.watch = self._enclosing
        with self._lock:  # Whoever abandons it holds this, and looks at `since` first.
            if not self.is_abandoned:
                return
        raise PluginTimeout

    def withdraw_interrupts(self) -> None:
        """Take back what was not delivered yet: it must not hit what runs on this thread next."""
        _thread_state.watch = self._enclosing
        with self._lock:  # From here on nothing more is sent.
            withdraw_from_thread(self._thread_id)

    def abandon(self, timeout: float) -> bool:
        """Leave the thread behind where foreign code has run there for longer than `timeout` seconds; whether so.

        From then on nothing that runs under this watch is heard, and it is interrupted until it has ended.
        """
        with self._lock:
            since = self.since
            if since is None or time.monotonic() - since < timeout:
                return False
            self.is_abandoned = True
            raise_in_thread(self._thread_id, PluginTimeout)
        repeat_until_over(self)
        return True

    def interrupt_again(self) -> bool:
        """Interrupt once more what was left behind; False where it has ended."""
        with self._lock:
            if self.since is None:
                return self._is_paused
            return raise_in_thread(self._thread_id, PluginTimeout)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """For what foreign code waits for through no fault of its own."""
        with self._lock:
            since, self.since = self.since, None
            self._is_paused = since is not None
        try:
            yield
        finally:
            with self._lock:
                self.since = time.monotonic() if since is not None else None
                self._is_paused = False


class Guard:
    """Runs foreign code.

    Args:
        watchdog: of the thread it runs on.
        redact: takes secrets out of its words.
    """

    def __init__(self, watchdog: Watchdog | None = None, redact: Callable[[str], str] = str) -> None:
        self.watchdog = watchdog or Watchdog()
        self._redact = redact

    def run(
        self, action: Callable[[], T], allowed_errors: tuple[type[OrderDeskError], ...] = ()
    ) -> T | PluginFailure | OrderDeskError:
        """What `action` gives, a PluginFailure, or one of the errors that it may raise.

        Let `action` take over what foreign code gives (`plain`), so that nothing of it runs outside. Raises
        PluginTimeout where the thread was left behind: then everything that runs on it must end.

        Args:
            allowed_errors: errors that the contract lets it raise. They are made anew, clean.
        """
        watchdog = self.watchdog
        watchdog.start()
        try:
            try:
                return action()
            except BaseException as error:  # noqa: BLE001 - also SystemExit: foreign code ends nothing but its own case
                return self._to_failure(error, allowed_errors)
        finally:
            # One instruction, for an interrupt may hit the begin of any call, also of `stop`. After it none is sent.
            watchdog.since = None
            try:
                watchdog.stop()
            except PluginTimeout:
                watchdog.withdraw_interrupts()
                raise

    def _to_failure(
        self, error: BaseException, allowed_errors: tuple[type[OrderDeskError], ...]
    ) -> PluginFailure | OrderDeskError:
        try:
            for kind in allowed_errors:
                if isinstance(error, kind):
                    return kind(
                        self._safe_text(error.message),
                        location=self._safe_text(error.location) if error.location is not None else None,
                        hint=self._safe_text(error.hint) if error.hint is not None else None,
                    )
            return PluginFailure(failure_message(error, self._redact), class_name(error))
        except BaseException as another:  # noqa: BLE001 - what shows itself in this way is not shown
            return PluginFailure(f"an error that cannot be shown ({class_name(another)})", class_name(error))

    def _safe_text(self, text: object) -> str:
        return self._redact(plain_text(text)[:MAX_SCANNED_LENGTH])[:MAX_MESSAGE_LENGTH]


def failure_message(error: BaseException, redact: Callable[[str], str]) -> str:
    """An exception for the history: its type and words, and where it was raised, without secrets."""
    trace, where = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        where = f" at {code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} in {code.co_name}"
        trace = trace.tb_next
    return redact(f"{describe_exception(error)[:MAX_SCANNED_LENGTH]}{where}")[:MAX_MESSAGE_LENGTH]


def raise_for_failure(
    outcome: T | PluginFailure | OrderDeskError, what: str, *, location: str, hint: str | None = None
) -> T:
    """What a guard gave, where nothing was wrong. Raises the error that passed, or PluginError "`what`: its fault"."""
    match outcome:
        case PluginFailure(text):
            raise PluginError(f"{what}: {text}", location=location, hint=hint)
        case OrderDeskError():
            raise outcome
        case _:
            return outcome


class AbandonableLock:
    """A lock that its holder loses when it is left behind. Who waits for it does not hang.

    It is made of plain locks: whoever is interrupted inside a `threading.Condition` may keep that for ever.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: Watchdog | None = None
        self._waiting: list[threading.Lock] = []

    @contextmanager
    def held(self) -> Iterator[None]:
        """Held for the block. A generator may take it in one step and give it back in another."""
        mine = current_watchdog() or Watchdog()
        with mine.paused():
            while (gate := self._take(mine)) is not None:
                gate.acquire(timeout=POLL_SECONDS)
        try:
            yield
        finally:
            with self._lock:
                if self._holder is mine:
                    self._holder = None
                    for gate in self._waiting:
                        gate.release()
                    self._waiting.clear()

    def _take(self, mine: Watchdog) -> threading.Lock | None:
        """None where it is taken; else what is released when it may be free."""
        with self._lock:
            if self._holder is None or self._holder.is_abandoned:
                self._holder = mine
                return None
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append(gate)
            return gate


def current_watchdog() -> Watchdog | None:
    """The watch that is on over the code that runs here; None where no foreign code does."""
    found: Watchdog | None = getattr(_thread_state, "watch", None)
    return found
