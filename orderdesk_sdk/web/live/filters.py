"""Which events a reader wants, and may see."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.event_feed import FeedEvent
from orderdesk_sdk.desk.bulk.request import bulk_key_prefix
from orderdesk_sdk.web.live.stream import StreamFilter

__all__ = ["BulkEvents", "CallerEvents", "KeyReader"]

_PAGE = 200
MAX_KNOWN = 100_000
"""Cancellations of which a stream remembers whether they belong to its bulk."""


class CallerEvents(StreamFilter):
    """The events of what a caller sees.

    Args:
        sees: whether a connection is within what the caller sees.
        order_id: only of this order; None: of all.
    """

    reads_ledger = False

    def __init__(self, sees: Callable[[str], bool], order_id: str | None = None) -> None:
        self._sees = sees
        self._order_id = order_id

    def select(self, events: Sequence[FeedEvent]) -> Sequence[FeedEvent]:
        """Those of the events, in their order."""
        wanted = (event for event in events if self._order_id is None or event.order_id == self._order_id)
        return [event for event in wanted if self._sees(event.connection)]


class KeyReader:
    """What the ledger knows of the keys of cancellations.

    Args:
        by_key: a page of the keys with a prefix, after a key, as `Ledger.cancellations_by_key`.
        of_order: the cancellations of an order.
    """

    def __init__(
        self,
        by_key: Callable[[str, str, int], Sequence[tuple[str, Cancellation | None]]],
        of_order: Callable[[str], Sequence[Cancellation]],
    ) -> None:
        self._by_key = by_key
        self._of_order = of_order

    def named_by(self, prefix: str) -> set[str]:
        """The ids of the cancellations that keys with a prefix name, also of those that were opened under another."""
        found, after = set[str](), ""
        while True:
            page = self._by_key(prefix, after, _PAGE)
            found.update(cancellation.id for _, cancellation in page if cancellation is not None)
            if len(page) < _PAGE:
                return found
            after = page[-1][0]

    def keys_of_order(self, order_id: str) -> dict[str, str]:
        """The keys of an order's cancellations, by their ids."""
        return {one.id: one.idempotency_key for one in self._of_order(order_id)}


class BulkEvents(StreamFilter):
    """The events of one bulk, of those that another filter lets through."""

    reads_ledger = True

    def __init__(self, within: StreamFilter, bulk: str, keys: KeyReader) -> None:
        self._within = within
        self._prefix = bulk_key_prefix(bulk)
        self._keys = keys
        self._known: dict[str, bool] = {}
        self._is_begun = False

    def select(self, events: Sequence[FeedEvent]) -> Sequence[FeedEvent]:
        """Those of the events, in their order."""
        if not self._is_begun:
            self._known.update(dict.fromkeys(self._keys.named_by(self._prefix), True))
            self._is_begun = True
        return [event for event in self._within.select(events) if self._is_of_bulk(event)]

    def _is_of_bulk(self, event: FeedEvent) -> bool:
        if event.cancellation_id is None:
            return False
        if event.cancellation_id not in self._known:
            if len(self._known) > MAX_KNOWN:
                self._known = {one: known for one, known in self._known.items() if known}
            keys = self._keys.keys_of_order(event.order_id)
            self._known[event.cancellation_id] = keys.get(event.cancellation_id, "").startswith(self._prefix)
        return self._known[event.cancellation_id]
