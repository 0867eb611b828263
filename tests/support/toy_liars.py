"""Plugins that lie: each is a toy integration that says or does what its service gives no ground for."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from uuid import uuid4

import httpx
from attrs import evolve

from orderdesk_sdk.errors import SignatureVerificationError
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, LineAnswer
from orderdesk_sdk.plugin.connection_settings import secret, settings
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.reasons import ReasonCode, ReasonList, StandardReason
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
from orderdesk_sdk.plugin.routes import Button, FinalResponse, Scope, WhileStatus
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError, json_object, text_at
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest
from orderdesk_sdk.secret import Secret
from tests.support.toy_plugin import Final, Toy, ToySettings


class CallsErrorsCanceled(Final):
    """Takes a 400 and a 409 for an order that is canceled already."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel")
        if response.status_code in (400, 409):
            return answer.canceled(response)
        told = response.is_success and json_object(response).get("taken") is True
        return answer.canceled(response) if told else answer.unknown(response)


class PollsErrorsCanceled(Toy):
    """Takes a 400 and a 409 of the poll for an order that is canceled already."""

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id)
        if response.status_code in (400, 409):
            return answer.canceled(response)
        if not response.is_success:
            return answer.unknown(response)
        return answer.canceled(response) if text_at(response, "status") == "canceled" else answer.pending(response)


class CallsRefusedCanceled(Toy):
    """Takes an order that is no longer open for one that is canceled."""

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id)
        is_open = text_at(response, "status") == "open"
        return answer.pending(response) if is_open else answer.canceled(response)

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel", idempotent=True)
        if response.status_code == 409:
            response = yield service.get("/orders", request.remote_id)
        return answer.acknowledged(response) if response.is_success else answer.unknown(response)


class KnowsNoOpenOrder(Toy):
    """Does not know the status that an order has until it is canceled."""

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id)
        is_canceled = text_at(response, "status") == "canceled"
        return answer.canceled(response) if is_canceled else answer.unknown(response, message="what is open?")


class CallsTooLateUnknown(Toy):
    """Leaves to a person what the service has refused for good."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel", idempotent=True)
        return answer.acknowledged(response) if response.is_success else answer.unknown(response)

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id)
        is_canceled = text_at(response, "status") == "canceled"
        return answer.canceled(response) if is_canceled else answer.unknown(response)


class AsksTwice(Toy):
    """Does not say that the service took the request, and so asks again."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel", idempotent=True)
        return answer.unknown(response)


class LooksBeforeAndAfter(Final):
    """Reads the order, cancels it, and says which response proves that."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        seen = yield service.get("/orders", request.remote_id)
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel")
        told = response.is_success and json_object(response).get("taken") is True
        return answer.canceled(self.proof(seen, response)) if told else answer.unknown(response)

    def proof(self, seen: httpx.Response, response: httpx.Response) -> httpx.Response:
        """The response that the service's word stands in."""
        return response


class ProvesByTheReadBefore(LooksBeforeAndAfter):
    """Names as evidence what was read before the order was canceled."""

    def proof(self, seen: httpx.Response, response: httpx.Response) -> httpx.Response:
        return seen


class ClosesTooEarly(Toy):
    """Calls its button closed in the very status in which the service cancels."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        (button,) = Toy().orderdesk_integration().cancel
        window = WhileStatus(["received"], closes_at="open")
        return evolve(Toy().orderdesk_integration(), cancel=(evolve(button, window=window),))


class LooksAtTheNeighbor(Toy):
    """Asks about another order as well."""

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        yield service.get("/orders", str(int(request.remote_id) + 1111))
        return (yield from super().orderdesk_poll(request, service))


class AsksUnderTheShopsNumber(Toy):
    """Names the order as the shop does, whatever the service calls it."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.put("/orders", request.order.number, "cancel", operation="cancel", idempotent=True)
        return answer.acknowledged(response) if response.is_success else answer.unknown(response)


class WithReasons(Toy):
    """Tells the service why, as it should."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        codes = (
            ReasonCode("CHANGED_MIND", "The customer asked", frozenset({StandardReason.CUSTOMER_ASKED})),
            ReasonCode("OTHER_CAUSE", "Anything else", frozenset(StandardReason) - {StandardReason.CUSTOMER_ASKED}),
        )
        (button,) = Toy().orderdesk_integration().cancel
        return evolve(Toy().orderdesk_integration(), cancel=(evolve(button, reasons=ReasonList(codes)),))

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        path = f"/orders/{request.remote_id}/cancel"
        body = {"reason": self.code(request)}
        response = yield service.request("PUT", path, operation="cancel", idempotent=True, json=body)
        return answer.acknowledged(response) if response.is_success else answer.unknown(response)

    def code(self, request: CancelRequest) -> str | None:
        """What the service is told."""
        return request.reason.code


class SendsOneReason(WithReasons):
    """Tells the same reason, whichever was chosen."""

    def code(self, request: CancelRequest) -> str | None:
        return "OTHER_CAUSE"


class ByPieces(Toy):
    """Cancels lines and quantities, as it should."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(Toy().orderdesk_integration(), cancel=(Button(FinalResponse(), scope=Scope.QUANTITIES),))

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        body = self.body(request)
        response = yield service.request(
            "PUT", f"/orders/{request.remote_id}/cancel", operation="cancel", idempotent=True, json=body
        )
        told = response.is_success and json_object(response).get("taken") is True
        if not told:
            return answer.unknown(response)
        lines = [LineAnswer(line.id, line.quantity, count) for line, count in request.lines_to_cancel]
        return answer.canceled(response, lines=lines)

    def body(self, request: CancelRequest) -> Mapping[str, int]:
        """What is sent: how many of each line."""
        return {line.code: count for line, count in request.lines_to_cancel}


