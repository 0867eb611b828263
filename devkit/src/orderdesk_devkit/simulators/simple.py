"""A small service by the clock, for plugins whose service is spoken to by two calls, and to begin a simulator from.

    POST {base}/{number}/{verb}    -> 202 taken, 409 too late, 422 not understood, 404 unknown, 401
    GET  {base}/{number}           -> the order with its stage

A subclass says where that is, in which words, and who is let in; it overrides `answer` for calls of its own:

    class AcmeSimulator(SimpleSimulator):
        base = "/v1/orders"

        def settings(self, url: str) -> Mapping[str, object]:
            return {"base_url": url, "api_key": "not-a-real-key"}

        def lets_in(self, request: Request) -> bool:
            return same(request.headers.get("authorization"), "Bearer not-a-real-key")
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from attrs import define, evolve, field, frozen
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_devkit.simulators.http_requests import basic, object_in, path_below, same
from orderdesk_devkit.simulators.orders import Orders
from orderdesk_devkit.simulators.simulator import Deed, Outcome, Simulator, Switch
from orderdesk_sdk.clock import Clock, hours, minutes

__all__ = ["FATE", "Durations", "Outcome", "Request", "SimpleOrder", "SimpleSimulator", "Stages", "basic", "same"]

FATE = Switch("fate", ("honored", "ships anyway"), text="how a cancel that was taken ends")


@frozen
class Stages:
    """What the service calls the four places where an order can stand; only in `waiting` can it be stopped."""

    waiting: str = "received"
    working: str = "packing"
    gone: str = "shipped"
    stopped: str = "canceled"


@frozen
class Durations:
    """How long things take; invented, whatever the service."""

    queue: timedelta = field(default=minutes(30))
    printing: timedelta = field(default=hours(4))
    """The time in `Stages.working`."""
    stop: timedelta = field(default=minutes(8))
    """From a request to stop that was taken to stopped."""


@define
class SimpleOrder:
    """An order there. stage: one of `Stages`, or a word of a subclass's own. since: when that began."""

    number: str
    stage: str
    since: datetime
    stop_at: datetime | None = None
    """When a request that was taken stops it; None when there is none."""


class SimpleSimulator(Simulator):
    """Orders that go through four stages by the clock, over HTTP and by method."""

    base: ClassVar[str] = "/orders"
    """The path below which orders are."""
    verb: ClassVar[str] = "cancel"
    """What the last part of the path of a cancel is called."""
    stages: ClassVar[Stages] = Stages()
    switches: ClassVar[tuple[Switch, ...]] = (FATE,)
    dishonored: ClassVar[Mapping[str, str]] = {FATE.name: FATE.choices[1]}
    canceled_words: ClassVar[frozenset[str]] = frozenset({Stages().stopped})
    """The `stopped` of `stages`."""

    def __init__(self, clock: Clock, *, durations: Durations | None = None) -> None:
        super().__init__(clock)
        self._durations = durations or Durations()
        self.orders = Orders[SimpleOrder]()
        """By number; for calls of a subclass's own, which run under `lock`."""

    @abstractmethod
    def lets_in(self, request: Request) -> bool:
        """Whether a request has the credentials."""

    def shown(self, number: str, stage: str) -> Mapping[str, object]:
        """An order as a read shows it."""
        return {"order": {"number": number, "status": stage}}

    def objection(self, document: Mapping[str, object]) -> str | None:  # noqa: ARG002 - for overriding
        """What is wrong with the body of a cancel, or None; by default any will do, and none as well."""
        return None

    def truth(self, remote_id: str) -> str:
        with self.settled():
            return self.orders.known(remote_id).stage

    def add_order(
        self,
        remote_id: str,
        *,
        lines: Sequence[tuple[str, int]] = (),  # noqa: ARG002 - as every simulator takes them
        stage: str | None = None,
    ) -> None:
        """Put an order there; it goes on from `stage` by the clock, None from the first one.

        Raises InputError for a used number.
        """
        with self.settled():
            self.put(remote_id, stage)
            self.record("add_order", remote_id, f"created: {self.orders[remote_id].stage}")

    def has(self, remote_id: str) -> bool:
        """Whether the number is used."""
        return remote_id in self.orders

    def put(self, remote_id: str, stage: str | None = None) -> None:
        """Take an order in, at `stage` or the first one. Raises InputError for a used number."""
        self.orders.new(remote_id, SimpleOrder(remote_id, stage or self.stages.waiting, self.clock.now()))

    def settle(self) -> None:
        self.orders.settle(self.clock.now(), self._following, self._enter)

    def _following(self, order: SimpleOrder) -> tuple[str, datetime] | None:
        if order.stage == self.stages.waiting:
            if order.stop_at is not None and self.switch(FATE.name, order.number) == FATE.choices[0]:
                return self.stages.stopped, order.stop_at
            return self.stages.working, order.since + self._durations.queue
        if order.stage == self.stages.working:
            return self.stages.gone, order.since + self._durations.printing
        return None

    def _enter(self, order: SimpleOrder, stage: str, at: datetime) -> None:
        self.happened(order.number, f"{order.stage} -> {stage}", at)
        order.stage, order.since = stage, at

    def respond(self, request: Request, body: bytes) -> Response:
        operation, number, outcome = self.answer(request, body)
        if isinstance(outcome.body, Mapping):
            outcome = evolve(outcome, body={**self.remark(), **outcome.body})
        return self.reply(operation, number, outcome)

    def remark(self) -> Mapping[str, object]:
        """What every answer says beside its own; by default nothing."""
        return {}

    def answer(self, request: Request, body: bytes) -> tuple[str, str | None, Outcome]:
        """What is called, for the log, which order it is about, and what it is answered. Overridden for more calls."""
        number, *rest = path_below(request, self.base) or [""]
        operation = f"{request.method} {self.verb if rest else 'order'}"
        return operation, number or None, self._perform(request, number, rest, body)

    def _perform(self, request: Request, number: str, rest: Sequence[str], body: bytes) -> Outcome:
        if not self.lets_in(request):
            return Outcome(401, "refused: credentials", {"error": "user or secret is wrong"})
        order = self.orders.get(number)
        match request.method, *rest:
            case _ if order is None:
                return Outcome(404, "refused: unknown", {"error": "no such order"})
            case ("GET",):
                return Outcome(200, f"read: {order.stage}", self.shown(number, order.stage))
            case "POST", self.verb if (wrong := self.objection(object_in(body))) is not None:
                return Outcome(422, f"refused: {wrong}", {"error": wrong})
            case "POST", self.verb if order.stage != self.stages.waiting:
                return Outcome(409, f"{self.verb} refused in {order.stage}", {"error": "too late"})
            case "POST", self.verb:
                order.stop_at = order.stop_at or self.clock.now() + self._durations.stop
                effect = f"{self.verb} taken in {order.stage}, to be {self.switch(FATE.name, number)}"
                return Outcome(202, effect, deed=Deed.CANCEL_TAKEN)
            case _:
                return Outcome(405, "refused: no such call", {"error": "no such call"})
