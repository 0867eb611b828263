"""The how-to on the log is run as it stands in docs/how-to/logging.md: what is done writes what the page shows."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orderdesk_amazon_mcf.simulator import Durations, McfSimulator
from orderdesk_devkit.cli.sandbox import settings_table
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk import Config, ConnectionConfig, Desk, PluginRegistry, VirtualClock, read_order_text

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Pages

PAGE = "logging.md"


def test_a_cancel_writes_what_the_page_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], page_blocks: Pages
) -> None:
    clock = VirtualClock()
    simulator = McfSimulator(clock)
    simulator.add_order("1042", lines=[("MUG-11", 2), ("CANVAS-12X16", 1)])
    configure, as_json = page_blocks(PAGE, ["python"])
    shown, record = page_blocks(PAGE, ["text"])
    names: dict[str, object] = {}
    with serve(simulator.app) as served:
        table = settings_table(PluginRegistry(), "amazon-mcf", simulator.settings(served.url))
        connection = ConnectionConfig("my-mcf", "amazon-mcf", table, "[connections.my-mcf]")
        with Desk(Config(tmp_path / "orderdesk.db", {"my-mcf": connection}), clock=clock) as desk:
            desk.orders.import_orders(read_order_text(SAMPLE_ORDERS, location="samples"), by="Ann")
            desk.orders.register("1042", connection="my-mcf", by="Ann")
            configure.run(names)
            try:
                desk.cancel("1042", by="Ann", reason="customer asked")
                clock.advance(Durations().cancel)
                desk.run_due()
                as_json.run(names)
                desk.orders.register("1043", connection="my-mcf", by="Ann")
            finally:
                handler, logger = names["handler"], logging.getLogger("orderdesk_sdk")
                assert isinstance(handler, logging.Handler)
                logger.removeHandler(handler)
                logger.setLevel(logging.NOTSET)
    *lines, last = capsys.readouterr().out.splitlines()
    assert "\n".join(lines).strip() == shown.take().strip()
    written, told = json.loads(last), json.loads(record.take())
    assert list(written) == list(told)
    assert {**written, "time": None} == {**told, "time": None}
