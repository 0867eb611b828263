"""Lists of orders, always within a range of dates, and read page by page.

The filters are in the store's local time, while all that the store answers is in UTC (SLATE, _orders.md). An hour that
a change of summer time repeats means two moments, so a range that begins or ends in it is made longer by an hour; what
came in beyond it is left out by its time in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from orderdesk_sdk.cases.order_watch import ChangedOrder
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.stores.orderdesk_api.api import PLACE, ApiReply, OrderDeskApi
from orderdesk_sdk.stores.orderdesk_api.order_document import OrderDocument, read_record, records_in

__all__ = ["PAGE", "find_by_number", "list_changed", "list_newest", "store_local_range", "stored_time"]

PAGE: Final = 100
"""Orders of one page. The API gives up to 500, which may be more bytes than are taken of one response."""
_MAX_PAGES: Final = 1000
_MARGIN: Final = timedelta(days=1)
"""By which ranges reach into the future: clocks differ, and what changes while pages are read must not leave them."""
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
    found = [(reply, record) for reply, record in _pages(api, params) if str(record.get("source_id")) == number]
    return tuple(read_record(reply, record) for reply, record in found)


def list_changed(
    api: OrderDeskApi, since: datetime, until: datetime, *, zone: tzinfo, folder_id: int | None = None
) -> Iterator[ChangedOrder]:
    """The orders that were changed from `since` to `until`, both included, aware and by the store's clock.

    One that cannot be read as an order is told as well: whoever looks at it alone finds what is wrong with it.

    Args:
        folder_id: only those that are in it now.
    """
    first, last = store_local_range(since, until + _MARGIN, zone)
    # In an order that no change of an order alters, so that none slips from one page to another.
    params = {"modified_start_date": first, "modified_end_date": last, "order_by": "date_added", "order": "ASC"}
    if folder_id is not None:
        params["folder_id"] = str(folder_id)
    for _, record in _pages(api, params):
        at = stored_time(record.get("date_updated"))
        is_within = at is None or since.replace(microsecond=0) <= at <= until
        if is_within and (folder_id is None or str(record.get("folder_id")) == str(folder_id)):
            data = record.get("checkout_data")
            yield ChangedOrder(str(record["id"]), data if isinstance(data, Mapping) else {})


# Many parameters: what narrows the list, by keyword.
def list_newest(
    api: OrderDeskApi,
    *,
    now: datetime,
    days: int,
    zone: tzinfo,
    most: int,
    folder_id: int | None = None,
    email: str | None = None,
    before: Order | None = None,
) -> tuple[OrderDocument, ...]:
    """The orders that were added last, within so many days, the newest first.

    One that cannot be read as an order is left out: whoever names it hears what is wrong with it.

    Args:
        most: how many at most; no more pages are asked for than these are on.
        email: only those with this address.
        before: only those that come after this one.
    """
    until = now + _MARGIN if before is None or before.added_at is None else before.added_at
    first, last = store_local_range(now - timedelta(days=days), until, zone)
    params = {"search_start_date": first, "search_end_date": last, "order_by": "date_added", "order": "DESC"}
    params |= {} if folder_id is None else {"folder_id": str(folder_id)}
    params |= {} if email is None else {"email": email}
    found: list[OrderDocument] = []
    for reply, record in _pages(api, params):
        # A store that does not know a filter gives everything.
        is_wanted = folder_id is None or str(record.get("folder_id")) == str(folder_id)
        is_wanted &= email is None or str(record.get("email", "")).casefold() == email.casefold()
        with suppress(MalformedResponseError):
            if is_wanted and (before is None or _place(read_record(reply, record).order) < _place(before)):
                found.append(read_record(reply, record))
        if len(found) >= most:
            break
    return tuple(sorted(found, key=lambda one: _place(one.order), reverse=True))


def _place(order: Order) -> tuple[datetime, int]:
    """Where an order stands in a list by when it was added."""
    return order.added_at or datetime.min.replace(tzinfo=UTC), int(order.id)


def stored_time(value: object) -> datetime | None:
    """A time as the store writes it, in UTC; None for what is none."""
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else None
    except ValueError:
        return None


def _pages(api: OrderDeskApi, params: Mapping[str, str]) -> Iterator[tuple[ApiReply, Mapping[str, object]]]:
    """The orders of all pages, each once, with the page: they move while pages are read."""
    seen: set[str] = set()
    for page in range(_MAX_PAGES):
        reply = api.get("orders", params={**params, "limit": str(PAGE), "offset": str(page * PAGE)})
        found = records_in(reply)
        for record in found:
            if (order_id := str(record["id"])) not in seen:
                seen.add(order_id)
                yield reply, record
        if len(found) < PAGE:
            return
    raise MalformedResponseError(f"the list has more than {_MAX_PAGES * PAGE:,} orders", location=PLACE)
