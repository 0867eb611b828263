"""The simulated Site Flow itself: its life by the clock, its switches, and what its own documents say of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.harness import LINES, connection_config
from orderdesk_devkit.testing.specs import vendor_file
from orderdesk_hp_site_flow import api
from orderdesk_hp_site_flow.settings import SiteFlowSettings, sign
from orderdesk_hp_site_flow.simulator import SiteFlowSimulator, example_order
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.toolkit.json_response import text_at
from orderdesk_sdk.runtime.connection_config import make_settings

integration = "hp-site-flow"
Caller = Callable[..., httpx.Response]


@pytest.fixture
def call(simulator: SiteFlowSimulator) -> Iterator[Caller]:
    """Makes a signed call: method, path below /api, JSON body or None."""
    with serve(simulator.app) as served:
        table = simulator.settings(served.url)
        settings = make_settings(SiteFlowSettings, connection_config("hp-site-flow", table, PluginRegistry()))
        assert isinstance(settings, SiteFlowSettings)
        signer = sign(settings)
        with httpx.Client(base_url=settings.base_url, trust_env=False) as client:

            def call_(method: str, path: str, body: object = None) -> httpx.Response:
                request = client.build_request(method, path, json=body)
                signer.sign(request, datetime.now(UTC))
                return client.send(request)

            yield call_


def advance(simulator: SiteFlowSimulator, **by: int) -> None:
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(minutes(by.get("minutes", 0)) + hours(by.get("hours", 0)))


def test_an_order_goes_its_way_by_the_clock(simulator: SiteFlowSimulator) -> None:
    simulator.add_order("1", lines=LINES)
    seen = [simulator.actual_status("1")]
    for _ in range(8):
        advance(simulator, hours=1)
        seen.append(simulator.actual_status("1"))
    assert list(dict.fromkeys(seen)) == ["dataready", "printready", "complete", "shipped"]
    told = [record.effect for record in simulator.log if record.operation == "life cycle"]
    assert told == [
        "dataready -> printready",
        "batched: it enters production",
        "printready -> complete",
        "complete -> shipped",
    ]


def test_an_order_whose_files_never_arrive_is_in_error_after_twelve_hours(simulator: SiteFlowSimulator) -> None:
    simulator.set_option("files", "missing")
    simulator.add_order("1", lines=LINES)
    advance(simulator, hours=11)
    assert simulator.actual_status("1") == "dataready"
    advance(simulator, hours=1)
    assert simulator.actual_status("1") == "error"


@pytest.mark.parametrize(
    ("switch", "waits", "produced"),
    [
        ("stopped", 10, False),
        ("stopped", 60, False),
        ("produced anyway", 10, False),
        ("produced anyway", 40, False),
        ("produced anyway", 60, True),
    ],
)
def test_only_what_was_batched_can_be_produced_all_the_same(
    simulator: SiteFlowSimulator, call: Caller, switch: str, waits: int, produced: bool
) -> None:
    simulator.set_option("batched", switch)
    simulator.add_order("1", lines=LINES)
    advance(simulator, minutes=waits)
    assert call("PUT", "/order/simulated-brand/1/cancel").status_code == 200
    assert (simulator.actual_status("1"), simulator.produced("1")) == ("cancelled", produced)
    advance(simulator, hours=48)
    assert simulator.actual_status("1") == "cancelled"


def test_what_was_complete_is_made_whatever_a_cancel_says(simulator: SiteFlowSimulator, call: Caller) -> None:
    simulator.add_order("1", lines=LINES, status="complete")
    call("PUT", "/order/simulated-brand/1/cancel")
    assert (simulator.actual_status("1"), simulator.produced("1")) == ("cancelled", True)


def test_an_order_is_found_by_number_by_id_and_in_the_list(call: Caller) -> None:
    made = call("POST", "/order", example_order("A 1/2"))
    assert made.status_code == 201
    document = made.json()
    order_id = document["order"]["_id"]
    assert document["success"] is True
    assert call("GET", "/order/bysourceid/A%201%2F2").json()["_id"] == order_id
    assert call("GET", f"/order/{order_id}").json()["order"]["_id"] == order_id
    assert [one["_id"] for one in call("GET", "/order?page=1&pagesize=5").json()["data"]] == [order_id]
    assert call("GET", "/order?page=2&pagesize=5").json() == {"data": []}
    assert call("GET", "/order?page=0").status_code == 400


def test_a_number_is_taken_once(simulator: SiteFlowSimulator, call: Caller) -> None:
    call("POST", "/order", example_order("1"))
    again = call("POST", "/order", example_order("1"))
    assert (again.status_code, again.json()["error"]["code"]) == (400, 208)
    assert again.json()["error"]["validations"][0]["path"] == "orderData.sourceOrderId"
    with pytest.raises(ValidationError):
        simulator.add_order("1", lines=LINES)


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"sourceOrderId": ""}, "orderData.sourceOrderId"),
        ({"items": []}, "orderData.items"),
        ({"shipments": []}, "orderData.shipments"),
        ({"items": [{"sku": "MUG", "sourceItemId": "1", "quantity": 0}]}, "orderData.items[0].quantity"),
        ({"items": [{"sku": "MUG", "sourceItemId": "1", "quantity": 1}]}, "orderData.items[0].components"),
        ({"shipments": [{"shipTo": {}, "carrier": {}}]}, "orderData.shipments[0].carrier"),
        ({"shipments": [{"shipTo": {"name": "x"}}]}, "orderData.shipments[0].shipTo.town"),
    ],
)
def test_an_order_below_the_documented_minimum_is_told_where(
    simulator: SiteFlowSimulator, call: Caller, changed: dict[str, object], path: str
) -> None:
    for where in ("/order", "/order/validate"):
        response = call("POST", where, example_order("1", **changed))
        assert response.status_code == 400
        assert path in [mistake["path"] for mistake in response.json()["error"]["validations"]]
    with pytest.raises(NotFoundError):
        simulator.actual_status("1")


def test_validating_makes_nothing(simulator: SiteFlowSimulator, call: Caller) -> None:
    assert call("POST", "/order/validate", example_order("1")).status_code == 200
    with pytest.raises(NotFoundError):
        simulator.actual_status("1")


def test_the_vendors_own_sample_order_is_accepted(simulator: SiteFlowSimulator, call: Caller) -> None:
    sample = json.loads(vendor_file("hp_site_flow", "sample_order.json").read_text(encoding="utf-8"))
    sample["destination"]["name"] = "simulated-printer"
    made = call("POST", "/order", sample)
    assert made.status_code == 201, made.text
    assert simulator.actual_status(sample["orderData"]["sourceOrderId"]) == "dataready"


def test_a_published_response_is_read_and_the_simulator_has_no_field_that_is_not_in_it(call: Caller) -> None:
    published = json.loads(vendor_file("hp_site_flow", "sample_submit_response.json").read_text(encoding="utf-8"))
    response = httpx.Response(200, json=published)
    found = api.order_in(response, "RO7C7T")
    assert found is not None
    assert text_at(response, *api.STATUS, within=found) == "dataready"
    ours = call("POST", "/order", example_order("1")).json()
    assert strays(ours, published) == []


def strays(ours: object, published: object, path: str = "$") -> list[str]:
    """The fields of ours that the published document lacks, by path; of lists the first entries are compared."""
    if isinstance(ours, dict) and isinstance(published, dict):
        missing = [f"{path}.{name}" for name in ours if name not in published]
        common = [name for name in ours if name in published]
        return missing + [stray for name in common for stray in strays(ours[name], published[name], f"{path}.{name}")]
    if isinstance(ours, list) and isinstance(published, list) and ours and published:
        return strays(ours[0], published[0], f"{path}[0]")
    return []


@pytest.mark.parametrize(
    "path", ["/order/nonsense/cancel", "/order/another-brand/1/cancel", "/orders", "/order/1/2/3/4"]
)
def test_what_is_not_there_is_not_found(simulator: SiteFlowSimulator, call: Caller, path: str) -> None:
    simulator.add_order("1", lines=LINES)
    assert call("PUT", path).status_code == 404
    assert simulator.actual_status("1") == "dataready"
