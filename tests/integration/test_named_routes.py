"""Two buttons of one service: the flow learns which was chosen, and people read its name."""

from __future__ import annotations

from pathlib import Path

from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.clock import minutes
from tests.support.two_button_toy import TwoButtons, TwoButtonShop

TESTED = PluginUnderTest(slug="toy", plugin=TwoButtons(), simulator=TwoButtonShop)


def asked_with(harness: ConformanceHarness) -> list[str]:
    history = harness.desk.ledger.history(harness.case.id)
    return [
        entry.content.intent.body
        for entry in history
        if isinstance(entry.content, Exchange) and entry.content.intent.body
    ]


def test_the_first_button_asks_by_its_own_name(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        plan = harness.desk.cancellations.plan(harness.order)
        assert [step.label for step in plan.entries[0].steps] == ["button (plain, asks)", "button (by force, asks)"]
        harness.cancel()
        assert harness.follow_up().state is State.CANCELED
        assert asked_with(harness) == ['{"force":false}']
        assert harness.receipt.route == "button (plain, asks)"


def test_the_second_button_is_asked_for_its_own_request_after_the_first_was_refused(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        harness.wait_for(harness.clock.now() + minutes(40))
        harness.cancel()
        assert harness.follow_up().state is State.CANCELED
        assert asked_with(harness) == ['{"force":false}', '{"force":true}']
        assert harness.receipt.route == "button (by force, asks)"
