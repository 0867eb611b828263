"""A made-up marketplace whose buyers ask to cancel, beside the fake services: they ask, forget and withdraw."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from orderdesk_devkit.testing.raw_server import http_response
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.errors import SignatureVerificationError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.cancel_requests import (
    CancelRequestList,
    CancelRequests,
    RequestedCancellation,
    SilenceMeans,
    WhileInFolder,
)
from orderdesk_sdk.plugin.connection_settings import setting, settings
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.order_numbers import StatedAt
from orderdesk_sdk.plugin.requests import OpenRequestQuery, RespondRequest
from orderdesk_sdk.plugin.routes import Button, Polling
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import json_object, text_at, value_at
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest
from tests.support.fake_services import KEY, FakeFulfillmentService, FakeServices, FakeServiceSettings

__all__ = [
    "DEADLINE",
    "FakeFolderMarketplace",
    "FakeMarketServices",
    "FakeMarketplace",
    "FakeMarketplaceWithoutList",
    "market_webhook",
]

DEADLINE = hours(48)


class FakeMarketServices(FakeServices):
    """The fake services with a marketplace at `/market`.

    requests: what buyers ask for, by order. writes: beside the others' our answers, `market ANSWER ORDER`. answers:
    `ORDER REQUEST ANSWER CODE`. loses_replies: it takes an answer and says nothing. forgets: it takes an answer and
    says so, and the request stays open.
    """

    def __init__(self) -> None:
        super().__init__()
        self.requests: dict[str, dict[str, Any]] = {}
        self.answers: list[str] = []
        self.loses_replies = False
        self.forgets = False

    def ask(self, number: str = "1042", request_id: str = "R1", **told: object) -> None:
        """A buyer asks to cancel."""
        self.requests[number] = {"id": request_id, "state": "open", "lines": {}, "reason": "ordered twice", **told}

    def __call__(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        method, path, *_ = head.decode().split()
        _, place, number = path.split("?")[0].split("/")
        if place != "market" or place in self.down:
            return super().__call__(request)
        if number == "requests":
            found = [{"number": key, **one} for key, one in self.requests.items() if one["state"] == "open"]
            return http_response(200, json.dumps({"requests": found}).encode())
        if method == "POST":
            told = json.loads(body)
            if told["do"] not in ("accept", "reject"):
                return super().__call__(request)
            self.writes.append(f"market {told['do']} {number}")
            self.answers.append(" ".join([number, told["request"], told["do"], told["code"] or "-"]))
            if not self.forgets:
                self.requests[number]["state"] = f"{told['do']}ed"
            if told["do"] == "accept":
                self.status["market", number] = "canceled"
            if self.loses_replies:
                return b""
        state = {"number": number, "status": self.status.get((place, number), "open")}
        return http_response(200, json.dumps({**state, "request": self.requests.get(number)}).encode())


class FakeMarketplaceWithoutList(FakeFulfillmentService):
    """A cart whose buyers ask us to cancel, and which tells so by webhook alone."""

    slug, role = "market", ConnectionRole.CART
    silence = SilenceMeans.REJECTED
    every: timedelta | None = None
    deadline = DEADLINE
    by_line = False
    reject_by_hand: str | None = None

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        """The declaration."""
        return Integration(
            slug=self.slug,
            title="Market",
            settings=FakeServiceSettings,
            base_url="endpoint",
            role=self.role,
            cancel=(Button(Polling(minutes(2), hours(1))),),
            identified_by={"*": StatedAt("number"), "respond": StatedAt("request", "id", number="reference")},
            cancel_requests=CancelRequests(
                deadline=self.deadline,
                silence=self.silence,
                every=self.every,
                codes={Rejection.SHIPPED: "SHP", Rejection.TOO_LATE: "LATE"},
                by_line=self.by_line,
                reject_by_hand=self.reject_by_hand,
            ),
        )

    @hookimpl
    def orderdesk_respond(self, request: RespondRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        """Read whether it is open, then answer."""
        there = yield service.get("/market", request.remote_id, operation="respond")
        if not there.is_success:
            return answer.not_processed(there)
        state, wanted = text_at(there, "request", "state"), f"{request.answer.value}ed"
        if state == wanted:
            return answer.changed(there, status=state)
        if state != "open":
            return answer.rejected(there, Rejection.NOT_ALLOWED, message=f"the request is {state}")
        body = {
            "do": request.answer.value,
            "request": request.request_id,
            "code": request.code,
            "lines": dict(request.lines),
        }
        made = yield service.post("/market", request.remote_id, operation="respond", json=body)
        if not made.is_success:
            return answer.not_processed(made)
        return answer.changed(made) if text_at(made, "request", "state") == wanted else answer.unknown(made)

    @hookimpl
    def orderdesk_parse_webhook(
        self,
        request: WebhookRequest,
        service: Service[FakeServiceSettings],
    ) -> Sequence[OrderNotification]:
        """A request that was made, or withdrawn."""
        if not hmac.compare_digest(request.headers.get("x-key", ""), KEY):
            raise SignatureVerificationError("the key is wrong")
        told = json.loads(request.body)
        return [OrderNotification(told["number"], NotificationKind(told["kind"]), None, _requested(told))]


@settings
class FolderSettings(FakeServiceSettings):
    """Where the services are, and where an order lies while its buyer may still ask."""

    request_folder: str = setting(str, help="the folder of new orders", default="New")


class FakeFolderMarketplace(FakeMarketplaceWithoutList):
    """One whose requests are open while the order lies in a folder of the order store; it has no call for an answer."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        """The declaration."""
        return Integration(
            slug=self.slug,
            title="Market",
            settings=FolderSettings,
            base_url="endpoint",
            role=self.role,
            cancel=(Button(Polling(minutes(2), hours(1))),),
            identified_by={"*": StatedAt("number")},
            cancel_requests=CancelRequests(
                silence=self.silence,
                accept_by_hand="Cancel the order at the marketplace",
                reject_by_hand="Move the order out of the folder",
                window=WhileInFolder("request_folder"),
            ),
        )


class FakeMarketplace(FakeMarketplaceWithoutList):
    """One that lists the open requests."""

    every = minutes(10)

    @hookimpl
    def orderdesk_list_cancel_requests(
        self,
        request: OpenRequestQuery,
        service: Service[FakeServiceSettings],
    ) -> Flow[CancelRequestList | Answer]:
        """All of them."""
        there = yield service.get("/market", "requests", operation="list")
        if not there.is_success:
            return answer.not_processed(there)
        json_object(there)
        listed = value_at(there, "requests")
        assert isinstance(listed, list)
        return CancelRequestList(tuple(map(_requested, listed)))


def _requested(told: Mapping[str, Any]) -> RequestedCancellation:
    return RequestedCancellation(told["number"], told["id"], told.get("lines", {}), told.get("reason"))


def market_webhook(
    kind: NotificationKind = NotificationKind.CANCEL_REQUESTED, *, number: str = "1042", request_id: str = "R1"
) -> WebhookRequest:
    """The message that the marketplace sends about a request."""
    told = {"number": number, "kind": kind.value, "id": request_id, "reason": "ordered twice"}
    return WebhookRequest({"X-Key": KEY}, json.dumps(told).encode())
