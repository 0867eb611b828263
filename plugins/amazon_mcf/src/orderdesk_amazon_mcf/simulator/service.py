"""The simulated service: HTTP in, HTTP out, and what a test may choose and ask behind its back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response

from orderdesk_amazon_mcf.simulator.examples import example_address
from orderdesk_amazon_mcf.simulator.lifecycle import Durations, Lifecycle
from orderdesk_amazon_mcf.simulator.orders import Line, Status
from orderdesk_amazon_mcf.simulator.store import MARKETPLACE, OrderBook, number_in
from orderdesk_amazon_mcf.simulator.views import errors
from orderdesk_devkit.simulators.http_requests import names_language, path_below
from orderdesk_devkit.simulators.quota import Quota
from orderdesk_devkit.simulators.refresh_tokens import RefreshTokens
from orderdesk_devkit.simulators.simulator import BehaviorOption, CallResult
from orderdesk_devkit.simulators.tokens import TokenIssuer
from orderdesk_sdk.plugin import Clock, Limit, MessageChannel, WebhookRequest

__all__ = ["BASE", "CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN", "TOKEN_PATH", "McfSimulator"]

BASE = "/fba/outbound/2020-07-01/fulfillmentOrders"
TOKEN_PATH = "/auth/o2/token"
CLIENT_ID = "amzn1.application-oa2-client.simulated"
CLIENT_SECRET = "simulated-client-secret"
REFRESH_TOKEN = "Atzr|simulated-refresh-token"
PLAN = Limit(2.0, burst=30)
"""The same for every operation simulated here (model, usage plan tables)."""

_CREATE = "createFulfillmentOrder"
_STATUS_UPDATE = "submitFulfillmentOrderStatusUpdate"
_OPERATIONS = {
    ("POST", 0, ""): _CREATE,
    ("GET", 0, ""): "listAllFulfillmentOrders",
    ("GET", 1, ""): "getFulfillmentOrder",
    ("PUT", 1, ""): "updateFulfillmentOrder",
    ("PUT", 2, "cancel"): "cancelFulfillmentOrder",
    ("PUT", 2, "status"): _STATUS_UPDATE,
}
_DENIED = "Access to requested resource is denied."
_WITH_RATE = frozenset({200, 400, 404})


class McfSimulator(TokenIssuer):
    """Amazon MCF by the clock, over HTTP and by method.

    `durations` says how long orders stay where they are, `page_size` how many a list answer holds; `seed` makes its
    tokens and request ids: the same seed, the same texts.
    """

    options: ClassVar[tuple[BehaviorOption, ...]] = (
        BehaviorOption(
            "cancel_fate", ("honored", "partly", "ignored"), description="how a cancel accepted in time ends"
        ),
        BehaviorOption(
            "too_late",
            ("error", "accept"),
            description="how a cancel is answered from Processing on, and when all is over",
        ),
        BehaviorOption(
            "in_new", ("error", "accept"), description="how a cancel is answered in New, where the documents are silent"
        ),
        BehaviorOption("unknown", ("404", "400"), description="how an id is answered that there is no order of"),
        BehaviorOption("planning", ("moves", "stuck"), description="whether an order ever leaves Planning by itself"),
        BehaviorOption(
            "user_agent", ("ignored", "required"), description="whether a user-agent without Language answers 400"
        ),
    )

    canceled_statuses = frozenset({Status.CANCELLED.value, Status.UNFULFILLABLE.value, Status.INVALID.value})
    """The two that nobody asked for never ship either (model)."""
    contradicting_options: ClassVar[Mapping[str, str]] = {"cancel_fate": "ignored"}

    _tokens: RefreshTokens

    def __init__(
        self, clock: Clock, *, durations: Durations | None = None, page_size: int = 50, seed: str = "amazon-mcf"
    ) -> None:
        super().__init__(clock)
        self._lifecycle = Lifecycle(durations or Durations(), self._stuck, self.record_event)
        self._book = OrderBook(self._lifecycle, page_size)
        self._tokens = RefreshTokens(
            seed,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            refresh_token=REFRESH_TOKEN,
            prefix="Atza|",
        )
        self._quota = Quota({"*": PLAN})
        self._seed = seed
        self._answers = 0

    def settings(self, url: str) -> dict[str, str]:
        return {
            "refresh_token": REFRESH_TOKEN,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "endpoint": url,
            "token_url": url + TOKEN_PATH,
            "marketplace_id": MARKETPLACE,
        }

    def webhooks(self, remote_id: str) -> Sequence[WebhookRequest]:
        status = self.actual_status(remote_id)
        content = {"EventType": "Order", "FulfillmentOrderStatus": status, "SellerFulfillmentOrderId": remote_id}
        sent = [_notification(content)]
        if status in (Status.COMPLETE, Status.COMPLETE_PARTIALLED):
            # Amazon's pages have the first spelling, its model the second.
            shipment = {"FulfillmentShipmentStatus": "Shipped" if status == Status.COMPLETE else "SHIPPED"}
            sent.append(_notification({**content, "EventType": "Shipment", "FulfillmentShipment": shipment}))
        return tuple(sent)

    def unrelated_webhooks(self) -> Sequence[WebhookRequest]:
        content = {"FulfillmentOrderStatus": "Complete", "SellerFulfillmentOrderId": "1042"}
        return (
            _notification({**content, "EventType": "Return"}),
            _notification({**content, "EventType": "Order"}, kind="FBA_INVENTORY_AVAILABILITY_CHANGES"),
        )

    def actual_status(self, remote_id: str) -> str:
        with self.at_present():
            return self._book.orders.require(remote_id).status.value

    def add_order(
        self,
        remote_id: str,
        *,
        lines: Sequence[tuple[str, int]],
        status: Status | str = Status.RECEIVED,
        held: bool = False,
    ) -> None:
        """Put an order there that nobody created over HTTP. `lines` are (sku, quantity), with item ids "1", "2", ...

        It goes on from `status` by the clock. Raises ValidationError for a used id, or for CompletePartialled with one
        unit.
        """
        with self.at_present() as now:
            content: dict[str, object] = {
                "marketplaceId": MARKETPLACE,
                "displayableOrderId": remote_id,
                "displayableOrderDate": now.isoformat(),
                "displayableOrderComment": "Thank you",
                "shippingSpeedCategory": "Standard",
                "destinationAddress": example_address(),
                "fulfillmentPolicy": "FillOrKill",
            }
            made = [Line(sku, str(index), quantity) for index, (sku, quantity) in enumerate(lines, 1)]
            order = self._book.add(remote_id, made, content, held=held, status=Status(status), now=now)
            self.record("add_order", remote_id, f"created: {order.status}")

    def put_status(self, remote_id: str, status: Status | str) -> None:
        """Let an order be in a status now, as the sandbox's own call does. Raises NotFoundError."""
        with self.at_present() as now:
            order = self._book.orders.require(remote_id)
            order.enter(Status(status), now)
            self._lifecycle.plan(order, now)
            self.record("put_status", remote_id, f"-> {order.status}")

    def advance_to_present(self) -> None:
        self._lifecycle.settle(self.clock.now())

    def on_option_set(self, name: str, remote_id: str | None) -> None:
        if name == "planning":
            for order in self._book.orders.values():
                if order.status is Status.PLANNING and remote_id in (None, order.remote_id):
                    self._lifecycle.plan(order, self.clock.now())

    def respond(self, request: Request, body: bytes) -> Response:
        if request.url.path == TOKEN_PATH:
            return self._respond("token", None, self._tokens.exchange(request, body, self.clock.now()), rated=False)
        return self._operation(request, body)

    def expired_token(self, request: Request) -> Response:
        self._tokens.expire(request.headers.get("x-amz-access-token", ""))
        return self._respond("token", None, _denied("the access token has expired"), rated=False)

    def _stuck(self, remote_id: str) -> bool:
        return self.option("planning", remote_id) == "stuck"

    def _operation(self, request: Request, body: bytes) -> Response:
        parts = _path_parts(request)
        found = None if parts is None else _OPERATIONS.get((request.method, len(parts), "".join(parts[1:])))
        remote_id = parts[0] if parts else None
        if found is None:
            # What Amazon answers to a path it does not have is not known: the simulator's choice.
            outcome = CallResult(
                404, "no such operation", errors("InvalidInput", "no such operation, or not simulated")
            )
        else:
            outcome = self._admit(found, request) or self._perform(found, remote_id, request, body)
        name = found or f"{request.method} {request.url.path}"
        named = number_in(body) if found == _CREATE else remote_id
        # The sandbox-only status call has no usage plan, so the model lists no rate header for it.
        return self._respond(name, named, outcome, rated=found is not None and found != _STATUS_UPDATE)

    def _admit(self, operation: str, request: Request) -> CallResult | None:
        """The rejection that every operation has in common; None for a request that may pass.

        The order of the checks, and 400 for a bad user-agent, are the simulator's choice. So is that none is refused
        unless it is switched on: Amazon's guide demands the attribute, and Amazon's own client sends none.
        """
        if self.option("user_agent") == "required" and not names_language(request):
            text = "user-agent: must have a Language attribute and 500 characters at most (simulator's choice)"
            return CallResult(400, "refused: user-agent", errors("InvalidInput", text))
        if not self._tokens.is_valid(request.headers.get("x-amz-access-token", ""), self.clock.now()):
            return _denied("the access token is missing, unknown or has expired")
        if operation != _STATUS_UPDATE and not self._quota.take(operation, self.clock.monotonic()):
            text = "You exceeded your quota for the requested resource."
            return CallResult(429, "throttled", errors("QuotaExceeded", text))
        return None

    def _perform(self, operation: str, remote_id: str | None, request: Request, body: bytes) -> CallResult:
        now = self.clock.now()
        try:
            content: object = json.loads(body) if operation in _WITH_BODY else None
        except ValueError:
            return CallResult(400, "refused: body is no JSON", errors("InvalidInput", "body: is no JSON"))
        if remote_id is None:
            if operation == _CREATE:
                return self._book.create(content, now)
            return self._book.list(dict(request.query_params))
        if " " in remote_id:
            return _denied("the id has a space in it, or a plus that became one")
        if len(remote_id) > 40:
            text = "sellerFulfillmentOrderId: must be 40 characters at most"
            return CallResult(400, "refused: id too long", errors("InvalidInput", text))
        order = self._book.orders.get(remote_id)
        if order is None:
            # The model lists 404 and 400, no source shows either: code and text are the simulator's choice.
            text = f"sellerFulfillmentOrderId: no order {remote_id!r} (simulator's choice)"
            return CallResult(int(self.option("unknown")), "no such order", errors("InvalidInput", text))
        match operation:
            case "getFulfillmentOrder":
                return self._book.get(order)
            case "updateFulfillmentOrder":
                return self._book.update(order, content, now)
            case "cancelFulfillmentOrder":
                return self._book.cancel(
                    order,
                    now,
                    fate=self.option("cancel_fate", remote_id),
                    too_late=self.option("too_late", remote_id),
                    in_new=self.option("in_new", remote_id),
                )
            case _:
                return self._book.submit_status(order, content, now)

    def _respond(self, operation: str, remote_id: str | None, outcome: CallResult, *, rated: bool) -> Response:
        self._answers += 1
        request_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._seed}:{self._answers}"))
        headers = {"x-amzn-RequestId": request_id}
        if outcome.status >= 400:
            headers["x-amzn-ErrorType"] = "AccessDeniedException" if outcome.status == 403 else "InvalidInputException"
        if rated and outcome.status in _WITH_RATE:
            headers["x-amzn-RateLimit-Limit"] = str(PLAN.per_second)
        return self.logged_response(operation, remote_id, outcome, headers=headers)


def _notification(content: Mapping[str, object], *, kind: str = "FULFILLMENT_ORDER_STATUS") -> WebhookRequest:
    told = json.dumps(content)
    document = {
        "NotificationVersion": "1.0",
        "NotificationType": kind,
        "Payload": {"FulfillmentOrderStatusNotification": {"SellerId": "A3TH9S8BH6GOGM", **content}},
        "NotificationMetadata": {"NotificationId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {told}"))},
    }
    return WebhookRequest({}, json.dumps(document).encode(), channel=MessageChannel.QUEUE)


_WITH_BODY = frozenset({_CREATE, "updateFulfillmentOrder", _STATUS_UPDATE})


def _denied(why: str) -> CallResult:
    """403 for what is wrong with token or id: Amazon words all of it alike. `details` is the simulator's choice."""
    return CallResult(403, f"denied: {why}", errors("Unauthorized", _DENIED, details=f"simulator: {why}"))


def _path_parts(request: Request) -> list[str] | None:
    """What follows the base path, decoded; None for another path.

    A plus becomes a space however it was encoded: github.com/amzn/selling-partner-api-models/issues/5374.
    """
    parts = path_below(request, BASE)
    return None if parts is None else [part.replace("+", " ") for part in parts]
