"""Deeds: what the actions of rules lead to."""

from __future__ import annotations

from orderdesk_sdk.desk.cancellations import Wish, Wishes
from orderdesk_sdk.desk.status_changes import Statuses
from orderdesk_sdk.rules.actions import Deed

__all__ = ["Deeds"]


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
