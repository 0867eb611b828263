"""The root fields of the simulated API: one method per query and mutation, called by graphql-core."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from graphql import GraphQLError

from orderdesk_shopify.simulator.store import FulfillmentOrder, Shop
from orderdesk_shopify.simulator.views import Row, error_view, fulfillment_order_view, order_view, rejected_cancel_view

__all__ = ["Resolvers"]


class Resolvers:
    """The root of one request. Its methods are named as the schema's fields; ids come in as `id` or in `input`."""

    def __init__(self, shop: Shop, now: datetime, choice: Callable[[str, str], str]) -> None:
        self._shop = shop
        self._now = now
        self._choice = choice

    def order(self, _: object, **given: str) -> Row | None:
        self._readable()
        found = self._shop.orders.get(_number(given["id"], "Order"))
        return order_view(found, shows_cancel=self._shop.shows_cancel(found)) if found is not None else None

    def job(self, _: object, **given: str) -> Row | None:
        found = next((job for job in self._shop.jobs if f"gid://shopify/Job/{job.number}" == given["id"]), None)
        if found is None:
            return None
        found.is_told = found.done
        return {"id": given["id"], "done": found.done}

    def node(self, _: object, **given: str) -> Row | None:
        kind = "OrderCancelJobResult"
        found = next((job for job in self._shop.jobs if f"gid://shopify/{kind}/{job.number}" == given["id"]), None)
        if found is None or self._choice("job_result", found.order.number) == "not resolved":
            return None
        status = ("FAILED" if found.error else "SUCCEEDED") if found.done else "STARTED"
        errors = [error_view(found.error, code="INVALID")] if found.error else []
        return {"__typename": kind, "id": given["id"], "done": found.done, "status": status, "errors": errors}

    def fulfillmentOrder(self, _: object, **given: str) -> Row | None:  # noqa: N802 - the field's name
        self._readable()
        found = self._shop.fulfillment_orders.get(_number(given["id"], "FulfillmentOrder"))
        return fulfillment_order_view(found) if found is not None else None

    def orderCancel(self, _: object, **given: object) -> Row:  # noqa: N802 - the field's name
        number = _number(str(given["orderId"]), "Order")
        order = self._shop.orders.get(number)
        self._writable(number)
        obstacle = self._choice("obstacle", number)
        if order is None:
            return rejected_cancel_view("SIM: no such order", "NOT_FOUND")
        if self._shop.is_locked:
            return rejected_cancel_view("SIM: not now", "INVALID")
        if self._choice("cancel_error", number) == "internal":
            return rejected_cancel_view("SIM: something went wrong", "INTERNAL_ERROR")
        if given.get("refundMethod") and self._choice("refund", number) == "denied":
            return rejected_cancel_view("SIM: refunds are not permitted", "NO_REFUND_PERMISSION")
        if order.canceled_at is not None:
            return rejected_cancel_view("SIM: the order is canceled already", "INVALID")
        if obstacle != "none" and self._choice("obstacle_shows", number) == "at once":
            return rejected_cancel_view(f"SIM: {obstacle} keeps the order from being canceled", "INVALID")
        order.cancel_arguments = {name: value for name, value in given.items() if name != "orderId"}
        job = self._shop.start_job(order, self._now)
        return {
            "job": {"id": f"gid://shopify/Job/{job.number}", "done": False},
            "jobResult": {"id": f"gid://shopify/OrderCancelJobResult/{job.number}"},
            "orderCancelUserErrors": [],
        }

    def orderClose(self, _: object, **given: Mapping[str, str]) -> Row:  # noqa: N802 - the field's name
        return self._set_closed(given["input"]["id"], closed=True)

    def orderOpen(self, _: object, **given: Mapping[str, str]) -> Row:  # noqa: N802 - the field's name
        return self._set_closed(given["input"]["id"], closed=False)

    def fulfillmentOrderCancel(self, _: object, **given: str) -> Row:  # noqa: N802 - the field's name
        order = self._fulfillment_order(given["id"])
        if order is None or "CANCEL_FULFILLMENT_ORDER" not in order.actions or self._shop.is_locked:
            return {"userErrors": [error_view("SIM: it cannot be canceled in this state")]}
        order.status, order.asked = "CLOSED", "UNSUBMITTED"  # What the second one becomes is the simulator's choice.
        again = FulfillmentOrder(f"{order.number}9", self._now, asked="UNSUBMITTED")
        self._shop.fulfillment_orders[again.number] = again
        return {"replacementFulfillmentOrder": fulfillment_order_view(again), "userErrors": []}

    def fulfillmentOrderSubmitCancellationRequest(  # noqa: N802 - the field's name
        self, _: object, **given: str
    ) -> Row:
        order = self._fulfillment_order(given["id"])
        if order is None or "REQUEST_CANCELLATION" not in order.actions or self._shop.is_locked:
            return {"userErrors": [error_view("SIM: no cancellation can be asked for in this state")]}
        order.asked, order.request, order.requested_at = "CANCELLATION_REQUESTED", given.get("message"), self._now
        return {"fulfillmentOrder": fulfillment_order_view(order), "userErrors": []}

    def assignedFulfillmentOrders(self, _: object, **given: object) -> Row:  # noqa: N802 - the field's name
        self._allowed("")
        orders = [one for one in self._shop.fulfillment_orders.values() if one.asked == given["assignmentStatus"]]
        begin = int(str(given.get("after") or 0))
        end = begin + int(str(given.get("first")))
        views = [fulfillment_order_view(one) for one in orders[begin:end]]
        return {"nodes": views, "pageInfo": {"hasNextPage": len(orders) > end, "endCursor": str(end)}}

    def fulfillmentOrderAcceptCancellationRequest(  # noqa: N802 - the field's name
        self, _: object, **given: str
    ) -> Row:
        return self._answer_request(given, "CANCELLATION_ACCEPTED", "CANCELLED")

    def fulfillmentOrderRejectCancellationRequest(  # noqa: N802 - the field's name
        self, _: object, **given: str
    ) -> Row:
        return self._answer_request(given, "CANCELLATION_REJECTED", "IN_PROGRESS")

    def _answer_request(self, given: Mapping[str, str], asked: str, status: str) -> Row:
        order = self._fulfillment_order(given["id"])
        if order is None or order.asked != "CANCELLATION_REQUESTED":
            return {"fulfillmentOrder": None, "userErrors": [error_view("SIM: no cancellation is requested")]}
        if self._choice("our_answer", order.number) == "forgotten":
            return {"fulfillmentOrder": fulfillment_order_view(order), "userErrors": []}
        order.status, order.asked, order.answer = status, asked, given.get("message")
        return {"fulfillmentOrder": fulfillment_order_view(order), "userErrors": []}

    def _fulfillment_order(self, name: str) -> FulfillmentOrder | None:
        number = _number(name, "FulfillmentOrder")
        self._writable(number)
        return self._shop.fulfillment_orders.get(number)

    def _set_closed(self, name: str, *, closed: bool) -> Row:
        number = _number(name, "Order")
        self._writable(number)
        order = self._shop.orders.get(number)
        if order is None or self._choice("status_change", number) == "refused":
            return {"userErrors": [error_view("SIM: there is no such order, or it cannot be changed")]}
        if self._choice("status_change", number) == "done":
            order.closed = closed
        return {"order": order_view(order), "userErrors": []}

    def _writable(self, number: str) -> None:
        """That the app may change an order, to which others may do something first."""
        self._shop.interfere(number, self._now)
        self._allowed(number)

    def _readable(self) -> None:
        if self._shop.is_locked:
            raise GraphQLError("SIM: the scope was taken away", extensions={"code": "ACCESS_DENIED"})

    def _allowed(self, number: str) -> None:
        if self._choice("scopes", number) == "missing":
            raise GraphQLError("SIM: the scope is missing", extensions={"code": "ACCESS_DENIED"})


def _number(name: str, kind: str) -> str:
    return name.removeprefix(f"gid://shopify/{kind}/")
