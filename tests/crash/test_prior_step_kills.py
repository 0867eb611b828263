"""A process that voids labels before a cancel is killed at every step: what was done is told, and is not done again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.plugin.steps import StepOutcome
from orderdesk_sdk.runtime.context import LEASE
from tests.support.label_toy import LABELS, LabelShop, labels_of
from tests.support.toy_child import FIRST_NUMBER, LIVED, follow, open_toy_desk

pytestmark = pytest.mark.crash

ROOT = Path(__file__).resolve().parent.parent.parent
FEWEST = 15
"""Boundaries that are crossed at least: less judged too little."""


def judge(folder: Path, url: str, shop: LabelShop, number: int) -> list[str]:
    """What is wrong once a desk was opened again on what is left, and has done all that it can."""
    desk, clock = open_toy_desk("labels", folder, url, number)
    with desk:
        if not desk.ledger.cases(CancelCase, order_id=f"id-{number}"):
            desk.cancel(str(number), by="Ann")
        desk.run_due()
        clock.advance(LEASE + seconds(1))
        follow(desk, clock)
        (case,) = desk.ledger.cases(CancelCase, order_id=f"id-{number}")
        voids = labels_of(shop.voids, str(number))
        wrong = [*_untold(case, voids), *(["a label was voided twice"] if len(set(voids)) != len(voids) else [])]
        done = [str(one.item) for one in case.steps if one.outcome is StepOutcome.DONE]
        if case.state is State.ACTION_REQUIRED:  # What was lost may have worked, so a person sends it again.
            desk.cases.retry(case.id, by="Ann")
            follow(desk, clock)
            case = desk.ledger.case(case.id, CancelCase)
    if case.state is not State.CANCELED:
        wrong.append(f"it ended {case.state.value}: {case.message}")
    voids = labels_of(shop.voids, str(number))
    wrong += [f"{one} was done, and is asked for again" for one in done if voids.count(f"{one[6:]} void") != 1]
    return [f"killed at {number - FIRST_NUMBER}: {text}" for text in wrong]


def _untold(case: CancelCase, voids: Sequence[str]) -> Iterator[str]:
    """Where the case says another thing of a label than the service has done."""
    for label in LABELS:
        outcome = next((one.outcome for one in case.steps if one.item == f"label {label}"), None)
        is_void = f"{label} void" in voids
        if (outcome is StepOutcome.DONE and not is_void) or (outcome is None and is_void):
            yield f"label {label} is told as {outcome}, and {'is' if is_void else 'is not'} void"
        if outcome is StepOutcome.REFUSED:
            yield f"label {label} is told as refused"


def test_every_label_is_voided_once_and_told_wherever_the_process_was_killed(tmp_path: Path) -> None:
    shop = LabelShop(VirtualClock())
    for number in range(FIRST_NUMBER, FIRST_NUMBER + 100):
        shop.add_order(str(number), lines=[("MUG", 1)])
    shop.takes = seconds(0)
    with serve(shop.app) as served:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.support.toy_child", "labels", str(tmp_path), served.url],
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
