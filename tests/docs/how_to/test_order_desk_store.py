"""docs/how-to/order-desk-store.md is run as it stands, with a simulated store in the place of the live one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.simulators.orderdesk.service import OrderDeskSimulator
from orderdesk_sdk import VirtualClock
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.desk.config import read_config

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block

PAGE = "order-desk-store.md"
SECOND_LOOK = 2
"""Before it somebody moves an order, as the page says."""
CONNECTION = '[connections.bay-photo]\nintegration = "bay-photo"\n'


def test_the_page_works_as_it_is_written(
    page_blocks: Callable[[str], list[Block]], story: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERDESK_API_KEY", "a-key-of-the-page")
    started, *blocks = page_blocks(PAGE)
    assert started.take() == "orderdesk sandbox --virtual-time --order-desk &\n"
    table, shown, looks = "", "", 0
    with running(Path("orderdesk.toml"), story, order_desk=True) as simulators:
        store = next(one for one, _ in simulators.values() if isinstance(one, OrderDeskSimulator))
        for block in blocks:
            looks += block.text.startswith("orderdesk watch")
            if looks == SECOND_LOOK and block.text.startswith("orderdesk watch"):
                store.move_order("58103", "Canceled", by="mara")
            if block.language == "toml":
                table += block.take()
            elif block.language == "text":
                block.check(shown)
            else:
                shown = block.run_shell()
        assert store.actual_status("58101") == "Canceled"
        assert "Canceled everywhere" in str(store.history("58101"))
        assert store.misuses == []
        for command in (["import", "orders.json"], ["claim-number", "1042"]):
            assert "only the local order store" in CliRunner().invoke(orderdesk, command).output
        assert "1042" in CliRunner().invoke(orderdesk, ["orders", "--folder", "Canceled"]).output
    own = Path("own.toml")
    own.write_text(table + CONNECTION, encoding="utf-8")
    settings = read_config(own).order_desk
    assert settings is not None
    assert (settings.store_id, settings.connections["Acme Photo Lab"]) == ("12345", "bay-photo")
