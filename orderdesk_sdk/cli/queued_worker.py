"""A worker that a queue wakes: runs until it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable

from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.heartbeat import BEAT_SECONDS, Heartbeat
from orderdesk_sdk.runtime.engines.choosing import procrastinate_engine

__all__ = ["run_queued"]


def run_queued(desk: Desk, stop: threading.Event, report: Callable[[str], object]) -> tuple[int, tuple[str, ...]]:
    """Work until `stop` is set; the number of wakes that were handled, and the problems of the last sweep.

    Args:
        report: called with each new problem, one line. Raises ConfigurationError where the ledger is no PostgreSQL one.
    """
    engine = procrastinate_engine(desk, stop, report)
    desk.use_engine(engine)
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(Heartbeat(desk), ended), daemon=True, name="orderdesk heartbeat")
    beating.start()
    try:
        with desk.ending_on(stop):
            engine.run()
    finally:
        ended.set()
        beating.join()
    return engine.handled, engine.problems


def _beat(heartbeat: Heartbeat, ended: threading.Event) -> None:
    while not ended.is_set():
        heartbeat.beat()
        ended.wait(BEAT_SECONDS)
    heartbeat.end()
