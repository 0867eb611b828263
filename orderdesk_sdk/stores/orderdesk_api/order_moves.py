"""Moves of orders between folders, by the folder's id. In Order Desk a move runs the rules of the folder."""

from __future__ import annotations

from collections.abc import Mapping

from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.store import FolderMove
from orderdesk_sdk.stores.orderdesk_api.api import ApiReply, OrderDeskApi
from orderdesk_sdk.stores.orderdesk_api.errors import RejectedError, StoreUnavailableError, UnclearOutcomeError
from orderdesk_sdk.stores.orderdesk_api.profile_cache import ProfileCache
from orderdesk_sdk.stores.orderdesk_api.record_update import read_order

__all__ = ["move_order"]


def move_order(api: OrderDeskApi, profiles: ProfileCache, order_id: str, folder: str) -> FolderMove:
    """Put an order into the folder of that name, unless it is there already; whatever is unclear is read.

    Raises NotFoundError and AmbiguousError for a folder that is not there, or twice; RejectedError where Order Desk did
    not move the order; StoreUnavailableError where that is unknown, or nothing was sent: then try again.
    """
    # Read for each move: folders are renamed, and moving into the wrong one may run its rules.
    profile = profiles.read()
    target = profile.folder_id(folder)
    order = read_order(api, order_id).order
    source = profile.folders.get(order.folder_id) if order.folder_id is not None else None
    if order.folder_id == target:
        return FolderMove(order_id, source, profile.folders[target])
    said: str | None = None
    try:
        said = _send(api, order, target)
    except UnclearOutcomeError:
        if read_order(api, order_id).order.folder_id == order.folder_id:
            raise StoreUnavailableError(
                "the response to the move was lost, and the order has not moved",
                location=f"order {order.number}",
                hint="try again later",
            ) from None
    except RejectedError:
        # Perhaps the folder was removed and made anew since it was looked up.
        profile = profiles.read()
        anew = profile.folder_id(folder)
        if anew == target:
            raise
        target = anew
        said = _send(api, order, target)
    _require_moved(api, order, said)
    return FolderMove(order_id, source, profile.folders[target])


def _send(api: OrderDeskApi, order: Order, folder_id: int) -> str:
    """Send the move of one order; what the response says of it."""
    body = {"order_id_list": [int(order.id)], "destination_folder_id": folder_id}
    return _row_message(api.change("POST", "move-orders", json=body), order)


def _row_message(reply: ApiReply, order: Order) -> str:
    """What the response says of this order; "" where it has no row for it."""
    rows = reply.document.get("results")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping) and str(row.get("order_id")) == order.id:
            return str(row.get("message") or "")
    return ""


def _require_moved(api: OrderDeskApi, order: Order, said: str | None) -> None:
    """Raises RejectedError where the order is still where it was. A rule may have moved it on already."""
    if read_order(api, order.id).order.folder_id == order.folder_id:
        raise RejectedError(
            f"Order Desk did not move the order: {said or 'no message'}"[:300],
            location=f"order {order.number}",
            hint="look at the order and its history in Order Desk",
        )
