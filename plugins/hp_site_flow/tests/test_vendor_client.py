"""The vendor's own client (npm oneflow-sdk-js) against the simulator and beside the plugin: both speak one language."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedStage
from orderdesk_devkit.testing.npm import npm_package, run_node
from orderdesk_hp_site_flow.settings import SiteFlowSettings, sign
from orderdesk_hp_site_flow.simulator import SiteFlowSimulator, example_order
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.secret import Secret

integration = "hp-site-flow"
SCRIPT = Path(__file__).with_name("oneflow_client.js")
THEIRS = ("JS-1", "Käse 1 50%")
SIGNED = [
    ("PUT", "/order/my-brand/OD-1001/cancel"),
    ("GET", "/order/bysourceid/my%20brand"),
    ("GET", "/order/bysourceid/K%C3%A4se%2050%25?page=1"),
    ("POST", "/order"),
]


@pytest.fixture
def seen(request: pytest.FixtureRequest, simulator: SiteFlowSimulator) -> dict[str, Any]:
    """What the vendor's client saw at the simulator."""
    assert request.config.cache is not None
    folder = npm_package(request.config.cache, "oneflow-sdk-js", "2.2.0")
    with serve(simulator.app) as served:
        table = simulator.settings(served.url)
        said = run_node(
            folder,
            SCRIPT,
            {
                "url": table["base_url"],
                "token": table["token"],
                "secret": table["api_secret"],
                "source": table["source_account"],
                "orders": [example_order(number) for number in THEIRS],
                "signed": SIGNED,
            },
        )
    assert isinstance(said, dict)
    return said


def test_the_vendors_client_submits_and_cancels_and_sees_what_it_knows(
    seen: dict[str, Any], simulator: SiteFlowSimulator
) -> None:
    assert seen["submitted"] == ["dataready", "dataready"]
    assert seen["canceled"] == ["cancelled", "cancelled"]
    assert seen["again"] == [400, 208, "orderData.sourceOrderId"]
    assert [simulator.truth(number) for number in THEIRS] == ["cancelled", "cancelled"]


def test_the_plugin_cancels_as_the_vendors_client_does(
    seen: dict[str, Any], simulator: SiteFlowSimulator, stage: SimulatedStage
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.cancel()
    assert stage.follow().state is State.CANCELED
    cancels = [record.effect for record in simulator.log if record.operation == "PUT order/cancel"]
    assert len(cancels) == len(THEIRS) + 1
    assert set(cancels) == {"cancelled: dataready -> cancelled; stopped"}


def test_the_plugin_signs_as_the_vendors_client_does(seen: dict[str, Any], simulator: SiteFlowSimulator) -> None:
    table = simulator.settings("https://pro-api.oneflowcloud.com")
    settings = SiteFlowSettings(
        token=Secret(str(table["token"])),
        api_secret=Secret(str(table["api_secret"])),
        source_account="my-brand",
        destination="printer",
    )
    ours = []
    for (method, path), (stamp, _) in zip(SIGNED, seen["signed"], strict=True):
        request = httpx.Request(method, f"{table['base_url']}{path}")
        sign(settings).sign(request, datetime.fromisoformat(stamp))
        ours.append([request.headers["x-oneflow-date"], request.headers["x-oneflow-authorization"]])
    assert ours == seen["signed"]
