"""The guard around foreign code: whatever a plugin, a listener or a rule does becomes a value, or is left behind.

Foreign code runs under a `Guard` only. What it raises, `SystemExit` and the like included, becomes a `Fault` with safe
words; what it gives is taken over, within the guard, as plain values (`plain`). While it runs its `Watch` is on, so
that whoever waits for the thread can tell a hang from a slow service and leave the thread behind. A thread cannot be
killed: a loop of Python code is ended by `PluginHung`, a blocking call stays until it returns, and neither changes
anything of ours any more. Code that keeps the interpreter's lock (one endless regular expression, say) cannot be left.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TypeVar

from attrs import frozen

from orderdesk_sdk.errors import OrderDeskError, PluginFault, in_words
from orderdesk_sdk.plugin.plain_values import name_of, plain_text

__all__ = [
    "HUNG",
    "LONGEST_WORDS",
    "Fault",
    "Guard",
    "PluginHung",
    "Turn",
    "Watch",
    "fault_text",
    "sound",
    "watch_here",
]

T = TypeVar("T")

HUNG = "its plugin ran on without making a call and was stopped"
LONGEST_WORDS = 2000
"""Characters of what a plugin says, in an answer or an exception, that are kept."""
LONGEST_LOOK = 100_000
"""Characters of such words in which secrets are looked for, before they are cut."""
LOOK = 0.05
"""Seconds between two looks at whether the holder of a turn was left behind."""

_here = threading.local()


class PluginHung(BaseException):
    """Raised inside foreign code that has run for too long, and around it, so that its thread does nothing more."""

    def __str__(self) -> str:
        return HUNG


@frozen
class Fault:
    """What foreign code did wrong, without secrets. kind: the exception's class; "" where there was none."""

    text: str
    kind: str = ""


class Watch:
    """Notes while foreign code runs on a thread that may be left behind.

    at_leave: what is to be saved then of what that thread did, by whoever left it; None where there is nothing.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None
        self._thread_id = 0
        self._outer: Watch | None = None
        self.is_left = False
        self.at_leave: Callable[[], None] | None = None

    def __enter__(self) -> None:
        with self._lock:
            if self.is_left:
                raise PluginHung
            self._since, self._thread_id = time.monotonic(), threading.get_ident()
        self._outer, _here.watch = watch_here(), self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raises PluginHung where the thread was left behind meanwhile."""
        _here.watch = self._outer
        with self._lock:
            self._since = None
            if not self.is_left:
                return
            _interrupt(self._thread_id, None)  # What was not delivered yet must not hit what runs here next.
        raise PluginHung

    def leave(self, patience: float) -> bool:
        """Leave the thread behind where foreign code has run there for longer than `patience` seconds; whether so.

        From then on nothing that runs under this watch is heard.
        """
        with self._lock:
            if self._since is None or time.monotonic() - self._since < patience:
                return False
            self.is_left = True
            _interrupt(self._thread_id, PluginHung)
            return True

    @contextmanager
    def paused(self) -> Iterator[None]:
        """For what foreign code waits for through no fault of its own."""
        with self._lock:
            since, self._since = self._since, None
        try:
            yield
        finally:
            with self._lock:
                self._since = time.monotonic() if since is not None else None


def _interrupt(thread_id: int, error: type[BaseException] | None) -> None:
    raised = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), raised)


class Guard:
    """Runs foreign code. watch: of the thread it runs on. clean: takes secrets out of its words."""

    def __init__(self, watch: Watch | None = None, clean: Callable[[str], str] = str) -> None:
        self.watch = watch or Watch()
        self._clean = clean

    def run(self, step: Callable[[], T], passes: tuple[type[OrderDeskError], ...] = ()) -> T | Fault | OrderDeskError:
        """What `step` gives, or a Fault. passes: errors that the contract lets it raise; they are made anew, clean.

        Let `step` take over what foreign code gives (`plain`), so that nothing of it runs outside. Raises PluginHung
        where the thread was left behind: then everything that runs on it must end.
        """
        with self.watch:
            try:
                return step()
            except BaseException as error:  # noqa: BLE001 - also SystemExit: foreign code ends nothing but its own case
                return self._of(error, passes)

    def _of(self, error: BaseException, passes: tuple[type[OrderDeskError], ...]) -> Fault | OrderDeskError:
        try:
            for kind in passes:
                if isinstance(error, kind):
                    return kind(
                        self._words(error.text),
                        place=self._words(error.place) if error.place is not None else None,
                        remedy=self._words(error.remedy) if error.remedy is not None else None,
                    )
            return Fault(fault_text(error, self._clean), name_of(error))
        except BaseException as another:  # noqa: BLE001 - what shows itself in this way is not shown
            return Fault(f"an error that cannot be shown ({name_of(another)})", name_of(error))

    def _words(self, text: object) -> str:
        return self._clean(plain_text(text)[:LONGEST_LOOK])[:LONGEST_WORDS]


def fault_text(error: BaseException, clean: Callable[[str], str]) -> str:
    """An exception for the history: its type and words, and where it was raised, without secrets."""
    trace, where = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        where = f" at {code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} in {code.co_name}"
        trace = trace.tb_next
    return clean(f"{in_words(error)[:LONGEST_LOOK]}{where}")[:LONGEST_WORDS]


def sound(outcome: T | Fault | OrderDeskError, what: str, *, place: str, remedy: str | None = None) -> T:
    """What a guard gave, where nothing was wrong. Raises the error that passed, or PluginFault "`what`: its fault"."""
    match outcome:
        case Fault(text):
            raise PluginFault(f"{what}: {text}", place=place, remedy=remedy)
        case OrderDeskError():
            raise outcome
        case _:
            return outcome


class Turn:
    """A lock that its holder loses when it is left behind. Who waits for it does not hang."""

    def __init__(self) -> None:
        self._over = threading.Condition()
        self._holder: Watch | None = None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Held for the block. A generator may take it in one step and give it back in another."""
        mine = watch_here() or Watch()
        with mine.paused(), self._over:
            while self._holder is not None and not self._holder.is_left:
                self._over.wait(LOOK)
            self._holder = mine
        try:
            yield
        finally:
            with self._over:
                if self._holder is mine:
                    self._holder = None
                    self._over.notify()


def watch_here() -> Watch | None:
    """The watch that is on over the code that runs here; None where no foreign code does."""
    found: Watch | None = getattr(_here, "watch", None)
    return found
