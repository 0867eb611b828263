"""Toys that register their webhook: one that does not look first, one that removes those of others, and two of a shop
with a registration for each event, of which one is forgetful.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar

import httpx
from attrs import evolve
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import objects_at, text_at
from orderdesk_sdk.plugin.webhooks import RegisteredWebhook, WebhookList, WebhookSetup
from tests.support.toy_plugin import Toy, ToySettings
from tests.support.toy_simulators import ToyShop

__all__ = ["ForgetsAnEvent", "RegistersBlindly", "RegistersEachEvent", "RemovesAll", "WebhookShop"]


def webhook_list(response: httpx.Response) -> WebhookList:
    found = objects_at(response, "webhooks")
    return WebhookList(
        tuple(
            RegisteredWebhook(
                text_at(response, "id", within=one),
                text_at(response, "to", within=one),
                None if one.get("event") is None else text_at(response, "event", within=one),
            )
            for one in found
        )
    )


class RegistersBlindly(Toy):
    """Registers the address again whenever it is asked to."""

    @hookimpl
    def orderdesk_webhooks(self, request: WebhookSetup, service: Service[ToySettings]) -> Flow[WebhookList]:
        if request.wanted:
            yield service.post("/webhooks", json={"to": request.address})
        found = webhook_list((yield service.get("/webhooks")))
        if request.wanted is False:
            for webhook in found.webhooks:
                if self.is_ours(webhook, request):
                    yield service.request("DELETE", "/webhooks", webhook.id)
        return webhook_list((yield service.get("/webhooks")))

    def is_ours(self, webhook: RegisteredWebhook, request: WebhookSetup) -> bool:
        return webhook.address == request.address


class RemovesAll(RegistersBlindly):
    """Takes every webhook for its own."""

    def is_ours(self, webhook: RegisteredWebhook, request: WebhookSetup) -> bool:
        return True


class RegistersEachEvent(Toy):
    """Registers what is missing for each event, and removes what is its own."""

    events: ClassVar[tuple[str, ...]] = ("order.canceled", "order.shipped")

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(super().orderdesk_integration(), webhook_events=("order.canceled", "order.shipped"))

    @hookimpl
    def orderdesk_webhooks(self, request: WebhookSetup, service: Service[ToySettings]) -> Flow[WebhookList]:
        found = webhook_list((yield service.get("/webhooks")))
        ours = {webhook.event: webhook.id for webhook in found.webhooks if webhook.address == request.address}
        if request.wanted:
            for event in self.events:
                if event not in ours:
                    yield service.post("/webhooks", json={"to": request.address, "event": event})
        if request.wanted is False:
            for name in ours.values():
                yield service.request("DELETE", "/webhooks", name)
        return webhook_list((yield service.get("/webhooks")))


class ForgetsAnEvent(RegistersEachEvent):
    """Declares two events, and registers one."""

    events: ClassVar[tuple[str, ...]] = ("order.canceled",)


class WebhookShop(ToyShop):
    """Sends its messages to whoever is registered."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._webhooks: dict[str, dict[str, str]] = {}
        self._count = 0

    def registered_webhooks(self) -> Sequence[str]:
        return tuple(webhook["to"] for webhook in self._webhooks.values())

    def respond(self, request: Request, body: bytes) -> Response:
        if not request.url.path.startswith("/webhooks"):
            return super().respond(request, body)
        if request.method == "POST":
            self._count += 1
            self._webhooks[f"w{self._count}"] = json.loads(body)
        elif request.method == "DELETE":
            self._webhooks.pop(request.url.path.rsplit("/", 1)[-1], None)
        return JSONResponse({"webhooks": [{"id": name, **webhook} for name, webhook in self._webhooks.items()]})
