"""Ending in good order: Ctrl-C and SIGTERM set an event; a second Ctrl-C breaks off."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["stop_event"]


@contextmanager
def stop_event() -> Iterator[threading.Event]:
    """An event that is set by SIGINT and SIGTERM within the block. Outside of the main thread nothing sets it."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a handler
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
