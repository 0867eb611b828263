"""Toy integrations whose declaration forgets something: a limit of no call, and people in what is kept."""

from __future__ import annotations

from attrs import evolve

from orderdesk_devkit.testing.harness import PERSON
from orderdesk_sdk.plugin import (
    Answer,
    Flow,
    Integration,
    Limit,
    NotStated,
    PollRequest,
    RemoteOrder,
    ResubmitRequest,
    Service,
    answer,
    hookimpl,
    text_at,
)
from tests.support.toy_plugin import Toy, ToySettings
from tests.support.toy_simulators import ToyShop

__all__ = [
    "DeniesNumbers",
    "HidesPeople",
    "KeepsALimit",
    "LimitsNoCall",
    "PeopleShop",
    "TakesARefusedPollForALook",
]


class LimitsNoCall(Toy):
    """Names a call in its limits that it never makes."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(Toy().orderdesk_integration(), limits={"cancels": Limit(2, burst=2)})


class HidesPeople(Toy):
    """Says where its shop shows people."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(Toy().orderdesk_integration(), redact_fields=["customer"])


class PeopleShop(ToyShop):
    """Shows whose order it is."""

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        status, said = super()._answer(method, path, body)
        return status, {**said, "customer": {"street": PERSON["address1"]}}


class KeepsALimit(Toy):
    """Makes three calls at once, and one a second after that, of each kind."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(Toy().orderdesk_integration(), limits={"*": Limit(1, burst=3)})


class DeniesNumbers(Toy):
    """Says that its shop states no number, and takes a new order to be one that the shop does not have."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(Toy().orderdesk_integration(), identified_by={"*": NotStated("the shop states no number")})

    @hookimpl
    def orderdesk_resubmit(self, request: ResubmitRequest, service: Service[ToySettings]) -> Flow[Answer | RemoteOrder]:
        made = yield service.post("/orders", json={"number": request.order.number})
        return service.remote_order(f"{request.order.number}0") if made.is_success else answer.unknown(made)


class TakesARefusedPollForALook(Toy):
    """Says that the order is on its way, whatever a poll is answered."""

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id)
        is_canceled = response.is_success and text_at(response, "status") == "canceled"
        return answer.canceled(response) if is_canceled else answer.acknowledged(response)
