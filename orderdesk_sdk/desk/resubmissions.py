"""Resubmissions: a canceled order is submitted again, under a new number."""

from __future__ import annotations

from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.desk.parts import DeskParts, require_actor

__all__ = ["ResubmissionService"]


class ResubmissionService:
    """Canceled orders that go out again. Reached as `desk.resubmissions`."""

    def __init__(self, parts: DeskParts) -> None:
        self._order_store = parts.order_store
        self._scheduler = parts.scheduler

    def create(self, order: str, *, by: str, connection: str | None = None, number: str | None = None) -> ResubmitCase:
        """Submit a canceled order again, as a duplicate under a new number.

        connection: the connection to submit to; None takes the one it was canceled at. number: the new number; None
        lets the order store choose. Asking again continues the same resubmission. Raises InvalidStateError while the
        original is not settled as canceled.
        """
        return self._scheduler.resubmit(
            self._order_store.resolve(order), requested_by=require_actor(by), connection=connection, number=number
        )
