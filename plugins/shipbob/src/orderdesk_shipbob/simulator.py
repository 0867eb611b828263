"""A ShipBob on one machine, by its documents.

Invented, because they do not tell: how long anything takes, the status of an order whose shipments differ, the texts,
and what the switches choose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from attrs import define, field
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_devkit.simulators.http_requests import bearer_token, secrets_match
from orderdesk_devkit.simulators.orders import Orders
from orderdesk_devkit.simulators.simulator import BehaviorOption, CallResult, Effect, Simulator
from orderdesk_sdk.plugin import Clock, hours, minutes

TOKEN = "not-a-real-token"
CHANNEL = "101"
FIRST_SHIPMENT = 5001
TOO_LATE = "Shipment was picked"
PICKED = minutes(45)
SHIPPED = hours(4)
RECIPIENT = {"name": "Robin Understudy", "address": {"address1": "12 Prompter Lane", "city": "Springfield"}}
"""Nobody, as in `orderdesk_devkit.testing.harness.PERSON`."""


@define
class _Order:
    number: int
    received_at: datetime
    stage_durations: Sequence[timedelta]
    """Of each shipment, by how much it is ahead of the order."""
    canceled: set[int] = field(factory=set)


class ShipBobSimulator(Simulator):
    """Picks a shipment after 45 minutes and ships it after four hours; until it is picked it can be stopped."""

    options: ClassVar[tuple[BehaviorOption, ...]] = (
        BehaviorOption(
            "split",
            ("one", "two"),
            description="the shipments of an order that comes in; a second one is picked at once",
        ),
        BehaviorOption(
            "too_late",
            ("rows", "422"),
            description="how a cancel that stops nothing is answered: 200 with rows, or 422",
        ),
        BehaviorOption(
            "again", ("fails", "succeeds"), description="what is said of a shipment that was canceled before"
        ),
    )
    canceled_statuses: ClassVar[frozenset[str]] = frozenset({"Cancelled"})

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._orders = Orders[_Order]()

    def settings(self, url: str) -> Mapping[str, object]:
        return {"base_url": url, "token": TOKEN, "channel_id": CHANNEL}

    def add_order(
        self,
        remote_id: str,
        *,
        lines: Sequence[tuple[str, int]] = (),  # noqa: ARG002 - as every simulator takes them
        age: timedelta | None = None,
    ) -> None:
        """Put an order there. age: how long ago it came in; None: just now.

        Raises ValidationError for a used number.
        """
        with self.at_present() as now:
            ahead = [timedelta(0), PICKED][: 1 + (self.option("split", remote_id) == "two")]
            first = FIRST_SHIPMENT + 2 * len(self._orders)
            self._orders.add(remote_id, _Order(first, now - (age or timedelta(0)), ahead))
            self.record("add_order", remote_id, f"created with {len(ahead)} shipments")

    def actual_status(self, remote_id: str) -> str:
        with self.at_present():
            return self._status(self._orders.require(remote_id))

    def _age(self, order: _Order, which: int) -> timedelta:
        return self.clock.now() - order.received_at + order.stage_durations[which]

    def _words(self, order: _Order) -> list[str]:
        ages = [self._age(order, which) for which in range(len(order.stage_durations))]
        words = ["Completed" if age >= SHIPPED else "Processing" for age in ages]
        return ["Cancelled" if which in order.canceled else word for which, word in enumerate(words)]

    def _status(self, order: _Order) -> str:
        words = set(self._words(order))
        if words <= {"Cancelled"}:
            return "Cancelled"
        if "Processing" not in words:
            return "Fulfilled"
        return "PartiallyFulfilled" if "Completed" in words else "Processing"

    def respond(self, request: Request, body: bytes) -> Response:  # noqa: ARG002 - no call of these has one
        number, _, verb = request.url.path.rpartition("/")[2].partition(":")
        return self.logged_response(f"{request.method} {verb or 'order'}", number, self._answer(request, number, verb))

    def _answer(self, request: Request, number: str, verb: str) -> CallResult:
        if not secrets_match(bearer_token(request), TOKEN):
            return CallResult(401, "refused: credentials")
        match request.method, request.url.path.split("/")[1:-1], verb:
            case _, ["2026-01" | "2026-07", "order"], _ if number not in self._orders:
                return CallResult(404, "refused: unknown")
            case "GET", ["2026-01" | "2026-07", "order"], "":
                return CallResult(200, "read", self._shown(number, self._orders[number]))
            case "POST", ["2026-01" | "2026-07", "order"], "cancel" if request.headers.get("shipbob_channel_id"):
                return self._cancel(number, self._orders[number])
            case "POST", ["2026-01" | "2026-07", "order"], "cancel":
                return CallResult(400, "refused: no channel", {"shipbob_channel_id": ["is required"]})
            case _:
                return CallResult(404, "refused: no such call")

    def _cancel(self, number: str, order: _Order) -> CallResult:
        before, rows = set(order.canceled), list[dict[str, object]]()
        for which in range(len(order.stage_durations)):
            picked = self._age(order, which) >= PICKED
            done = self.option("again", number) == "succeeds" if which in before else not picked
            reason = "Shipment canceled" if done else "Shipment is canceled already" if which in before else TOO_LATE
            if done:
                order.canceled.add(which)
            rows.append({"action": "Cancel", "shipment_id": order.number + which, "is_success": done, "reason": reason})
        taken = Effect.CANCEL_ACCEPTED if order.canceled else Effect.NOTHING
        count = sum(row["is_success"] is True for row in rows)
        if not count and self.option("too_late", number) == "422":
            return CallResult(422, "refused", {"order": ["Order is not in a cancellable state"]}, taken)
        status = "Success" if count == len(rows) else "PartialSuccess" if count else "Failure"
        said = {"order_id": int(number), "status": status, "canceled_shipment_results": rows}
        return CallResult(200, f"{count} of {len(rows)} stopped", {**said, "order": self._shown(number, order)}, taken)

    def _shown(self, number: str, order: _Order) -> dict[str, object]:
        shipments = [
            {"id": order.number + which, "order_id": int(number), "status": word, "recipient": RECIPIENT}
            for which, word in enumerate(self._words(order))
        ]
        return {"id": int(number), "status": self._status(order), "shipments": shipments, "recipient": RECIPIENT}
