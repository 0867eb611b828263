"""Lists of orders, always within a range of dates, and read page by page.

The filters are in the store's local time, while all that the store answers is in UTC (SLATE, _orders.md). An hour that
a change of summer time repeats means two moments, so a range that begins or ends in it is made longer by an hour; what
came in beyond it is left out by its time in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Final

from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.stores.orderdesk_api.api import PLACE, OrderDeskApi
from orderdesk_sdk.stores.orderdesk_api.order_document import OrderDocument, orders_in

__all__ = ["PAGE", "find_by_number", "list_orders", "store_local_range"]

PAGE: Final = 500
"""Orders of one page, as many as the API gives."""
_MAX_PAGES: Final = 200
_MARGIN: Final = timedelta(days=1)
"""By which a search by number reaches into the future: clocks differ."""
_HOUR: Final = timedelta(hours=1)


def store_local_range(since: datetime, until: datetime, zone: tzinfo) -> tuple[str, str]:
    """A range of aware moments as a store in that zone writes it; it may be an hour longer, never shorter."""
    first, last = since.astimezone(zone), until.astimezone(zone)
    if _is_repeated(first):
        first = (since - _HOUR).astimezone(zone)
    if _is_repeated(last):
        last = (until + _HOUR).astimezone(zone)
    return f"{first:%Y-%m-%d %H:%M:%S}", f"{last:%Y-%m-%d %H:%M:%S}"


def _is_repeated(moment: datetime) -> bool:
    """Whether the wall clock shows this time twice."""
    return moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()


def find_by_number(
    api: OrderDeskApi, number: str, *, now: datetime, days: int, zone: tzinfo
) -> tuple[OrderDocument, ...]:
    """The orders with this number of the cart's, that were added within so many days."""
    first, last = store_local_range(now - timedelta(days=days), now + _MARGIN, zone)
    params = {"source_id": number, "search_start_date": first, "search_end_date": last}
    return tuple(one for one in _pages(api, params) if one.order.number == number)


def list_orders(
    api: OrderDeskApi,
    since: datetime,
    until: datetime,
    *,
    zone: tzinfo,
    folder_id: int | None = None,
    modified: bool = True,
) -> tuple[OrderDocument, ...]:
    """The orders that were changed, or added, from `since` to `until`, both included and aware.

    Args:
        folder_id: only those that are in it now.
        modified: False: by when they were added.
    """
    first, last = store_local_range(since, until, zone)
    kind = "modified" if modified else "search"
    params = {f"{kind}_start_date": first, f"{kind}_end_date": last}
    if folder_id is not None:
        params["folder_id"] = str(folder_id)
    found = _pages(api, params)

    def is_within(document: OrderDocument) -> bool:
        at = document.order.updated_at if modified else document.order.added_at
        return at is None or since.replace(microsecond=0) <= at <= until

    return tuple(one for one in found if is_within(one) and (folder_id is None or one.order.folder_id == folder_id))


def _pages(api: OrderDeskApi, params: Mapping[str, str]) -> Iterator[OrderDocument]:
    """The orders of all pages, each once: they move while pages are read."""
    seen: set[str] = set()
    for page in range(_MAX_PAGES):
        reply = api.get("orders", params={**params, "limit": str(PAGE), "offset": str(page * PAGE)})
        found = orders_in(reply)
        for one in found:
            if one.order.id not in seen:
                seen.add(one.order.id)
                yield one
        if len(found) < PAGE:
            return
    raise MalformedResponseError(f"the list has more than {_MAX_PAGES * PAGE:,} orders", location=PLACE)
