"""A toy integration with a setting of its own that it sends, as it should; and one that declares it and forgets it."""

from __future__ import annotations

from attrs import evolve

from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.connection_settings import setting, settings
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import auth_or_rate_limit_answer, json_object
from tests.support.toy_plugin import Toy, ToySettings

__all__ = ["ForgetsItsDepot", "SendsItsDepot"]


@settings
class DepotSettings(ToySettings):
    depot: str = setting(str, help="which depot is told, in each cancel", default="north")


class SendsItsDepot(Toy):
    """Names the depot in each cancel."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(Toy().orderdesk_integration(), settings=DepotSettings)

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        path = f"/orders/{request.remote_id}/cancel"
        assert isinstance(service.settings, DepotSettings), "as declared"
        body = {"depot": self.depot(service.settings)}
        response = yield service.request("PUT", path, operation="cancel", idempotent=True, json=body)
        if response.is_success and json_object(response).get("taken") is True:
            return answer.acknowledged(response)
        return auth_or_rate_limit_answer(response, access_hint="the key") or answer.unknown(response)

    def depot(self, its: DepotSettings) -> str:
        """What the shop is told."""
        return its.depot


class ForgetsItsDepot(SendsItsDepot):
    """Names the same depot, whatever is configured."""

    def depot(self, its: DepotSettings) -> str:
        return "north"
