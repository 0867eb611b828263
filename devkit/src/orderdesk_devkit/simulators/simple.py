"""A small service by the clock, for plugins whose service is spoken to by two calls, and to begin a simulator from.

    POST {base}/{number}/{verb}    -> 202 taken, 409 too late, 422 not understood, 404 unknown, 401
    GET  {base}/{number}           -> the order with its stage

Where `decides_at_once`, a cancel is done when it returns: 200 with the order, whose stage says whether it is.

A subclass says where that is, in which words, and who is let in; it overrides `handle` for calls of its own:

    class AcmeSimulator(SimpleSimulator):
        base = "/v1/orders"

        def settings(self, url: str) -> Mapping[str, object]:
            return {"base_url": url, "api_key": "not-a-real-key"}

        def is_authorized(self, request: Request) -> bool:
            return same(request.headers.get("authorization"), "Bearer not-a-real-key")
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from attrs import define, evolve, field, frozen
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_devkit.simulators.http_requests import basic_authorization, parse_object_body, path_below, secrets_match
from orderdesk_devkit.simulators.orders import Orders
from orderdesk_devkit.simulators.simulator import BehaviorOption, CallResult, Effect, Simulator
from orderdesk_sdk.clock import Clock, hours, minutes

__all__ = [
    "FATE",
    "Durations",
    "CallResult",
    "Request",
    "SimpleOrder",
    "SimpleSimulator",
    "Stages",
    "basic_authorization",
    "secrets_match",
]

FATE = BehaviorOption("fate", ("honored", "ships anyway"), description="how a cancel that was taken ends")


@frozen
class Stages:
    """What the service calls the four places where an order can stand; only in `received` can it be stopped."""

    received: str = "received"
    in_progress: str = "packing"
    shipped: str = "shipped"
    canceled: str = "canceled"


@frozen
class Durations:
    """How long things take; invented, whatever the service."""

    queue: timedelta = field(default=minutes(30))
    printing: timedelta = field(default=hours(4))
    """The time in `Stages.in_progress`."""
    cancel: timedelta = field(default=minutes(8))
    """From a request to stop that was taken to stopped."""


@define
class SimpleOrder:
    """An order there.

    Args:
        stage: one of `Stages`, or a word of a subclass's own.
        since: when that began.
    """

    number: str
    stage: str
    since: datetime
    cancel_at: datetime | None = None
    """When a request that was taken stops it; None when there is none."""


class SimpleSimulator(Simulator):
    """Orders that go through four stages by the clock, over HTTP and by method."""

    base: ClassVar[str] = "/orders"
    """The path below which orders are."""
    cancel_verb: ClassVar[str] = "cancel"
    """What the last part of the path of a cancel is called."""
    cancel_method: ClassVar[str] = "POST"
    """By which method a cancel comes; of some services it is "GET"."""
    decides_at_once: ClassVar[bool] = False
    """Whether the response to a cancel is its last word; else it takes the cancel, and decides later."""
    stages: ClassVar[Stages] = Stages()
    options: ClassVar[tuple[BehaviorOption, ...]] = (FATE,)
    contradicting_options: ClassVar[Mapping[str, str]] = {FATE.name: FATE.choices[1]}
    canceled_statuses: ClassVar[frozenset[str]] = frozenset({Stages().canceled})
    """The `canceled` of its `stages`, where a class gives only these."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if "stages" in vars(cls) and "canceled_statuses" not in vars(cls):
            cls.canceled_statuses = frozenset({cls.stages.canceled})

    def __init__(self, clock: Clock, *, durations: Durations | None = None) -> None:
        super().__init__(clock)
        self._durations = durations or Durations()
        self.orders = Orders[SimpleOrder]()
        """By number; for calls of a subclass's own, which run under `lock`."""

    @abstractmethod
    def is_authorized(self, request: Request) -> bool:
        """Whether a request has the credentials."""

    def order_document(self, number: str, stage: str) -> Mapping[str, object]:
        """An order as a read shows it."""
        return {"order": {"number": number, "status": stage}}

    def rejection(self, document: Mapping[str, object]) -> str | None:  # noqa: ARG002 - for overriding
        """What is wrong with the body of a cancel, or None; by default any will do, and none as well."""
        return None

    def actual_status(self, remote_id: str) -> str:
        with self.at_present():
            return self.orders.require(remote_id).stage

    def add_order(
        self,
        remote_id: str,
        *,
        lines: Sequence[tuple[str, int]] = (),  # noqa: ARG002 - as every simulator takes them
        stage: str | None = None,
    ) -> None:
        """Put an order there; it goes on from `stage` by the clock, None from the first one.

        Raises ValidationError for a used number.
        """
        with self.at_present():
            self.set_stage(remote_id, stage)
            self.record("add_order", remote_id, f"created: {self.orders[remote_id].stage}")

    def put_status(self, remote_id: str, status: str) -> None:
        """Let the order be at a stage now, whatever it is called; it goes on from there by the clock."""
        with self.at_present() as now:
            order = self.orders.require(remote_id)
            order.stage, order.since = status, now
            self.record("put_status", remote_id, f"-> {status}")

    def has(self, remote_id: str) -> bool:
        """Whether the number is used."""
        return remote_id in self.orders

    def set_stage(self, remote_id: str, stage: str | None = None) -> None:
        """Take an order in, at `stage` or the first one. Raises ValidationError for a used number."""
        self.orders.add(remote_id, SimpleOrder(remote_id, stage or self.stages.received, self.clock.now()))

    def advance_to_present(self) -> None:
        self.orders.advance(self.clock.now(), self._next_stage, self._enter_stage)

    def _next_stage(self, order: SimpleOrder) -> tuple[str, datetime] | None:
        if order.stage == self.stages.received:
            if order.cancel_at is not None and self.option(FATE.name, order.number) == FATE.choices[0]:
                return self.stages.canceled, order.cancel_at
            return self.stages.in_progress, order.since + self._durations.queue
        if order.stage == self.stages.in_progress:
            return self.stages.shipped, order.since + self._durations.printing
        return None

    def _enter_stage(self, order: SimpleOrder, stage: str, at: datetime) -> None:
        self.record_event(order.number, f"{order.stage} -> {stage}", at)
        order.stage, order.since = stage, at

    def respond(self, request: Request, body: bytes) -> Response:
        operation, number, outcome = self.handle(request, body)
        if isinstance(outcome.body, Mapping):
            outcome = evolve(outcome, body={**self.common_fields(), **outcome.body})
        return self.logged_response(operation, number, outcome)

    def common_fields(self) -> Mapping[str, object]:
        """What every answer says beside its own; by default nothing."""
        return {}

    def handle(self, request: Request, body: bytes) -> tuple[str, str | None, CallResult]:
        """What is called, for the log, which order it is about, and what it is answered. Overridden for more calls."""
        number, *rest = path_below(request, self.base) or [""]
        operation = f"{request.method} {self.cancel_verb if rest else 'order'}"
        return operation, number or None, self._handle_order_call(request, number, rest, body)

    def _handle_order_call(self, request: Request, number: str, rest: Sequence[str], body: bytes) -> CallResult:
        if not self.is_authorized(request):
            return CallResult(401, "refused: credentials", {"error": "user or secret is wrong"})
        order = self.orders.get(number)
        match request.method, *rest:
            case _ if order is None:
                return self.unknown_order()
            case ("GET",):
                return self.read_order(order)
            case self.cancel_method, self.cancel_verb:
                return self.cancel_order(order, parse_object_body(body))
            case _:
                return CallResult(405, "refused: no such call", {"error": "no such call"})

    def unknown_order(self) -> CallResult:
        """What a call about an order is answered that it does not have: 404."""
        return CallResult(404, "refused: unknown", {"error": "no such order"})

    def read_order(self, order: SimpleOrder) -> CallResult:
        """What a read is answered: the order as it stands."""
        return CallResult(200, f"read: {order.stage}", self.order_document(order.number, order.stage))

    def cancel_order(self, order: SimpleOrder, document: Mapping[str, object]) -> CallResult:
        """What a cancel is answered, after it was taken or refused.

        Args:
            document: the body of the cancel.
        """
        wrong = self.rejection(document)
        if wrong is not None:
            return CallResult(422, f"refused: {wrong}", {"error": wrong})
        is_done = self.decides_at_once and order.stage == self.stages.canceled
        if order.stage != self.stages.received and not is_done:
            return CallResult(409, f"{self.cancel_verb} refused in {order.stage}", {"error": "too late"})
        fate = self.option(FATE.name, order.number)
        effect = f"{self.cancel_verb} taken in {order.stage}, to be {fate}"
        if not self.decides_at_once:
            order.cancel_at = order.cancel_at or self.clock.now() + self._durations.cancel
            return CallResult(202, effect, effect_kind=Effect.CANCEL_ACCEPTED)
        if fate == FATE.choices[0] and not is_done:
            self._enter_stage(order, self.stages.canceled, self.clock.now())
        document = self.order_document(order.number, order.stage)
        return CallResult(200, effect, document, Effect.CANCEL_ACCEPTED)
