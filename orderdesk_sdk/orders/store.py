"""Hosts: the apps that own the orders. This is what a desk asks of one, whoever wrote it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.orders.order import Order, RemoteOrder

__all__ = ["OrderStore", "FolderMove"]


@frozen
class FolderMove:
    """A folder move that was made."""

    order_id: str
    source: str | None
    """The folder's name before; None: in no folder, or the host does not tell."""
    destination: str
    """The folder's name after; equal to `source` where nothing had to be moved."""


class OrderStore(Protocol):
    """What a desk asks of a host. Every method may be called from any thread, and only returns when the host has it.

    `ref` is an order's id or number; where it is a `hosts.refs.OrderId` or `OrderNumber`, it is that and nothing else.
    Inside, the SDK names every order by an `OrderId`. `order_id` is an id, nothing else. `by` names who did it, a
    person or a rule, and goes into the order's history. Every method raises NotFoundError for an order that the host
    does not have, and AmbiguousError where a ref could be more than one.
    """

    def get_order(self, ref: str) -> Order:
        """The order as it is now."""

    def remote_orders(self, order_id: str) -> tuple[RemoteOrder, ...]:
        """Where the order was submitted, oldest first."""

    def add_remote_order(self, ref: str, remote_order: RemoteOrder, *, by: str) -> None:
        """Register where the order was submitted; the same remote order again changes nothing.

        Raises ValidationError where the order is at that connection under another number already, or that number there
        belongs to another order.
        """

    def find_by_remote_id(self, connection: str, remote_id: str) -> str | None:
        """The id of the order that has this number at a connection; None: none has."""

    def record_status(self, order_id: str, connection: str, status: str, at: datetime) -> None:
        """Keep the word that the connection's service gave at `at` (aware); an older word never replaces a newer one.

        Raises NotFoundError where the order has no remote order at that connection.
        """

    def add_history(self, ref: str, text: str, *, by: str) -> None:
        """Append to the order's history."""

    def next_free_number(self, ref: str) -> str:
        """The number that a duplicate of the order would be given now."""

    def original_of(self, order_id: str) -> str | None:
        """The id of the order that this one is a duplicate of; None: of none."""

    def duplicate(self, ref: str, *, by: str, number: str | None = None) -> Order:
        """A new order like this one, under a new number, submitted nowhere, linked to it both ways.

        With `number` None the host picks a free one. Raises ValidationError for a number that is taken.
        """

    def folder_of(self, ref: str) -> str | None:
        """The name of the folder the order is in; None where it is in none."""

    def resolve_folder_name(self, name: str) -> str:
        """The folder's name as the host spells it. Raises NotFoundError for a folder that does not exist."""

    def move(self, ref: str, folder: str, *, by: str) -> FolderMove:
        """Put the order into the folder of that name.

        Raises NotFoundError for a folder that does not exist, naming those that do. In Order Desk a move runs the rules
        of the destination folder, so what follows from it is not known here.
        """
