"""The simulated shop, asked over HTTP without the plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.errors import InputError, NotFoundError
from orderdesk_shopify import api
from orderdesk_shopify.simulator import ShopifySimulator
from orderdesk_shopify.simulator.webhooks import signature

integration = "shopify"
Ask = Callable[..., httpx.Response]
ORDER = "gid://shopify/Order/1042"
CANCEL = {"id": ORDER, "reason": "OTHER", "restock": False, "notify": False}


@pytest.fixture
def ask(simulator: ShopifySimulator) -> Iterator[Ask]:
    """Posts a document and its variables to the simulator."""
    with serve(simulator.app) as served, httpx.Client(base_url=served.url) as client:

        def post(
            document: str, version: str = "2026-07", token: str = "simulated-access-token", **given: object
        ) -> httpx.Response:
            body = {"query": document, "variables": given}
            path = f"/admin/api/{version}/graphql.json"
            return client.post(path, json=body, headers={"x-shopify-access-token": token})

        yield post


def test_a_call_without_the_token_is_not_let_in(ask: Ask) -> None:
    assert ask(api.ORDER, token="another's", id=ORDER).status_code == 401


def test_a_field_that_is_not_in_the_schema_fails_before_anything_is_done(ask: Ask, simulator: ShopifySimulator) -> None:
    found = ask("query Order { order(id: 1) { canceledAt } }").json()
    assert "data" not in found
    assert "canceledAt" in found["errors"][0]["message"]
    assert [record.operation for record in simulator.log] == ["add_order"]


def test_the_result_of_a_job_is_a_field_from_2026_10_on(ask: Ask) -> None:
    assert "errors" in ask(api.CANCEL_TO_RESULT, **CANCEL).json()
    found = ask(api.CANCEL_TO_RESULT, version="2026-10", **CANCEL).json()
    assert found["data"]["done"]["jobResult"]["id"] == "gid://shopify/OrderCancelJobResult/1"


def test_a_reason_that_is_none_of_shopifys_starts_no_job(ask: Ask, simulator: ShopifySimulator) -> None:
    assert "errors" in ask(api.CANCEL, **{**CANCEL, "reason": "BOREDOM"}).json()
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(seconds(60))
    assert simulator.truth("1042") == "open"


def test_a_job_takes_its_time_and_then_a_signed_webhook_goes_out(ask: Ask, simulator: ShopifySimulator) -> None:
    job = ask(api.CANCEL, **CANCEL).json()["data"]["done"]["job"]["id"]
    assert not ask(api.PROGRESS, id=ORDER, job=job).json()["data"]["job"]["done"]
    assert (simulator.truth("1042"), simulator.outbox.messages) == ("open", [])
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(seconds(20))
    found = ask(api.PROGRESS, id=ORDER, job=job).json()["data"]
    assert found["job"]["done"]
    assert found["order"]["cancelledAt"] is not None
    (sent,) = simulator.outbox.messages
    assert sent.headers["x-shopify-topic"] == "orders/cancelled"
    assert sent.headers["x-shopify-hmac-sha256"] == signature(sent.body)


def test_points_are_spent_and_come_back(ask: Ask, simulator: ShopifySimulator) -> None:
    simulator.bucket.drain(left=5)
    found = ask(api.CANCEL, **CANCEL).json()
    assert found["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "data" not in found
    told = found["extensions"]["cost"]
    assert (told["requestedQueryCost"], told["actualQueryCost"]) == (10, None)
    assert told["throttleStatus"] == {"maximumAvailable": 2000.0, "currentlyAvailable": 5.0, "restoreRate": 100.0}
    simulator.clock.sleep_until(simulator.clock.monotonic() + 0.05)
    assert ask(api.CANCEL, **CANCEL).json()["data"]["done"]["job"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"query": 7}', b'{"query": "{"}'])
def test_a_body_that_is_no_document_is_a_bad_request(body: bytes, simulator: ShopifySimulator) -> None:
    with serve(simulator.app) as served:
        url = f"{served.url}/admin/api/2026-07/graphql.json"
        found = httpx.post(url, content=body, headers={"x-shopify-access-token": "simulated-access-token"})
    assert found.status_code == 400


def test_numbers_are_used_once_and_known(simulator: ShopifySimulator) -> None:
    with pytest.raises(InputError):
        simulator.add_order("gid://shopify/Order/1042")
    with pytest.raises(NotFoundError):
        simulator.truth("7")
