"""Toys with side effects: one that asks for what somebody said, and two that do not listen."""

from __future__ import annotations

import json
from collections.abc import Collection

from attrs import evolve

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.connection_settings import setting, settings
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, SideEffect, SideEffectSwitch
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.service import Flow, Service
from tests.support.toy_plugin import Toy, ToySettings
from tests.support.toy_simulators import ToyShop

__all__ = ["EffectShop", "ListensToEachWord", "RefundsAlways", "RefundsNever"]


@settings
class EffectSettings(ToySettings):
    refund: bool = setting(bool, help="whether money is paid back", default=False)


class ListensToEachWord(Toy):
    """Asks for what was said."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        switches: dict[SideEffect, str | SideEffectSwitch] = {
            SideEffect.REFUND: "refund",
            SideEffect.FEE: SideEffectSwitch(per_cancel=True, note="1 USD"),
        }
        return evolve(Toy().orderdesk_integration(), settings=EffectSettings, side_effects=switches)

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        path = f"/orders/{request.remote_id}/cancel"
        body = sorted(effect.value for effect in self.effects(request))
        response = yield service.request("PUT", path, operation="cancel", idempotent=True, json=body)
        return answer.acknowledged(response) if response.is_success else answer.unknown(response)

    def effects(self, request: CancelRequest) -> Collection[SideEffect]:
        return request.side_effects


class RefundsAlways(ListensToEachWord):
    """Pays back without a word."""

    def effects(self, request: CancelRequest) -> Collection[SideEffect]:
        return {SideEffect.REFUND, *request.side_effects}


class RefundsNever(ListensToEachWord):
    """Declares a switch that does nothing."""

    def effects(self, request: CancelRequest) -> Collection[SideEffect]:
        return request.side_effects - {SideEffect.REFUND}


class EffectShop(ToyShop):
    """Does besides what it is told."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._done: dict[str, list[str]] = {}

    def side_effects(self, remote_id: str) -> Collection[SideEffect]:
        return {SideEffect(name) for name in self._done.get(remote_id, ())}

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        status, said = super()._answer(method, path, body)
        if method == "PUT" and status == 200:
            self._done[path.split("/")[2]] = json.loads(body or b"[]")
        return status, said
