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
"""Lines in which nothing is wanted move no cursor: a commit costs more than to read them again after a restart."""


class EventOutbox:
    """Makes deliveries. Any number of processes may do so at once."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._looked: dict[str, tuple[int, int, int]] = {}

    def collect(self, endpoint: EventEndpoint, head: int) -> None:
        """Record what an endpoint is to hear of, as much as one round takes.

        Args:
            head: the sequence of the last line there is.
        """
        for _ in range(PAGES):
            after = self._looked_until(endpoint)
            if after == head:
                return
            page = self._ledger.read_feed(after, PAGE)
            deliveries = self._deliveries(endpoint, page)
            if not deliveries and page.is_complete and page.next_after - endpoint.cursor < FEW:
                self._looked[endpoint.id] = endpoint.version, endpoint.cursor, page.next_after
                return
            gap = None if page.is_complete else _gap(after, page)
            if not self._ledger.record_deliveries(endpoint, page.next_after, deliveries, gap=gap):
                return  # Another process does it.
            endpoint = evolve(endpoint, cursor=page.next_after, gap=gap or endpoint.gap)
            if not page.has_more:
                return

    def _looked_until(self, endpoint: EventEndpoint) -> int:
        """Up to which line there is nothing for an endpoint, as far as this process knows; its cursor at least."""
        version, cursor, until = self._looked.get(endpoint.id, (0, 0, 0))
        return until if (version, cursor) == (endpoint.version, endpoint.cursor) else endpoint.cursor

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


def _gap(after: int, page: FeedPage) -> str:
    return f"events after {after} up to {page.next_after} were archived before they were looked at"
