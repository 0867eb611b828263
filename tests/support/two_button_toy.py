"""A toy service with two ways to cancel: a plain one while an order waits, and a forced one until it ships."""

from __future__ import annotations

import json

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
from tests.support.toy_simulators import ToyShop

POLLED = Polling(every=minutes(2), give_up=hours(3))


class TwoButtons(Toy):
    """Asks plainly first, and by force where that is too late."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        plain = Button(POLLED, name="plain", fallback_on={Rejection.TOO_LATE})
        forced = Button(POLLED, name="by force", warning="what was made already is charged")
        return evolve(super().orderdesk_integration(), cancel=(plain, forced), title="Two-button toys")

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        body = {"force": request.route == "by force"}
        response = yield service.request(
            "PUT", "/orders", request.remote_id, "cancel", operation="cancel", idempotent=True, json=body
        )
        if response.is_success and json_object(response).get("taken") is True:
            return answer.acknowledged(response)
        if response.status_code == 409:
            return answer.rejected(response, Rejection.TOO_LATE)
        return answer.unknown(response)


class IgnoresTheRoute(TwoButtons):
    """Has two names for one request."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        return (yield from super().orderdesk_cancel(evolve(request, route="plain"), service))


class TwoButtonShop(ToyShop):
    """Makes an order from the first half hour on; a plain cancel is refused then."""

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        if method == "PUT" and not json.loads(body)["force"]:
            number = path.split("/")[2]
            if number in self._orders and self.clock.now() >= self._orders[number] + minutes(30):
                return 409, {"number": number, "error": "it is being made"}
        return super()._answer(method, path, body)
