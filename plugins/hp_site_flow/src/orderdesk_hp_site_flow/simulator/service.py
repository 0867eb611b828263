"""The simulated service: HTTP in, HTTP out, and what a test may choose and ask behind its back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response

from orderdesk_devkit.simulators.http_requests import parse_json_body, path_below, raw_path
from orderdesk_devkit.simulators.simulator import BehaviorOption, CallResult, Effect, Simulator
from orderdesk_hp_site_flow.simulator.checks import SECRET, TOKEN, items_of, mistakes_in, number_of, signature_fault
from orderdesk_hp_site_flow.simulator.store import Durations, Item, Order, OrderBook, Status
from orderdesk_hp_site_flow.simulator.views import DESTINATION, SOURCE, error_view, order_view
from orderdesk_sdk.plugin import Clock, WebhookRequest

__all__ = ["BASE", "WEBHOOK_TOKEN", "SiteFlowSimulator"]

BASE = "/api"
WEBHOOK_TOKEN = "simulated-postback-token"
PAGE_SIZE = 50
"""Orders of a page at most: the simulator's choice."""
_TRIGGERS = ("Order Print Ready", "Shipment Shipped", "Order Cancelled")
FINAL = (Status.SHIPPED, Status.CANCELLED)


class SiteFlowSimulator(Simulator):
    """Site Flow by the clock, over HTTP and by method. A simulator, not Site Flow.

    durations: how long things take. quota: calls in a minute, 3,000 as documented; more answer 429 until the next one.
    """

    options: ClassVar[tuple[BehaviorOption, ...]] = (
        BehaviorOption(
            "cancel_body",
            ("order", "success", "empty", "error"),
            description="what a cancel that worked answers; with error it had no effect",
        ),
        BehaviorOption(
            "cancel_twice", ("again", "error"), description="whether a second cancel answers as the first, or 400"
        ),
        BehaviorOption(
            "shipped_cancel", ("400", "409", "200"), description="the HTTP status of a cancel of a shipped order"
        ),
        BehaviorOption(
            "found", ("object", "list", "wrapped", "data"), description="the shape of what is found by sourceOrderId"
        ),
        BehaviorOption(
            "own_id", ("told", "missing", "empty", "number"), description="how an order tells Site Flow's own id"
        ),
        BehaviorOption("unknown", ("404", "empty list"), description="how an unknown sourceOrderId is answered"),
        BehaviorOption("fate", ("honored", "ignored"), description="whether a cancel that answers 200 has any effect"),
        BehaviorOption(
            "batched", ("stopped", "produced anyway"), description="what a cancel does to an order in production"
        ),
        BehaviorOption("files", ("arrive", "missing"), description="whether the artwork ever comes in"),
    )

    canceled_statuses = frozenset({Status.CANCELLED.value})
    contradicting_options: ClassVar[Mapping[str, str]] = {"fate": "ignored"}

    def __init__(self, clock: Clock, *, durations: Durations | None = None, quota: int = 3000) -> None:
        super().__init__(clock)
        self._book = OrderBook(durations or Durations(), self.option, self.record_event)
        self._quota = quota
        self._minute = ""
        self._calls = 0

    def settings(self, url: str) -> Mapping[str, object]:
        return {
            "token": TOKEN,
            "api_secret": SECRET,
            "source_account": SOURCE,
            "destination": DESTINATION,
            "base_url": url + BASE,
            "component_code": "Content",
            "carrier_alias": "standard",
            "webhook_token": WEBHOOK_TOKEN,
            "webhook": {
                "order": "/order/orderData/sourceOrderId",
                "event": "/event",
                "status": "/order/orderData/status",
                "token_path": "/token",
            },
        }

    def webhook(self, event: str, remote_id: str) -> bytes:
        """The body that a trigger for `event` sends now, by the template that the plugin's README recommends."""
        order = self._require_order(remote_id)
        return json.dumps({"token": WEBHOOK_TOKEN, "event": event, "order": order_view(order)}).encode()

    def webhooks(self, remote_id: str) -> Sequence[WebhookRequest]:
        return tuple(WebhookRequest({}, self.webhook(event, remote_id)) for event in _TRIGGERS)

    def actual_status(self, remote_id: str) -> str:
        return self._require_order(remote_id).status.value

    def produced(self, remote_id: str) -> bool:
        """Whether the floor made the order, whatever its status says: no call of the API tells it."""
        return self._require_order(remote_id).produced

    def _require_order(self, number: str) -> Order:
        with self.at_present():
            return self._book.orders.require(number)

    def add_order(
        self, remote_id: str, *, lines: Sequence[tuple[str, int]], status: Status | str = Status.DATAREADY
    ) -> None:
        """Put an order there that nobody created over HTTP; `lines` are (SKU, quantity).

        It goes on from `status` by the clock. Raises ValidationError for a used sourceOrderId.
        """
        with self.at_present() as now:
            items = [Item(sku, quantity, str(index)) for index, (sku, quantity) in enumerate(lines, start=1)]
            order = self._book.add(remote_id, items, Status(status), now)
            self.record("add_order", remote_id, f"created: {order.status}")

    def put_status(self, remote_id: str, status: Status | str) -> None:
        with self.at_present() as now:
            order = self._book.orders.require(remote_id)
            order.status, order.status_at = Status(status), now
            self.record("put_status", remote_id, f"-> {status}")

    def advance_to_present(self) -> None:
        self._book.settle(self.clock.now())

    def respond(self, request: Request, body: bytes) -> Response:
        parts = path_below(request, BASE) or []
        outcome = self._auth_or_quota_error(request) or self._perform(request, parts, body)
        order = self._named(parts)
        remote_id = order.number if order is not None else number_of(parse_json_body(body)) or None
        return self.logged_response(_operation(request.method, parts), remote_id, outcome)

    def _auth_or_quota_error(self, request: Request) -> CallResult | None:
        """The rejection that every call has in common; None for one that may pass. Its statuses: simulator's choice."""
        why = signature_fault(request.method, raw_path(request), request.headers)
        if why is not None:
            return CallResult(401, f"refused: {why}", {"message": why})
        if request.headers.get("content-type") != "application/json":
            # The vendor's own clients send it with every request; without it: simulator's choice.
            return CallResult(415, "refused: content-type", {"message": "SIM: content-type is application/json"})
        minute = f"{self.clock.now():%Y-%m-%d %H:%M}"
        self._calls = self._calls + 1 if minute == self._minute else 1
        self._minute = minute
        if self._calls > self._quota:
            return CallResult(429, "refused: too many requests", {"message": "SIM: too many requests in this minute"})
        return None

    def _named(self, parts: Sequence[str]) -> Order | None:
        """The order that a path names, in one of the three ways."""
        match parts:
            case ["order", "bysourceid", number] | ["order", str(_), number, "cancel"]:
                return self._book.orders.get(number) if parts[1] in ("bysourceid", SOURCE) else None
            case ["order", order_id] | ["order", order_id, "cancel"]:
                return self._book.by_id(order_id)
            case _:
                return None

    def _perform(self, request: Request, parts: Sequence[str], body: bytes) -> CallResult:
        match request.method, *parts:
            case "POST", "order":
                return self._submit(parse_json_body(body))
            case "POST", "order", "validate":
                mistakes = mistakes_in(parse_json_body(body), DESTINATION)
                return _invalid(mistakes) if mistakes else CallResult(200, "validated", {"success": True})
            case "GET", "order":
                return self._list(request)
            case "GET", "order", "bysourceid", number:
                return self._found(number)
            case ("GET", "order", _) | ("PUT", "order", _, "cancel") | ("PUT", "order", _, _, "cancel"):
                order = self._named(parts)
                if order is None:
                    return _rejected(404, "SIM: order not found")
                if request.method == "GET":
                    return CallResult(200, f"read: {order.status}", {"order": order_view(order)})
                return self._cancel(order)
            case _:
                return _rejected(404, "SIM: there is no such call, or it is not simulated")

    def _submit(self, document: object) -> CallResult:
        mistakes = mistakes_in(document, DESTINATION)
        number = number_of(document)
        if not mistakes and number in self._book.orders:
            # No document says whether a duplicate is rejected: simulator's choice.
            mistakes = [("orderData.sourceOrderId", f"SIM: {number} is used already (simulator's choice)")]
        if mistakes:
            return _invalid(mistakes)
        order = self._book.add(number, items_of(document), Status.DATAREADY, self.clock.now())
        body = {"success": True, "order": order_view(order)}
        return CallResult(201, f"created: {order.status}", body, Effect.ORDER_CREATED)

    def _list(self, request: Request) -> CallResult:
        given = [request.query_params.get(name, text) for name, text in (("page", "1"), ("pagesize", str(PAGE_SIZE)))]
        if not all(re.fullmatch(r"[1-9][0-9]{0,5}", text) for text in given):
            return _rejected(400, "SIM: page and pagesize are 1 or more")
        page, size = int(given[0]), min(int(given[1]), PAGE_SIZE)
        shown = list(self._book.orders.values())[(page - 1) * size : page * size]
        return CallResult(200, "listed", {"data": [order_view(order) for order in shown]})

    def _found(self, number: str) -> CallResult:
        order = self._book.orders.get(number)
        if order is None and self.option("unknown", number) == "empty list":
            return CallResult(200, "read: no such order", [])
        if order is None:
            return _rejected(404, "SIM: order not found")
        view = order_view(order)
        own_ids: dict[str, dict[str, object]] = {"missing": {}, "empty": {"_id": ""}, "number": {"_id": 7}}
        if (own_id := own_ids.get(self.option("own_id", number))) is not None:
            view = {name: value for name, value in view.items() if name != "_id"} | own_id
        shapes: dict[str, object] = {"object": view, "list": [view], "wrapped": {"order": view}, "data": {"data": view}}
        return CallResult(200, f"read: {order.status}", shapes[self.option("found", number)])

    def _cancel(self, order: Order) -> CallResult:
        number = order.number
        if order.status is Status.SHIPPED:
            status = int(self.option("shipped_cancel", number))
            if status == 200:
                return CallResult(
                    200, "cancel taken without effect: shipped", self._answer(order), Effect.CANCEL_ACCEPTED
                )
            return _rejected(status, "SIM: the order is shipped (simulator's choice)")
        if order.status is Status.CANCELLED and self.option("cancel_twice", number) == "error":
            return _rejected(400, "SIM: the order is cancelled already (simulator's choice)")
        if order.status is Status.CANCELLED:
            return CallResult(200, "cancelled already", self._answer(order), Effect.CANCEL_ACCEPTED)
        if self.option("cancel_body", number) == "error":
            return CallResult(200, "refused: SIM: not now", error_view(400, "SIM: not now"))
        if self.option("fate", number) == "ignored":
            ignored = f"cancel taken in {order.status}, and ignored"
            return CallResult(200, ignored, self._answer(order), Effect.CANCEL_ACCEPTED)
        effect = self._book.cancel(order, self.clock.now())
        return CallResult(200, f"cancelled: {effect}", self._answer(order), Effect.CANCEL_ACCEPTED)

    def _answer(self, order: Order) -> object:
        shapes: dict[str, object] = {
            "order": {"success": True, "order": order_view(order)},
            "success": {"success": True},
            "empty": None,
        }
        return shapes[self.option("cancel_body", order.number)]


def _rejected(status: int, message: str) -> CallResult:
    # 400 is the simulator's own code: every code but 208 is unknown.
    return CallResult(status, f"refused: {message}", error_view(400, message))


def _invalid(mistakes: Sequence[tuple[str, str]]) -> CallResult:
    told = "; ".join(f"{path}: {text}" for path, text in mistakes)
    return CallResult(400, f"refused: {told}", error_view(208, "SIM: the order is not valid", mistakes))


def _operation(method: str, parts: Sequence[str]) -> str:
    """The name of a call without the ids in its path."""
    kept = [part for part in parts if part in ("order", "bysourceid", "validate", "cancel")]
    return f"{method} {'/'.join(kept)}"
