"""A worker's heartbeat: who works on the ledger, since when, and how its connections stand in it."""

from __future__ import annotations

import os
import platform
import secrets
import time
from datetime import timedelta

from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.cases.workers import ConnectionCondition, WorkerHeartbeat
from orderdesk_sdk.desk.desk import Desk

__all__ = ["Heartbeat"]

BEAT_SECONDS = 15.0
"""Seconds between two entries; each is a commit."""
_log = RoomLogger("desk")


class Heartbeat:
    """Records in the ledger that a worker is at work. What keeps it from being recorded is logged, and stops nobody."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._id = secrets.token_hex(8)
        self._started_at = desk.clock.now()
        self._next = 0.0

    def beat(self) -> None:
        """Say that a round was done; recorded a few times a minute. Raises nothing."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + BEAT_SECONDS
        try:
            self._desk.ledger.record_heartbeat(self._present())
        except Exception as error:  # noqa: BLE001 - the ledger is away, say: the round tells of it, the next beat comes
            _log.warning("the worker's heartbeat could not be recorded (%s)", type(error).__name__)

    def end(self) -> None:
        """Take leave: a worker that says nothing more after this is not missed. Raises nothing."""
        try:
            self._desk.ledger.remove_heartbeat(self._id)
        except Exception as error:  # noqa: BLE001 - the ledger is closed already, say
            _log.warning("the worker's end could not be recorded (%s)", type(error).__name__)

    def _present(self) -> WorkerHeartbeat:
        now, monotonic = self._desk.clock.now(), time.monotonic()
        conditions = {}
        for name in self._desk.connections.names():
            bulkhead, deferred = self._desk.connections.bulkhead(name), self._desk.connections.deferred_for(name)
            done = bulkhead.last_done
            conditions[name] = ConnectionCondition(
                bulkhead.has_stuck_threads,
                now - timedelta(seconds=monotonic - done) if done is not None else None,
                now + timedelta(seconds=deferred) if deferred > 0 else None,
            )
        return WorkerHeartbeat(self._id, platform.node(), os.getpid(), self._started_at, now, conditions)
