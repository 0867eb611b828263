"""A registration: an order is about to be registered at one more place. Pure."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

__all__ = ["Registration"]


@frozen
class Registration:
    """Written down before the host has the placement, and forgotten when the wishes for the order were looked at again.

    wishes: ids of the wishes that were over when it began; what was open then, or is wanted since, is about this place.
    was_there: the host had the placement already, so it is registered once more.
    """

    id: str
    order_id: str
    connection: str
    started_at: datetime
    settled_cancellations: tuple[str, ...] = ()
    already_registered: bool = False
