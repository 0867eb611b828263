"""A conditional write whose first response was lost: the 412 to the second proves nothing, and there is no third."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Certainty, Exchange
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.etags import etag_of
from tests.support.toy_plugin import Toy, ToySettings
from tests.support.toy_simulators import ToyShop


class Conditional(Toy):
    """Cancels an order as it has read it, and is told that it is open for as long as anybody asks."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        read = yield service.get("/orders", request.remote_id)
        path = ("/orders", request.remote_id, "cancel")
        response = yield service.request("PUT", *path, operation="cancel", idempotent=True, if_match=etag_of(read))
        return answer.acknowledged(response) if response.is_success else answer.unknown(response)

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        return answer.pending((yield service.get("/orders", request.remote_id)))


class VersionedShop(ToyShop):
    """Gives an order another version with each cancel that it takes."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.conditions: list[str] = []

    def respond(self, request: Request, body: bytes) -> Response:
        condition = request.headers.get("if-match")
        taken = len(set(self.conditions))
        if condition is not None:
            self.conditions.append(condition)
            if condition != f'"{taken}"':
                return JSONResponse({"error": "changed since"}, 412)
        response = super().respond(request, body)
        response.headers["etag"] = f'"{taken}"'
        return response


VERSIONED = PluginUnderTest(slug="toy", plugin=Conditional(), simulator=VersionedShop)


def test_the_412_to_a_second_send_leaves_the_case_unknown_until_a_person_asks_anew(tmp_path: Path) -> None:
    with VERSIONED.open_harness(tmp_path) as harness:
        shop = harness.service
        assert isinstance(shop, VersionedShop)
        shop.faults.add(Fault.LOST_RESPONSE, method="PUT", path="/cancel$")
        assert harness.cancel().state is State.UNKNOWN
        states = [case.state for case in harness.steps()]
        assert State.PENDING not in states, "nobody knows that nothing was done"
        assert states[-1] is State.ACTION_REQUIRED
        assert shop.conditions == ['"0"', '"0"']
        calls = [entry.content for entry in harness.desk.ledger.history(harness.case.id)]
        lost, second = [one for one in calls if isinstance(one, Exchange) and not one.intent.read_only]
        assert second.status == 412
        assert [one.failure and one.failure.certainty for one in (lost, second)] == [Certainty.UNKNOWN] * 2
        harness.desk.cases.retry(harness.case.id, by="Ann")
        assert shop.conditions == ['"0"', '"0"', '"1"']
