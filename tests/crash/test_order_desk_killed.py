"""A process that cancels an order of a live Order Desk store is killed at each call to the store, and started again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.clock import VirtualClock
from tests.support.fake_services import FakeServices
from tests.support.order_desk import ORDER_ID, live_store
from tests.support.order_desk_child import KILLED
from tests.support.warm_python import WarmPython

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ROOT = Path(__file__).resolve().parent.parent.parent
MAX_CALLS = 300


@pytest.fixture(scope="module")
def python() -> Iterator[WarmPython]:
    warm = WarmPython()
    yield warm
    warm.close()


def run(python: WarmPython, folder: Path, number: int, moment: str) -> int:
    """Kill a process at its call of that number, and let another one finish; the first one's exit code."""
    folder.mkdir()
    services = FakeServices()
    with live_store(VirtualClock()) as live, RawServer(responding(services)) as server:
        live.simulator.set_option("rate_limit", "off")  # The child has a clock of its own.
        live.simulator.submit_order(ORDER_ID, "The Mill", "77")

        def child(passed: int, killed_at: int) -> int:
            arguments = (str(folder), live.url, server.url, str(passed), str(killed_at), moment)
            ran = python.run("tests.support.order_desk_child", *arguments, at=ROOT)
            assert ran.code in (0, KILLED), ran.output
            return ran.code

        code = child(0, number)
        assert child(60, 0) == 0
        notes = Counter(entry["note"].partition(" ")[2] for entry in live.simulator.history(ORDER_ID))
        assert max(notes.values()) == 1
        for text in ("Cancellation at mill: canceled", "Cancellation at cart: canceled", "Canceled everywhere"):
            assert sum(note.startswith(text) for note in notes) == 1
        assert live.simulator.actual_status(ORDER_ID) == "Canceled"
        assert len(live.calls("POST", "move-orders")) == 1
        assert services.writes == ["mill cancel 77", "cart cancel 1042"]
    return code


@pytest.mark.parametrize("moment", ["before", "after"])
def test_nothing_is_lost_and_nothing_is_done_twice(python: WarmPython, tmp_path: Path, moment: str) -> None:
    for number in range(1, MAX_CALLS):
        if run(python, tmp_path / str(number), number, moment) == 0:
            break
    assert number > 5
