"""Plugin and simulator against Amazon's published models, which ORDERDESK_SPECS must lead to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qsl

import httpx
import pytest

from orderdesk_amazon_marketplace.simulator import MarketplaceSimulator, Status
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.harness import LINES, SimulatedHarness
from orderdesk_devkit.testing.specs import SwaggerModel, vendor_file
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, minutes

integration = "amazon-marketplace"
order = ORDER = "902-1106328-1059050"
FEEDS, DOCUMENTS = "/feeds/2021-06-30/feeds", "/feeds/2021-06-30/documents"
ERROR_TYPE = "x-amzn-errortype"
"""Of every refusal, from the gateway before all models; none of them lists it."""
ORDERS = "/orders/2026-01-01/orders"
TEMPLATES = {
    ("POST", DOCUMENTS): "",
    ("GET", DOCUMENTS): "feedDocumentId",
    ("POST", FEEDS): "",
    ("GET", FEEDS): "feedId",
    ("GET", ORDERS): "orderId",
}
"""What the plugin calls: method, path, and the parameter that follows it."""


@pytest.fixture(scope="module")
def feeds() -> SwaggerModel:
    return SwaggerModel(vendor_file("amazon", "feeds_2021-06-30.json"))


@pytest.fixture(scope="module")
def orders() -> SwaggerModel:
    return SwaggerModel(vendor_file("amazon", "orders_2026-01-01.json"))


@pytest.mark.parametrize("report", ["plain", "gzip"])
def test_every_request_of_a_cancel_and_every_answer_fit_the_models(
    simulator: MarketplaceSimulator, harness: SimulatedHarness, feeds: SwaggerModel, orders: SwaggerModel, report: str
) -> None:
    simulator.set_option("report", report)
    simulator.add_order(ORDER, lines=LINES, buyer_asked="BOUGHT_BY_MISTAKE")
    harness.cancel("customer asked")
    assert harness.follow_up().state is State.CANCELED
    judged = set()
    for seen in harness.recorder.requests:
        base = next((base for base in (FEEDS, DOCUMENTS, ORDERS) if seen.path.startswith(base)), None)
        if base is None:
            continue
        parameter = TEMPLATES[seen.method, base]
        template = f"{base}/{{{parameter}}}" if parameter else base
        given = {parameter: seen.path.removeprefix(base + "/")} if parameter else {}
        model = orders if base == ORDERS else feeds
        query = dict(parse_qsl(seen.query))
        if "includedData" in query:  # An array in one parameter: each of its words must be one of the model's.
            words = query.pop("includedData").split(",")
            assert set(words) <= included_words(), words
        model.validate_request(
            seen.method, template, path=given, query=query, body=seen.document if seen.body else None
        )
        judged.add((seen.method, base))
    assert judged == set(TEMPLATES)


def included_words() -> set[str]:
    document = json.loads(vendor_file("amazon", "orders_2026-01-01.json").read_text(encoding="utf-8"))
    parameters = document["paths"][ORDERS + "/{orderId}"]["get"]["parameters"]
    return {word for one in parameters if one["name"] == "includedData" for word in one["items"]["enum"]}


class Judged:
    """A client of the simulator whose every answer the model has to accept."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def __call__(
        self, model: SwaggerModel, method: str, template: str, name: str = "", *, body: object = None, query: str = ""
    ) -> httpx.Response:
        url = template.partition("/{")[0] + (f"/{name}" if name else "") + query
        response = self._client.request(method, url, content=None if body is None else json.dumps(body))
        headers = {name: value for name, value in response.headers.items() if name != ERROR_TYPE}
        model.validate_response(method, template, response.status_code, response.json(), headers)
        assert "x-amzn-requestid" in response.headers
        return response


@pytest.fixture
def call(simulator: MarketplaceSimulator) -> Iterator[Judged]:
    headers = {"user-agent": "tests/1 (Language=Python)", "x-amz-access-token": simulator.issue_token()}
    with serve(simulator.app) as served, httpx.Client(base_url=served.url, headers=headers, trust_env=False) as client:
        yield Judged(client)


@pytest.mark.parametrize("fate", ["DONE", "FATAL", "CANCELLED"])
def test_a_feed_in_any_status_fits_the_model(
    simulator: MarketplaceSimulator, call: Judged, feeds: SwaggerModel, fate: str
) -> None:
    assert isinstance(simulator.clock, VirtualClock)
    simulator.set_option("feed", fate)
    place = call(feeds, "POST", DOCUMENTS, body={"contentType": "text/xml; charset=UTF-8"}).json()
    headers = {"content-type": "text/xml; charset=UTF-8"}
    assert httpx.put(place["url"], content=b"<a/>", headers=headers, trust_env=False).status_code == 200
    body = {"feedType": "X", "marketplaceIds": ["A"], "inputFeedDocumentId": place["feedDocumentId"]}
    feed = call(feeds, "POST", FEEDS, body=body).json()["feedId"]
    seen = []
    for _ in range(3):
        seen.append(call(feeds, "GET", FEEDS + "/{feedId}", feed).json())
        simulator.clock.advance(minutes(2))
    assert seen[0]["processingStatus"] == "IN_QUEUE"
    assert seen[-1]["processingStatus"] == fate
    if fate == "DONE":
        shown = call(feeds, "GET", DOCUMENTS + "/{feedDocumentId}", seen[-1]["resultFeedDocumentId"]).json()
        assert b"ProcessingReport" in httpx.get(shown["url"], trust_env=False).content


@pytest.mark.parametrize("status", list(Status))
def test_an_order_in_any_status_fits_the_model_with_and_without_its_datasets(
    simulator: MarketplaceSimulator, call: Judged, orders: SwaggerModel, status: Status
) -> None:
    simulator.add_order(ORDER, lines=LINES, status=status, buyer_asked="OTHER")
    bare = call(orders, "GET", ORDERS + "/{orderId}", ORDER).json()["order"]
    whole = call(orders, "GET", ORDERS + "/{orderId}", ORDER, query="?includedData=CANCELLATION,FULFILLMENT").json()
    assert "fulfillment" not in bare, "the datasets must be asked for"
    assert whole["order"]["fulfillment"]["fulfillmentStatus"] == status


def test_refusals_fit_the_models(call: Judged, feeds: SwaggerModel, orders: SwaggerModel) -> None:
    assert call(feeds, "POST", DOCUMENTS, body={}).status_code == 400
    assert call(feeds, "POST", FEEDS, body={"feedType": "X", "marketplaceIds": []}).status_code == 400
    assert call(feeds, "GET", FEEDS + "/{feedId}", "none").status_code == 404
    assert call(feeds, "GET", DOCUMENTS + "/{feedDocumentId}", "none").status_code == 404
    assert call(orders, "GET", ORDERS + "/{orderId}", "none").status_code == 400
    assert call(orders, "GET", ORDERS + "/{orderId}", "111-1111111-1111111").status_code == 404


def test_the_usage_plans_are_enforced_and_a_throttled_answer_fits_the_model(call: Judged, feeds: SwaggerModel) -> None:
    body = {"feedType": "X", "marketplaceIds": ["A"], "inputFeedDocumentId": "none"}
    assert [call(feeds, "POST", FEEDS, body=body).status_code for _ in range(16)] == [400] * 15 + [429]
