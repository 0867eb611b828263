"""The orders that the service keeps: the operations on fulfillment orders, without HTTP, tokens and quotas."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime

from attrs import evolve

from orderdesk_amazon_mcf.simulator.checks import mistakes_in_create, mistakes_in_status, mistakes_in_update
from orderdesk_amazon_mcf.simulator.lifecycle import Lifecycle
from orderdesk_amazon_mcf.simulator.orders import CANCELABLE, DONE, Line, Order, Status
from orderdesk_amazon_mcf.simulator.views import errors, order_view, whole_view
from orderdesk_devkit.simulators.http_requests import parse_datetime, parse_object_body
from orderdesk_devkit.simulators.orders import Orders
from orderdesk_devkit.simulators.simulator import CallResult, Effect
from orderdesk_sdk.plugin import ValidationError

__all__ = ["MARKETPLACE", "OrderBook", "number_in"]

MARKETPLACE = "ATVPDKIKX0DER"
"""The marketplace of an order that names none: the simulator's choice."""

_POLICY = "FillOrKill"
"""The policy of an order that names none: the simulator's choice; Ship is the action in that case."""

_ORDER_FIELDS = (
    "displayableOrderId",
    "displayableOrderDate",
    "displayableOrderComment",
    "shippingSpeedCategory",
    "deliveryWindow",
    "destinationAddress",
    "codSettings",
    "notificationEmails",
    "featureConstraints",
)
_LINE_FIELDS = (
    "giftMessage",
    "displayableComment",
    "fulfillmentNetworkSku",
    "perUnitPrice",
    "perUnitTax",
    "perUnitDeclaredValue",
)
_CHANGEABLE = (
    "displayableOrderId",
    "displayableOrderDate",
    "displayableOrderComment",
    "shippingSpeedCategory",
    "fulfillmentPolicy",
    "notificationEmails",
    "featureConstraints",
)


