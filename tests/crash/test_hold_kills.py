"""A process that holds an order and releases it again is killed at every step: no order stays held unawares."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.runtime.context import LEASE
from tests.support.hold_toy import HoldShop
from tests.support.toy_child import FIRST_NUMBER, LIVED, follow, open_toy_desk

pytestmark = pytest.mark.crash

ROOT = Path(__file__).resolve().parent.parent.parent
FEWEST = 20
"""Boundaries that are crossed at least: less judged too little."""
MANY = 10_000


def judge(folder: Path, url: str, shop: HoldShop, number: int) -> list[str]:
    """What is wrong once a desk was opened again on what is left, and the order was withdrawn where it was not.

    Where the cancel may have been sent it is too late for that: then the service takes it.
    """
    desk, clock = open_toy_desk("holds", folder, url, number)
    with desk:
        if not desk.ledger.cases(CancelCase, order_id=f"id-{number}"):
            desk.cancel(str(number), by="Ann")
        clock.advance(LEASE + seconds(1))
        desk.run_due()
        desk.cancellations.withdraw(str(number), by="Ann")
        shop.turns_away = 0
        follow(desk, clock)
        shop.turns_away = MANY
        (case,) = desk.ledger.cases(CancelCase, order_id=f"id-{number}")
        changes = [(one.status, one.state) for one in desk.ledger.cases(StatusCase, order_id=f"id-{number}")]
    calls = [one.partition(" ")[0] for one in shop.calls if one.endswith(f" {number}")]
    wrong = []
    if case.state is State.WITHDRAWN:
        if str(number) in shop.held or calls not in ([], ["hold", "release"]):
            wrong.append(f"it is withdrawn, and the service did {calls}")
        if changes not in ([], [("released", State.DONE)]) or bool(changes) != bool(case.steps):
            wrong.append(f"its steps are {case.steps}, and the statuses {changes}")
    elif case.state is not State.CANCELED or calls != ["hold"] or changes or "hold the order" not in str(case.message):
        wrong.append(f"it ended {case.state.value}: {case.message}")
    return [f"killed at {number - FIRST_NUMBER}: {text}" for text in wrong]


def test_no_order_stays_held_wherever_the_process_was_killed(tmp_path: Path) -> None:
    shop = HoldShop(VirtualClock())
    shop.takes = seconds(0)
    shop.turns_away = MANY
    for number in range(FIRST_NUMBER, FIRST_NUMBER + 100):
        shop.add_order(str(number), lines=[("MUG", 1)])
    with serve(shop.app) as served:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.support.toy_child", "holds", str(tmp_path), served.url],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        told = ran.stdout.splitlines()
        assert told, ran.stderr
        assert told[-1].startswith(LIVED), told[-3:]
        deaths = len(told) - 1
        assert deaths >= FEWEST
        wrong = [
            text
            for number in range(FIRST_NUMBER + 1, FIRST_NUMBER + deaths + 2)
            for text in judge(tmp_path, served.url, shop, number)
        ]
    assert wrong == []
