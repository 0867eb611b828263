"""A process that answers a buyer's request is killed at every step: answered once, in time, after the mill canceled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import seconds
from orderdesk_sdk.plugin.cancel_requests import ResponseAnswer
from orderdesk_sdk.runtime.context import LEASE
from tests.support.fake_market import FakeMarketServices
from tests.support.response_child import FIRST_NUMBER, LIVED, deliver, follow, open_market_desk

pytestmark = pytest.mark.crash

ROOT = Path(__file__).resolve().parent.parent.parent
FEWEST = 20
"""Boundaries that are crossed at least: less judged too little."""


def judge(folder: Path, url: str, services: FakeMarketServices, number: int) -> list[str]:
    """What is wrong once a desk was opened again on what is left, and the message came again."""
    desk, clock = open_market_desk(folder, url, number)
    with desk:
        desk.run_due()
        clock.advance(LEASE + seconds(1))
        deliver(desk, number)
        follow(desk, clock)
        cases = desk.responses.list()
        writes = [one for one in services.writes if one.endswith(f" {number}")]
        wrong = [] if writes == [f"mill cancel {number}", f"market accept {number}"] else [f"it did {writes}"]
        if [(one.state, one.answer) for one in cases] != [(State.DONE, ResponseAnswer.ACCEPT)]:
            wrong.append(f"the cases are {[(one.state.value, one.message) for one in cases]}")
        wrong += [f"{one.id} was late" for one in cases if one.answer_by is None or one.updated_at >= one.answer_by]
        if not desk.cancellations.receipt(str(number)).is_canceled:
            wrong.append("the order is not canceled everywhere")
        return [f"killed at {number - FIRST_NUMBER}: {text}" for text in wrong]


def test_a_request_is_answered_once_and_in_time_wherever_the_process_was_killed(tmp_path: Path) -> None:
    services = FakeMarketServices()
    for number in range(FIRST_NUMBER, FIRST_NUMBER + 300):
        services.ask(str(number))
    with RawServer(responding(services)) as server:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.support.response_child", str(tmp_path), server.url],
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
            for text in judge(tmp_path, server.url, services, number)
        ]
    assert wrong == []
