"""Exceptions raised inside another thread, again and again until it obeys.

Python delivers such an exception between two instructions of that thread, wherever it is. There it can be lost: the
interpreter swallows what is raised in a `__del__`, in the callback of a weak reference and while a generator is closed,
and foreign code may catch everything. One daemon thread for all repeats it, with growing pauses.
"""

from __future__ import annotations

import ctypes
import threading
import time
from contextlib import suppress
from typing import Protocol

__all__ = ["Interruptible", "raise_in_thread", "repeat_until_over", "withdraw_from_thread"]

FIRST_PAUSE = 0.1
"""Seconds that interrupted code has for its `finally` blocks before it is interrupted again."""
LONGEST_PAUSE = 1.0
"""Seconds between two interrupts of what does not end, a blocking call for example."""


class Interruptible(Protocol):
    """What runs on another thread and was told to end."""

    def interrupt_again(self) -> bool:
        """Interrupt it once more; whether it may need another interrupt."""


def raise_in_thread(thread_id: int, error: type[BaseException]) -> bool:
    """Raise `error` in the thread, at its next instruction of Python code; whether there is such a thread."""
    return bool(ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), ctypes.py_object(error)))


def withdraw_from_thread(thread_id: int) -> None:
    """Take back what was not raised there yet."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), None)


class _Repeater:
    """The thread that interrupts again; there is one while something needs it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stuck: list[Interruptible] = []
        self._thread: threading.Thread | None = None

    def add(self, stuck: Interruptible) -> None:
        with self._lock:
            self._stuck.append(stuck)
            if self._thread is not None and self._thread.is_alive():
                return
            self._thread = threading.Thread(target=self._run, daemon=True, name="orderdesk interrupts")
            with suppress(RuntimeError):  # The interpreter ends, and every daemon thread with it.
                self._thread.start()

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            with self._lock:
                self._stuck = [stuck for stuck in self._stuck if stuck.interrupt_again()]
                if not self._stuck:
                    self._thread = None
                    return


_repeater = _Repeater()


def repeat_until_over(stuck: Interruptible) -> None:
    """Have it interrupted until it says that it needs no more."""
    _repeater.add(stuck)
