"""By which words an order is found: its numbers, its e-mail address, and the names of whom it is for.

The words of an order stand in a table beside it. The database itself notes which orders were changed, by whatever
program; those are done again before anybody looks, a bounded number at a time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.stores.sql import order_rows
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = ["index_changed_orders", "index_order", "order_terms"]

_LONGEST: Final = 100
"""Characters of a word that are kept; a longer one is found by its beginning."""
_MOST: Final = 100
"""Words of one order: more would be no order that a person looks for by them."""


def order_terms(order: Order) -> frozenset[str]:
    """The words by which an order is found, in small letters; its numbers elsewhere are not among them."""
    return _first(_words(order))


def index_order(cursor: Cursor, order_id: str, terms: Iterable[str]) -> None:
    """Write down the words of an order, in place of those that it had, with its numbers elsewhere."""
    seq = order_rows.sequence_of(cursor, order_id)
    remote_ids = (remote.remote_id for remote in order_rows.remote_orders(cursor, order_id))
    found = _first((*terms, *(word for remote_id in remote_ids for word in _number_words(remote_id))))
    cursor.execute("DELETE FROM order_terms WHERE seq = ?", (seq,))
    cursor.executemany(
        "INSERT INTO order_terms (seq, term) VALUES (?, ?)",
        [(seq, term) for term in sorted({order_rows.storable(term) for term in found})],
    )
    cursor.execute("DELETE FROM changed_orders WHERE seq = ?", (seq,))


def index_changed_orders(cursor: Cursor, limit: int) -> int:
    """Write down the words of orders that were changed since that was done, newest first; how many these were."""
    changed = cursor.execute(
        "SELECT id, document FROM changed_orders JOIN orders USING (seq) ORDER BY seq DESC LIMIT ?", (limit,)
    ).fetchall()
    for order_id, document in changed:
        try:
            terms = order_terms(order_rows.order_from_row(order_id, document, None))
        except OrderDeskError:  # A damaged one is found by its id alone.
            terms = frozenset(_number_words(order_id))
        index_order(cursor, order_id, terms)
    return len(changed)


def _first(words: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for word in words:
        if len(found) < _MOST and (short := word[:_LONGEST]):
            found.add(short)
    return frozenset(found)


def _words(order: Order) -> Iterator[str]:
    for number in (order.number, order.id):
        yield from _number_words(number)
    for mail in _folded(order.email).split():
        yield mail
        yield mail.rpartition("@")[2]  # So that all orders of one company are found.
    for address in (order.customer, order.shipping):
        for name in (address.first_name, address.last_name, address.company):
            for word in _folded(name).split():
                yield word
                yield from (part for part in _parts(word) if len(part) > 1)


def _number_words(number: str) -> Iterator[str]:
    """Of WEB-1042 also 1042, as people leave the rest out; the rest alone is no word, for all orders have it."""
    folded = _folded(number)
    yield from folded.split()
    yield from (part for part in _parts(folded) if any(map(str.isdigit, part)))


def _parts(word: str) -> list[str]:
    return re.split(r"[\W_]+", word)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
