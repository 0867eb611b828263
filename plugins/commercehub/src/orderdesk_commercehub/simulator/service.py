"""The simulated Dsco: HTTP in, HTTP out, and what a test may choose and ask behind its back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from attrs import evolve
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orderdesk_commercehub.simulator.changelog import Change, ChangeLog
from orderdesk_commercehub.simulator.checks import KEYS, OrderError, is_within, lines_in, order_error, payload_in
from orderdesk_commercehub.simulator.store import CODES, Item, Order, apply, seen_now
from orderdesk_commercehub.simulator.views import PERSONAL_TEXTS, REQUEST_CODE, failure, log_view, messages, order_view
from orderdesk_devkit.simulators.control import ControlBody
from orderdesk_devkit.simulators.http_requests import (
    bearer_token,
    format_datetime,
    parse_datetime,
    parse_form_body,
    parse_json_body,
)
from orderdesk_devkit.simulators.orders import Orders
from orderdesk_devkit.simulators.simulator import BehaviorOption, Effect
from orderdesk_devkit.simulators.tokens import TokenIssuer, Tokens
from orderdesk_sdk.plugin import Clock

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "DscoSimulator"]

CLIENT_ID = "simulated-client"
CLIENT_SECRET = "simulated-client-secret"
LIFETIME = timedelta(hours=1)
MAX_BYTES = 5 * 1024 * 1024
"""Of a batch, by the file."""

_BANNER = {"server": "Dsco simulator of orderdesk-commercehub, not Dsco"}


class DscoSimulator(TokenIssuer):
    """Dsco V3 before one supplier. Every answer says in its `server` header that it is simulated.

    polls: how many looks at the log a 202 takes to be decided, the first of them empty. page_size: of log and orders.
    codes: what a retailer takes, by retailer; all the documented codes where it is not named.
    """

    options: ClassVar[tuple[BehaviorOption, ...]] = (
        BehaviorOption(
            "cancel", ("processed", "submitted", "submitted to fail", "failure"), description="how a cancel is answered"
        ),
        BehaviorOption(
            "fate", ("honored", "ships anyway", "partly"), description="what is done where a cancel is said to be done"
        ),
        BehaviorOption(
            "description", ("string", "object", "array"), description="the shape of a message's description"
        ),
        BehaviorOption(
            "read_lag", ("0", "1", "3"), description="how many reads of an order still see it as before a change"
        ),
        BehaviorOption(
            "suborders", ("all", "first"), description="which parts of a split order a cancel by its number reaches"
        ),
        BehaviorOption(
            "requests", ("settled", "forgotten"), description="whether a request ends when its lines are canceled"
        ),
        BehaviorOption(
            "trouble",
            ("none", "429", "408", "404", "400", "503"),
            description="how the next cancel is turned away, once",
        ),
        BehaviorOption(
            "named_by",
            ("everything", "sku", "partnerSku", "upc", "ean", "dscoItemId"),
            description="what beside its place names a line",
        ),
        BehaviorOption(
            "told_by",
            ("both", "rejectedQuantity", "cancelled", "rejected", "acceptedQuantity"),
            description="what alone tells that a line is canceled: a quantity, a status, or what is left beside one",
        ),
        BehaviorOption(
            "known_by",
            ("any key", "poNumber", "dscoOrderId", "supplierOrderNumber"),
            description="by which key the number is its number that it came in with",
        ),
        BehaviorOption("parts", ("one", "one a line"), description="into how many parts a new order is split"),
        BehaviorOption("unknown_order", ("404", "empty list"), description="how an order is read that is not there"),
        BehaviorOption(
            "other_retailer", ("none", "same number"), description="whether another retailer's order has this number"
        ),
    )

    canceled_statuses = frozenset({"cancelled"})
    contradicting_options: ClassVar[Mapping[str, str]] = {"fate": "ships anyway"}
    personal_texts: ClassVar[tuple[str, ...]] = PERSONAL_TEXTS

    def __init__(
        self,
        clock: Clock,
        *,
        polls: int = 2,
        page_size: int = 50,
        codes: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(clock)
        self._polls = polls
        self._page_size = page_size
        self._codes = dict(codes or {})
        self._orders = Orders[Order]()
        self._log_of = ChangeLog(page_size)
        self._tokens = Tokens(LIFETIME, "simulated-token-{}".format)

    def settings(self, url: str) -> dict[str, str]:
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "base_url": url}

    def actual_status(self, remote_id: str) -> str:
        with self.lock:
            return self.order(remote_id).status

    def canceled_quantities(self, remote_id: str) -> Mapping[str, int]:
        with self.lock:
            found: dict[str, int] = {}
            for item in self.order(remote_id).items:
                found[item.sku] = found.get(item.sku, 0) + item.canceled
            return found

    def put_status(self, remote_id: str, status: str) -> None:
        with self.lock:
            self.order(remote_id).put_status(status)
            self.record("put_status", remote_id, f"put at {status}")

    def order(self, po_number: str) -> Order:
        """The order itself, for a test to look at or to change. Raises NotFoundError."""
        return self._orders.require(po_number)

    def add_order(
        self,
        remote_id: str,
        *,
        lines: Sequence[tuple[str, int]],
        retailer: str = "demoretailer",
        cancel_requested: bool = False,
    ) -> None:
        """Put a retailer's order there; `lines` are (sku, quantity). Raises ValidationError for a used number."""
        with self.lock:
            items = [Item(number, sku, quantity) for number, (sku, quantity) in enumerate(lines, 1)]
            for part, item in enumerate(items):
                item.suborder = part if self.option("parts", remote_id) == "one a line" else 0
            made = Order(remote_id, len(self._orders) + 1, items, retailer, cancel_requested)
            order = self._orders.add(remote_id, made)
            self.record("add_order", remote_id, f"created: {order.status}")

    def ask_to_cancel(self, po_number: str, *lines: int) -> None:
        """The retailer asks us to cancel an order, or these lines of it by their numbers. Raises NotFoundError."""
        with self.lock:
            order = self.order(po_number)
            order.cancel_requested = not lines
            for item in order.items:
                item.cancel_requested = item.number in lines
            self.record("ask_to_cancel", po_number, "asked")

    def requested_cancellation(self, remote_id: str) -> tuple[str | None, Mapping[str, int]]:
        with self.lock:
            items = self.order(remote_id).items
            return REQUEST_CODE, {item.sku: item.quantity for item in items if item.cancel_requested}

    def withdraw_request(self, po_number: str) -> None:
        """The retailer takes back what it asked for. Raises NotFoundError."""
        with self.lock:
            self.order(po_number).end_request()
            self.record("withdraw_request", po_number, "withdrawn")

    def split(self, po_number: str, *lines: int) -> None:
        """Put these lines of an order, by their numbers, into a suborder of their own. Raises NotFoundError."""
        with self.lock:
            order = self.order(po_number)
            part = max(order.suborders) + 1
            for item in order.items:
                item.suborder = part if item.number in lines else item.suborder

    def control_call(self, method: str, call: str, body: bytes) -> dict[str, object]:
        """POST `ask-to-cancel` with `{order}`: the retailer asks us to cancel it."""
        if (method, call) != ("POST", "ask-to-cancel"):
            return super().control_call(method, call, body)
        given = ControlBody(call, body)
        number = given.required_text("order")
        given.require_empty()
        self.ask_to_cancel(number)
        return {"order": number}

    def respond(self, request: Request, body: bytes) -> Response:
        status, answer = self._answer(request, body)
        return JSONResponse(answer, status, _BANNER | ({"retry-after": "1"} if status == 429 else {}))

    def expired_token(self, request: Request) -> Response:
        self._tokens.expire(bearer_token(request))
        return JSONResponse(failure("SIM_TOKEN_EXPIRED", "the token has expired"), 401, _BANNER)

    def _answer(self, request: Request, body: bytes) -> tuple[int, object]:
        call = (request.method, request.url.path)
        if call == ("POST", "/oauth2/token"):
            return self._token(request.headers.get("content-type", ""), body)
        if not self._tokens.is_valid(bearer_token(request), self.clock.now()):
            self.record(request.url.path, None, "denied: no good token")
            return 401, failure("SIM_NO_TOKEN", "the token is missing, unknown or expired")
        match call:
            case ("GET", "/hello"):
                return 200, {"hello": "World!"}
            case ("GET", "/order/"):
                return self._read(request.query_params)
            case ("GET", "/order/page"):
                return self._page(request.query_params)
            case ("GET", "/order/log"):
                return self._log(request.query_params)
            case ("POST", "/order/item/cancel") if (trouble := self.option("trouble")) != "none":
                self.set_option("trouble", "none")
                self.record("cancelOrderItem", None, f"turned away with {trouble}")
                return int(trouble), failure("SIM_TURNED_AWAY", "try again later")
            case ("POST", "/order/item/cancel"):
                return self._cancel(body)
            case ("POST", "/order/item/cancel/batch/small"):
                return self._cancel_batch(body)
            case _:
                return 404, failure("SIM_NOT_SIMULATED", f"{request.method} {request.url.path} is not simulated")

    def _token(self, content_type: str, body: bytes) -> tuple[int, dict[str, object]]:
        form = parse_form_body(body)
        if not content_type.startswith("application/x-www-form-urlencoded"):
            return 400, {"error": "invalid_request", "error_description": "send a form"}
        if form.get("grant_type") != "client_credentials" or not {"client_id", "client_secret"} <= set(form):
            return 400, {"error": "invalid_request", "error_description": "a parameter is missing or wrong"}
        if (form["client_id"], form["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        return 200, {"access_token": self.issue_token(), "token_type": "Bearer", "expires_in": 3600}

    def _found(self, key: str, value: object) -> Order | None:
        """The order that a number is of; Dsco's own is of one part of it alone."""
        return next((one for one in self._orders.values() if value in self._numbers(one, key)), None)

    def _numbers(self, order: Order, key: str) -> tuple[str, ...]:
        """The order's numbers under one of the three keys."""
        known = (order.po_number,) if self.option("known_by", order.po_number) in ("any key", key) else ()
        match key:
            case "dscoOrderId":
                return (*known, *(order.dsco_id(part) for part in order.suborders))
            case "supplierOrderNumber":
                return (*known, f"S-{order.number}")
            case _:
                return known

    def _read(self, query: Mapping[str, str]) -> tuple[int, object]:
        key, value = query.get("orderKey", ""), query.get("value", "")
        order = self._found(key, value) if key in KEYS else None
        if order is None:  # How Dsco says that is not known: the simulator's choice.
            is_list = self.option("unknown_order") == "empty list"
            return (200, []) if is_list else (404, failure("SIM_NO_SUCH_ORDER", "no such order"))
        self.record("getOrderById", order.po_number, f"read: {order.status}")
        seen = seen_now(order)
        views = [
            self._view(seen, part) | ({key: value} if value == order.po_number else {})
            for part in order.suborders
            if key != "dscoOrderId" or value in (order.dsco_id(part), order.po_number)
        ]
        if self.option("other_retailer", order.po_number) != "none":
            views.append(self._view(evolve(seen, retailer="otherretailer"), order.suborders[0]))
        return 200, views if query.get("returnMultiple", "").lower() == "true" else views[0]

    def _view(self, order: Order, part: int) -> dict[str, object]:
        number = order.po_number
        return order_view(order, part, named_by=self.option("named_by", number), told_by=self.option("told_by", number))

    def _page(self, query: Mapping[str, str]) -> tuple[int, object]:
        """Some orders and where the next ones are. When an order was changed is not kept: every one is given."""
        if "scrollId" not in query and parse_datetime(query.get("ordersUpdatedSince", "")) is None:
            return 400, failure("SIM_INVALID", "ordersUpdatedSince is required")
        begin = int(query.get("scrollId", "scroll-0").removeprefix("scroll-"))
        orders = self._orders.values()
        views = [self._view(order, part) for order in orders for part in order.suborders]
        self.record("getOrdersPage", None, f"listed from {begin}")
        page = views[begin : begin + self._page_size]
        more = {"scrollId": f"scroll-{begin + self._page_size}"} if len(views) > begin + self._page_size else {}
        return 200, {"orders": page, **more}

    def _cancel(self, body: bytes) -> tuple[int, dict[str, object]]:
        payload = payload_in(body)
        number = f"request-{len(self._log_of.changes) + 1}"
        shape = self.option("description")
        if payload is None:
            self.record("cancelOrderItem", None, "refused: misshapen")
            return 400, self._update(
                number, "failure", OrderError("SIM_INVALID", "id, type and lineItems are required")
            )
        key = next((key for key, kind in KEYS.items() if kind == payload["type"]), "")
        order = self._found(key, payload["id"])
        lines = lines_in(payload)
        request = Change(number, payload, self.clock.now(), "success")
        trouble = OrderError("SIM_NO_SUCH_ORDER", "no such order")
        if order is not None:
            chosen = self.option("cancel", order.po_number)
            fault = order_error(self._find_suborders(order, payload), lines, self._codes.get(order.retailer, CODES))
            fault = fault or (OrderError("SIM_FAILURE", "it was chosen to fail") if chosen == "failure" else None)
            if fault is None:
                self._log_of.changes.append(request)
                return self._accept_cancel(request, order, chosen)
            trouble = fault
        request.status, request.results = "failure", messages(trouble.code, trouble.message, shape)
        self._log_of.changes.append(request)
        self.record("cancelOrderItem", order.po_number if order else None, f"failure: {trouble.code}")
        return 200, self._update(number, "failure", trouble)

    def _cancel_batch(self, body: bytes) -> tuple[int, dict[str, object]]:
        """Many orders by one call, each decided by itself after some looks at the log."""
        number, found = f"request-{len(self._log_of.changes) + 1}", parse_json_body(body)
        payloads = [payload_in(json.dumps(one).encode()) for one in found] if isinstance(found, list) else []
        if not payloads or len(body) > MAX_BYTES or None in payloads:
            self.record("cancelOrderItemSmallBatch", None, "refused: misshapen")
            return 400, self._update(number, "failure", OrderError("SIM_INVALID", "an array of cancels is required"))
        for payload in filter(None, payloads):
            self._log_of.changes.append(Change(number, payload, self.clock.now(), "new", polls=self._polls))
        self.record("cancelOrderItemSmallBatch", None, f"submitted as {number}", effect_kind=Effect.CANCEL_ACCEPTED)
        return 202, self._update(number, "pending", None)

    def _find_suborders(self, order: Order, payload: Mapping[str, object]) -> Order:
        """What of a split order a cancel reaches: the part that Dsco's own number is of, or those of the switch."""
        parts = order.suborders
        if payload["type"] == "DSCO_ORDER_ID":
            parts = tuple(part for part in parts if payload["id"] in (order.dsco_id(part), order.po_number))
        elif self.option("suborders", order.po_number) == "first":
            parts = parts[:1]
        return evolve(order, items=[item for item in order.items if item.suborder in parts])

    def _accept_cancel(self, request: Change, order: Order, chosen: str) -> tuple[int, dict[str, object]]:
        if chosen == "processed":
            self._carry_out(request, order, Effect.CANCEL_ACCEPTED)
            return 200, self._update(request.id, "success", None)
        request.status, request.polls = "new", self._polls
        self.record(
            "cancelOrderItem", order.po_number, f"submitted as {request.id}", effect_kind=Effect.CANCEL_ACCEPTED
        )
        return 202, self._update(request.id, "pending", None)

    def _carry_out(self, request: Change, order: Order, result: Effect = Effect.NOTHING) -> None:
        order.remember(int(self.option("read_lag", order.po_number)))
        reached = self._find_suborders(order, request.payload)
        effect = apply(reached, lines_in(request.payload), self.option("fate", order.po_number))
        if self.option("requests", order.po_number) == "settled":
            order.settle_request()
        request.status, request.results = "success", messages("SIM_OK", "done", self.option("description"), "info")
        self.record("cancelOrderItem", order.po_number, effect, effect_kind=result)

    def _log(self, query: Mapping[str, str]) -> tuple[int, dict[str, object]]:
        now = self.clock.now()
        if "scrollId" in query:
            page = self._log_of.scrolled(query["scrollId"], now)
            return (200, log_view(page)) if page else (404, failure("SIM_SCROLL_EXPIRED", "no such scrollId"))
        wanted, dates = query.get("requestId"), (query.get("startDate"), query.get("endDate"))
        if wanted is None and None in (parse_datetime(date or "") for date in dates):
            return 400, failure("SIM_INVALID", "requestId, or startDate and endDate, or scrollId is required")
        found = [
            request
            for request in self._log_of.changes
            if (wanted == request.id if wanted is not None else is_within(request.at, *dates))
        ]
        page = self._log_of.page(found, now)
        answer = log_view(page)
        for request in found:
            self._record_read(request)
        self.record("getOrderChangeLog", None, f"listed {len(found)}")
        return 200, answer

    def _record_read(self, request: Change) -> None:
        """One look at a request that is not decided brings it one step further."""
        if not request.polls:
            return
        request.polls -= 1
        request.status = "pending"
        if request.polls:
            return
        key = next(key for key, kind in KEYS.items() if kind == request.payload["type"])
        order = self._found(key, request.payload["id"])
        trouble: OrderError | None = OrderError("SIM_NO_SUCH_ORDER", "no such order")
        if order is not None:
            codes = self._codes.get(order.retailer, CODES)
            trouble = order_error(self._find_suborders(order, request.payload), lines_in(request.payload), codes)
            if self.option("cancel", order.po_number) == "submitted to fail":
                trouble = OrderError("SIM_FAILURE", "it was chosen to fail")
        if order is not None and trouble is None:
            self._carry_out(request, order)
        elif trouble is not None:
            failed = messages(trouble.code, trouble.message, self.option("description"))
            request.status, request.results = "failure", failed

    def _update(self, number: str, status: str, trouble: OrderError | None) -> dict[str, object]:
        """A SyncUpdateResponse."""
        told = messages(trouble.code, trouble.message, self.option("description")) if trouble is not None else []
        at = format_datetime(self.clock.now(), "milliseconds")
        return {"status": status, "requestId": number, "eventDate": at, "messages": told}
