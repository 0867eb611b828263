"""What a service's published model demands of a new order, looked at before anything is sent. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from orderdesk_sdk.errors import InputError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.answer import Refusal, refused
from orderdesk_sdk.plugin.toolkit.json_response import Ended

__all__ = ["demand", "demand_metadata", "refusing"]


@contextmanager
def refusing() -> Iterator[None]:
    """Ends a resubmit flow as refused, before anything is sent, where what runs within raises InputError."""
    try:
        yield
    except InputError as error:
        text = f"{error.place}: {error.text}" if error.place else error.text
        raise Ended(refused(None, Refusal.NOT_ALLOWED, text=text, remedy=error.remedy)) from None


def demand(
    order: Order,
    texts: Mapping[str, str],
    *,
    longest_code: int | None = None,
    most_lines: int | None = None,
    most_units: int | None = None,
) -> None:
    """Raises InputError that names everything which the order lacks; returns where it lacks nothing.

    texts: what must not be blank, by the name that the service gives it. Every line must have a code, of at most
    `longest_code` characters, and a quantity above zero; there must be a line, and at most `most_lines` of them with
    `most_units` pieces together. None: the service names no limit.
    """
    lacking = [f"{name} is missing" for name, text in texts.items() if not text.strip()]
    for number, line in enumerate(order.lines, start=1):
        if not line.code.strip():
            lacking.append(f"line {number} ({line.name or 'without a name'}) has no code")
        elif longest_code is not None and len(line.code) > longest_code:
            lacking.append(f"the code of line {number} has {len(line.code)} characters, and {longest_code} are allowed")
        if line.quantity < 1:
            lacking.append(f"line {number} is for {line.quantity} pieces")
    units = sum(line.quantity for line in order.lines)
    if not order.lines:
        lacking.append("it has no lines")
    if most_lines is not None and len(order.lines) > most_lines:
        lacking.append(f"it has {len(order.lines)} lines, and {most_lines} are allowed")
    if most_units is not None and units > most_units:
        lacking.append(f"it has {units} pieces, and {most_units} are allowed")
    if lacking:
        raise InputError("; ".join(lacking), place=f"order {order.number}", remedy="mend the order, then resubmit it")


def demand_metadata(order: Order, key: str, what: str) -> None:
    """Raises InputError that names every line without this metadata; returns where each has it.

    what: what lies there, in a word for people.
    """
    bare = [line.code or line.name for line in order.lines if not line.metadata.get(key)]
    if bare:
        remedy = f"put its URL into the line's metadata as {key}"
        raise InputError(f"no {what} for {', '.join(bare)}", remedy=remedy)
