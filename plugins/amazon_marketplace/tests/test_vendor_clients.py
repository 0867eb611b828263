"""Amazon's own client and the one that most people use, against the simulator: what suits them is Amazon's language."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from orderdesk_amazon_marketplace.simulator import MarketplaceSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.report_keys import LOUD
from orderdesk_sdk.clock import VirtualClock

SCRIPT = Path(__file__).with_name("amazon_clients.py")
ORDER = "902-1106328-1059050"


@pytest.mark.slow
@pytest.mark.parametrize(("client", "module"), [("amzn-sp-api", "spapi"), ("python-amazon-sp-api", "sp_api")])
def test_a_public_client_cancels_an_order_by_feed_cancels_a_feed_and_lists_them(client: str, module: str) -> None:
    if find_spec(module) is None:
        pytest.skip(f"{LOUD}{client} is not installed")
    simulator = MarketplaceSimulator(VirtualClock())
    simulator.add_order(ORDER, lines=[("MUG", 2)])
    quiet = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    with serve(simulator.app) as served:
        run = subprocess.run(
            [sys.executable, str(SCRIPT), client, served.url, ORDER, simulator.order(ORDER).items[0].item_id],
            input=json.dumps(simulator.settings(served.url)),
            capture_output=True,
            text=True,
            env=quiet,
            timeout=60,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "before": "UNSHIPPED",
        "feed": "DONE",
        "report": True,
        "after": "CANCELLED",
        "canceled": "CANCELLED",
        "listed": True,
    }
    assert simulator.truth(ORDER) == "CANCELLED"
