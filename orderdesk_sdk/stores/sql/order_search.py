"""Pages of orders out of the embedded order store: by words, by folder, the newest first."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, Final

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order_search import FoundOrder, FoundOrders, search_words
from orderdesk_sdk.stores.sql import order_rows
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = ["PAGE_LIMIT", "find_orders", "search_orders"]

PAGE_LIMIT: Final = 500
"""Orders of one page, as in Order Desk."""
MAX_MATCHES: Final = 20_000
"""Words that are looked at for one page: with more the text says too little."""
_SHORTEST_BEGINNING: Final = 3
"""Characters of a word that may be the beginning of another; a shorter one is the whole word."""
_END: Final = "\U0010ffff"
"""No word is greater than one that begins alike and goes on with this."""
_NEWEST: Final = 2**62
_TOGETHER: Final = 200
"""Ids of one statement: each database has a most."""


def search_orders(cursor: Cursor, text: str | None, folder: str | None, limit: int, after: str | None) -> FoundOrders:
    """See `SearchableOrderStore.search_orders`."""
    if not 1 <= limit <= PAGE_LIMIT:
        raise ValidationError(f"limit {limit}", hint=f"limit 1 to {PAGE_LIMIT}")
    words = search_words(text)
    before = _NEWEST if after is None else order_rows.sequence_of(cursor, after)
    folder_id = None if folder is None else order_rows.find_folder(cursor, folder).id
    matches: list[int] | None = None
    if words:
        matches = _matching(cursor, [unicodedata.normalize("NFC", word) for word in words], before)
        rows = _rows_of(cursor, sorted(set(matches), reverse=True), folder_id, limit + 1)
    else:
        where, values = ("", []) if folder_id is None else ("folder_id = ? AND ", [folder_id])
        rows = cursor.execute(
            f"SELECT id, document, folder_id FROM orders WHERE {where}seq < ? ORDER BY seq DESC LIMIT ?",  # noqa: S608 - constants
            (*values, before, limit + 1),
        ).fetchall()
    is_complete = matches is None or len(matches) < MAX_MATCHES
    return FoundOrders(_found(cursor, rows[:limit]), len(rows) > limit, is_complete)


def find_orders(cursor: Cursor, order_ids: Sequence[str]) -> tuple[FoundOrder, ...]:
    """See `SearchableOrderStore.find_orders`."""
    by_id = {row[0]: row for row in _in_parts(cursor, "SELECT id, document, folder_id FROM orders WHERE id", order_ids)}
    return _found(cursor, [by_id[order_id] for order_id in order_ids if order_id in by_id])


def _matching(cursor: Cursor, words: Sequence[str], before: int) -> list[int]:
    """The places of orders that every word matches, the newest first, of at most `MAX_MATCHES` words that match.

    The longest word is looked for, and the others among what it finds: it is likely to match the fewest. What is that
    word comes first, the newest of it; then what goes on after it, the greatest numbers first, which are new ones.
    """
    first, *others = [order_rows.storable(word) for word in sorted(words, key=len, reverse=True)]
    conditions = ["seq < ?"]
    values: list[object] = [before]
    for word in others:
        is_long = len(word) >= _SHORTEST_BEGINNING
        condition = "other.term >= ? AND other.term < ?" if is_long else "other.term = ?"
        conditions.append(
            f"EXISTS (SELECT 1 FROM order_terms AS other WHERE other.seq = order_terms.seq AND {condition})"  # noqa: S608 - constants
        )
        values.extend([word, word + _END] if is_long else [word])
    rest = " AND ".join(conditions)
    found = cursor.execute(
        f"SELECT seq FROM order_terms WHERE term = ? AND {rest} ORDER BY seq DESC LIMIT ?",  # noqa: S608 - constants
        (first, *values, MAX_MATCHES),
    ).fetchall()
    if len(first) >= _SHORTEST_BEGINNING and len(found) < MAX_MATCHES:
        found += cursor.execute(
            # The sign lets no database go through the orders instead of the words.
            f"SELECT seq FROM order_terms WHERE term > ? AND term < ? AND +{rest} ORDER BY term DESC LIMIT ?",  # noqa: S608 - constants
            (first, first + _END, *values, MAX_MATCHES - len(found)),
        ).fetchall()
    return [row[0] for row in found]


def _rows_of(cursor: Cursor, places: Sequence[int], folder_id: int | None, most: int) -> list[tuple[Any, ...]]:
    """The first rows of orders at these places that lie in the folder; None: in any."""
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(places), _TOGETHER):
        part = places[start : start + _TOGETHER]
        found = cursor.execute(
            f"SELECT id, document, folder_id FROM orders WHERE seq IN ({_marks(part)}) ORDER BY seq DESC",  # noqa: S608 - marks
            tuple(part),
        )
        rows.extend(row for row in found if folder_id is None or row[2] == folder_id)
        if len(rows) >= most:
            break
    return rows[:most]


def _found(cursor: Cursor, rows: Sequence[tuple[Any, ...]]) -> tuple[FoundOrder, ...]:
    names = {folder.id: folder.name for folder in order_rows.folders(cursor)}
    places: dict[str, list[Any]] = {}
    query = f"SELECT order_id, {order_rows.REMOTE_COLUMNS} FROM remote_orders WHERE order_id"  # noqa: S608 - constants
    for order_id, *remote in _in_parts(cursor, query, [row[0] for row in rows]):
        places.setdefault(order_id, []).append(order_rows.remote_order_from_row(*remote))
    return tuple(
        FoundOrder(
            order_rows.order_from_row(*row),
            names.get(row[2]),
            tuple(sorted(places.get(row[0], ()), key=lambda one: (one.submitted_at, one.connection))),
        )
        for row in rows
    )


def _in_parts(cursor: Cursor, query: str, values: Sequence[str]) -> list[tuple[Any, ...]]:
    """The rows of a query that ends with a column which is one of these values."""
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(values), _TOGETHER):
        part = values[start : start + _TOGETHER]
        rows.extend(cursor.execute(f"{query} IN ({_marks(part)})", tuple(part)).fetchall())
    return rows


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
