"""The life of orders by the clock: what follows when on which status, and how an accepted cancel ends."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import assert_never

from attrs import field, frozen

from orderdesk_amazon_mcf.simulator.orders import CANCELABLE, DONE, Order, Status
from orderdesk_sdk.plugin import hours, minutes

__all__ = ["Durations", "Lifecycle"]


@frozen
class Durations:
    """How long an order stays where it is. All are the simulator's choice; Amazon names none but the hold."""

    new: timedelta = field(default=minutes(1))
    received: timedelta = field(default=minutes(10))
    planning: timedelta = field(default=minutes(30))
    processing: timedelta = field(default=hours(6))
    cancel: timedelta = field(default=minutes(4))
    """From an accepted cancel to Cancelled."""
    hold: timedelta = field(default=timedelta(days=14))
    """From receipt to the automatic cancellation of a held order (model, FulfillmentPolicy)."""


class Lifecycle:
    """Moves orders on as time passes; not by a timer but whenever `settle` is called. Guarded by its caller's lock."""

    def __init__(
        self,
        durations: Durations,
        stuck: Callable[[str], bool],
        happened: Callable[[str, str, datetime], None],
    ) -> None:
        """`stuck` says whether an order never leaves Planning; `happened` is told what each step did, and when."""
        self._durations = durations
        self._stuck = stuck
        self._happened = happened
        self._due: list[tuple[datetime, int, int, Order]] = []
        self._planned = 0

    def settle(self, now: datetime) -> None:
        """Do everything that is due by `now`, in the order of its time."""
        while self._due and self._due[0][0] <= now:
            at, _, step, order = heapq.heappop(self._due)
            following = self._following(order)
            # A plan made before a cancel, a hand-set status or a switch is no plan any more.
            if step == order.step and following is not None:
                before = order.status
                order.enter(following[0], at)
                self._happened(order.remote_id, f"{before} -> {order.status}", at)
                self.plan(order, at)

    def plan(self, order: Order, now: datetime) -> None:
        """Let the order go on from where it is, forgetting what was planned before."""
        order.step += 1
        following = self._following(order)
        if following is not None:
            self._planned += 1
            heapq.heappush(self._due, (max(now, following[1]), self._planned, order.step, order))

    def _following(self, order: Order) -> tuple[Status, datetime] | None:
        """What comes next and when; None when nothing does."""
        durations = self._durations
        if order.cancel_at is not None and order.honored and order.status in CANCELABLE | {Status.NEW}:
            return Status.CANCELLED, order.cancel_at + durations.cancel
        match order.status:
            case Status.NEW:
                return Status.RECEIVED, order.status_at + durations.new
            case Status.RECEIVED if order.held:
                return Status.CANCELLED, order.received_at + durations.hold
            case Status.RECEIVED:
                return Status.PLANNING, order.status_at + durations.received
            case Status.PLANNING if self._stuck(order.remote_id):
                return None
            case Status.PLANNING:
                return Status.PROCESSING, order.status_at + durations.planning
            case Status.PROCESSING:
                end = Status.COMPLETE_PARTIALLED if order.partly and order.divisible else Status.COMPLETE
                return end, order.status_at + durations.processing
            case (
                Status.CANCELLED | Status.COMPLETE | Status.COMPLETE_PARTIALLED | Status.UNFULFILLABLE | Status.INVALID
            ):
                assert order.status in DONE
                return None
            case _:
                assert_never(order.status)
