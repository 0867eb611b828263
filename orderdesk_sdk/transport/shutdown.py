"""The ending of a desk: what is under way is finished, and nothing new is begun."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Ending"]


class Ending:
    """Whether a desk is about to end. To ask costs nothing, and to begin it is safe in a signal handler."""

    def __init__(self) -> None:
        self._begun = False
        self._signals: tuple[threading.Event, ...] = ()
        self._idle = threading.Condition()
        self._busy = 0

    @property
    def is_near(self) -> bool:
        """Whether nothing new is to be begun."""
        return self._begun or any(signal.is_set() for signal in self._signals)

    def begin(self) -> None:
        """From now on nothing new is begun."""
        self._begun = True

    @contextmanager
    def on(self, signal: threading.Event) -> Iterator[None]:
        """Within the block nothing new is begun once the signal is set."""
        self._signals = (*self._signals, signal)
        try:
            yield
        finally:
            self._signals = tuple(known for known in self._signals if known is not signal)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Somebody needs the desk within the block, and `wait` waits for him."""
        with self._idle:
            self._busy += 1
        try:
            yield
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def wait(self) -> None:
        """Return when nobody needs the desk any more."""
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0)