class OrderBook:
    """All orders ever made, by id. An id is burned for ever, whatever became of its order.

    Guarded by its caller's lock.
    """

    def __init__(self, lifecycle: Lifecycle, page_size: int) -> None:
        self._lifecycle = lifecycle
        self._page_size = page_size
        self.orders = Orders[Order]()

    def create(self, body: object, now: datetime) -> CallResult:
        """createFulfillmentOrder. A used id answers 400 InvalidInput: the simulator's choice, Amazon says nothing."""
        if mistakes := mistakes_in_create(body):
            return _invalid(*mistakes)
        assert isinstance(body, Mapping)
        remote_id: str = body["sellerFulfillmentOrderId"]
        if remote_id in self.orders:
            used = f"sellerFulfillmentOrderId: {remote_id!r} is already in use (simulator's choice)"
            return CallResult(400, f"refused: {used}", errors("InvalidInput", used))
        lines = [
            Line(
                item["sellerSku"],
                item["sellerFulfillmentOrderItemId"],
                item["quantity"],
                extras={name: item[name] for name in _LINE_FIELDS if item.get(name) is not None},
            )
            for item in body["items"]
        ]
        content = {name: body[name] for name in _ORDER_FIELDS if body.get(name) is not None}
        content["marketplaceId"] = body.get("marketplaceId") or MARKETPLACE
        content["fulfillmentPolicy"] = body.get("fulfillmentPolicy") or _POLICY
        self.add(remote_id, lines, content, held=body.get("fulfillmentAction") == "Hold", status=Status.NEW, now=now)
        return CallResult(200, f"created: {Status.NEW}", effect_kind=Effect.ORDER_CREATED)

    def add(
        self,
        remote_id: str,
        lines: list[Line],
        content: dict[str, object],
        *,
        held: bool,
        status: Status,
        now: datetime,
    ) -> Order:
        """Put an order into the book, in any status. Raises ValidationError for a used id or an impossible status."""
        order = Order(remote_id, len(self.orders) + 1, lines, content, held, now, status, now)
        order.enter(status, now)
        self.orders.add(remote_id, order)
        self._lifecycle.plan(order, now)
        return order

    def get(self, order: Order) -> CallResult:
        """getFulfillmentOrder."""
        return CallResult(200, f"read: {order.status}", {"payload": whole_view(order)})

    def list(self, query: Mapping[str, str]) -> CallResult:
        """listAllFulfillmentOrders, oldest first. Page size, order and token are the simulator's choice.

        So is that all orders are listed without a queryStartDate, and that a token keeps the date it began with.
        """
        since, start = parse_datetime(query.get("queryStartDate", "")), 0
        if "nextToken" in query:
            page = _read_token(query["nextToken"])
            if page is None:
                return _invalid("nextToken: is not one that this service gave")
            since, start = page
        elif "queryStartDate" in query and since is None:
            return _invalid("queryStartDate: must be an ISO 8601 date and time with a zone")
        # The token remembers an order's number, not a position, so that changes between pages skip nothing.
        found = [
            order
            for order in self.orders.values()
            if order.number > start and (since is None or order.status_at >= since)
        ]
        page_of = found[: self._page_size]
        payload: dict[str, object] = {"fulfillmentOrders": [order_view(order) for order in page_of]}
        if len(found) > len(page_of):
            payload["nextToken"] = _write_token(since, page_of[-1].number)
        return CallResult(200, f"listed: {len(page_of)}", {"payload": payload})

    def update(self, order: Order, body: object, now: datetime) -> CallResult:
        """updateFulfillmentOrder: for an order with a hold on it, others are refused (simulator's choice of 400)."""
        if mistakes := mistakes_in_update(body):
            return _invalid(*mistakes)
        assert isinstance(body, Mapping)
        if not order.held or order.status in DONE:
            return _invalid(f"{order.remote_id}: has no order hold on it, it is {order.status} (simulator's choice)")
        order.content |= {name: body[name] for name in _CHANGEABLE if body.get(name) is not None}
        if body.get("fulfillmentAction") != "Ship":
            return CallResult(200, "updated")
        order.held = False
        # The wait in ReceivedResponse begins anew: until now nothing was being prepared.
        order.status_at = now
        self._lifecycle.plan(order, now)
        return CallResult(200, "hold released")

    def cancel(self, order: Order, now: datetime, *, fate: str, too_late: str, in_new: str) -> CallResult:
        """cancelFulfillmentOrder. 200 acknowledges it of the cancellation.

        What comes of it shows later, and depends on `fate`.

        A repeat of an accepted cancel answers 200 and changes nothing. Outside of ReceivedResponse and Planning
        Amazon's answer is unknown: `too_late` and `in_new` choose between "error" and "accept". All of this is the
        simulator's choice.
        """
        if order.cancel_at is not None and order.status not in DONE:
            return CallResult(200, "cancel repeated: no change", effect_kind=Effect.CANCEL_ACCEPTED)
        cancelable = order.status in CANCELABLE or (order.status is Status.NEW and in_new == "accept")
        if cancelable:
            order.cancel_at = now
            order.honored, order.partially = fate == "honored", fate == "partly"
            self._lifecycle.plan(order, now)
            return CallResult(
                200, f"cancel accepted in {order.status}, to be {fate}", effect_kind=Effect.CANCEL_ACCEPTED
            )
        if order.status is not Status.NEW and too_late == "accept":
            return CallResult(
                200, f"cancel accepted in {order.status}, to no effect", effect_kind=Effect.CANCEL_ACCEPTED
            )
        refused = _invalid(f"{order.remote_id}: cannot be cancelled in status {order.status} (simulator's choice)")
        return evolve(refused, effect=f"cancel refused in {order.status}")

    def submit_status(self, order: Order, body: object, now: datetime) -> CallResult:
        """submitFulfillmentOrderStatusUpdate: any status from any status, and on from there by the clock.

        Which transitions Amazon's sandbox allows is unknown: the simulator's choice. An accepted cancel stays accepted.
        """
        if mistakes := mistakes_in_status(body):
            return _invalid(*mistakes)
        assert isinstance(body, Mapping)
        before = order.status
        try:
            order.enter(Status(body["fulfillmentOrderStatus"]), now)
        except ValidationError as error:
            return _invalid(f"fulfillmentOrderStatus: {error.message} (simulator's choice)")
        self._lifecycle.plan(order, now)
        return CallResult(200, f"{before} -> {order.status} by hand")


def number_in(body: bytes) -> str | None:
    """The id of a new order; None where it has none."""
    number = parse_object_body(body).get("sellerFulfillmentOrderId")
    return number if isinstance(number, str) else None


def _invalid(*messages: str) -> CallResult:
    return CallResult(400, f"refused: {'; '.join(messages)}", errors("InvalidInput", *messages))


def _write_token(since: datetime | None, number: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([since and since.isoformat(), number]).encode()).decode()


def _read_token(token: str) -> tuple[datetime | None, int] | None:
    """What `_write_token` wrote; None for anything else."""
    try:
        match json.loads(base64.urlsafe_b64decode(token.encode())):
            case [None, int(number)]:
                return None, number
            case [str(since), int(number)] if (found := parse_datetime(since)) is not None:
                return found, number
    except ValueError:
        # Not base64, not UTF-8 or not JSON: all of them are ValueErrors.
        return None
    return None
