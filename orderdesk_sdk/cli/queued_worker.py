"""A worker that a queue wakes: runs until it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable

from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.heartbeat import BEAT_SECONDS, Heartbeat
from orderdesk_sdk.errors import describe_exception
from orderdesk_sdk.runtime.engines.choosing import procrastinate_engine
from orderdesk_sdk.runtime.problem_reports import ProblemReports

__all__ = ["run_queued"]

MESSAGE_SECONDS = 1.0
"""Seconds between two looks for messages."""


def run_queued(desk: Desk, stop: threading.Event, report: Callable[[str], object]) -> tuple[int, tuple[str, ...]]:
    """Work until `stop` is set; the number of wakes that were handled, and the problems of the last sweep.

    Args:
        report: called with each new problem, one line. Raises ConfigurationError where the ledger is no PostgreSQL one.
    """
    engine = procrastinate_engine(desk, stop, report)
    desk.use_engine(engine)
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(Heartbeat(desk), ended), daemon=True, name="orderdesk heartbeat")
    handling = threading.Thread(
        target=_handle_messages, args=(desk, ended, report), daemon=True, name="orderdesk messages"
    )
    beating.start()
    handling.start()
    try:
        with desk.ending_on(stop):
            engine.run()
    finally:
        ended.set()
        beating.join()
        handling.join()
    return engine.handled, engine.problems


def _handle_messages(desk: Desk, ended: threading.Event, report: Callable[[str], object]) -> None:
    """Handle messages every second: no queue wakes anybody for one, and a sweep comes too seldom."""
    reports = ProblemReports(report)
    while not ended.wait(MESSAGE_SECONDS):
        try:
            problems = desk.messages.handle_due()
        except Exception as error:  # noqa: BLE001 - the ledger is away, say; the next look does it
            problems = (describe_exception(error),)
        reports.update(problems)


def _beat(heartbeat: Heartbeat, ended: threading.Event) -> None:
    while not ended.is_set():
        heartbeat.beat()
        ended.wait(BEAT_SECONDS)
    heartbeat.end()
