"""Every answer of the simulator against Amazon's published model, which ORDERDESK_SPECS must lead to."""

from __future__ import annotations

import json

import httpx
import pytest

from orderdesk_amazon_mcf.simulator import McfSimulator, Status, example_order
from orderdesk_devkit.testing.specs import SwaggerModel, vendor_file
from orderdesk_sdk.clock import VirtualClock, seconds

ERROR_TYPE = "x-amzn-errortype"
"""Of every refusal, from the gateway before all models; none of them lists it."""
ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"
ORDER = ORDERS + "/{sellerFulfillmentOrderId}"


@pytest.fixture(scope="module")
def model() -> SwaggerModel:
    return SwaggerModel(vendor_file("amazon", "fulfillmentOutbound_2020-07-01.json"))


class Judged:
    """A client whose every request and response the model has to accept."""

    def __init__(self, client: httpx.Client, model: SwaggerModel) -> None:
        self._client = client
        self._model = model

    def __call__(
        self,
        method: str,
        template: str,
        remote_id: str = "A-1",
        *,
        body: object = None,
        query: dict[str, str] | None = None,
        bad: bool = False,
    ) -> httpx.Response:
        """Send it and judge both sides; `bad` says that the request is meant to be wrong and not to be judged."""
        path = {"sellerFulfillmentOrderId": remote_id} if "{" in template else {}
        if not bad:
            self._model.validate_request(method, template, path=path, query=query, body=body)
        content = None if body is None else json.dumps(body)
        response = self._client.request(method, template.format(**path), params=query, content=content)
        headers = {name: value for name, value in response.headers.items() if name != ERROR_TYPE}
        self._model.validate_response(method, template, response.status_code, response.json(), headers)
        assert "x-amzn-requestid" in response.headers
        return response


@pytest.fixture
def call(client: httpx.Client, model: SwaggerModel) -> Judged:
    return Judged(client, model)


def test_the_whole_life_of_an_order_fits_the_model(call: Judged) -> None:
    line = {"giftMessage": "Hi", "perUnitPrice": {"currencyCode": "USD", "value": "9.50"}}
    items = [{"sellerSku": "MUG", "sellerFulfillmentOrderItemId": "1", "quantity": 4} | line]
    order = example_order("A-1", items=items, fulfillmentAction="Hold", notificationEmails=["sam@example.com"])
    assert call("POST", ORDERS, body=order).status_code == 200
    assert call("GET", ORDER).status_code == 200
    assert call("PUT", ORDER, body={"fulfillmentAction": "Ship"}).status_code == 200
    assert call("PUT", ORDER + "/status", body={"fulfillmentOrderStatus": "Planning"}).status_code == 200
    assert call("PUT", ORDER + "/cancel").status_code == 200


@pytest.mark.parametrize("status", list(Status))
def test_an_order_in_any_status_fits_the_model(call: Judged, amazon: McfSimulator, status: Status) -> None:
    amazon.add_order("A-1", lines=[("MUG", 4), ("CAP", 1)], status=status)
    order = call("GET", ORDER).json()["payload"]["fulfillmentOrder"]
    assert order["fulfillmentOrderStatus"] == status


def test_list_answers_fit_the_model_on_every_page(call: Judged, amazon: McfSimulator) -> None:
    for number in range(3):
        amazon.add_order(f"A-{number}", lines=[("MUG", 4)])
    first = call("GET", ORDERS, query={"queryStartDate": "2026-01-01T00:00:00Z"}).json()["payload"]
    last = call("GET", ORDERS, query={"nextToken": first["nextToken"]}).json()["payload"]
    assert (len(first["fulfillmentOrders"]), len(last["fulfillmentOrders"])) == (2, 1)


def test_refusals_of_every_operation_fit_the_model(call: Judged, amazon: McfSimulator) -> None:
    amazon.add_order("A-1", lines=[("MUG", 4)], status="Complete")
    wrong: list[tuple[str, str, object]] = [
        ("POST", ORDERS, {}),
        ("PUT", ORDER, {"items": {}}),
        ("PUT", ORDER + "/status", {}),
        ("PUT", ORDER + "/cancel", None),
    ]
    for method, template, body in wrong:
        assert call(method, template, body=body, bad=True).status_code == 400
    assert call("GET", ORDERS, query={"nextToken": "x"}).status_code == 400
    for method, template in (("GET", ORDER), ("PUT", ORDER), ("PUT", ORDER + "/cancel"), ("PUT", ORDER + "/status")):
        assert call(method, template, "none", body=None if "cancel" in template else {}, bad=True).status_code == 404
        assert call(method, template, "A%20B", body={}, bad=True).status_code == 403
    amazon.expire_tokens()
    assert call("GET", ORDERS).status_code == 403


def test_a_throttled_answer_fits_the_model(call: Judged) -> None:
    for _ in range(30):
        assert call("GET", ORDERS).status_code == 200
    assert call("GET", ORDERS).status_code == 429


def test_an_order_that_goes_on_after_its_cancel_fits_the_model(call: Judged, amazon: McfSimulator) -> None:
    assert isinstance(amazon.clock, VirtualClock)
    amazon.set_option("cancel_fate", "partly")
    amazon.add_order("A-1", lines=[("MUG", 4)])
    seen = set()
    call("PUT", ORDER + "/cancel")
    for step in (seconds(0), seconds(601), seconds(1800)):
        amazon.clock.advance(step)
        seen.add(call("GET", ORDER).json()["payload"]["fulfillmentOrder"]["fulfillmentOrderStatus"])
    assert seen == {"Received", "Planning", "Processing"}
