"""A toy cart whose orders can be held, as it should be, and carts that lie of it; with the shop that they call."""

from __future__ import annotations

import json

from attrs import evolve

from orderdesk_devkit.simulators.simulator import Effect
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, NoResubmission, SettableStatus
from orderdesk_sdk.plugin.requests import StatusChangeRequest
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import auth_or_rate_limit_answer, text_at
from tests.support.toy_plugin import Toy, ToySettings
from tests.support.toy_simulators import ToyShop

__all__ = ["Cart", "CartShop", "SetsAgain", "TellsWhatItRead"]


class Cart(Toy):
    """Reads the label of an order, sets it, and tells what the response shows."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(
            Toy().orderdesk_integration(),
            role=ConnectionRole.CART,
            resubmission=NoResubmission("the customer orders again"),
            statuses=(SettableStatus("held", "On hold"), SettableStatus("released", "Released")),
        )

    @hookimpl
    def orderdesk_change_status(self, request: StatusChangeRequest, service: Service[ToySettings]) -> Flow[Answer]:
        seen = yield service.get("/orders", request.remote_id)
        if seen.is_success and text_at(seen, "label") == request.status:
            return answer.changed(seen, status=request.status)
        if not seen.is_success:
            return auth_or_rate_limit_answer(seen, access_hint="the key") or answer.unknown(seen)
        path = f"/orders/{request.remote_id}/label"
        made = yield service.request("PUT", path, operation="label", json={"label": request.status})
        if made.is_success and text_at(made, "label") == request.status:
            return answer.changed(made, status=request.status)
        return auth_or_rate_limit_answer(made, access_hint="the key") or answer.unknown(made)


class TellsWhatItRead(Cart):
    """Takes the order that it read for one that has the label, whatever label that shows."""

    @hookimpl
    def orderdesk_change_status(self, request: StatusChangeRequest, service: Service[ToySettings]) -> Flow[Answer]:
        seen = yield service.get("/orders", request.remote_id)
        if not seen.is_success:
            return auth_or_rate_limit_answer(seen, access_hint="the key") or answer.unknown(seen)
        return answer.changed(seen, status=request.status)


class SetsAgain(Cart):
    """Sets the label without a look at the one that is there."""

    @hookimpl
    def orderdesk_change_status(self, request: StatusChangeRequest, service: Service[ToySettings]) -> Flow[Answer]:
        path = f"/orders/{request.remote_id}/label"
        made = yield service.request("PUT", path, operation="label", idempotent=True, json={"label": request.status})
        if made.is_success and text_at(made, "label") == request.status:
            return answer.changed(made, status=request.status)
        return auth_or_rate_limit_answer(made, access_hint="the key") or answer.unknown(made)


class CartShop(ToyShop):
    """Has a label on each order, and shows it."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._labels: dict[str, str] = {}

    def has_status(self, remote_id: str, status: str) -> bool:
        return self._labels.get(remote_id) == status

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        number = path.split("/")[2] if path.count("/") > 1 else ""
        if path.endswith("/label") and number in self._orders:
            self._labels[number] = json.loads(body)["label"]
            self.record("label", number, "set", effect_kind=Effect.STATUS_SET)
            return 200, {"number": number, "label": self._labels[number]}
        status, said = super()._answer(method, path, body)
        return status, {**said, "label": self._labels.get(number, "none")}
