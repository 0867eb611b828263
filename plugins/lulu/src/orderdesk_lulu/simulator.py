"""A Lulu Print on one machine, by its OpenAPI document.

Documented: tokens, the calls (a job, its status, and setting that to CANCELED), their responses, and from which
statuses a job can be canceled. Invented, because it is not documented: how long anything but the production delay
takes, what is said of a job that is canceled already, of a path without its last slash, and what the switches choose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from orderdesk_devkit.simulators.http_requests import format_datetime, parse_object_body, path_below
from orderdesk_devkit.simulators.simple import FATE, CallResult, Durations, Request, SimpleOrder, Stages
from orderdesk_devkit.simulators.simulator import BehaviorOption, Effect
from orderdesk_devkit.simulators.token import TokenSimulator
from orderdesk_sdk.plugin import Clock, hours, minutes

BEFORE_PAYMENT = ("CREATED", "UNPAID")
DELAYED = "PRODUCTION_DELAYED"
PRINTING = "IN_PRODUCTION"
PASSING = {"PAYMENT_IN_PROGRESS": DELAYED, "PRODUCTION_READY": PRINTING}


RECIPIENT = {"name": "Robin Understudy", "street1": "12 Prompter Lane", "city": "Springfield"}
"""Nobody, as in `orderdesk_devkit.testing.harness.PERSON`."""


class LuluSimulator(TokenSimulator):
    """Sends a paid job to production after its delay of an hour, and ships it three hours later.

    What lasts a few minutes lasts two. A job that is put at another status (`stage`) stays there.
    """

    base = "/print-jobs"
    token_path = "/auth/realms/glasstree/protocol/openid-connect/token"
    needs_basic_auth = True
    stages = Stages(DELAYED, PRINTING, "SHIPPED", "CANCELED")
    canceled_statuses: ClassVar[frozenset[str]] = frozenset({"CANCELED"})
    options: ClassVar[tuple[BehaviorOption, ...]] = (
        FATE,
        BehaviorOption(
            "paid", ("until production", "never"), description="whether a job can be canceled after it was paid"
        ),
    )

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, durations=Durations(queue=hours(1), printing=hours(3)))

    def settings(self, url: str) -> Mapping[str, object]:
        return {"base_url": url, "client_id": self.client_id, "client_secret": self.client_secret}

    def advance_to_present(self) -> None:
        for number, order in self.orders.items():
            if order.stage in PASSING and order.since + minutes(2) <= self.clock.now():
                before, order.stage, order.since = order.stage, PASSING[order.stage], order.since + minutes(2)
                self.record_event(number, f"{before} -> {order.stage}", order.since)
        super().advance_to_present()

    def handle(self, request: Request, body: bytes) -> tuple[str, str | None, CallResult]:
        parts = path_below(request, self.base)
        if parts is None:
            return super().handle(request, body)  # A token.
        number, *rest = parts or [""]
        return f"{request.method} {'/'.join(rest) or 'job'}", number or None, self._job(request, number, rest, body)

    def _job(self, request: Request, number: str, rest: Sequence[str], body: bytes) -> CallResult:
        if not self.is_authorized(request):
            return CallResult(401, "refused: credentials", {"detail": "Authentication credentials were not provided."})
        order = self.orders.get(number)
        call = (request.method, *rest)
        if call not in (("GET",), ("GET", "status"), ("PUT", "status")) or (
            request.method == "PUT" and not request.url.path.endswith("/")
        ):
            return CallResult(404, "refused: no such path", None)
        if order is None:
            return CallResult(404, "refused: unknown", {"detail": "Not found."})
        if request.method == "PUT":
            return self._set(order, body)
        status = self.order_document(number, order.stage)
        job = {"id": int(number), "status": status, "shipping_address": RECIPIENT}
        return CallResult(200, f"read: {order.stage}", status if rest else job)

    def _set(self, order: SimpleOrder, body: bytes) -> CallResult:
        number = order.number
        if parse_object_body(body) != {"name": self.stages.canceled}:
            return CallResult(400, "refused: body", {"name": ["This field is required."]})
        open_to = BEFORE_PAYMENT if self.option("paid", number) == "never" else (*BEFORE_PAYMENT, DELAYED)
        if order.stage not in open_to:
            said = [f"Invalid transition from {order.stage} to {self.stages.canceled} requested"]
            return CallResult(400, f"cancel refused in {order.stage}", said)
        before, honored = order.stage, self.option(FATE.name, number) == FATE.choices[0]
        if honored:
            order.stage = self.stages.canceled
        effect = f"cancel taken in {before}, to be {self.option(FATE.name, number)}"
        return CallResult(200, effect, self.order_document(number, order.stage), Effect.CANCEL_ACCEPTED)

    def order_document(self, number: str, stage: str) -> Mapping[str, object]:
        return {"name": stage, "message": "", "changed": format_datetime(self.orders[number].since)}
