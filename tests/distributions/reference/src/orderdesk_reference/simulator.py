"""Maker and cart on one machine. Invented from end to end: it is the only specification of the two."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping, Sequence

from attrs import evolve
from starlette.responses import Response

from orderdesk_devkit.simulators.simple import CallResult, Durations, Request, SimpleSimulator, secrets_match
from orderdesk_devkit.simulators.simulator import Effect
from orderdesk_sdk.plugin import Clock, Eligibility, WebhookRequest

KEY = "not-a-real-key-of-the-reference"
WEBHOOK_SECRET = "not-a-real-secret-of-messages"


Orders = Mapping[str, list[Mapping[str, str]]]


class CartSimulator(SimpleSimulator):
    """Takes a cancel until an order is packed, and has it canceled eight minutes later."""

    def __init__(self, clock: Clock, *, durations: Durations | None = None) -> None:
        super().__init__(clock, durations=durations)
        self._references: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._requests: dict[str, dict[str, object]] = {}

    def settings(self, url: str) -> Mapping[str, object]:
        return {"base_url": url, "api_key": KEY}

    def is_authorized(self, request: Request) -> bool:
        return secrets_match(request.headers.get("x-api-key"), KEY)

    def respond(self, request: Request, body: bytes) -> Response:
        """The answer, with the number under which the service can look a call up."""
        response = super().respond(request, body)
        response.headers["x-request-id"] = f"call-{len(self.log)}"
        return response

    def has_status(self, remote_id: str, status: str) -> bool:
        return self._labels.get(remote_id) == status

    def order_document(self, number: str, stage: str) -> Mapping[str, object]:
        more = {"reference": self._references.get(number, "none"), "label": self._labels.get(number, "none")}
        return {"order": {"number": number, "status": stage, **more}}

    def handle(self, request: Request, body: bytes) -> tuple[str, str | None, CallResult]:
        if not self.is_authorized(request):
            return super().handle(request, body)
        match request.method, request.url.path.strip("/").split("/"):
            case "POST", ["orders"]:
                return self._create(json.loads(body))
            case "POST", ["cancellations"]:
                return self._cancel_many(request, json.loads(body))
            case "GET", ["requests"]:
                found = [one for one in self._requests.values() if one["state"] == "open"]
                return "list", None, CallResult(200, f"{len(found)} open", {"requests": found})
            case _, ["requests", name] if name in self._requests:
                return self._request(name, json.loads(body or b"{}"))
            case "PUT", ["orders", number, "label"] if self.has(number):
                return "label", number, self._label(number, json.loads(body)["label"])
            case _:
                return super().handle(request, body)

    def ask_to_cancel(self, number: str, name: str = "") -> None:
        """The buyer of an order asks us to cancel it."""
        name = name or f"R-{len(self._requests) + 1}"
        self._requests[name] = {"id": name, "number": number, "state": "open", "why": "ordered twice"}

    def requested_cancellation(self, remote_id: str) -> tuple[str | None, Mapping[str, int]]:
        request = next(one for one in self._requests.values() if one["number"] == remote_id)
        return str(request["why"]), {}

    def _request(self, name: str, told: Mapping[str, str]) -> tuple[str, str | None, CallResult]:
        request = self._requests[name]
        if "answer" in told:
            request["state"] = f"{told['answer']}ed"
        return "request", str(request["number"]), CallResult(200, f"it is {request['state']}", {"request": request})

    def _create(self, order: Mapping[str, object]) -> tuple[str, str | None, CallResult]:
        number = str(order["number"])
        if self.has(number):
            return "create", number, CallResult(409, "refused: used", {"error": "the number is used"})
        self.set_stage(number)
        self._references[number] = str(order["reference"])
        shown = self.order_document(number, self.stages.received)
        return "create", number, CallResult(201, "created", shown, Effect.ORDER_CREATED)

    def _cancel_many(self, request: Request, document: Orders) -> tuple[str, str | None, CallResult]:
        results = []
        for asked in document["orders"]:
            path = f"{self.base}/{asked['number']}/{self.cancel_verb}"
            alone = Request({**request.scope, "path": path, "raw_path": path.encode()})
            operation, number, outcome = super().handle(alone, b"")
            self.record(operation, number, outcome.effect, effect_kind=outcome.effect_kind)
            results.append({"number": number, "taken": outcome.effect_kind is Effect.CANCEL_ACCEPTED})
        return "cancel many", None, CallResult(200, f"{len(results)} answered", {"results": results})

    def _label(self, number: str, label: str) -> CallResult:
        if self.actual_status(number) != self.stages.received:
            return CallResult(409, "label refused", {"error": f"it is {self.actual_status(number)}"})
        self._labels[number] = label
        return CallResult(200, f"labeled {label}", self.order_document(number, self.stages.received), Effect.STATUS_SET)


class MakerSimulator(CartSimulator):
    """The same orders; it also reads mail, and sends messages."""

    def __init__(self, clock: Clock, *, durations: Durations | None = None) -> None:
        super().__init__(clock, durations=durations)
        self._webhooks: dict[str, str] = {}

    def handle(self, request: Request, body: bytes) -> tuple[str, str | None, CallResult]:
        is_setup = request.url.path.startswith("/webhooks")
        return self._webhook(request, body) if is_setup else super().handle(request, body)

    def eligibility(self, remote_id: str) -> Eligibility:
        return Eligibility(self.actual_status(remote_id) == self.stages.received)

    def _webhook(self, request: Request, body: bytes) -> tuple[str, str | None, CallResult]:
        """List, register or remove a webhook."""
        if not self.is_authorized(request):
            return "webhooks", None, CallResult(401, "refused: credentials")
        if request.method == "POST":
            self._webhooks[f"w{len(self._webhooks) + 1}"] = json.loads(body)["address"]
        elif request.method == "DELETE":
            self._webhooks.pop(request.url.path.rsplit("/", 1)[-1], None)
        told = [{"id": name, "address": address} for name, address in self._webhooks.items()]
        return "webhooks", None, CallResult(200, f"{len(told)} registered", {"webhooks": told})

    def registered_webhooks(self) -> Sequence[str]:
        return tuple(self._webhooks.values())

    def settings(self, url: str) -> Mapping[str, object]:
        mail = {"cancel_email_to": "cancellations@reference.example"}
        return {**super().settings(url), **mail, "webhook_secret": WEBHOOK_SECRET}

    def webhooks(self, remote_id: str) -> Sequence[WebhookRequest]:
        status = self.actual_status(remote_id)
        told = status if status in (self.stages.shipped, self.stages.canceled) else self.stages.in_progress
        body = json.dumps({"number": remote_id, "status": told}).encode()
        return (self.sign_webhook(WebhookRequest({"x-delivery": "1"}, body)),)

    def sign_webhook(self, message: WebhookRequest) -> WebhookRequest:
        signature = base64.b64encode(hmac.digest(WEBHOOK_SECRET.encode(), message.body, "sha256")).decode()
        return evolve(message, headers={**message.headers, "x-signature": signature})
