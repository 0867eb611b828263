"""Deeds: what the actions of rules lead to."""

from __future__ import annotations

from attrs import frozen

from orderdesk_sdk.order import Order
from orderdesk_sdk.statuses import Statuses
from orderdesk_sdk.wishes import Wish, Wishes

__all__ = ["Deed", "Deeds"]


@frozen
class Deed:
    """What a rule wants done. key names it, so that it is done once. at: the connections; empty means everywhere.

    status: what to set; None: to cancel. chain: the rules whose actions led to it.
    """

    order: Order
    key: str
    by: str
    reason: str | None
    at: tuple[str, ...]
    chain: tuple[str, ...]
    status: str | None = None


class Deeds:
    """Does what rules want, by the same paths as persons."""

    def __init__(self, wishes: Wishes, statuses: Statuses) -> None:
        self._wishes = wishes
        self._statuses = statuses

    def do(self, deed: Deed) -> str:
        """Do it, and say where it stands. Raises what keeps it from being done."""
        if deed.status is not None:
            made = self._statuses.make(deed.order, deed.status, by=deed.by, at=deed.at, key=deed.key, chain=deed.chain)
            return ", ".join(f"{change.connection} {change.state.value}" for change in made.changes)
        wish = Wish(order=deed.order.id, by=deed.by, reason=deed.reason, key=deed.key, at=deed.at, chain=deed.chain)
        standing = self._wishes.make(wish)
        return ", ".join(f"{case.connection} {case.state.value}" for case in standing.cases)
