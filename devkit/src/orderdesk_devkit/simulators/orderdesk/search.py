"""GET /orders: which orders a search finds. Its dates are in the store's zone, those of the orders in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from attrs import frozen

from orderdesk_devkit.simulators.orderdesk.records import number
from orderdesk_devkit.simulators.orderdesk.state import StoredOrder, StoreState, stored_time

__all__ = ["BadDate", "Page", "is_bounded", "search"]

_DATES = {
    "search_start_date": ("date_added", 1),
    "search_end_date": ("date_added", -1),
    "modified_start_date": ("date_updated", 1),
    "modified_end_date": ("date_updated", -1),
}
_TEXTS = ("source_id", "source_name", "email", "customer_id")
_MOST, _USUAL = 500, 50


class BadDate(ValueError):
    """A date of a search that is not written as the store writes dates."""


@frozen
class Page:
    """What a search found: the orders of this page, and how many there are in all."""

    orders: tuple[StoredOrder, ...]
    total: int
    offset: int
    limit: int


def is_bounded(query: Mapping[str, str]) -> bool:
    """Whether a search asks for no more than it needs: it has a start date, or names the order."""
    return any(query.get(name) for name in ("search_start_date", "modified_start_date", "source_id"))


def search(state: StoreState, query: Mapping[str, str], zone: ZoneInfo) -> Page:
    """The orders that match every parameter; one that is not known is ignored.

    SIM: both ends of a date range belong to it, a time that the clocks show twice is the first one, one that they
    skip is that of before. Raises BadDate.
    """
    bounds = [(*_DATES[name], _utc_text(query[name], zone)) for name in _DATES if query.get(name)]
    found = [order for order in state.orders.values() if _matches(state, order, query)]
    for name, side, edge in bounds:
        found = [one for one in found if (one.record[name] >= edge if side > 0 else one.record[name] <= edge)]
    descending = query.get("order", "DESC").upper() != "ASC"
    by = query.get("order_by", "date_added")
    found.sort(key=lambda order: (_sort_key(order, by), int(order.number)), reverse=descending)
    limit = min(_whole(query.get("limit")) or _USUAL, _MOST)
    offset = _whole(query.get("offset"))
    return Page(tuple(found[offset : offset + limit]), len(found), offset, limit)


def _matches(state: StoreState, order: StoredOrder, query: Mapping[str, str]) -> bool:
    record = order.record
    folders = query.get("folder_id")
    if folders and str(record["folder_id"]) not in [one.strip() for one in folders.split(",")]:
        return False
    name = query.get("folder_name")
    if name and state.folders.get(record["folder_id"]) != name:
        return False
    if any(query.get(field) and str(record[field]) != query[field] for field in _TEXTS):
        return False
    for address in ("customer", "shipping"):
        for key, wanted in query.items():
            part = key.removeprefix(f"{address}_")
            known = part in ("first_name", "last_name", "company", "address1", "phone")
            if part != key and known and wanted and str(record[address].get(part, "")) != wanted:
                return False
    return True


def _sort_key(order: StoredOrder, by: str) -> tuple[int, float, str]:
    """Numbers before texts, so that any field can be ordered by; an unknown field is `date_added`."""
    for address in ("customer", "shipping"):
        if by.startswith(f"{address}_") and by not in order.record:
            return (1, 0, str(order.record[address].get(by.removeprefix(f"{address}_"), "")))
    value = order.record.get(by, order.record["date_added"])
    return (0, number(value), "") if isinstance(value, int | float) else (1, 0, str(value))


def _utc_text(local: str, zone: ZoneInfo) -> str:
    for shape in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d"):
        try:
            return stored_time(datetime.strptime(local, shape).replace(tzinfo=zone).astimezone(UTC))
        except ValueError:
            continue
    raise BadDate(local)


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() else 0
