"""What is said of an event: which case it is about and how that stands. No body, and no text of a person or service."""

from __future__ import annotations

import json

from orderdesk_sdk.cases.event_feed import FeedEvent
from orderdesk_sdk.cases.event_webhooks import EventType

__all__ = ["event_body"]


def event_body(event: FeedEvent, kind: EventType) -> str:
    """The body, in ASCII: the same bytes wherever it is stored and whenever it is sent."""
    content = {
        "type": kind.value,
        "timestamp": event.at.isoformat(),
        "data": {
            "sequence": event.sequence,
            "case_id": event.case_id,
            "kind": event.case_kind,
            "cancellation_id": event.cancellation_id,
            "order_id": event.order_id,
            "order_number": event.order_number,
            "connection": event.connection,
            "state": event.state.value,
        },
    }
    return json.dumps(content, separators=(",", ":"))
