"""What the plugin sends to Dsco, and what the simulator answers, against the vendor's own description of the API."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import httpx
import pytest

from orderdesk_commercehub.simulator import CLIENT_ID, CLIENT_SECRET, DscoSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_devkit.testing.specs import OpenApiModel, vendor_file
from orderdesk_sdk.clock import VirtualClock

integration = "commercehub"


@pytest.fixture(scope="module")
def model() -> OpenApiModel:
    return OpenApiModel(vendor_file("dsco-v3", "dsco-cancel-subset.yaml"))


def judge(harness: SimulatedHarness, model: OpenApiModel) -> set[tuple[str, int]]:
    """Judge every call of a stage that the model knows the status of; which ones these were."""
    judged = set()
    for response in harness.recorder.responses:
        seen = response.request
        body = dict(parse_qsl(seen.body.decode())) if seen.path == TOKEN else seen.document
        model.validate_request(seen.method, seen.path, query=dict(parse_qsl(seen.query)), body=body)
        told = json.loads(response.body)
        # "The array of all matching suborders is returned": the file describes one of them.
        for each in told if isinstance(told, list) else [told]:
            model.validate_response(seen.method, seen.path, response.status, each)
        judged.add((seen.path, response.status))
    return judged


TOKEN, READ, CANCEL, LOG = "/oauth2/token", "/order/", "/order/item/cancel", "/order/log"


@pytest.mark.parametrize("shape", ["string", "object", "array"])
@pytest.mark.parametrize(
    ("answered", "calls"),
    [
        ("processed", {(TOKEN, 200), (READ, 200), (CANCEL, 200)}),
        ("failure", {(TOKEN, 200), (READ, 200), (CANCEL, 200)}),
        ("submitted", {(TOKEN, 200), (READ, 200), (CANCEL, 202), (LOG, 200)}),
        ("submitted to fail", {(TOKEN, 200), (READ, 200), (CANCEL, 202), (LOG, 200)}),
    ],
)
def test_a_whole_cancel_fits_on_both_sides(
    harness: SimulatedHarness,
    simulator: DscoSimulator,
    model: OpenApiModel,
    shape: str,
    answered: str,
    calls: set[tuple[str, int]],
) -> None:
    simulator.set_option("cancel", answered)
    simulator.set_option("description", shape)
    harness.cancel()
    harness.follow_up()
    assert judge(harness, model) == calls


@pytest.mark.parametrize("fate", ["honored", "partly", "ships anyway"])
def test_a_cancel_of_a_part_fits_whatever_becomes_of_it(
    open_harness: HarnessOpener, model: OpenApiModel, fate: str
) -> None:
    dsco = DscoSimulator(VirtualClock(), codes={"demoretailer": ["CXST"]})
    dsco.add_order(ORDER, lines=LINES, cancel_requested=True)
    dsco.set_option("fate", fate)
    stage = open_harness(before=dsco)
    stage.cancel("cannot ship in time", lines={"MUG": 1})
    case = stage.follow_up()
    if case.is_open:  # It shipped, and of what is left the numbers cannot tell: a person had to say so.
        stage.desk.cases.reject(case.id, by="Ann")
    stage.cancel("out of stock")
    assert (CANCEL, 200) in judge(stage, model)


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}, 200),
        ({"grant_type": "password", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}, 400),
        ({"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": "wrong"}, 401),
    ],
)
def test_token_answers_and_hello_fit(model: OpenApiModel, form: dict[str, str], status: int) -> None:
    simulator = DscoSimulator(VirtualClock())
    with serve(simulator.app) as served, httpx.Client(base_url=served.url, trust_env=False) as client:
        response = client.post(TOKEN, data=form)
        model.validate_response("POST", TOKEN, response.status_code, response.json())
        assert response.status_code == status
        greeting = client.get("/hello", headers={"authorization": f"bearer {simulator.issue_token()}"})
        model.validate_response("GET", "/hello", greeting.status_code, greeting.json())


def test_a_batch_and_its_log_fit_on_both_sides(model: OpenApiModel) -> None:
    simulator = DscoSimulator(VirtualClock())
    simulator.add_order(ORDER, lines=LINES)
    path = "/order/item/cancel/batch/small"
    line = {"sku": "MUG", "cancelledQuantity": 1, "cancelCode": "CXSS"}
    body = [
        {"id": ORDER, "type": "PO_NUMBER", "lineItems": [line]},
        {"id": "none", "type": "PO_NUMBER", "lineItems": [line]},
    ]
    model.validate_request("POST", path, query={}, body=body)
    with serve(simulator.app) as served, httpx.Client(base_url=served.url, trust_env=False) as client:
        client.headers["authorization"] = f"bearer {simulator.issue_token()}"
        response = client.post(path, json=body)
        model.validate_response("POST", path, response.status_code, response.json())
        looks = [client.get(LOG, params={"requestId": response.json()["requestId"]}).json() for _ in range(3)]
    for look in looks:
        model.validate_response("GET", LOG, 200, look)
    assert (response.status_code, response.json()["status"]) == (202, "pending")
    assert [entry["status"] for entry in looks[-1]["logs"]] == ["success", "failure"]
