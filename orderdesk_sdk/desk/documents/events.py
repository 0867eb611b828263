"""The JSON document of an event of the feed."""

from __future__ import annotations

from orderdesk_sdk.cases.event_feed import FeedEvent
from orderdesk_sdk.desk.documents.values import JsonObject, iso_time

__all__ = ["feed_event_document"]


def feed_event_document(event: FeedEvent) -> JsonObject:
    """What happened to a case, and how it stands; with what people and services wrote."""
    return {
        "sequence": event.sequence,
        "at": iso_time(event.at),
        "kind": event.kind.value,
        "event": None if event.event is None else event.event.value,
        "case_id": event.case_id,
        "case_kind": event.case_kind,
        "cancellation_id": event.cancellation_id,
        "order_id": event.order_id,
        "order_number": event.order_number,
        "connection": event.connection,
        "state": event.state.value,
        "sets_state": event.sets_state,
        "summary": event.summary,
        "message": event.message,
        "due_at": iso_time(event.due_at),
    }
