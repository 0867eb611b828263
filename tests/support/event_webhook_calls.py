"""Every method of a ledger that is about events out, called with everything that narrows."""

from __future__ import annotations

from attrs import evolve

from orderdesk_sdk.cases.event_webhooks import DeliveryState, EventDelivery, EventEndpoint, EventType
from tests.support.builders import LATER, NOW
from tests.support.ledgers import SqlLedger

__all__ = ["read_event_webhooks", "write_event_webhooks"]


def write_event_webhooks(ledger: SqlLedger) -> None:
    """Every method that writes."""
    endpoint = EventEndpoint(
        id="e", url="https://x.example", types=(), connections=(), sealed="", cursor=0, created_by="Ann", created_at=NOW
    )
    ledger.add_endpoint(endpoint)
    ledger.change_endpoint(evolve(endpoint, version=2))
    made = EventDelivery(
        endpoint_id="e",
        sequence=1,
        type=EventType.REQUESTED,
        case_id="c1-1",
        body="{}",
        created_at=NOW,
        next_try_at=NOW,
    )
    assert ledger.record_deliveries(endpoint, 2, [made, evolve(made, sequence=2)])
    claimed = ledger.claim_delivery("e", NOW, LATER)
    assert claimed is not None
    settled = evolve(claimed, state=DeliveryState.DELIVERED, next_try_at=None, tried_at=NOW)
    ledger.update_delivery(settled, NOW)
    ledger.restart_delivery("e", 1, NOW)
    claimed = ledger.claim_delivery("e", NOW, LATER)
    assert claimed is not None
    ledger.update_delivery(evolve(settled, attempts=claimed.attempts), NOW)
    ledger.remove_old_deliveries(LATER, 10)


def read_event_webhooks(ledger: SqlLedger) -> None:
    """Every method that reads."""
    ledger.endpoints()
    ledger.deliveries("e", list(DeliveryState), 10, before=100)
    ledger.failed_deliveries()
    ledger.next_delivery_due()
