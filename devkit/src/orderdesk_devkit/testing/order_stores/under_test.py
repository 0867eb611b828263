"""What an order store's developer gives to the suite: the store, a way to put orders into it, and what it cannot do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from attrs import field, frozen

from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.store import OrderStore

__all__ = ["Ability", "HistoryText", "OrderStoreUnderTest"]


class Ability(Enum):
    """What a store may declare that it cannot do. The suite tests then what it must do in its place."""

    REOPEN = "reopen"
    """Another process opens the same orders. Without it nothing is tested but one object and its threads."""
    SHARED_NUMBERS = "shared numbers"
    """Two orders may have one number. Without it `seed` raises for the second."""
    NUMBER_LIKE_ID = "number like id"
    """An order's number may be another order's id. Without it `seed` raises for that."""
    FOLDERS = "folders"
    """Orders are in folders. Without it no folder is found by any name, and `folder_of` gives None."""
    DUPLICATES = "duplicates"
    """Orders are duplicated, so that a desk can resubmit them. Without it `duplicate` raises InvalidStateError."""
    UNIQUE_NUMBERS = "unique numbers"
    """Of callers that want one number at the same moment, an order's or one at a connection, one gets it. Without it a
    number is refused as soon as another call that took it has returned."""


@frozen
class HistoryText:
    """One entry of an order's history."""

    by: str
    text: str


@frozen
class OrderStoreUnderTest:
    """An order store, empty, and what the suite cannot do through it."""

    open: Callable[[], OrderStore]
    """Opens it, also a second time while it is open, as another process would. What has a `close` is closed."""
    seed: Callable[[Sequence[Order]], Sequence[str]]
    """Puts orders into the app by its own means, and gives their ids there, in the same order. What counts of an order
    is its number, and of each line the code and the quantity; the ids are the app's own."""
    history: Callable[[str], Sequence[HistoryText]]
    """The history of the order with this id, oldest first."""
    folders: Sequence[str] = ()
    """The names of the folders that there are, two at least; () where the store declares that it has none."""
    cannot: Mapping[Ability, str] = field(factory=dict)
    """What it cannot do, and why."""
