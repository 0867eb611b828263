"""Blocking work beside an event loop: in a thread that keeps neither the loop nor the process from ending."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

__all__ = ["in_thread"]

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """What `work` returns or raises, from a thread of its own; a cancelled caller does not wait for its end."""
    result: Future[T] = Future()

    def run() -> None:
        if not result.set_running_or_notify_cancel():
            return
        try:
            value = work()
        except BaseException as error:  # noqa: BLE001 - whatever it raises is raised where it is awaited
            result.set_exception(error)
        else:
            result.set_result(value)

    threading.Thread(target=run, name="simulator", daemon=True).start()
    return await asyncio.wrap_future(result)
