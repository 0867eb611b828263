"""JSON pointers (RFC 6901), with which a configuration says where in a service's JSON something stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.toolkit.json_response import MalformedReply, each_inside, inside

__all__ = ["read_pointer", "stated_again", "steps_of", "value_pointed", "word_pointed"]


def read_pointer(value: object, place: str) -> str:
    """A pointer as configured. Raises ConfigurationError for what is none."""
    if not isinstance(value, str) or not value.startswith("/"):
        raise ConfigurationError("must be a JSON pointer", place=place, remedy='write it as "/order/status"')
    return value


def steps_of(pointer: str) -> tuple[str, ...]:
    """The keys and indexes of a pointer, unescaped."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def value_pointed(document: object, pointer: str, place: str) -> object:
    """The value that a pointer leads to. Raises MalformedReply, with `place`, where it leads nowhere."""
    value = document
    for key in steps_of(pointer):
        if isinstance(value, list) and key.isascii() and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, Mapping) and key in value:
            value = value[key]
        else:
            raise MalformedReply(f"there is no {pointer}", place=place)
    return value


def word_pointed(document: object, pointer: str, place: str) -> str:
    """The text or whole number that a pointer leads to, as text: services have numeric statuses too.

    Raises MalformedReply where it leads nowhere, or to something else.
    """
    value = value_pointed(document, pointer, place)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise MalformedReply(f"{pointer} is neither a text nor a whole number", place=place)
    return value


def stated_again(document: object, status: Sequence[str], number: Sequence[str]) -> str | None:
    """The number that another entry of the list states too, from one of whose entries the status is read; else None.

    Parts of one order, such as shipments, each have a status, and the first one is not the order's.
    """
    for depth, (step, other) in enumerate(zip(status, number, strict=False)):
        if step != other:
            return None
        entries = inside(document, *status[:depth])
        if isinstance(entries, list) and step.isascii() and step.isdecimal() and int(step) < len(entries):
            found = [" ".join(map(str, each_inside(entry, *number[depth + 1 :]))) for entry in entries]
            mine = found[int(step)]
            return mine if mine and found.count(mine) > 1 else None
    return None
