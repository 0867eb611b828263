"""A registration: an order is about to be registered at one more place. Pure."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

__all__ = ["Registration"]


@frozen
class Registration:
    """Written down before the store has the remote order, and removed when the order's cancellations were read again.

    cancellations: ids of the cancellations that were over when it began; what was open then, or is wanted since, is
    about this place.

    Args:
        already_registered: the host had the remote order already, so it is registered once more.
    """

    id: str
    order_id: str
    connection: str
    started_at: datetime
    settled_cancellations: tuple[str, ...] = ()
    already_registered: bool = False
