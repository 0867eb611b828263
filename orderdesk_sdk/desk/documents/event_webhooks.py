"""Endpoints and deliveries of events as JSON documents."""

from __future__ import annotations

from orderdesk_sdk.cases.event_webhooks import EventDelivery, EventEndpoint
from orderdesk_sdk.desk.documents.values import JsonObject, iso_time

__all__ = ["delivery_document", "endpoint_document"]


def endpoint_document(endpoint: EventEndpoint) -> JsonObject:
    """An endpoint, without its secret."""
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "types": [each.value for each in endpoint.types],
        "connections": list(endpoint.connections),
        "is_enabled": endpoint.is_enabled,
        "disabled_reason": endpoint.disabled_reason,
        "looked_until": endpoint.cursor,
        "gap": endpoint.gap,
        "created_by": endpoint.created_by,
        "created_at": iso_time(endpoint.created_at),
    }


def delivery_document(delivery: EventDelivery) -> JsonObject:
    """A delivery, with what is sent."""
    return {
        "sequence": delivery.sequence,
        "message_id": delivery.message_id,
        "type": delivery.type.value,
        "case_id": delivery.case_id,
        "state": delivery.state.value,
        "tries": delivery.tries,
        "next_try_at": iso_time(delivery.next_try_at),
        "tried_at": iso_time(delivery.tried_at),
        "last_status": delivery.last_status,
        "last_problem": delivery.last_problem,
        "created_at": iso_time(delivery.created_at),
        "body": delivery.body,
    }
