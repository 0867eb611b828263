"""Lists of orders: what an order store may offer beside `OrderStore`, for whoever looks for one.

A store that does not offer it loses only the lists: every order that is named is found as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from attrs import frozen

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order, RemoteOrder

__all__ = ["MAX_WORDS", "FoundOrder", "FoundOrders", "SearchableOrderStore", "search_words"]

MAX_TEXT = 200
"""Characters of a text that orders are looked for by."""
MAX_WORDS = 8


@frozen
class FoundOrder:
    """An order, and what a list shows beside it.

    Args:
        folder: the name of the folder it is in; None: in none.
        remote_orders: where it was submitted, oldest first.
    """

    order: Order
    folder: str | None
    remote_orders: tuple[RemoteOrder, ...]


@frozen
class FoundOrders:
    """One page of what was looked for.

    Args:
        has_more: whether there may be another page.
        is_complete: False: more matched than are looked at; a longer text finds the rest.
    """

    orders: tuple[FoundOrder, ...]
    has_more: bool
    is_complete: bool = True


@runtime_checkable
class SearchableOrderStore(Protocol):
    """What an order store offers that can list its orders, the newest first."""

    @property
    def read_together(self) -> int:
        """How many orders `find_orders` reads at once without harm."""

    def search_orders(
        self, text: str | None = None, folder: str | None = None, *, limit: int = 50, after: str | None = None
    ) -> FoundOrders:
        """One page of orders.

        Args:
            text: what their number, id, numbers elsewhere, e-mail address or names begin with; None takes all. A store
                that cannot look for one of these says so by a ValidationError.
            folder: the name of a folder, in whatever case; None takes all.
            limit: how many at most, 1 to 500.
            after: the id of the order after which the page begins; None: the first page.

        Raises NotFoundError for an unknown folder or order.
        """

    def find_orders(self, order_ids: Sequence[str]) -> tuple[FoundOrder, ...]:
        """The orders with these ids, in their order; those that there are."""

    def folder_names(self) -> tuple[str, ...]:
        """The names of all folders."""


def search_words(text: str | None) -> tuple[str, ...]:
    """What is looked for, word by word, in small letters; () where nothing is. Raises ValidationError."""
    words = (text or "").split()
    if len(text or "") > MAX_TEXT or len(words) > MAX_WORDS:
        raise ValidationError(
            "the text to look for is too long",
            location="text",
            hint=f"give at most {MAX_WORDS} words, {MAX_TEXT} characters in all",
        )
    return tuple(word.casefold() for word in words)
