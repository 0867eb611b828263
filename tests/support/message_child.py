"""The process that is killed while it receives a message, stores it, and handles it.

    python -m tests.support.message_child    reads tasks on stdin, one a line; see `failpoints.fork_server`

A boundary lies before and after each write to the ledger, around each call on the wire, and around the moving of a
file. Like `failpoints.child`, this needs a POSIX system.
"""

from __future__ import annotations

import enum
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from attrs import frozen
from cattrs.preconf.json import make_converter

from orderdesk_devkit.testing.failpoints.child import CROSSED, REPORTED, Boundaries, report, run_children
from orderdesk_devkit.testing.failpoints.preload import preload
from orderdesk_sdk.cases.messages import InboundMessage, MessageSource
from orderdesk_sdk.clock import Clock, VirtualClock
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.messages.queues import FolderQueue
from orderdesk_sdk.plugin.webhooks import NotificationKind
from tests.support.fake_services import FakeFulfillmentService, fake_webhook, open_fake_desk
from tests.support.posted_orders import STORE_MESSAGES, php_order, posted_order
from tests.support.queued_service import FakeQueueService

__all__ = ["CLAIMED", "INBOX", "ORDER_ID", "MessageTask", "Way"]

ORDER_ID = "id-1042"
INBOX = "inbox"
CLAIMED = "after a message is claimed"
_LEDGER_WRITES = (
    *("store_messages", "update_message", "discard_message", "record_own_move"),
    *("open_cancellation", "write", "append"),
)


class Way(enum.Enum):
    """How the message comes in."""

    WEBHOOK = "webhook"
    POSTED_ORDER = "posted order"
    FILE = "file"


@frozen
class MessageTask:
    """What the child has to do. kill_at: the boundary to die at, from 1; 0 lets it live. url: of the services."""

    folder: str
    url: str
    now: datetime
    way: Way
    kill_at: int

    def dump(self) -> str:
        """The task as JSON."""
        return json.dumps(_converter.unstructure(self))

    def open(self, clock: Clock) -> Desk:
        """The desk that the message comes to."""
        plugins = [FakeFulfillmentService(), FakeQueueService()]
        return open_fake_desk(Path(self.folder) / "desk.db", clock, self.url, plugins, messages=STORE_MESSAGES)

    def send(self, desk: Desk) -> int:
        """Send the message, as its sender does for as long as it is not answered; the status of the answer."""
        if self.way is Way.WEBHOOK:
            webhook = fake_webhook("1042", NotificationKind.CANCELED, delivery="d-1")
            return desk.messages.receive(MessageSource.webhook("mill"), webhook.headers, webhook.body).status
        if self.way is Way.POSTED_ORDER:
            posted = posted_order(php_order(ORDER_ID), appointment="9001")
            return desk.messages.receive(MessageSource.cancel(), posted.headers, posted.body).status
        receipts = desk.messages.take_from(FolderQueue(Path(self.folder) / INBOX), "queued")
        return receipts[0].status if receipts else 200


_converter = make_converter()


def _do(line: str) -> None:
    """Do a task; whoever is still alive at the end lists the boundaries that it crossed."""
    task = _converter.structure(json.loads(line), MessageTask)
    boundaries = Boundaries(task.kill_at)
    with task.open(VirtualClock(task.now)) as desk, patch.object(Path, "replace", _moving(boundaries)):
        boundaries.add_around(desk.ledger, _LEDGER_WRITES)
        _cross_after_claim(desk, boundaries)
        boundaries.watch_http()
        report(REPORTED, str(task.send(desk)))
        boundaries.cross("between receiving and handling")
        desk.run_due()
    report(CROSSED, json.dumps(boundaries.names))


def _cross_after_claim(desk: Desk, boundaries: Boundaries) -> None:
    """Put a boundary after the claim that gives the message, and after none of those that look whether there is one."""
    claim = desk.ledger.claim_messages

    def claiming(*args: Any, **named: Any) -> tuple[InboundMessage, ...]:
        claimed = claim(*args, **named)
        if claimed:
            boundaries.cross(CLAIMED)
        return claimed

    setattr(desk.ledger, "claim_messages", claiming)  # noqa: B010 - a method of an instance, for this process alone


def _moving(boundaries: Boundaries) -> object:
    replace = Path.replace

    def moved(source: Path, target: Path) -> Path:
        boundaries.cross("before a file is moved")
        made = replace(source, target)
        boundaries.cross("after a file is moved")
        return made

    return moved


if __name__ == "__main__":
    preload()
    run_children(sys.stdin, _do)
