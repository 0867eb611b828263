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

from orderdesk_devkit.simulators.http_requests import object_in, path_below
from orderdesk_devkit.simulators.orders import Orders
from orderdesk_devkit.simulators.simulator import Deed, Outcome, Simulator
from orderdesk_sdk.clock import Clock, hours, minutes
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Refusal
from orderdesk_sdk.plugin.connection_settings import host, settings
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.identity import StatedAt
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.lines import LineNames
from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest
from orderdesk_sdk.plugin.routes import Button, ByCheck, Scope
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import MalformedReply, count_in, need, value_at
from orderdesk_sdk.plugin.toolkit.line_quantities import LineQuantities, judge, nothing_to_ask, shares

__all__ = ["Counting", "CountingSimulator"]


@define
class _Order:
    ordered: dict[str, int]
    left: dict[str, int]
    confirmed: dict[str, int]
    since: datetime


class CountingSimulator(Simulator):
    """Takes the new numbers at once, and confirms them some minutes later."""

    canceled_words = frozenset({"canceled"})
    lag = minutes(7)

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._orders = Orders[_Order]()

    def settings(self, url: str) -> Mapping[str, object]:
        return {"url": url}

    def add_order(self, remote_id: str, *, lines: Sequence[tuple[str, int]]) -> None:
        with self.settled():
            pieces: dict[str, int] = {}
            for code, quantity in lines:
                pieces[code] = pieces.get(code, 0) + quantity
            self._orders.new(remote_id, _Order(pieces, dict(pieces), dict(pieces), self.clock.now()))

    def truth(self, remote_id: str) -> str:
        with self.settled():
            return "open" if any(self._orders.known(remote_id).left.values()) else "canceled"

    def canceled_pieces(self, remote_id: str) -> Mapping[str, int]:
        with self.settled():
            order = self._orders.known(remote_id)
            return {code: count - order.left[code] for code, count in order.ordered.items()}

    def respond(self, request: Request, body: bytes) -> Response:
        number, *rest = path_below(request, "/orders") or [""]
        return self.reply(f"{request.method} order", number or None, self._answer(request.method, number, rest, body))

    def _answer(self, method: str, number: str, rest: Sequence[str], body: bytes) -> Outcome:
        order = self._orders.get(number)
        if order is None or rest:
            return Outcome(404, "refused: unknown", {"error": "no such order"})
        if self.clock.now() >= order.since + self.lag:
            order.confirmed = dict(order.left)
        if method == "GET":
            return Outcome(200, "read", self._shown(number, order))
        left = object_in(body).get("left")
        if not isinstance(left, dict) or set(left) != set(order.ordered):
            return Outcome(422, "refused: not understood", {"error": "left: a number for each line"})
        order.left, order.since = dict(left), self.clock.now()
        return Outcome(202, f"left {left}", self._shown(number, order), Deed.CANCEL_TAKEN)

    def _shown(self, number: str, order: _Order) -> Mapping[str, object]:
        return {"number": number, "ordered": order.ordered, "left": order.left, "confirmed": order.confirmed}


@settings
class CountingSettings:
    """Where it is."""

    url: str = host(help="the service")


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
            cancel=(Button(ByCheck(minutes(2), hours(24)), scope=Scope.QUANTITIES),),
            identified_by={"*": StatedAt("number")},
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[CountingSettings]) -> Flow[Answer]:
        """Read, then set an absolute number: what must never be computed twice."""
        reply = need((yield service.get("/orders", request.remote_id)), check="the url", otherwise=_unknown)
        names = LineNames(request.order, lambda line: line.code)
        lines, wanted = _lines(reply, "left"), names.wanted(request.lines)
        if (settled := nothing_to_ask(reply, lines, wanted)) is not None:
            return names.told(settled)
        counts = zip(lines, shares(lines, wanted), strict=True)
        left = {line.code: line.left - count for line, count in counts}
        made = yield service.put("/orders", request.remote_id, repeatable=True, json={"left": left})
        return answer.asked(made) if made.status_code == 202 else answer.unclear(made)

    @hookimpl
    def orderdesk_check(self, request: CheckRequest, service: Service[CountingSettings]) -> Flow[Answer]:
        """Read what is left."""
        reply = need((yield service.get("/orders", request.remote_id)), check="the url")
        names = LineNames(request.order, lambda line: line.code)
        return names.told(judge(reply, _lines(reply, "confirmed"), names.wanted(request.lines), done=None))


def _lines(reply: httpx.Response, counts: str) -> list[LineQuantities]:
    ordered, left = value_at(reply, "ordered"), value_at(reply, counts)
    if not isinstance(ordered, Mapping) or not isinstance(left, Mapping):
        raise MalformedReply("numbers by line were expected", place=f"reply {reply.status_code}")
    found = {code: (count_in(reply, ordered, code), count_in(reply, left, code)) for code in ordered}
    return [LineQuantities(code, count, count - still, 0) for code, (count, still) in found.items()]


def _unknown(reply: httpx.Response) -> Answer:
    return answer.refused(reply, Refusal.NOT_ALLOWED, text="there is no such order")
