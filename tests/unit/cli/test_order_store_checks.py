"""`doctor` calls a live order store, and says what this program may do there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_devkit.simulators.orderdesk.access import API_KEY, STORE_ID
from orderdesk_devkit.simulators.orderdesk.service import BASE
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import SystemClock, VirtualClock, minutes
from tests.support.order_desk import LiveStore, live_store


@pytest.fixture
def live() -> Iterator[LiveStore]:
    with live_store(VirtualClock(SystemClock().now())) as live:
        yield live


def checks(live: LiveStore, tmp_path: Path, *lines: str, key: str = API_KEY) -> list[Any]:
    """What was found of the order store."""
    file = tmp_path / "orderdesk.toml"
    table = f'[orders]\nstore_id = "{STORE_ID}"\napi_key = {{ text = "{key}" }}\ncontact = "ops@example.com"\n'
    file.write_text("\n".join([f'{table}url = "{live.url}{BASE}"', *lines]))
    ran = CliRunner().invoke(orderdesk, ["doctor", "--json", "--config", str(file)])
    assert key not in ran.output
    return [one for one in json.loads(ran.stdout)["checks"] if one["code"] == "order-store"]


def test_it_answers(live: LiveStore, tmp_path: Path) -> None:
    found = checks(live, tmp_path)
    assert {one["status"] for one in found} == {"ok"}
    assert "America/Los_Angeles" in found[-1]["message"]
    assert "deletes nothing" in found[-1]["message"]
    assert [one.path.rpartition("/")[2] for one in live.simulator.requests] == ["test", "store"]


def test_the_key_is_wrong(live: LiveStore, tmp_path: Path) -> None:
    (found,) = checks(live, tmp_path, key="another-key")
    assert (found["status"], "api_key" in found["hint"]) == ("failing", True)


def test_it_does_not_answer(live: LiveStore, tmp_path: Path) -> None:
    live.simulator.faults.add(Fault.SERVER_ERROR_HTML, times=9)
    (found,) = checks(live, tmp_path)
    assert (found["status"], found["location"]) == ("failing", "Order Desk, GET test")


@pytest.mark.parametrize("renamed", ["Archive", "Prepared"])
def test_the_folder_of_canceled_orders_is_missing_or_there_twice(live: LiveStore, tmp_path: Path, renamed: str) -> None:
    if renamed == "Archive":
        live.simulator.rename_folder("Canceled", renamed)
    else:
        live.simulator.rename_folder(renamed, "Canceled")
    found = {one["location"]: one for one in checks(live, tmp_path)}
    assert found["[orders].canceled_folder"]["status"] == "degraded"


@pytest.mark.parametrize("lines", [['cancel_folder = "Storno"'], ["watch_every = 60"]])
def test_the_folder_that_cancels_is_missing(live: LiveStore, tmp_path: Path, lines: list[str]) -> None:
    live.simulator.rename_folder("Canceled", "Archive")
    found = {one["location"]: one for one in checks(live, tmp_path, 'canceled_folder = ""', "[messages]", *lines)}
    assert found["[messages].cancel_folder"]["status"] == "degraded"
    assert "write cancel_folder" in found["[messages].cancel_folder"]["hint"]
    assert "[messages].cancel_folder" not in {
        one["location"] for one in checks(live, tmp_path, 'canceled_folder = ""', "[messages]")
    }


def test_canceled_orders_stay_where_they_are(live: LiveStore, tmp_path: Path) -> None:
    found = {one["location"]: one["message"] for one in checks(live, tmp_path, 'canceled_folder = ""')}
    assert "stay" in found["[orders].canceled_folder"]


def test_the_clocks_differ(live: LiveStore, tmp_path: Path) -> None:
    live.clock.advance(minutes(5))
    assert [one["status"] for one in checks(live, tmp_path)] == ["degraded", "ok", "ok"]


def test_two_connections_of_one_integration(live: LiveStore, tmp_path: Path) -> None:
    mww = "".join(f'[connections.mww-{n}]\nintegration = "mww"\n' for n in (1, 2))
    found = {one["location"]: one["message"] for one in checks(live, tmp_path, mww)}
    assert "mww-1, mww-2" in found["[orders].connections"]
