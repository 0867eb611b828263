"""What is the same in every order store: which order a name means, and what may be registered. Pure.

For whoever writes an `OrderStore`: read what could be meant, let these decide, write what they allow, all of it in one
transaction. `numbering.next_free_number` is the fourth of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import evolve

from orderdesk_sdk.errors import AmbiguousError, NotFoundError, ValidationError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.references import OrderId, OrderNumber, order_ref

__all__ = ["ambiguous_order", "describe_order", "is_registered", "pick_folder", "pick_order"]


def pick_order(ref: str, candidates: Iterable[Order]) -> Order:
    """The one order that a ref names.

    Args:
        candidates: all orders that have it as their id or number; others may be among them.

    Raises NotFoundError where it is none, and AmbiguousError, which names them, where several could be meant.
    """
    named = order_ref(ref)
    name = str(named)
    found = {
        order.id: order
        for order in candidates
        if (order.id == name and not isinstance(named, OrderNumber))
        or (order.number == name and not isinstance(named, OrderId))
    }
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise ambiguous_order(name, [found[order_id] for order_id in sorted(found)])
    kind = "id" if isinstance(named, OrderId) else "number" if isinstance(named, OrderNumber) else "id or number"
    raise NotFoundError(f"no order has the {kind} {name!r}", hint="look the order up where it is kept")


def ambiguous_order(name: str, orders: Sequence[Order]) -> AmbiguousError:
    """What to raise where a name could mean any of these orders."""
    if all(order.number == name for order in orders):
        text = f"{len(orders)} orders have the number {name!r}"
    else:
        text = f"{name!r} is the id of one order and the number of another"
    hint = f"say which: {', '.join(f'id:{order.id} ({describe_order(order)})' for order in orders)}"
    return AmbiguousError(text, hint=hint, ids=tuple(order.id for order in orders))


def describe_order(order: Order) -> str:
    """An order in a few words that tell it from others of its number."""
    since = f", {order.added_at:%Y-%m-%d}" if order.added_at is not None else ""
    return f"{order.number} of {order.source_name or 'no source'}{since}"


def pick_folder(name: str, folders: Sequence[str]) -> str:
    """The folder of that name, in whatever case, as it is spelled. Raises NotFoundError, which names the folders."""
    for folder in folders:
        if folder.casefold() == name.strip().casefold():
            return folder
    raise NotFoundError(f"the folder {name!r} does not exist", hint=f"folders: {', '.join(folders) or 'none'}")


def is_registered(
    order: Order, remote_order: RemoteOrder, known: Iterable[RemoteOrder], owner_id: str | None = None
) -> bool:
    """Whether a remote order is registered already; its status does not matter. False: it may be added.

    Args:
        known: the order's remote orders.
        owner_id: the id of the order that has this number at the connection; None: none has.

    Raises ValidationError for a blank connection or number, where the order is at that connection under another number,
    in another role or since another time, and where that number there belongs to another order.
    """
    if not remote_order.connection.strip() or not remote_order.remote_id.strip():
        raise ValidationError("a remote order needs a connection and the order's number at the service")
    location = f"order {order.number} at {remote_order.connection}"
    for one in known:
        if one.connection != remote_order.connection:
            continue
        if evolve(one, status=None, status_at=None) == evolve(remote_order, status=None, status_at=None):
            return True
        raise ValidationError(
            f"already registered as {one.remote_id} ({one.role.value}) at {one.submitted_at.isoformat()}",
            location=location,
            hint="duplicate the order and register the duplicate: each submission is an order of its own",
        )
    if owner_id not in (None, order.id):
        text = f"number {remote_order.remote_id} there belongs to order id {owner_id}"
        hint = f"give this order's own number there, with --remote-id; what is there is canceled as id:{owner_id}"
        raise ValidationError(text, location=location, hint=hint)
    return False
