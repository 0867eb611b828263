"""docs/how-to/answer-requests.md is run as it stands: a retailer asks, a person rejects."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orderdesk_commercehub.simulator import DscoSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk import Desk, SystemClock, read_order_text
from orderdesk_sdk.cases.case import State

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "answer-requests.md"
ORDER = {"id": "1", "source_id": "1042", "order_items": [{"id": "1", "code": "MUG", "quantity": 2}]}
SETTINGS = """
base_url = "{url}"
client_id = {{ text = "simulated-client" }}
client_secret = {{ text = "simulated-client-secret" }}
"""


def test_the_page_works_as_it_is_written(
    page_blocks: Callable[[str], list[Block]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dsco = DscoSimulator(SystemClock())
    dsco.add_order("1042", lines=(("MUG", 2),), cancel_requested=True)
    configured, commands = page_blocks(PAGE)
    configured.write()
    with serve(dsco.app) as served:
        with Path("orderdesk.toml").open("a", encoding="utf-8") as file:
            file.write(SETTINGS.format(url=served.url))
        with Desk.open() as desk:
            desk.orders.import_orders(read_order_text(json.dumps(ORDER), location="the shop"), by="Ann")
            desk.orders.register("1042", connection="dsco", by="Ann")
        commands.run_shell()
        with Desk.open() as desk:
            (case,) = desk.responses.list()
    assert (case.state, case.decision is not None and case.decision.text) == (State.ACTION_REQUIRED, "in production")
