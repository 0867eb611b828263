"""What the simulated API answers: one method per field of its queries and mutations, called by graphql-core."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from graphql import GraphQLError

from orderdesk_devkit.simulators.http_requests import stamp
from orderdesk_shopify.simulator.shop import Order, Shop, Work

__all__ = ["Fields"]

Row = Mapping[str, object]


class Fields:
    """The root of one request. Its methods are named as the schema's fields; ids come in as `id` or in `input`."""

    def __init__(self, shop: Shop, now: datetime, choice: Callable[[str, str], str]) -> None:
        self._shop = shop
        self._now = now
        self._choice = choice

    def order(self, _: object, **given: str) -> Row | None:
        found = self._shop.orders.get(_number(given["id"], "Order"))
        return _order(found) if found is not None else None

    def job(self, _: object, **given: str) -> Row | None:
        found = next((job for job in self._shop.jobs if f"gid://shopify/Job/{job.number}" == given["id"]), None)
        return {"id": given["id"], "done": found.done} if found is not None else None

    def node(self, _: object, **given: str) -> Row | None:
        kind = "OrderCancelJobResult"
        found = next((job for job in self._shop.jobs if f"gid://shopify/{kind}/{job.number}" == given["id"]), None)
        if found is None or self._choice("job_result", found.order.number) == "not resolved":
            return None
        status = ("FAILED" if found.error else "SUCCEEDED") if found.done else "STARTED"
        errors = [_error(found.error, code="INVALID")] if found.error else []
        return {"__typename": kind, "id": given["id"], "done": found.done, "status": status, "errors": errors}

    def fulfillmentOrder(self, _: object, **given: str) -> Row | None:  # noqa: N802 - the field's name
        found = self._shop.works.get(_number(given["id"], "FulfillmentOrder"))
        return _work(found) if found is not None else None

    def orderCancel(self, _: object, **given: object) -> Row:  # noqa: N802 - the field's name
        number = _number(str(given["orderId"]), "Order")
        order = self._shop.orders.get(number)
        self._allowed(number)
        obstacle = self._choice("obstacle", number)
        if order is None:
            return _refused(_error("SIM: no such order", code="NOT_FOUND"))
        if self._choice("cancel_error", number) == "internal":
            return _refused(_error("SIM: something went wrong", code="INTERNAL_ERROR"))
        if given.get("refundMethod") and self._choice("refund", number) == "denied":
            return _refused(_error("SIM: refunds are not permitted", code="NO_REFUND_PERMISSION"))
        if order.canceled_at is not None:
            return _refused(_error("SIM: the order is canceled already", code="INVALID"))
        if obstacle != "none" and self._choice("obstacle_shows", number) == "at once":
            return _refused(_error(f"SIM: {obstacle} keeps the order from being canceled", code="INVALID"))
        order.asked = {name: value for name, value in given.items() if name != "orderId"}
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
        work = self._work(given["id"])
        if work is None or "CANCEL_FULFILLMENT_ORDER" not in work.actions:
            return {"userErrors": [_error("SIM: it cannot be canceled in this state")]}
        work.status, work.asked = "CLOSED", "UNSUBMITTED"  # What the second one becomes is the simulator's choice.
        again = Work(f"{work.number}9", self._now, asked="UNSUBMITTED")
        self._shop.works[again.number] = again
        return {"replacementFulfillmentOrder": _work(again), "userErrors": []}

    def fulfillmentOrderSubmitCancellationRequest(  # noqa: N802 - the field's name
        self, _: object, **given: str
    ) -> Row:
        work = self._work(given["id"])
        if work is None or "REQUEST_CANCELLATION" not in work.actions:
            return {"userErrors": [_error("SIM: no cancellation can be asked for in this state")]}
        work.asked, work.request, work.requested_at = "CANCELLATION_REQUESTED", given.get("message"), self._now
        return {"fulfillmentOrder": _work(work), "userErrors": []}

    def _work(self, name: str) -> Work | None:
        number = _number(name, "FulfillmentOrder")
        self._allowed(number)
        return self._shop.works.get(number)

    def _set_closed(self, name: str, *, closed: bool) -> Row:
        number = _number(name, "Order")
        self._allowed(number)
        order = self._shop.orders.get(number)
        if order is None:
            return {"userErrors": [_error("SIM: no such order")]}
        order.closed = closed
        return {"order": _order(order), "userErrors": []}

    def _allowed(self, number: str) -> None:
        if self._choice("scopes", number) == "missing":
            raise GraphQLError("SIM: the scope is missing", extensions={"code": "ACCESS_DENIED"})


def _number(name: str, kind: str) -> str:
    return name.removeprefix(f"gid://shopify/{kind}/")


def _error(text: str, **more: object) -> Row:
    return {"field": None, "message": text, **more}


def _refused(error: Row) -> Row:
    return {"job": None, "jobResult": None, "orderCancelUserErrors": [error]}


def _order(order: Order) -> Row:
    at = order.canceled_at
    return {
        "__typename": "Order",
        "id": order.gid,
        "name": f"#{order.number}",
        "cancelledAt": stamp(at) if at is not None else None,
        "cancelReason": order.reason,
        "closed": order.closed,
        "displayFulfillmentStatus": "FULFILLED" if order.fulfilled else "UNFULFILLED",
    }


def _work(work: Work) -> Row:
    parcel = {"id": f"gid://shopify/Fulfillment/{work.number}", "status": "SUCCESS"}
    request = {
        "id": f"gid://shopify/FulfillmentOrderMerchantRequest/{work.number}",
        "kind": "CANCELLATION_REQUEST",
        "message": work.request,
        # That the service's words stand here under this name is the simulator's choice: Shopify does not say.
        "responseData": {"message": work.answer} if work.answer else None,
    }
    return {
        "__typename": "FulfillmentOrder",
        "id": work.gid,
        "status": work.status,
        "requestStatus": work.asked,
        "supportedActions": [{"action": action} for action in work.actions],
        "fulfillments": {"nodes": [parcel] if work.parcel else []},
        "merchantRequests": {"nodes": [request] if work.requested_at is not None else []},
    }
