"""Random faults of a live Order Desk store, while an order of it is canceled: it is canceled once all the same."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError
from tests.support.fake_services import FakeServices
from tests.support.order_desk import ORDER_ID, ORDER_NUMBER, LiveStore, live_store, open_live_desk

pytestmark = [pytest.mark.crash, pytest.mark.slow]

SLOW = {Fault.SLOW_DRIP, Fault.DELAY, Fault.OVERSIZED}
"""What takes real time."""
FAULTS = [fault for fault in Fault if fault not in SLOW and fault is not Fault.EXPIRED_TOKEN]
OPTIONS = ("single_history", "refused_as", "numbers", "empty_objects", "rate_headers")
STEPS = 60


def disturb(live: LiveStore, chance: random.Random) -> None:
    """Choose how the store writes, and which of its calls fail."""
    for option in live.simulator.options:
        if option.name in OPTIONS:
            live.simulator.set_option(option.name, chance.choice(option.choices))
    for _ in range(chance.randrange(3, 25)):
        live.simulator.faults.add(
            chance.choice(FAULTS),
            method=chance.choice([None, "GET", "POST"]),
            skip_first=chance.randrange(40),
            times=chance.randrange(1, 4),
        )


def cancel_whatever_comes(desk: Desk, clock: VirtualClock) -> None:
    """Cancel until the request is taken, and follow it up."""
    is_requested = False
    for _ in range(STEPS):
        if not is_requested:
            try:
                desk.cancel(ORDER_NUMBER, by="Ann", idempotency_key="the one")
                is_requested = True
            except OrderDeskError:
                pass  # The store could not be asked; whoever wants it asks again.
        clock.advance(minutes(2))
        desk.run_due()


@pytest.mark.parametrize("seed", range(12))
def test_an_order_is_canceled_once_whatever_the_store_does(seed: int, tmp_path: Path) -> None:
    clock, services, names = VirtualClock(), FakeServices(), {"Paper Lantern Shop": "cart", "The Mill": "mill"}
    with (
        live_store(clock) as live,
        RawServer(responding(services)) as server,
        open_live_desk(tmp_path / "ledger.db", live, server.url, changed={"connections": names}) as desk,
    ):
        live.simulator.submit_order(ORDER_ID, "The Mill", "77")
        disturb(live, random.Random(seed))  # noqa: S311 - faults, no secrets
        cancel_whatever_comes(desk, clock)
        assert services.writes == ["mill cancel 77", "cart cancel 1042"]
        assert live.simulator.actual_status(ORDER_ID) == "Canceled"
        told = [entry["note"].partition(" ")[2] for entry in live.simulator.history(ORDER_ID)]
        assert max(Counter(told).values()) == 1
        for text in ("Cancellation at mill: canceled", "Cancellation at cart: canceled", "Canceled everywhere"):
            assert sum(note.startswith(text) for note in told) == 1
