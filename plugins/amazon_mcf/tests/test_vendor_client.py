"""Amazon's own client (amzn-sp-api), and the one that most people use (python-amazon-sp-api), against the simulator.

If they are content, the simulator speaks Amazon's language.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.report_keys import LOUD
from orderdesk_sdk.clock import VirtualClock

SCRIPT = Path(__file__).with_name("amazon_client.py")
PUBLIC = Path(__file__).with_name("public_client.py")


@pytest.fixture
def simulator() -> McfSimulator:
    if find_spec("spapi") is None:
        pytest.skip(f"{LOUD}amzn-sp-api is not installed")
    return McfSimulator(VirtualClock())


def run_client(simulator: McfSimulator, order_id: str, script: Path = SCRIPT) -> dict[str, object]:
    quiet = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    with serve(simulator.app) as served:
        run = subprocess.run(
            [sys.executable, str(script), served.url, order_id],
            input=json.dumps(simulator.settings(served.url)),
            capture_output=True,
            text=True,
            env=quiet,
            timeout=60,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout)
    assert isinstance(seen, dict)
    return seen


def test_amazons_client_creates_reads_cancels_and_lists_an_order(simulator: McfSimulator) -> None:
    seen = run_client(simulator, "A-1")
    del seen["agent"]
    assert seen == {
        "created": "New",
        "received": "Received",
        "cancel_errors": None,
        "asked": "Received",
        "canceled": "Cancelled",
        "units": [[2, 2]],
        "listed": ["A-1"],
        "too_late": [400, "InvalidInput"],
    }
    assert simulator.truth("A-1") == "Cancelled"
    writes = [record.operation for record in simulator.log if record.operation.startswith(("create", "cancel"))]
    assert writes == ["createFulfillmentOrder", "cancelFulfillmentOrder", "cancelFulfillmentOrder"]


def test_amazons_client_sends_no_language_attribute(simulator: McfSimulator) -> None:
    # Should this fail one day, the simulator's switch for the user agent may begin as "required".
    assert "Language=" not in str(run_client(simulator, "A-1")["agent"])


@pytest.mark.slow
@pytest.mark.skipif(find_spec("sp_api") is None, reason=f"{LOUD}python-amazon-sp-api is not installed")
@pytest.mark.parametrize("order_id", ["A-1", "#1018"])
def test_the_client_of_most_people_creates_reads_and_cancels_an_order(order_id: str) -> None:
    simulator = McfSimulator(VirtualClock())
    seen = run_client(simulator, order_id, PUBLIC)
    assert seen == {"created": "New", "asked": "Received", "canceled": "Cancelled"}
    assert simulator.truth(order_id) == "Cancelled"
