"""Toys whose declarations say what their service does not do, or that forget what it needs, for the suite to find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import evolve
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.connection_settings import setting, settings
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.reasons import ReasonCode, ReasonList
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Batch, Button, Polling
from orderdesk_sdk.plugin.service import Flow, Service
from tests.support.toy_plugin import Toy, ToySettings
from tests.support.toy_simulators import ToyShop


@settings
class ChoosySettings(ToySettings):
    door: str = setting(str, help="where it is asked", default="orders", choices=("orders", "parcels"))


class KnowsNoParcels(Toy):
    """Offers a place that the service does not have."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(super().orderdesk_integration(), settings=ChoosySettings)

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[Any]) -> Flow[Answer]:
        response = yield service.put(f"/{service.settings.door}", request.remote_id, "cancel", operation="cancel")
        return answer.acknowledged(response) if response.is_success else answer.unknown(response)


class DoorShop(ToyShop):
    """Has orders and nothing else, and numbers what it answers."""

    def respond(self, request: Request, body: bytes) -> Response:
        if not request.url.path.startswith("/orders"):
            return Response("no such place", 404)
        response = super().respond(request, body)
        response.headers["x-number"] = "1"
        return response


class KeepsAnotherHeader(Toy):
    """Keeps a header that the service does not send."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(super().orderdesk_integration(), evidence_headers=["x-number", "x-nummer"])


REASONS = ReasonList((ReasonCode("none", "None"), ReasonCode("late", "Late")))


class RefusesByReason(Toy):
    """Lets a reason say what became of the order."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        button = Button(Polling(every=minutes(2), give_up=hours(3)), reasons=REASONS)
        return evolve(super().orderdesk_integration(), cancel=(button,))

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel")
        if response.is_success:
            return answer.acknowledged(response)
        late = request.reason.code == "late"
        return answer.rejected(response, Rejection.SHIPPED if late else Rejection.TOO_LATE)


class MixesUpOrders(Toy):
    """Asks for two orders at once, and gives the answer of the first to all."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        button = Button(Polling(every=minutes(2), give_up=hours(3)), batch=Batch(minutes(10), 10))
        return evolve(super().orderdesk_integration(), cancel=(button,))

    @hookimpl
    def orderdesk_cancel_many(
        self, requests: Sequence[CancelRequest], service: Service[ToySettings]
    ) -> Flow[Sequence[Answer]]:
        response = yield service.put("/orders", requests[0].remote_id, "cancel", operation="cancel", idempotent=True)
        said = answer.acknowledged(response) if response.is_success else answer.unknown(response)
        return [said for _ in requests]
