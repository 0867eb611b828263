"""A toy service that cancels by taking the whole order again, so that it must be sent as it was submitted."""

from __future__ import annotations

from attrs import evolve

from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Button, Polling
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import json_object
from tests.support.toy_plugin import Toy, ToySettings


class SendsTheSubmission(Toy):
    """Sends the lines of the order as it was submitted, with the word that stops it."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        button = Button(Polling(every=minutes(2), give_up=hours(3)), needs_submission=True)
        return evolve(super().orderdesk_integration(), cancel=(button,), title="Submission toys")

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        order = request.submitted_order or request.order
        lines = [{"sku": line.code, "quantity": line.quantity} for line in order.lines]
        response = yield service.request(
            "PUT",
            "/orders",
            request.remote_id,
            "cancel",
            operation="cancel",
            idempotent=True,
            json={"order_status": "cancellation_requested", "items": lines},
        )
        if response.is_success and json_object(response).get("taken") is True:
            return answer.acknowledged(response)
        return (
            answer.rejected(response, Rejection.TOO_LATE) if response.status_code == 409 else answer.unknown(response)
        )


class SendsTheOrderOfNow(SendsTheSubmission):
    """Sends the order as it is now, whatever was submitted."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        return (yield from super().orderdesk_cancel(evolve(request, submitted_order=None), service))
