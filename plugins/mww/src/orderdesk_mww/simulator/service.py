"""The simulated service: HTTP in, HTTP out, and what a test may choose and ask behind its back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response

from orderdesk_devkit.simulators.http_requests import parse_json_body, path_below
from orderdesk_devkit.simulators.simulator import BehaviorOption, CallResult, Effect, Simulator
from orderdesk_mww.simulator.checks import mistake_in_order, new_lines, vendor_po
from orderdesk_mww.simulator.store import Durations, Line, Order, OrderBook, State
from orderdesk_mww.simulator.views import errors, line_view, order_view, page_view
from orderdesk_sdk.plugin import Clock, WebhookRequest

__all__ = ["API_KEY", "BASE", "WEBHOOK_TOKEN", "MwwSimulator"]

API_KEY = "simulated-mww-key"
WEBHOOK_TOKEN = "simulated-webhook-token"
BASE = "/api"
JSON_API = "application/vnd.api+json"
MAX_PAGE_SIZE = 1_000
"""Orders of one page at most: the simulator's choice."""


class MwwSimulator(Simulator):
    """MWW by the clock, over HTTP and by method. A simulator, not MWW. `durations` says how long things take."""

    options: ClassVar[tuple[BehaviorOption, ...]] = (
        BehaviorOption(
            "window",
            ("ingestion", "early"),
            description="whether a cancel is taken once the order is in, or for 120 s only",
        ),
        BehaviorOption(
            "before_ingestion",
            ("refused", "unknown"),
            description="whether an order not yet in is refused, or not found",
        ),
        BehaviorOption(
            "bare_item", ("never", "last"), description="whether line items end with one that has no attributes"
        ),
        BehaviorOption("fate", ("honored", "ships anyway"), description="how a cancel that was taken ends"),
    )

    canceled_statuses = frozenset({State.CANCELLED.value})
    contradicting_options: ClassVar[Mapping[str, str]] = {"fate": "ships anyway"}

    def __init__(self, clock: Clock, *, durations: Durations | None = None) -> None:
        super().__init__(clock)
        self._book = OrderBook(
            durations or Durations(), lambda number: self.option("fate", number) == "honored", self.record_event
        )

    def settings(self, url: str) -> Mapping[str, object]:
        return {
            "api_key": API_KEY,
            "base_url": url + BASE,
            "cancel_email_to": "cancellations@mww.example",
            "shipping_method": "SAMPLE",
        }

    def webhooks(self, remote_id: str) -> Sequence[WebhookRequest]:
        with self.at_present():
            order = self._book.find(remote_id) or self._book.orders.require(remote_id)
        document = {
            "data": {
                "type": "mwwondemand-order-notifications",
                "attributes": {"event": order.state.value, "title": "An order", "tracking-numbers": []},
                "relationships": {"mwwondemand-order": {"data": {"id": order.id}}},
            },
            "included": {"mwwondemand-orders": [{"id": order.id, "attributes": {"vendor-po": remote_id}}]},
        }
        return (WebhookRequest({}, json.dumps(document).encode(), {"token": WEBHOOK_TOKEN}),)

    def actual_status(self, remote_id: str) -> str:
        with self.at_present():
            return (self._book.find(remote_id) or self._book.orders.require(remote_id)).state.value

    def add_order(
        self,
        remote_id: str,
        *,
        lines: Sequence[tuple[str, int]],
        state: State | str = State.RECEIVED,
    ) -> None:
        """Put an order there that nobody created over HTTP; `lines` are (product code, quantity).

        It goes on from `state` by the clock. A number of 18 digits is MWW's own id, of an order whose vendor-po is
        another one. Raises ValidationError for a used vendor-po.
        """
        with self.at_present() as now:
            made = [
                Line(f"{self._book.next_id()}{index:02}", index, *line) for index, line in enumerate(lines, start=1)
            ]
            is_own = re.fullmatch("[0-9]{18}", remote_id) is not None
            number = f"PO-{remote_id}" if is_own else remote_id
            content: dict[str, object] = {"vendor-po": number, "shipping-method": "SAMPLE"}
            order = self._book.add(number, content, made, State(state), now)
            order.id = remote_id if is_own else order.id
            self.record("add_order", remote_id, f"created: {order.state}")

    def put_status(self, remote_id: str, status: State | str) -> None:
        with self.at_present() as now:
            order = self._book.find(remote_id) or self._book.orders.require(remote_id)
            order.state, order.state_at = State(status), now
            self.record("put_status", remote_id, f"-> {status}")

    def advance_to_present(self) -> None:
        self._book.settle(self.clock.now())

    def respond(self, request: Request, body: bytes) -> Response:
        parts = path_below(request, BASE) or []
        outcome = _auth_error(request) or self._perform(request, parts, body)
        remote_id = parts[1] if len(parts) > 1 else vendor_po(parse_json_body(body)) or None
        operation = f"{request.method} {'/'.join(parts[:1] + parts[2:])}"
        return self.logged_response(operation, remote_id, outcome, media_type=JSON_API)

    def _perform(self, request: Request, parts: Sequence[str], body: bytes) -> CallResult:
        base, now = str(request.base_url).rstrip("/") + BASE, self.clock.now()
        match request.method, *parts:
            case "POST", "orders":
                return self._create(parse_json_body(body), base, now)
            case "GET", "orders":
                return self._list(request, base)
            case "GET" | "PATCH", "orders", name, *rest if rest in ([], ["line-items"]):
                order = self._find_visible(name, now)
                if order is None:
                    # The documentation shows no 404: status and body are the simulator's choice.
                    return _rejected(404, "SIM: not found", f"no order {name!r}")
                if request.method == "PATCH" and not rest:
                    return self._cancel(order, parse_json_body(body), base, now)
                if request.method == "GET" and rest:
                    bare = [{"type": "line-items"}] * (self.option("bare_item", order.number) == "last")
                    return CallResult(200, "read", {"data": [*(line_view(one, order) for one in order.lines), *bare]})
                if request.method == "GET":
                    self._book.record_read(order, now)
                    return CallResult(200, f"read: {order.state}", {"data": order_view(order, base)})
        return _rejected(404, "SIM: no such call", "there is no such call, or it is not simulated")

    def _find_visible(self, name: str, now: datetime) -> Order | None:
        """The order, where a client may see it yet."""
        order = self._book.find(name)
        if order is None or self._book.is_ingested(order, now):
            return order
        return None if self.option("before_ingestion", order.number) == "unknown" else order

    def _create(self, document: object, base: str, now: datetime) -> CallResult:
        mistake = mistake_in_order(document)
        if mistake:
            return _rejected(422, "VALIDATION_ERROR", mistake)
        number = vendor_po(document)
        if self._book.find(number) is not None:
            return _rejected(422, "DuplicateVendorPoError", "Vendor Po must be unique")
        assert isinstance(document, Mapping)
        kept = ("vendor-po", "shipping-method", "shipping-account-number", "test-order")
        content = {name: value for name, value in document["data"]["attributes"].items() if name in kept}
        lines = new_lines(document, self._book.next_id())
        order = self._book.add(number, content, lines, State.RECEIVED, now)
        return CallResult(201, f"created: {order.state}", {"data": order_view(order, base)}, Effect.ORDER_CREATED)

    def _list(self, request: Request, base: str) -> CallResult:
        given = [request.query_params.get(f"page[{name}]", text) for name, text in (("limit", "10"), ("offset", "0"))]
        if not all(re.fullmatch(r"[0-9]{1,6}", text) for text in given) or not 0 < int(given[0]) <= MAX_PAGE_SIZE:
            return _rejected(400, "SIM: page", f"page[limit] is 1 to {MAX_PAGE_SIZE}, page[offset] 0 or more")
        limit, offset = map(int, given)
        seen = list(self._book.orders.values())[offset : offset + limit]
        with_lines = request.query_params.get("include") == "line-items"
        total = len(self._book.orders)
        page = page_view(seen, base, limit=limit, offset=offset, total=total, with_lines=with_lines)
        return CallResult(200, "listed", page)

    def _cancel(self, order: Order, document: object, base: str, now: datetime) -> CallResult:
        match document:
            case {"data": {"type": "orders", "id": str(name), "attributes": {"request": "cancel"}}} if name in (
                order.id,
                order.number,
            ):
                why = self._book.rejection(order, now, self.option("window", order.number))
            case _:
                return _rejected(
                    422, "Invalid Order Format", "SIM: a cancel has data.type, .id and .attributes.request"
                )
        if why is not None:
            # How MWW denies is not documented; inferred from its answer to an address change of a shipped order.
            return _rejected(422, "Cannot cancel order", f"SIM: {why} (simulator's choice)")
        if order.cancel_accepted_at is None:
            order.cancel_accepted_at = now
        fate = self.option("fate", order.number)
        told = f"cancel taken in {order.state}, to be {fate}"
        return CallResult(200, told, {"data": order_view(order, base)}, Effect.CANCEL_ACCEPTED)


def _auth_error(request: Request) -> CallResult | None:
    """The rejection that every call has in common; None for a request that may pass."""
    if request.headers.get("authorization") != f"auth-key={API_KEY}":
        return _rejected(401, "UnauthorizedError", "Authorized Users Only")
    # MWW requires both headers; what it answers without them is not documented.
    # JSON:API 1.0 has no parameters in it.
    if request.headers.get("content-type") != JSON_API:
        return _rejected(415, "SIM: content-type", f"Content-Type must be {JSON_API}")
    if not re.fullmatch(rf"{re.escape(JSON_API)}; ?version=1", request.headers.get("accept", "")):
        return _rejected(406, "SIM: accept", f"Accept must be {JSON_API}; version=1")
    return None


def _rejected(status: int, title: str, detail: str) -> CallResult:
    return CallResult(status, f"refused: {detail}", errors(status, title, detail))
