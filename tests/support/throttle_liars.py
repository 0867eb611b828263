"""Toy integrations at a shop that says by a 200 when it is busy, and at one that ships twice what it hears twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import httpx
from attrs import evolve
from starlette.responses import JSONResponse, Response

from orderdesk_devkit.simulators.simulator import Effect
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.requests import CancelRequest, ResubmitRequest
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import auth_or_rate_limit_answer, json_object, text_at
from tests.support.toy_plugin import Toy, ToySettings
from tests.support.toy_simulators import ToyShop

__all__ = ["BusyShop", "FeeShop", "HearsThatItIsBusy", "OverDeclares", "TakesBusyForDone"]


class TakesBusyForDone(Toy):
    """Takes every 2xx for a cancel that was asked for."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel", idempotent=True)
        if response.is_success:
            return answer.acknowledged(response)
        return auth_or_rate_limit_answer(response, access_hint="the key") or answer.unknown(response)


def busy_for(response: httpx.Response) -> timedelta | None:
    """How long the shop asks to be left alone; None where it does not."""
    wait = json_object(response).get("busy_for") if response.status_code == 200 else None
    return timedelta(seconds=wait) if isinstance(wait, int | float) else None


class HearsThatItIsBusy(TakesBusyForDone):
    """The same, and it says by what the shop turns a call away."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(Toy().orderdesk_integration(), retry_after=busy_for)


class OverDeclares(Toy):
    """Says that a create may be sent twice, and looks at nothing before it."""

    @hookimpl
    def orderdesk_resubmit(self, request: ResubmitRequest, service: Service[ToySettings]) -> Flow[Answer | RemoteOrder]:
        number = request.order.number
        made = yield service.post("/orders", json={"number": number}, idempotent=True)
        if made.is_success and text_at(made, "number") == number:
            return service.remote_order(number)
        return auth_or_rate_limit_answer(made, access_hint="the key") or answer.unknown(made)


class BusyShop(ToyShop):
    """Turns a call away with a 200."""

    def throttled_response(self, wait: timedelta) -> Response:
        return JSONResponse({"busy_for": wait.total_seconds()})


class FeeShop(ToyShop):
    """Takes a fee for each cancel that it hears."""

    def counted_effects(self, remote_id: str) -> Mapping[str, int]:
        cancels = [record for record in self.log if record.effect_kind is Effect.CANCEL_ACCEPTED]
        return {"fees": sum(record.remote_id == remote_id for record in cancels)}
