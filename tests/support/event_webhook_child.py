"""The process that is killed while it records what an endpoint is to hear of, and sends it.

    python -m tests.support.event_webhook_child    reads tasks on stdin, one a line; see `failpoints.fork_server`

A boundary lies before and after each write to the ledger, and around each call on the wire. Like `failpoints.child`,
this needs a POSIX system.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from attrs import frozen
from cattrs.preconf.json import make_converter

from orderdesk_devkit.testing.failpoints.child import CROSSED, Boundaries, report, run_children
from orderdesk_devkit.testing.failpoints.preload import preload
from orderdesk_sdk.cases.event_webhooks import EventDelivery
from orderdesk_sdk.clock import Clock, VirtualClock
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.event_webhooks.config import EventWebhookConfig
from orderdesk_sdk.secret import Secret
from tests.support.fake_services import FakeManualService, open_fake_desk

__all__ = ["CLAIMED", "EventTask"]

CLAIMED = "after a delivery is claimed"
_LEDGER_WRITES = ("open_cancellation", "write", "record_deliveries", "update_delivery")


@frozen
class EventTask:
    """What the child has to do. kill_at: the boundary to die at, from 1; 0 lets it live."""

    folder: str
    now: datetime
    kill_at: int

    def dump(self) -> str:
        """The task as JSON."""
        return json.dumps(_converter.unstructure(self))

    def open(self, clock: Clock) -> Desk:
        """The desk whose events are heard."""
        key = EventWebhookConfig(key=Secret("a key of the tests that nobody guesses"))
        path = Path(self.folder) / "desk.db"
        return open_fake_desk(path, clock, "http://127.0.0.1:1", [FakeManualService()], events=key)

    def cancel(self, desk: Desk) -> None:
        """What is heard of; asked for again, it is the same cancellation."""
        desk.cancel("1042", by="Ann", idempotency_key="cancel 1042")


_converter = make_converter()


def _do(line: str) -> None:
    """Do a task; whoever is still alive at the end lists the boundaries that it crossed."""
    task = _converter.structure(json.loads(line), EventTask)
    boundaries = Boundaries(task.kill_at)
    with task.open(VirtualClock(task.now)) as desk:
        boundaries.add_around(desk.ledger, _LEDGER_WRITES)
        _cross_after_claim(desk, boundaries)
        boundaries.watch_http()
        task.cancel(desk)
        for _ in range(3):
            desk.run_due()
            desk.event_webhooks.wait_until_idle()
    report(CROSSED, json.dumps(boundaries.names))


def _cross_after_claim(desk: Desk, boundaries: Boundaries) -> None:
    """Put a boundary after the claim that gives a delivery, and after none of those that look whether there is one."""
    claim = desk.ledger.claim_delivery

    def claiming(*args: Any) -> EventDelivery | None:
        claimed = claim(*args)
        if claimed is not None:
            boundaries.cross(CLAIMED)
        return claimed

    setattr(desk.ledger, "claim_delivery", claiming)  # noqa: B010 - a method of an instance, for this process alone


if __name__ == "__main__":
    preload()
    run_children(sys.stdin, _do)
