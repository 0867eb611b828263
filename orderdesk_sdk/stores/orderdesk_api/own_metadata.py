"""What this SDK notes in an order's metadata: where it was registered, and what it was duplicated from and as.

One key, whose value is a JSON text, so that it stands beside what other programs note, and is no concern of theirs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from attrs import evolve, frozen

from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.orders.serialization.json_text import dump_json

__all__ = ["KEY", "MAX_METADATA", "OwnMetadata", "metadata_with", "read_own_metadata"]

KEY: Final = "orderdesk_sdk"
MAX_METADATA: Final = 2000
"""Characters of all metadata of an order, as JSON. Reported by third parties; what happens beyond is unknown."""


@frozen
class OwnMetadata:
    """What is noted.

    Args:
        original: the id of the order that this one is a duplicate of; "" for none.
        copies: the ids of its duplicates.
        registered: where it was registered as submitted.
    """

    original: str = ""
    copies: tuple[str, ...] = ()
    registered: tuple[RemoteOrder, ...] = ()

    def with_copy(self, order_id: str) -> OwnMetadata:
        """The same with one more duplicate."""
        return self if order_id in self.copies else evolve(self, copies=(*self.copies, order_id))

    def with_registered(self, remote: RemoteOrder) -> OwnMetadata:
        """The same with one more remote order. Its status is kept elsewhere."""
        return evolve(self, registered=(*self.registered, evolve(remote, status=None, status_at=None)))


def read_own_metadata(metadata: Mapping[str, object], order_id: str) -> OwnMetadata:
    """What is noted in an order's metadata.

    Raises ValidationError where it was damaged: what it told of must not be forgotten.
    """
    text = metadata.get(KEY)
    if text in (None, ""):
        return OwnMetadata()
    try:
        noted = json.loads(str(text))
        remote_orders = tuple(
            RemoteOrder(str(connection), str(remote_id), datetime.fromisoformat(at), ConnectionRole(role))
            for connection, remote_id, at, role in noted.get("at", ())
        )
        return OwnMetadata(str(noted.get("of", "")), tuple(map(str, noted.get("copies", ()))), remote_orders)
    except (AttributeError, TypeError, ValueError):
        raise ValidationError(
            f"its metadata {KEY!r} is not as this SDK wrote it",
            location=f"order id {order_id} at Order Desk",
            hint=f"put back what {KEY!r} was, or take it away and register the order again",
        ) from None


def metadata_with(metadata: Mapping[str, object], own: OwnMetadata, order_id: str) -> dict[str, object]:
    """An order's whole metadata, with this in place of what was noted before.

    Raises InvalidStateError where it would be longer than Order Desk keeps.
    """
    noted: dict[str, object] = {}
    if own.registered:
        noted["at"] = [
            [one.connection, one.remote_id, one.submitted_at.isoformat(), one.role.value] for one in own.registered
        ]
    if own.original:
        noted["of"] = own.original
    if own.copies:
        noted["copies"] = list(own.copies)
    whole = {**metadata, KEY: json.dumps(noted, separators=(",", ":"), sort_keys=True)}
    length = len(dump_json(whole))
    if length > MAX_METADATA:
        raise InvalidStateError(
            f"its metadata would have {length:,} characters; Order Desk keeps {MAX_METADATA:,}",
            location=f"order id {order_id} at Order Desk",
            hint="remove from the order's metadata what no program needs any more",
        )
    return whole
