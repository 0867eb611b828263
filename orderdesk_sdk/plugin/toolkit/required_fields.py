"""What a service's published model demands of a new order, looked at before anything is sent. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.answer import Rejection, rejected
from orderdesk_sdk.plugin.toolkit.json_response import EndFlow

__all__ = ["require_order_fields", "require_line_metadata", "reject_invalid_order"]


@contextmanager
def reject_invalid_order() -> Iterator[None]:
    """Ends a resubmit flow as rejected, before anything is sent, where what runs within raises ValidationError."""
    try:
        yield
    except ValidationError as error:
        text = f"{error.location}: {error.message}" if error.location else error.message
        raise EndFlow(rejected(None, Rejection.NOT_ALLOWED, message=text, hint=error.hint)) from None


def require_order_fields(
    order: Order,
    texts: Mapping[str, str],
    *,
    max_code_length: int | None = None,
    max_lines: int | None = None,
    max_units: int | None = None,
) -> None:
    """Raises ValidationError that names everything which the order lacks; returns where it lacks nothing.

    Args:
        texts: what must not be blank, by the name that the service gives it. Every line must have a code, of at most
            `max_code_length` characters, and a quantity above zero; there must be a line, and at most `max_lines` of
            them with `max_units` pieces together. None: the service names no limit.
    """
    lacking = [f"{name} is missing" for name, text in texts.items() if not text.strip()]
    for number, line in enumerate(order.lines, start=1):
        if not line.code.strip():
            lacking.append(f"line {number} ({line.name or 'without a name'}) has no code")
        elif max_code_length is not None and len(line.code) > max_code_length:
            lacking.append(
                f"the code of line {number} has {len(line.code)} characters, and {max_code_length} are allowed"
            )
        if line.quantity < 1:
            lacking.append(f"line {number} is for {line.quantity} pieces")
    units = sum(line.quantity for line in order.lines)
    if not order.lines:
        lacking.append("it has no lines")
    if max_lines is not None and len(order.lines) > max_lines:
        lacking.append(f"it has {len(order.lines)} lines, and {max_lines} are allowed")
    if max_units is not None and units > max_units:
        lacking.append(f"it has {units} pieces, and {max_units} are allowed")
    if lacking:
        raise ValidationError(
            "; ".join(lacking), location=f"order {order.number}", hint="mend the order, then resubmit it"
        )


def require_line_metadata(order: Order, key: str, what: str) -> None:
    """Raises ValidationError that names every line without this metadata; returns where each has it.

    Args:
        what: what lies there, in a word for people.
    """
    bare = [line.code or line.name for line in order.lines if not line.metadata.get(key)]
    if bare:
        hint = f"put its URL into the line's metadata as {key}"
        raise ValidationError(f"no {what} for {', '.join(bare)}", hint=hint)
