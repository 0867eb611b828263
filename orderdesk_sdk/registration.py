"""A registration: an order is about to be registered at one more place. Pure."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

__all__ = ["Registration"]


@frozen
class Registration:
    """Written down before the host has the placement, and forgotten when the wishes for the order were looked at again.

    wishes: ids of the wishes that there were when it began; what somebody wants since then is about this place too.
    was_there: the host had the placement already, so it is registered once more.
    """

    id: str
    order_id: str
    connection: str
    began_at: datetime
    wishes: tuple[str, ...] = ()
    was_there: bool = False
