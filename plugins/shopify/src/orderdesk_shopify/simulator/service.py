"""The simulated service: GraphQL over HTTP, and what a test may choose and ask behind its back."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from graphql import GraphQLError, OperationDefinitionNode, OperationType, execute_sync, parse, validate
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orderdesk_devkit.simulators.simulator import BehaviorOption, Effect, Simulator
from orderdesk_sdk.plugin import Clock, SideEffect, WebhookRequest
from orderdesk_shopify.simulator.cost import CostBucket, cost_of
from orderdesk_shopify.simulator.resolvers import Resolvers
from orderdesk_shopify.simulator.schema import schema_of
from orderdesk_shopify.simulator.store import Durations, FulfillmentOrder, Order, Shop
from orderdesk_shopify.simulator.webhooks import CLIENT_SECRET, Outbox, signed

__all__ = ["ACCESS_TOKEN", "FulfillmentSimulator", "ShopifySimulator"]

ACCESS_TOKEN = "simulated-access-token"
OLDEST = "2025-10"
_SIDE_EFFECTS = {
    SideEffect.REFUND: "refundMethod",
    SideEffect.STOCK: "restock",
    SideEffect.CUSTOMER_MESSAGE: "notifyCustomer",
}
"""By the argument of orderCancel that asks for each."""
_REQUEST_EVENTS = {
    "CANCELLATION_REQUESTED": "cancellation_request_submitted",
    "CANCELLATION_ACCEPTED": "cancellation_request_accepted",
    "CANCELLATION_REJECTED": "cancellation_request_rejected",
}
"""The event of a fulfillment order by its request status."""
_PATH = re.compile(r"/admin/api/(20\d\d-(?:01|04|07|10))/graphql\.json")


class ShopifySimulator(Simulator):
    """A shop by the clock, over HTTP and by method. A simulator, not Shopify. `durations` says how long things take."""

    options: ClassVar[tuple[BehaviorOption, ...]] = (
        BehaviorOption(
            "obstacle", ("none", "an open return", "a shipment"), description="what keeps an order from being canceled"
        ),
        BehaviorOption(
            "obstacle_shows", ("in the job", "at once"), description="whether orderCancel or only its job tells of it"
        ),
        BehaviorOption(
            "cancel_error", ("none", "internal"), description="whether orderCancel answers with the code INTERNAL_ERROR"
        ),
        BehaviorOption(
            "mutation_reply", ("given", "lost"), description="whether an INTERNAL_SERVER_ERROR hides what a change did"
        ),
        BehaviorOption(
            "job_result",
            ("resolved", "not resolved"),
            description="whether node(id:) knows a job's result, from 2026-10",
        ),
        BehaviorOption("refund", ("allowed", "denied"), description="whether the app may refund"),
        BehaviorOption("scopes", ("granted", "missing"), description="whether the app may write"),
        BehaviorOption("throttled_as", ("200", "429"), description="the HTTP status of a call that is throttled"),
        BehaviorOption(
            "version", ("as asked", "oldest"), description=f"which version answers: the one asked for, or {OLDEST}"
        ),
        BehaviorOption(
            "service", ("accepts", "rejects", "silent"), description="what a service answers to a cancellation request"
        ),
        BehaviorOption(
            "our_answer", ("taken", "forgotten"), description="whether what we answer as the service is remembered"
        ),
        BehaviorOption(
            "meanwhile",
            ("nothing", "canceled", "accepted", "locked out"),
            description="what others do to an order, or to the app's scopes, right before it is changed",
        ),
        BehaviorOption("reads", ("exact", "late"), description="whether a job ends before its order shows it"),
        BehaviorOption(
            "parcel",
            ("none", "SUCCESS", "FAILURE", "ERROR", "CANCELLED"),
            description="the fulfillment of an order that is put at a state",
        ),
        BehaviorOption(
            "status_change", ("done", "refused", "forgotten"), description="what becomes of archiving and opening"
        ),
    )

    canceled_statuses: ClassVar[frozenset[str]] = frozenset({"canceled"})
    contradicting_options: ClassVar[Mapping[str, str]] = {"obstacle": "an open return"}

    def __init__(self, clock: Clock, *, durations: Durations | None = None) -> None:
        super().__init__(clock)
        self.bucket = CostBucket(clock)
        self.outbox = Outbox()
        self._shop = Shop(durations or Durations(), self.option, self._record_event)
        self._requests = 0

    def settings(self, url: str) -> Mapping[str, object]:
        return {"shop_url": url, "access_token": ACCESS_TOKEN, "webhook_secret": CLIENT_SECRET}

    def actual_status(self, remote_id: str) -> str:
        order = self.order(remote_id)
        if order.canceled_at is not None:
            return "canceled"
        return order.fulfillment if order.fulfillment != "unfulfilled" else "archived" if order.closed else "open"

    def has_status(self, remote_id: str, status: str) -> bool:
        return self.order(remote_id).closed is (status == "archived")

    def put_status(self, remote_id: str, status: str) -> None:
        with self.lock:
            self.order(remote_id).put_status(status, self.clock.now())
            self.record("put_status", remote_id, f"put at {status}")

    def webhooks(self, remote_id: str) -> Sequence[WebhookRequest]:
        order = self.order(remote_id)
        body = {"id": 0, "admin_graphql_api_id": order.gid}
        event = "cancelled" if order.canceled_at is not None else order.fulfillment.replace(" ", "_")
        topics = ("updated", *([event] if event != "unfulfilled" else []))
        return tuple(self.outbox.message(f"orders/{topic}", OLDEST, body, self.clock.now()) for topic in topics)

    def unrelated_webhooks(self) -> Sequence[WebhookRequest]:
        body = {"id": 0, "admin_graphql_api_id": "gid://shopify/Order/1042", "fulfillment_order": {"id": "1042"}}
        return (self.outbox.message("products/update", OLDEST, body, self.clock.now()),)

    def sign_webhook(self, message: WebhookRequest) -> WebhookRequest:
        return signed(message)

    def throttled_response(self, wait: timedelta) -> Response:
        cost = {
            "requestedQueryCost": wait.total_seconds() * 100,
            "actualQueryCost": None,
            "throttleStatus": {"maximumAvailable": 2000, "currentlyAvailable": 0, "restoreRate": 100},
        }
        return JSONResponse(_throttled(cost), int(self.option("throttled_as")))

    def counted_effects(self, remote_id: str) -> Mapping[str, int]:
        with self.lock:
            return {"jobs that cancel": sum(job.order.number == _number(remote_id) for job in self._shop.jobs)}

    def side_effects(self, remote_id: str) -> Collection[SideEffect]:
        wanted = self.order(remote_id).cancel_arguments if self.actual_status(remote_id) == "canceled" else {}
        return {effect for effect, argument in _SIDE_EFFECTS.items() if wanted.get(argument)}

    def order(self, remote_id: str) -> Order:
        """An order as it is now. Raises NotFoundError."""
        with self.at_present():
            return self._shop.orders.require(_number(remote_id))

    def fulfillment_order(self, remote_id: str) -> FulfillmentOrder:
        """A fulfillment order as it is now. Raises NotFoundError."""
        with self.at_present():
            return self._shop.fulfillment_orders.require(_number(remote_id))

    def add_order(self, remote_id: str, *, lines: Sequence[tuple[str, int]] = ()) -> None:
        """Put an open order there; its lines are not simulated. Raises ValidationError for a used number."""
        del lines
        number = _number(remote_id)
        with self.at_present():
            self._shop.orders.add(number, Order(number))
            self.record("add_order", remote_id, "created")

    def add_fulfillment_order(self, remote_id: str) -> None:
        """Put a fulfillment order there that its service was just asked for.

        Raises ValidationError for a used number.
        """
        number = _number(remote_id)
        with self.at_present() as now:
            self._shop.fulfillment_orders.add(number, FulfillmentOrder(number, now))
            self.record("add_fulfillment_order", remote_id, "created: OPEN SUBMITTED")

    def ask_to_cancel(self, remote_id: str, message: str = "ordered twice") -> None:
        """The merchant asks the service, which has accepted a fulfillment order, to cancel. Raises NotFoundError."""
        with self.at_present() as now:
            order = self._shop.fulfillment_orders.require(_number(remote_id))
            order.status, order.asked, order.request = "IN_PROGRESS", "CANCELLATION_REQUESTED", message
            order.requested_at, order.times_asked = now, order.times_asked + 1
            self.record("ask_to_cancel", remote_id, "asked")
            told = {"id": order.gid, "status": "in_progress", "request_status": "cancellation_request"}
            body = {"fulfillment_order": told}
            self.outbox.put("fulfillment_orders/cancellation_request_submitted", OLDEST, body, now)

    def requested_cancellation(self, remote_id: str) -> tuple[str | None, Mapping[str, int]]:
        return self.fulfillment_order(remote_id).request, {}

    def withdraw_request(self, remote_id: str) -> None:
        """The merchant gives up waiting, and closes the order on Shopify's side. Raises NotFoundError."""
        with self.at_present():
            order = self._shop.fulfillment_orders.require(_number(remote_id))
            order.status, order.asked = "CLOSED", "UNSUBMITTED"
            self.record("withdraw_request", remote_id, "closed")

    def cancel_in_admin(self, remote_id: str) -> None:
        """Cancel an order as its merchant would do it in the browser."""
        with self.lock:
            order = self.order(remote_id)
            order.canceled_at, order.reason = self.clock.now(), "STAFF"
            self._record_event("order", order.number, "canceled", self.clock.now())

    def advance_to_present(self) -> None:
        self._shop.settle(self.clock.now())

    def respond(self, request: Request, body: bytes) -> Response:
        self._requests += 1
        asked = _PATH.fullmatch(request.url.path)
        version = OLDEST if asked is None or self.option("version") == "oldest" else asked[1]
        if request.headers.get("x-shopify-access-token") != ACCESS_TOKEN:
            # The status is Shopify's; its body is the simulator's choice.
            status, response = 401, _errors("SIM: the access token is wrong")
        elif asked is None or request.method != "POST":
            status, response = 404, _errors("SIM: there is no such call, or it is not simulated")
        else:
            status, response = self._answer(body, version)
        headers = {"x-shopify-api-version": version, "x-request-id": f"sim-{self._requests:06}"}
        return JSONResponse(response, status, headers)

    def _answer(self, body: bytes, version: str) -> tuple[int, dict[str, object]]:
        try:
            given = json.loads(body)
            document, variables = parse(given["query"]), dict(given.get("variables") or {})
        except (ValueError, KeyError, TypeError, AttributeError, GraphQLError):
            return 400, _errors("SIM: the body is {query, variables}")
        mistakes = validate(schema_of(version), document)
        if mistakes:
            return 200, _errors(*(mistake.message for mistake in mistakes))
        remote_id = _number(str(variables.get("id", "")))
        operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
        name, cost = operation.name.value if operation.name is not None else "?", cost_of(document)
        if not self.bucket.take(cost):
            self.record(name, remote_id, "throttled")
            return int(self.option("throttled_as")), _throttled(self.bucket.cost_report(cost, spent=False))
        root = Resolvers(self._shop, self.clock.now(), self.option)
        result = execute_sync(schema_of(version), document, root, variable_values=variables)
        changes = operation.operation is OperationType.MUTATION
        lost = changes and self.option("mutation_reply", remote_id) == "lost"
        words = [error.message for error in result.errors or ()]
        taken = not words and name in ("Cancel", "Withdraw", "AskBack") and _accepted(result.data)
        effect = Effect.CANCEL_ACCEPTED if taken else Effect.NOTHING
        if not words and name in ("Archive", "Open") and _accepted(result.data):
            effect = Effect.STATUS_SET
        self.record(name, remote_id, "; ".join(words) or ("changed" if changes else "read"), effect_kind=effect)
        if lost:
            error = {"message": "SIM: internal error", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
            return 200, {"errors": [error]}
        response: dict[str, object] = {"data": result.data}
        if result.errors:
            response["errors"] = [error.formatted for error in result.errors]
        return 200, {**response, "extensions": {"cost": self.bucket.cost_report(cost, spent=True)}}

    def _record_event(self, kind: str, number: str, effect: str, at: datetime) -> None:
        self.record_event(number, f"{kind}: {effect}", at)
        if kind == "order" and effect == "canceled":
            order = self._shop.orders[number]
            body = {
                "id": int(number) if number.isdigit() else 0,
                "admin_graphql_api_id": order.gid,
                "name": f"#{number}",
                "cancelled_at": at.isoformat(),
                "cancel_reason": str(order.reason).lower(),
            }
            self.outbox.put("orders/cancelled", OLDEST, body, at)
        topic = {"CANCELLATION_ACCEPTED": "accepted", "CANCELLATION_REJECTED": "rejected"}.get(effect.split()[-1])
        if kind == "fulfillment order" and topic is not None and not effect.startswith("CLOSED"):
            held = self._shop.fulfillment_orders[number]
            body = {"fulfillment_order": {"id": held.gid, "status": held.status.lower()}, "message": held.answer}
            self.outbox.put(f"fulfillment_orders/cancellation_request_{topic}", OLDEST, body, at)


class FulfillmentSimulator(ShopifySimulator):
    """The same shop, for the integration whose numbers are those of fulfillment orders."""

    canceled_statuses = frozenset(
        (
            "CLOSED UNSUBMITTED",
            "CLOSED CANCELLATION_ACCEPTED",
            *(f"CANCELLED {asked}" for asked in ("CANCELLATION_ACCEPTED", "UNSUBMITTED", "REJECTED", "CLOSED")),
        )
    )
    contradicting_options: ClassVar[Mapping[str, str]] = {"service": "rejects"}

    def actual_status(self, remote_id: str) -> str:
        return self.fulfillment_order(remote_id).word

    def side_effects(self, remote_id: str) -> Collection[SideEffect]:
        del remote_id
        return ()  # There are none.

    def put_status(self, remote_id: str, status: str) -> None:
        with self.lock:
            order = self.fulfillment_order(remote_id)
            order.status, _, order.asked = status.partition(" ")
            order.since = self.clock.now()
            parcel = self.option("parcel", remote_id)
            order.parcel = None if parcel == "none" else parcel
            self.record("put_status", remote_id, f"put at {status}")

    def webhooks(self, remote_id: str) -> Sequence[WebhookRequest]:
        order = self.fulfillment_order(remote_id)
        body = {"fulfillment_order": {"id": order.gid, "status": order.status.lower()}}
        event = _REQUEST_EVENTS.get(order.asked, "order_routing_complete")
        return (self.outbox.message(f"fulfillment_orders/{event}", OLDEST, body, self.clock.now()),)

    def add_order(self, remote_id: str, *, lines: Sequence[tuple[str, int]] = ()) -> None:
        """Put a fulfillment order there; see `add_fulfillment_order`."""
        del lines
        self.add_fulfillment_order(remote_id)


def _throttled(cost: Mapping[str, object]) -> dict[str, object]:
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
    return {"errors": [error], "extensions": {"cost": cost}}


def _number(remote_id: str) -> str:
    return remote_id.rpartition("/")[2]


def _errors(*texts: str) -> dict[str, object]:
    return {"errors": [{"message": text} for text in texts]}


def _accepted(data: Mapping[str, object] | None) -> bool:
    """Whether a mutation's payload, under whatever name, complains of nothing."""
    payload = next(iter(data.values()), None) if data is not None else None
    errors = (
        [value for key, value in payload.items() if key.endswith("rErrors")] if isinstance(payload, Mapping) else []
    )
    return bool(errors) and not any(errors)
