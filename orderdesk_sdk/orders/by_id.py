"""A host as the inside of the SDK sees it: every order by its id, so that no number is ever taken for one."""

from __future__ import annotations

from datetime import datetime

from orderdesk_sdk.errors import AmbiguousError, NotFoundError
from orderdesk_sdk.orders.order import Order, Placement
from orderdesk_sdk.orders.references import OrderId, OrderNumber
from orderdesk_sdk.orders.store import Host, Move

__all__ = ["HostById"]


class HostById:
    """A `Host` whose every `order_id` is an id. What a person typed is resolved before, by the desk."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def order(self, order_id: str) -> Order:
        """As `Host.order`, for an id."""
        return self._host.order(OrderId(order_id))

    def called(self, name: str) -> tuple[str, ...]:
        """The ids of all orders that have `name` as their id or number."""
        found: dict[str, None] = {}
        for ref in (OrderId(name), OrderNumber(name)):
            try:
                found[self._host.order(ref).id] = None
            except AmbiguousError as error:
                found |= dict.fromkeys(error.ids)
            except NotFoundError:
                continue
        return tuple(found)

    def placements(self, order_id: str) -> tuple[Placement, ...]:
        """As `Host.placements`."""
        return self._host.placements(OrderId(order_id))

    def place(self, order_id: str, placement: Placement, *, by: str) -> None:
        """As `Host.place`, for an id."""
        self._host.place(OrderId(order_id), placement, by=by)

    def placed_as(self, connection: str, remote_id: str) -> str | None:
        """As `Host.placed_as`."""
        return self._host.placed_as(connection, remote_id)

    def note_status(self, order_id: str, connection: str, status: str, at: datetime) -> None:
        """As `Host.note_status`."""
        self._host.note_status(OrderId(order_id), connection, status, at)

    def add_history(self, order_id: str, text: str, *, by: str) -> None:
        """As `Host.add_history`, for an id."""
        self._host.add_history(OrderId(order_id), text, by=by)

    def free_number(self, order_id: str) -> str:
        """As `Host.free_number`, for an id."""
        return self._host.free_number(OrderId(order_id))

    def copied_from(self, order_id: str) -> str | None:
        """As `Host.copied_from`."""
        return self._host.copied_from(OrderId(order_id))

    def duplicate(self, order_id: str, *, by: str, number: str | None = None) -> Order:
        """As `Host.duplicate`, for an id."""
        return self._host.duplicate(OrderId(order_id), by=by, number=number)

    def folder(self, order_id: str) -> str | None:
        """As `Host.folder`, for an id."""
        return self._host.folder(OrderId(order_id))

    def folder_name(self, name: str) -> str:
        """As `Host.folder_name`."""
        return self._host.folder_name(name)

    def move(self, order_id: str, folder: str, *, by: str) -> Move:
        """As `Host.move`, for an id."""
        return self._host.move(OrderId(order_id), folder, by=by)
