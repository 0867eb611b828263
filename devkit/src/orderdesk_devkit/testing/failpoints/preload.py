"""What every forked child would do again: done once, by the process that forks them.

The SDK imports late what not every program needs, and cattrs makes the functions that read and write a record when it
meets the first of its kind. For a child, which lives some milliseconds, both are most of its life.
"""

from __future__ import annotations

import importlib
import pkgutil
from datetime import UTC, datetime

import orderdesk_sdk
from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.stores.serialization import dump, load, pack, unpack

__all__ = ["preload"]

_OTHERS = (
    *("orderdesk_sdk.cli", "orderdesk_sdk.web", "orderdesk_sdk.stores.postgres", "orderdesk_sdk.runtime.engines"),
    "orderdesk_sdk.desk.open_telemetry",
    *("orderdesk_sdk.transport.http.files.private_key", "orderdesk_sdk.transport.http.files.sftp"),
)
"""Rooms that no child uses, or whose libraries may be missing."""
_NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
_INTENT = Intent(1, "cancel", "PUT", "https://api.example/1042", "ab12", True, _NOW)
_CASE = {
    "id": "c1-1",
    "order_id": "1",
    "order_number": "1042",
    "connection": "shop",
    "integration": "acme",
    "remote_id": "1042",
    "role": ConnectionRole.FULFILLMENT,
    "requested_by": "Ann",
    "state": State.PENDING,
    "created_at": _NOW,
    "updated_at": _NOW,
    "due_at": _NOW,
}


def preload() -> None:
    """Have everything imported and made that a desk needs to send, record and read again."""
    for module in pkgutil.walk_packages(orderdesk_sdk.__path__, "orderdesk_sdk."):
        if not module.name.startswith(_OTHERS):
            importlib.import_module(module.name)
    event = Event(EventKind.ACKNOWLEDGED, _NOW, due_at=_NOW)
    cancel = CancelCase(**_CASE, cancellation_id="c1")  # type: ignore[arg-type]  # the fields of every kind of case
    status = StatusCase(**_CASE, status="closed")  # type: ignore[arg-type]  # as above
    again = ResubmitCase(**_CASE, original_number="1042")  # type: ignore[arg-type]  # as above
    for record in (cancel, status, again, event, _INTENT, Exchange(_INTENT, _NOW)):
        stored = pack(record)
        unpack(type(record), stored.data, stored.texts)
    cancellation = Cancellation("c1", "key", "1", "1042", "Ann", None, _NOW)
    for plain in (cancellation, OrderEvent("1", OrderEventKind.CASE_SETTLED, "1", _NOW)):
        load(dump(plain), type(plain))
