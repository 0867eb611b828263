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
CANCELED = "Cancelled"
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
    placed: tuple[str, list[str]] | None = None
    """Its status and those of its shipments, where it was put there; None where the clock tells."""


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
        BehaviorOption(
            "result",
            ("as it is", "success", "no rows", "unheard of"),
            description="what a cancel says: what became of it, success whatever it was, that without a shipment, or a "
            "word that is documented nowhere",
        ),
    )
    canceled_statuses: ClassVar[frozenset[str]] = frozenset({CANCELED})

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
            order = self._orders.require(remote_id)
            status = self._status(order)
            is_placed = order.placed is not None and status == order.placed[0]
            return f"{status}: {', '.join(self._words(order))}" if is_placed else status

    def put_status(self, remote_id: str, status: str) -> None:
        """Let the order stand in the status that comes before a colon, and its shipments in those that follow.

        "Cancelled" alone is an order of which every shipment was canceled.
        """
        word, _, shipments = status.partition(": ")
        with self.at_present():
            order = self._orders.require(remote_id)
            if status == CANCELED:
                order.canceled = set(range(len(order.stage_durations)))
            else:
                order.placed = (word, shipments.split(", "))
            self.record("put_status", remote_id, f"-> {status}")

    def _age(self, order: _Order, which: int) -> timedelta:
        return self.clock.now() - order.received_at + order.stage_durations[which]

    def _words(self, order: _Order) -> list[str]:
        if order.placed is not None:
            words = order.placed[1]
        else:
            ages = [self._age(order, which) for which in range(len(order.stage_durations))]
            words = ["Completed" if age >= SHIPPED else "Processing" for age in ages]
        return [CANCELED if which in order.canceled else word for which, word in enumerate(words)]

    def _status(self, order: _Order) -> str:
        words = set(self._words(order))
        if order.placed is not None and (words != {CANCELED} or not order.canceled):
            return order.placed[0]
        if words <= {CANCELED}:
            return CANCELED
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
        rows = [self._stop(number, order, which, word) for which, word in enumerate(self._words(order))]
        taken = Effect.CANCEL_ACCEPTED if order.canceled else Effect.NOTHING
        count = sum(row["is_success"] is True for row in rows)
        if not count and self.option("too_late", number) == "422":
            return CallResult(422, "refused", {"order": ["Order is not in a cancellable state"]}, taken)
        status = "Success" if count == len(rows) else "PartialSuccess" if count else "Failure"
        match self.option("result", number):
            case "success" | "no rows" as told:
                status, rows = "Success", rows if told == "success" else []
            case "unheard of":
                status = "Unheard of"
            case _:
                pass  # As it is.
        said = {"order_id": int(number), "status": status, "canceled_shipment_results": rows}
        return CallResult(200, f"{count} of {len(rows)} stopped", {**said, "order": self._shown(number, order)}, taken)

    def _stop(self, number: str, order: _Order, which: int, word: str) -> dict[str, object]:
        """A row of the response: what became of one shipment."""
        before = word == CANCELED
        picked = self._age(order, min(which, len(order.stage_durations) - 1)) >= PICKED
        done = self.option("again", number) == "succeeds" if before else not picked
        reason = "Shipment canceled" if done else "Shipment is canceled already" if before else TOO_LATE
        if done:
            order.canceled.add(which)
        return {"action": "Cancel", "shipment_id": order.number + which, "is_success": done, "reason": reason}

    def _shown(self, number: str, order: _Order) -> dict[str, object]:
        shipments = [
            {"id": order.number + which, "order_id": int(number), "status": word, "recipient": RECIPIENT}
            for which, word in enumerate(self._words(order))
        ]
        return {"id": int(number), "status": self._status(order), "shipments": shipments, "recipient": RECIPIENT}
