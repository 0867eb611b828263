"""The history of an order at Order Desk: append-only, 250 entries, 1,800 characters each, as third parties report.

Each note of ours begins with a short mark, by which it is found again: before it is written, so that nothing is written
twice, and after a response that was lost. Notes never go into `order_notes`, which loses what is too long.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from attrs import frozen

from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.orders.notes import NOTE_LIMIT, split_note
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.stores.orderdesk_api.api import ApiReply, OrderDeskApi
from orderdesk_sdk.stores.orderdesk_api.errors import HistoryFullError, RejectedError, UnclearOutcomeError
from orderdesk_sdk.stores.orderdesk_api.order_document import HISTORY
from orderdesk_sdk.stores.orderdesk_api.order_search import PAGE, store_local_range
from orderdesk_sdk.stores.orderdesk_api.profile_cache import ProfileCache

__all__ = ["MAX_ENTRIES", "SOURCE_NAME", "HistoryNote", "OrderHistory"]

MAX_ENTRIES: Final = 250
"""Entries of one order's history. Reported by third parties; in which form the next one is refused is unknown."""
SOURCE_NAME: Final = "orderdesk-sdk"
"""Who is shown as the author of our notes."""
_MAX_BY: Final = 100
"""Characters of the name of who did it."""
_MARK_ROOM: Final = 24
_AROUND: Final = timedelta(days=1)
_log = RoomLogger("stores")


@frozen
class HistoryNote:
    """One entry of an order's history, in Order Desk's words."""

    source_name: str
    text: str


class OrderHistory:
    """The histories of a store's orders. Safe from many threads."""

    def __init__(self, api: OrderDeskApi, profiles: ProfileCache) -> None:
        self._api = api
        self._profiles = profiles
        self._lists_only = False
        """Whether the call for one order is known to tell no history, which only some store may say."""

    def read(self, order: Order) -> tuple[HistoryNote, ...]:
        """The order's history as far as Order Desk tells it.

        Raises RejectedError where it tells none, and what the API raises.
        """
        if not self._lists_only:
            reply = self._api.get("orders", order.id, params={"get_order_history": "1"})
            found = _notes(reply, reply.document.get("order"))
            if found is not None:
                return found
        listed = self._read_by_list(order)
        self._lists_only = True
        return listed

    def _read_by_list(self, order: Order) -> tuple[HistoryNote, ...]:
        """As the reference describes it, which speaks of the list of orders alone."""
        added = order.added_at or self._profiles.now()
        first, last = store_local_range(added - _AROUND, added + _AROUND, self._profiles.get().timezone)
        params = {"source_id": order.number, "search_start_date": first, "search_end_date": last}
        reply = self._api.get("orders", params={**params, "get_order_history": "1", "limit": str(PAGE)})
        listed = reply.document.get("orders")
        for record in listed if isinstance(listed, list) else ():
            if isinstance(record, Mapping) and str(record.get("id")) == order.id:
                found = _notes(reply, record)
                if found is not None:
                    return found
        raise RejectedError(
            "Order Desk does not tell the order's history",
            location=f"order {order.number}",
            hint="look at the history in Order Desk; the receipt in the ledger has everything",
        )

    def add(self, order: Order, text: str, *, by: str, key: str | None = None) -> None:
        """Append to an order's history, in several entries where one is too short.

        Args:
            key: names the note: the same key again adds nothing. None: a note of its own.

        Raises HistoryFullError where no entry is free, RejectedError where Order Desk refuses the note, and
        StoreUnavailableError where it is unknown whether it was taken; then the same key may be given again.
        """
        mark = hashlib.sha256((key or secrets.token_hex(16)).encode()).hexdigest()[:8]
        author = f" (by {_sendable(by)[:_MAX_BY]})"
        parts = split_note(_sendable(text), NOTE_LIMIT - _MARK_ROOM - len(author))
        entries = self.read(order)
        for number, part in enumerate(parts, 1):
            name = f"[od-{mark}]" if len(parts) == 1 else f"[od-{mark}.{number}]"
            if not _has(entries, name):
                entries = self._append(order, name, f"{name} {part}{author}", entries)

    def _append(self, order: Order, mark: str, note: str, entries: tuple[HistoryNote, ...]) -> tuple[HistoryNote, ...]:
        if len(entries) == MAX_ENTRIES - 1:
            mark = "[od-full]"
            self._send(order, mark, f"{mark} This history is full. What follows is in the receipt of the order only.")
        if len(entries) >= MAX_ENTRIES - 1:
            raise _full(order)
        written = self._send(order, mark, note)
        kept = next((entry.text for entry in written if mark in entry.text), note)
        if len(kept.strip()) < len(note.strip()):
            _log.warning("Order Desk kept %d of %d characters of a note", len(kept), len(note), about=_about(order))
        return written

    def _send(self, order: Order, mark: str, note: str) -> tuple[HistoryNote, ...]:
        """Send an entry; the history then. What is unclear is read, and what was not taken is sent once more."""
        for _ in range(2):
            try:
                reply = self._api.change(
                    "POST", "orders", order.id, "order-history", json={"note": note, "source_name": SOURCE_NAME}
                )
            except UnclearOutcomeError:
                written = None
            except RejectedError:
                if len(self.read(order)) >= MAX_ENTRIES:
                    raise _full(order) from None
                raise
            else:
                written = _notes(reply, reply.document.get("order"))
            if written is None or not _has(written, mark):
                written = self.read(order)
            if _has(written, mark):
                return written
        raise UnclearOutcomeError(
            "a note was sent twice, and its history shows it not",
            location=f"order {order.number}",
            hint="look at the history in Order Desk; the receipt in the ledger has everything",
        )


def _full(order: Order) -> HistoryFullError:
    return HistoryFullError(
        f"its history at Order Desk is full: it takes {MAX_ENTRIES} entries",
        location=f"order {order.number}",
        hint=f"nothing is lost: run `orderdesk receipt {order.number}`",
    )


def _about(order: Order) -> LogSubject:
    return LogSubject(order_number=order.number)


def _sendable(text: str) -> str:
    """A text as a request can hold it: half a character (a lone surrogate) has no bytes."""
    return text.encode("utf-8", "replace").decode().replace("\0", " ").strip()


def _has(entries: tuple[HistoryNote, ...], mark: str) -> bool:
    return any(entry.text.startswith(mark) for entry in entries)


def _notes(reply: ApiReply, record: object) -> tuple[HistoryNote, ...] | None:
    """The history within an order's record; None where it holds none."""
    listed = record.get(HISTORY) if isinstance(record, Mapping) else None
    if listed is None:
        return None
    if not isinstance(listed, list) or not all(isinstance(entry, Mapping) for entry in listed):
        raise reply.malformed(f"{HISTORY} is not a list of entries")
    return tuple(HistoryNote(str(entry.get("source_name", "")), str(entry.get("note", ""))) for entry in listed)
