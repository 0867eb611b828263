"""What many tests begin with: a cancellation, a case of each kind, and what happens to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import OPEN, State
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import ManualConfirmation, Polling, Portal, Route

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
LATER = NOW + minutes(5)

SENT = Event(EventKind.SEND_STARTED, NOW, due_at=LATER, idempotent=True)
ACKNOWLEDGED = Event(EventKind.ACKNOWLEDGED, LATER, due_at=LATER, message="noted")
DONE = Event(EventKind.DONE, LATER, message="it is there", evidence=Evidence(EvidenceKind.PERSON, person="Ann"))
INTENT = Intent(1, "cancel", "PUT", "https://api.example/1042", "ab12", True, NOW)
EXCHANGE = Exchange(INTENT, LATER, 200, {"x-request-id": "7"}, '{"ok":true}', is_complete=True, attempts=2)

POLLING = Polling(every=minutes(2), give_up=hours(24))
BY_PHONE = Portal("Call the warehouse.", ManualConfirmation(hours(1)))
PLACED = RemoteOrder("shop", "1042", NOW - minutes(1), ConnectionRole.FULFILLMENT)


def acme(*cancel: Route, **changes: Any) -> Integration:
    """The integration Acme with this list of routes of routes."""
    return evolve(
        Integration(slug="acme", title="Acme", settings=object, base_url="endpoint", cancel=cancel), **changes
    )


def make_cancellation(number: str = "1", key: str = "") -> Cancellation:
    """The cancellation c1 of the order 1 (101 to people) by Ann; with another number c2 of the order 2."""
    return Cancellation(f"c{number}", key or f"key {number}", number, f"10{number}", "Ann", "customer asked", NOW)


def make_case(state: State = State.PENDING, **changes: Any) -> CancelCase:
    """A case in this state: the cancellation of order 1042 at the connection shop, due now while it is open."""
    case = CancelCase(
        id="c1-1",
        cancellation_id="c1",
        order_id="1",
        order_number="1042",
        connection="shop",
        integration="acme",
        remote_id="1042",
        role=ConnectionRole.FULFILLMENT,
        requested_by="Ann",
        state=state,
        created_at=NOW,
        updated_at=NOW,
        due_at=NOW if state in OPEN else None,
    )
    return evolve(case, **changes)


def make_case_of(cancellation: Cancellation, number: int = 1, **changes: Any) -> CancelCase:
    """The case of a cancellation at the connection with this number."""
    case = make_case(
        id=f"{cancellation.id}-{number}",
        cancellation_id=cancellation.id,
        order_id=cancellation.order_id,
        order_number=cancellation.order_number,
        connection=f"shop-{number}",
    )
    return evolve(case, **changes)


def make_resubmission(number: str = "r1", **changes: Any) -> ResubmitCase:
    """The pending resubmission with this id: order 1042 goes out again as 1042-2."""
    case = ResubmitCase(
        id=number,
        order_id="1",
        order_number=f"1042-{number}",
        original_number="1042",
        connection="shop",
        integration="acme",
        remote_id="1042-2",
        role=ConnectionRole.FULFILLMENT,
        requested_by="Ann",
        state=State.PENDING,
        created_at=NOW,
        updated_at=NOW,
        due_at=NOW,
    )
    return evolve(case, **changes)


def open_case(ledger: Ledger, number: str = "1", **changes: Any) -> CancelCase:
    """The one case of the cancellation with this number, which is in the ledger now."""
    cancellation = make_cancellation(number)
    case = make_case_of(cancellation, **changes)
    ledger.open_cancellation(cancellation, "content", [case])
    return case
