"""JSON pointers (RFC 6901), with which a configuration says where in a service's JSON something stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError, get_path, values_in

__all__ = ["read_pointer", "repeated_number", "pointer_steps", "value_at_pointer", "text_at_pointer"]


def read_pointer(value: object, location: str) -> str:
    """A pointer as configured. Raises ConfigurationError for what is none."""
    if not isinstance(value, str) or not value.startswith("/"):
        raise ConfigurationError("must be a JSON pointer", location=location, hint='write it as "/order/status"')
    return value


def pointer_steps(pointer: str) -> tuple[str, ...]:
    """The keys and indexes of a pointer, unescaped."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def value_at_pointer(document: object, pointer: str, location: str) -> object:
    """The value that a pointer leads to. Raises MalformedResponseError, with `location`, where it leads nowhere."""
    value = document
    for key in pointer_steps(pointer):
        if isinstance(value, list) and key.isascii() and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, Mapping) and key in value:
            value = value[key]
        else:
            raise MalformedResponseError(f"there is no {pointer}", location=location)
    return value


def text_at_pointer(document: object, pointer: str, location: str) -> str:
    """The text or whole number that a pointer leads to, as text: services have numeric statuses too.

    Raises MalformedResponseError where it leads nowhere, or to something else.
    """
    value = value_at_pointer(document, pointer, location)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise MalformedResponseError(f"{pointer} is neither a text nor a whole number", location=location)
    return value


def repeated_number(document: object, status: Sequence[str], number: Sequence[str]) -> str | None:
    """The number that another entry of the list states too, from one of whose entries the status is read; else None.

    Parts of one order, such as shipments, each have a status, and the first one is not the order's.
    """
    for depth, (step, other) in enumerate(zip(status, number, strict=False)):
        if step != other:
            return None
        entries = get_path(document, *status[:depth])
        if isinstance(entries, list) and step.isascii() and step.isdecimal() and int(step) < len(entries):
            found = [" ".join(map(str, values_in(entry, *number[depth + 1 :]))) for entry in entries]
            mine = found[int(step)]
            return mine if mine and found.count(mine) > 1 else None
    return None