class CancelsWholeOrders(ByPieces):
    """Cancels the whole order, whatever was asked for."""

    def body(self, request: CancelRequest) -> Mapping[str, int]:
        return {}


class CancelsWholeLines(ByPieces):
    """Cancels all pieces of a line of which one piece was asked for."""

    def body(self, request: CancelRequest) -> Mapping[str, int]:
        return {line.code: line.quantity for line, _ in request.lines_to_cancel}


class PollsByWriting(Toy):
    """Asks once more with every poll, and calls that a read."""

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        yield service.request("PUT", f"/orders/{request.remote_id}/cancel", operation="cancel", read_only=True)
        return (yield from super().orderdesk_poll(request, service))


class CancelsByAGetThatSaysNothing(Toy):
    """Its service cancels by a GET, and it does not say that this GET writes."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id, "cancel", operation="cancel")
        return answer.acknowledged(response) if response.is_success else answer.unknown(response)


class WritesOverEveryVersion(Toy):
    """Gives the condition that is always met, so that it changes what it has not read."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        path = f"/orders/{request.remote_id}/cancel"
        response = yield service.request("PUT", path, operation="cancel", if_match="*")
        return answer.acknowledged(response) if response.is_success else answer.unknown(response)


class KeepsTheFirstVersion(Toy):
    """Takes every order for one that nobody has changed yet, so that it is turned away again and again."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        path = f"/orders/{request.remote_id}/cancel"
        response = yield service.request("PUT", path, operation="cancel", if_match='"v1"')
        return answer.acknowledged(response) if response.is_success else answer.unknown(response)


@settings
class SigningSettings(ToySettings):
    webhook_secret: Secret = secret(help="what its messages are signed with", default=Secret(""))


class Signed(Toy):
    """Reads webhooks, as it should."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(Toy().orderdesk_integration(), settings=SigningSettings)

    @hookimpl
    def orderdesk_parse_webhook(
        self, request: WebhookRequest, service: Service[SigningSettings]
    ) -> Sequence[OrderNotification]:
        key = service.settings.webhook_secret.reveal()
        signature = hmac.new(key.encode(), request.body, hashlib.sha256).hexdigest()
        if not key or not hmac.compare_digest(signature.encode(), request.headers.get("x-signature", "").encode()):
            raise SignatureVerificationError("the webhook is not signed by the toy shop")
        return self.read(request)

    def read(self, request: WebhookRequest) -> Sequence[OrderNotification]:
        try:
            document = json.loads(request.body)
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict) and document.get("event") == "advertisement":
            return ()
        number = document.get("number") if isinstance(document, dict) else None
        if not isinstance(number, str) or not number:
            raise MalformedResponseError("it names no order", location="webhook")
        return (OrderNotification(number, NotificationKind.CHANGED),)


class ReadsUnsigned(Signed):
    """Takes every message for the shop's."""

    @hookimpl
    def orderdesk_parse_webhook(
        self, request: WebhookRequest, service: Service[SigningSettings]
    ) -> Sequence[OrderNotification]:
        return self.read(request)


class ReadsIfSignatureIsMissing(Signed):
    """Verifies a signature only where there is one."""

    @hookimpl
    def orderdesk_parse_webhook(
        self, request: WebhookRequest, service: Service[SigningSettings]
    ) -> Sequence[OrderNotification]:
        if "x-signature" not in request.headers:
            return self.read(request)
        return super().orderdesk_parse_webhook(request, service)


class SignsOnlyTheFirstBytes(Signed):
    """Verifies the signature over a part of the message."""

    @hookimpl
    def orderdesk_parse_webhook(
        self, request: WebhookRequest, service: Service[SigningSettings]
    ) -> Sequence[OrderNotification]:
        if not request.headers.get("x-signature"):
            raise SignatureVerificationError("the webhook is not signed")
        key = service.settings.webhook_secret.reveal()
        expected = hmac.new(key.encode(), request.body[:10], hashlib.sha256).hexdigest()
        given = request.headers.get("x-signature-of-head", "")
        if not key or not hmac.compare_digest(expected.encode(), given.encode()):
            raise SignatureVerificationError("the webhook is not signed by the toy shop")
        return self.read(request)


class HearsCanceled(Signed):
    """Takes every message for one that the order is canceled."""

    def read(self, request: WebhookRequest) -> Sequence[OrderNotification]:
        return [evolve(one, kind=NotificationKind.CANCELED) for one in super().read(request)]


class NamesEachDelivery(Signed):
    """Gives a message another name whenever it comes, so that none is known again."""

    def read(self, request: WebhookRequest) -> Sequence[OrderNotification]:
        return [evolve(one, event_id=str(uuid4())) for one in super().read(request)]


class HearsOneOrder(Signed):
    """Takes every message to be about the same order."""

    def read(self, request: WebhookRequest) -> Sequence[OrderNotification]:
        return [evolve(one, remote_id="1042") for one in super().read(request)]


class HearsAdvertisements(Signed):
    """Takes what the service sends about other things for news of an order."""

    def read(self, request: WebhookRequest) -> Sequence[OrderNotification]:
        return [OrderNotification("1042", NotificationKind.CHANGED)]


class CrashesOnMessages(Signed):
    """Fails on every message."""

    @hookimpl
    def orderdesk_parse_webhook(
        self, request: WebhookRequest, service: Service[SigningSettings]
    ) -> Sequence[OrderNotification]:
        raise KeyError(request.headers.get("x-event", "event"))
