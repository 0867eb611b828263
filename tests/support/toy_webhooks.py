"""Toys that register their webhook: one that does not look first, and one that removes those of others."""

from __future__ import annotations

import json
from collections.abc import Sequence

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import objects_at, text_at
from orderdesk_sdk.plugin.webhooks import RegisteredWebhook, WebhookList, WebhookSetup
from tests.support.toy_plugin import Toy, ToySettings
from tests.support.toy_simulators import ToyShop

__all__ = ["RegistersBlindly", "RemovesAll", "WebhookShop"]


def webhook_list(response: httpx.Response) -> WebhookList:
    found = objects_at(response, "webhooks")
    return WebhookList(
        tuple(
            RegisteredWebhook(text_at(response, "id", within=one), text_at(response, "to", within=one)) for one in found
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


class WebhookShop(ToyShop):
    """Sends its messages to whoever is registered."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._webhooks: dict[str, str] = {}
        self._count = 0

    def registered_webhooks(self) -> Sequence[str]:
        return tuple(self._webhooks.values())

    def respond(self, request: Request, body: bytes) -> Response:
        if not request.url.path.startswith("/webhooks"):
            return super().respond(request, body)
        if request.method == "POST":
            self._count += 1
            self._webhooks[f"w{self._count}"] = json.loads(body)["to"]
        elif request.method == "DELETE":
            self._webhooks.pop(request.url.path.rsplit("/", 1)[-1], None)
        return JSONResponse({"webhooks": [{"id": name, "to": to} for name, to in self._webhooks.items()]})
