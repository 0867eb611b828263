"""Messages that come in from a service: webhooks and notifications, and the hints that a plugin reads in them. Pure.

A message is never evidence. What it hints at is read back at the service, and only that settles a case.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from attrs import field, frozen
from attrs.validators import instance_of, optional

__all__ = ["Hint", "HintKind", "Message"]


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@frozen
class Message:
    """One message as it came over HTTP. headers: names in lower case. body: the raw bytes, as they were signed.

    query: the parameters of the URL it was sent to.
    """

    headers: Mapping[str, str] = field(converter=_lower, repr=False)
    body: bytes = field(repr=False)
    query: Mapping[str, str] = field(factory=dict, repr=False)


class HintKind(enum.Enum):
    """What a message says of an order."""

    CANCELED = "canceled"
    """It is canceled there, by whomever."""
    SHIPPED = "shipped"
    """It has left, or a part of it has."""
    CHANGED = "changed"
    """Something else of it changed: look."""


@frozen
class Hint:
    """An order that is worth a look. remote_id: its number at the service.

    delivery: the sender's name for this delivery, the same when it is sent again; None where it gives none.
    """

    remote_id: str = field(validator=instance_of(str))
    kind: HintKind = field(validator=instance_of(HintKind))
    delivery: str | None = field(default=None, validator=optional(instance_of(str)))
