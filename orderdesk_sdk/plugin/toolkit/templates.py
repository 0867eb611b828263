"""Templates of mails: a closed set of fields, checked when they are read, filled with plain text only. Pure."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from datetime import datetime

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.plugin.line_names import line_label

__all__ = ["FIELDS", "validate_fields", "render", "one_line", "printable", "read_template", "template_fields"]

FIELDS = (
    "connection",
    "lines",
    "order_number",
    "reason",
    "remote_id",
    "requested_by",
    "ship_to",
    "source_name",
    "submitted_at",
)
"""The names that a template may use, in braces."""


def read_template(value: object, location: str) -> str:
    """A template as configured. Raises ConfigurationError for one that names an unknown field or has stray braces."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError("a text was expected", location=location)
    validate_fields(value, FIELDS, location)
    return value


def validate_fields(template: str, known: Sequence[str], location: str) -> None:
    """Raises ConfigurationError where a template has other fields in braces than the known ones, or stray braces."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ConfigurationError(f"{error}", location=location, hint="write a literal brace twice: {{") from None
    for _, name, form, conversion in parts:
        if name is not None and name not in known:
            listed = ", ".join(f"{{{field}}}" for field in known)
            raise ConfigurationError(f"there is no field {{{name}}}", location=location, hint=f"known are {listed}")
        if form or conversion:
            raise ConfigurationError(f"{{{name}}} takes no format", location=location, hint=f"write it as {{{name}}}")


def template_fields(
    order: Order, remote_order: RemoteOrder, *, requested_by: str, reason: str | None, lines: Mapping[str, int]
) -> Mapping[str, str]:
    """The values of FIELDS for one case.

    Args:
        lines: what to cancel, by line id; empty means the whole order.
    """
    to = order.shipping
    whole = [(line.code or line.name or line.id, line.quantity) for line in order.lines]
    wanted = [(line_label(order, line_id), quantity) for line_id, quantity in lines.items()] or whole
    values = {
        "requested_by": requested_by,
        "connection": remote_order.connection,
        "order_number": order.number,
        "reason": reason or "not given",
        "remote_id": remote_order.remote_id,
        "ship_to": f"{to.last_name or to.company}, {to.postal_code} {to.city}".strip(", "),
        "source_name": order.source_name,
        "submitted_at": _utc(remote_order.submitted_at),
    }
    # Only the lines are many lines: no order's text can add one of its own to the mail.
    listed = "\n".join(f"{quantity} x {one_line(name)}" for name, quantity in wanted)
    return {name: one_line(value) for name, value in values.items()} | {"lines": listed}


def render(template: str, values: Mapping[str, str]) -> str:
    """The template with its fields filled in."""
    return template.format_map(values)


def one_line(text: str) -> str:
    """A text without line breaks, other control characters and encoded words, fit for a header or a line of a body.

    An encoded word (RFC 2047) is one that a mail program decodes: "=?utf-8?q?=0D=0ABcc=3A...?=" may become a line.
    """
    return printable(text).strip().replace("=?", "= ?")


def printable(text: str) -> str:
    """A text with a space in place of each control character, line break, writing direction and half surrogate pair."""
    return "".join(character if character.isprintable() else " " for character in text)


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
