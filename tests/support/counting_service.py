"""A service that is told how many pieces are to be left of each line, and a plugin that computes that number.

It is what makes a second send dangerous: the request sets an absolute number, is declared repeatable, and computed anew
it would be another one. For histories, not to be copied.

    GET  /orders/{number}    -> {"number": ..., "ordered": {CODE: count}, "left": {...}, "confirmed": {...}}
    PUT  /orders/{number}    {"left": {CODE: count}} -> 202 and the order

`left` shows at once what was set, `confirmed` some minutes later; only that says that the pieces are canceled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import httpx
from attrs import define
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_devkit.simulators.http_requests import parse_object_body, path_below
from orderdesk_devkit.simulators.orders import Orders
from orderdesk_devkit.simulators.simulator import CallResult, Effect, Simulator
from orderdesk_sdk.clock import Clock, hours, minutes
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.line_names import LineNames
from orderdesk_sdk.plugin.order_numbers import StatedAt
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
from orderdesk_sdk.plugin.routes import Button, Polling, Scope
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError, integer_at, require_success, value_at
from orderdesk_sdk.plugin.toolkit.line_quantities import (
    LineQuantities,
    answer_from_quantities,
    answer_if_nothing_to_cancel,
    quantities_to_cancel,
)

__all__ = ["Counting", "CountingSimulator"]


@define
class _Order:
    ordered: dict[str, int]
    remaining: dict[str, int]
    confirmed: dict[str, int]
    since: datetime


class CountingSimulator(Simulator):
    """Takes the new numbers at once, and confirms them some minutes later."""

    canceled_statuses = frozenset({"canceled"})
    lag = minutes(7)

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._orders = Orders[_Order]()

    def settings(self, url: str) -> Mapping[str, object]:
        return {"url": url}

    def add_order(self, remote_id: str, *, lines: Sequence[tuple[str, int]]) -> None:
        with self.at_present():
            pieces: dict[str, int] = {}
            for code, quantity in lines:
                pieces[code] = pieces.get(code, 0) + quantity
            self._orders.add(remote_id, _Order(pieces, dict(pieces), dict(pieces), self.clock.now()))

    def actual_status(self, remote_id: str) -> str:
        with self.at_present():
            return "open" if any(self._orders.require(remote_id).remaining.values()) else "canceled"

    def canceled_quantities(self, remote_id: str) -> Mapping[str, int]:
        with self.at_present():
            order = self._orders.require(remote_id)
            return {code: count - order.remaining[code] for code, count in order.ordered.items()}

    def respond(self, request: Request, body: bytes) -> Response:
        number, *rest = path_below(request, "/orders") or [""]
        return self.logged_response(
            f"{request.method} order", number or None, self._answer(request.method, number, rest, body)
        )

    def _answer(self, method: str, number: str, rest: Sequence[str], body: bytes) -> CallResult:
        order = self._orders.get(number)
        if order is None or rest:
            return CallResult(404, "refused: unknown", {"error": "no such order"})
        if self.clock.now() >= order.since + self.lag:
            order.confirmed = dict(order.remaining)
        if method == "GET":
            return CallResult(200, "read", self._shown(number, order))
        left = parse_object_body(body).get("left")
        if not isinstance(left, dict) or set(left) != set(order.ordered):
            return CallResult(422, "refused: not understood", {"error": "left: a number for each line"})
        order.remaining, order.since = dict(left), self.clock.now()
        return CallResult(202, f"left {left}", self._shown(number, order), Effect.CANCEL_ACCEPTED)

    def _shown(self, number: str, order: _Order) -> Mapping[str, object]:
        return {"number": number, "ordered": order.ordered, "left": order.remaining, "confirmed": order.confirmed}


@settings
class CountingSettings:
    """Where it is."""

    url: str = url(help="the service")


class Counting:
    """The plugin: it reads how many are left, and sets the number that is left without what is to be canceled."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        """The declaration."""
        return Integration(
            slug="counting",
            title="Counting",
            settings=CountingSettings,
            base_url="url",
            cancel=(Button(Polling(minutes(2), hours(24)), scope=Scope.QUANTITIES),),
            identified_by={"*": StatedAt("number")},
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[CountingSettings]) -> Flow[Answer]:
        """Read, then set an absolute number: what must never be computed twice."""
        response = require_success(
            (yield service.get("/orders", request.remote_id)), access_hint="the url", fallback=_unknown
        )
        names = LineNames(request.order, lambda line: line.code)
        lines, wanted = _lines(response, "left"), names.to_service_names(request.lines)
        if (settled := answer_if_nothing_to_cancel(response, lines, wanted)) is not None:
            return names.to_line_ids(settled)
        counts = zip(lines, quantities_to_cancel(lines, wanted), strict=True)
        left = {line.code: line.remaining - count for line, count in counts}
        made = yield service.put("/orders", request.remote_id, idempotent=True, json={"left": left})
        return answer.acknowledged(made) if made.status_code == 202 else answer.unknown(made)

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[CountingSettings]) -> Flow[Answer]:
        """Read what is left."""
        response = require_success((yield service.get("/orders", request.remote_id)), access_hint="the url")
        names = LineNames(request.order, lambda line: line.code)
        return names.to_line_ids(
            answer_from_quantities(
                response, _lines(response, "confirmed"), names.to_service_names(request.lines), carried_out=None
            )
        )


def _lines(response: httpx.Response, counts: str) -> list[LineQuantities]:
    ordered, left = value_at(response, "ordered"), value_at(response, counts)
    if not isinstance(ordered, Mapping) or not isinstance(left, Mapping):
        raise MalformedResponseError("numbers by line were expected", location=f"reply {response.status_code}")
    found = {code: (integer_at(response, ordered, code), integer_at(response, left, code)) for code in ordered}
    return [LineQuantities(code, count, count - still, 0) for code, (count, still) in found.items()]


def _unknown(response: httpx.Response) -> Answer:
    return answer.rejected(response, Rejection.NOT_ALLOWED, message="there is no such order")
