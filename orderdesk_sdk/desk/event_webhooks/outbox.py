"""The outbox: makes deliveries of what is new in the history, for one endpoint after its cursor."""

from __future__ import annotations

from attrs import evolve

from orderdesk_sdk.cases.event_feed import FeedPage
from orderdesk_sdk.cases.event_webhooks import EventDelivery, EventEndpoint
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.event_webhooks.payload import event_body

__all__ = ["EventOutbox"]

PAGE = 500
"""Lines of the history in one transaction."""
PAGES = 4
"""Pages of one round, so that an endpoint that is far behind holds up nobody."""
FEW = 100
"""Lines in which nothing is wanted are read again with the next ones: a commit costs more."""


class EventOutbox:
    """Makes deliveries. Any number of processes may do so at once."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def collect(self, endpoint: EventEndpoint) -> bool:
        """Record what an endpoint is to hear of; whether there is more than one round takes."""
        for _ in range(PAGES):
            page = self._ledger.read_feed(endpoint.cursor, PAGE)
            deliveries = self._deliveries(endpoint, page)
            if not deliveries and page.is_complete and page.next_after - endpoint.cursor < FEW:
                return False
            gap = None if page.is_complete else _gap(endpoint, page)
            if not self._ledger.record_deliveries(endpoint, page.next_after, deliveries, gap=gap):
                return False  # Another process does it.
            if not page.has_more:
                return False
            endpoint = evolve(endpoint, cursor=page.next_after, gap=gap or endpoint.gap)
        return True

    def _deliveries(self, endpoint: EventEndpoint, page: FeedPage) -> list[EventDelivery]:
        now = self._clock.now()
        found = ((event, endpoint.wants(event)) for event in page.events)
        return [
            EventDelivery(
                endpoint_id=endpoint.id,
                sequence=event.sequence,
                type=kind,
                case_id=event.case_id,
                body=event_body(event, kind),
                created_at=now,
                next_try_at=now,
            )
            for event, kind in found
            if kind is not None
        ]


def _gap(endpoint: EventEndpoint, page: FeedPage) -> str:
    return f"events after {endpoint.cursor} up to {page.next_after} were archived before they were looked at"
