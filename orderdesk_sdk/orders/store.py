"""Order stores: the apps that own the orders. This is what a desk asks of one, whoever wrote it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from attrs import frozen

from orderdesk_sdk.orders.order import Order, RemoteOrder

__all__ = ["OrderStore", "FolderMove", "RegisteredOrder", "RegisteredOrderReader"]


@frozen
class FolderMove:
    """A folder move that was made."""

    order_id: str
    source: str | None
    """The folder's name before; None: in no folder, or the store does not tell."""
    destination: str
    """The folder's name after; equal to `source` where nothing had to be moved."""


@frozen
class RegisteredOrder:
    """An order, and where it was submitted.

    Args:
        original_id: of the order that it is a duplicate of; None: of none.
        remote_orders: oldest first.
    """

    order: Order
    original_id: str | None
    remote_orders: tuple[RemoteOrder, ...]


class OrderStore(Protocol):
    """What a desk asks of whoever keeps the orders.

    Names: `ref` is an order's id or number, as a person may have typed it; where it is an `OrderId` or an
    `OrderNumber`, it is that and nothing else. A desk itself names every order by an `OrderId`. `order_id` is an id,
    never a number. Both are texts, and taken exactly as they are written. `by` is the person or rule that makes a
    change, and stands with it in the order's history.

    Threads: a desk calls from several threads at once, and other processes have desks of their own on the same orders.
    A method makes its whole change or none, and returns when the change is durable: for a database, each call is a
    transaction of its own.

    Repeats: where an answer was lost, after a crash say, a desk calls again with the same arguments. Each method says
    what it does then.

    Errors: NotFoundError for an order that does not exist, AmbiguousError (with `ids`) where a `ref` names several, in
    every method that takes one; what else a method raises stands there. StorageError, or whatever a database raises,
    for what does not work now: nothing was changed then, and the desk asks again when the case is due again.
    InvalidStateError, with a hint, from `duplicate` and `next_free_number` where the store makes no duplicates.
    """

    def get_order(self, ref: str) -> Order:
        """The order as it is now. Its lines have the same ids each time."""

    def remote_orders(self, order_id: str) -> tuple[RemoteOrder, ...]:
        """Where the order was submitted, by `submitted_at`, oldest first; () for nowhere."""

    def add_remote_order(self, ref: str, remote_order: RemoteOrder, *, by: str) -> None:
        """Register where the order was submitted. A repeat changes nothing, nor the status that was recorded since.

        What was registered first stays. Raises ValidationError, and changes nothing, where the order is at that
        connection under another number already, or that number there belongs to another order: also where two calls
        come at once. The store may refuse, or pass over, the same number with another time or role.
        """

    def find_by_remote_id(self, connection: str, remote_id: str) -> str | None:
        """The id of the order that has this number at a connection; None: none has. Numbers are compared as texts."""

    def record_status(self, order_id: str, connection: str, status: str, at: datetime) -> None:
        """Keep the word that the connection's service gave at `at` (aware). The history does not tell of it.

        A word that is older than the kept one changes nothing, whichever call comes first; nor does a repeat. A kept
        one of a time still to come is a mistake of some clock, and may be replaced by any.

        Raises NotFoundError where the order has no remote order at that connection.
        """

    def add_history(self, ref: str, text: str, *, by: str) -> None:
        """Append to the order's history, whatever its length; what stands there is never changed.

        After a lost answer a text may stand twice; it never stands nowhere.
        """

    def next_free_number(self, ref: str) -> str:
        """The number that a duplicate of the order would be given now: no order has it. It reserves nothing."""

    def original_of(self, order_id: str) -> str | None:
        """The id of the order that this one is a duplicate of; None: of none."""

    def duplicate(self, ref: str, *, by: str, number: str | None = None) -> Order:
        """A new order with the same lines under a new id and number, submitted nowhere.

        It is linked both ways: `original_of` names the original as soon as the number is taken, and the history of each
        order names the other. With `number` None the store picks a free one, and two calls at once get two.

        Raises ValidationError, and makes nothing, for a number that is blank or that another order has. A repeat with
        the same number never makes a second: it gives the duplicate that is there, or raises this error too; a desk
        then finds it by that number and by `original_of`.
        """

    def folder_of(self, ref: str) -> str | None:
        """The name of the folder the order is in, as `resolve_folder_name` spells it; None where it is in none."""

    def resolve_folder_name(self, name: str) -> str:
        """The folder's name as the store spells it, found in whatever case.

        Raises NotFoundError, naming the folders that there are, for one that does not exist.
        """

    def move(self, ref: str, folder: str, *, by: str) -> FolderMove:
        """Put the order into the folder of that name, and change nothing else of it.

        Into the folder that it is in: nothing is moved, and the history does not tell of it; so a repeat is safe.

        Raises NotFoundError for a folder that does not exist, naming those that do. In Order Desk a move runs the rules
        of the destination folder, so what follows from it is not known here.
        """


@runtime_checkable
class RegisteredOrderReader(Protocol):
    """What an `OrderStore` may offer as well: in one look what a cancellation needs. Else three calls are made."""

    def registered_order(self, ref: str) -> RegisteredOrder:
        """As `OrderStore.get_order`, and with it what `original_of` and `remote_orders` give."""
