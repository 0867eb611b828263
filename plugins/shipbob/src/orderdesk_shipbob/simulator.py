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

from orderdesk_devkit.simulators.http_requests import bearer, same
from orderdesk_devkit.simulators.orders import Orders
from orderdesk_devkit.simulators.simulator import Deed, Outcome, Simulator, Switch
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
    came: datetime
    ahead: Sequence[timedelta]
    """Of each shipment, by how much it is ahead of the order."""
    canceled: set[int] = field(factory=set)


class ShipBobSimulator(Simulator):
    """Picks a shipment after 45 minutes and ships it after four hours; until it is picked it can be stopped."""

    switches: ClassVar[tuple[Switch, ...]] = (
        Switch("split", ("one", "two"), text="the shipments of an order that comes in; a second one is picked at once"),
        Switch("too_late", ("rows", "422"), text="how a cancel that stops nothing is answered: 200 with rows, or 422"),
        Switch("again", ("fails", "succeeds"), text="what is said of a shipment that was canceled before"),
    )
    canceled_words: ClassVar[frozenset[str]] = frozenset({"Cancelled"})

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
        """Put an order there. age: how long ago it came in; None: just now. Raises InputError for a used number."""
        with self.settled() as now:
            ahead = [timedelta(0), PICKED][: 1 + (self.switch("split", remote_id) == "two")]
            first = FIRST_SHIPMENT + 2 * len(self._orders)
            self._orders.new(remote_id, _Order(first, now - (age or timedelta(0)), ahead))
            self.record("add_order", remote_id, f"created with {len(ahead)} shipments")

    def truth(self, remote_id: str) -> str:
        with self.settled():
            return self._status(self._orders.known(remote_id))

    def _age(self, order: _Order, which: int) -> timedelta:
        return self.clock.now() - order.came + order.ahead[which]

    def _words(self, order: _Order) -> list[str]:
        ages = [self._age(order, which) for which in range(len(order.ahead))]
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
        return self.reply(f"{request.method} {verb or 'order'}", number, self._answer(request, number, verb))

    def _answer(self, request: Request, number: str, verb: str) -> Outcome:
        if not same(bearer(request), TOKEN):
            return Outcome(401, "refused: credentials")
        match request.method, request.url.path.split("/")[1:-1], verb:
            case _, ["2026-01" | "2026-07", "order"], _ if number not in self._orders:
                return Outcome(404, "refused: unknown")
            case "GET", ["2026-01" | "2026-07", "order"], "":
                return Outcome(200, "read", self._shown(number, self._orders[number]))
            case "POST", ["2026-01" | "2026-07", "order"], "cancel" if request.headers.get("shipbob_channel_id"):
                return self._cancel(number, self._orders[number])
            case "POST", ["2026-01" | "2026-07", "order"], "cancel":
                return Outcome(400, "refused: no channel", {"shipbob_channel_id": ["is required"]})
            case _:
                return Outcome(404, "refused: no such call")

    def _cancel(self, number: str, order: _Order) -> Outcome:
        before, rows = set(order.canceled), list[dict[str, object]]()
        for which in range(len(order.ahead)):
            picked = self._age(order, which) >= PICKED
            done = self.switch("again", number) == "succeeds" if which in before else not picked
            reason = "Shipment canceled" if done else "Shipment is canceled already" if which in before else TOO_LATE
            if done:
                order.canceled.add(which)
            rows.append({"action": "Cancel", "shipment_id": order.number + which, "is_success": done, "reason": reason})
        taken = Deed.CANCEL_TAKEN if order.canceled else Deed.NOTHING
        count = sum(row["is_success"] is True for row in rows)
        if not count and self.switch("too_late", number) == "422":
            return Outcome(422, "refused", {"order": ["Order is not in a cancellable state"]}, taken)
        status = "Success" if count == len(rows) else "PartialSuccess" if count else "Failure"
        said = {"order_id": int(number), "status": status, "canceled_shipment_results": rows}
        return Outcome(200, f"{count} of {len(rows)} stopped", {**said, "order": self._shown(number, order)}, taken)

    def _shown(self, number: str, order: _Order) -> dict[str, object]:
        shipments = [
            {"id": order.number + which, "order_id": int(number), "status": word, "recipient": RECIPIENT}
            for which, word in enumerate(self._words(order))
        ]
        return {"id": int(number), "status": self._status(order), "shipments": shipments, "recipient": RECIPIENT}
