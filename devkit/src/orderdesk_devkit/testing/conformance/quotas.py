"""Daily quotas: each names an operation that is called, and a cancel that is too much for a day waits for the next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from orderdesk_devkit.simulators.simulator import Effect
from orderdesk_devkit.testing.conformance.base import StandardTests, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.plugin.integration import Quota
from orderdesk_sdk.plugin.routes import WithinTime
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger

__all__ = ["QuotaTests"]


class QuotaTests(StandardTests):
    """A day whose calls are all used, and the next one."""

    def test_a_call_beyond_a_daily_quota_waits_for_the_next_day(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path
    ) -> None:
        """Nothing is sent while the quota is used up; the case is due when it opens, and then ends as declared."""
        quotas = plugin_under_test.integration.quotas
        if not quotas:
            pytest.skip(f"{plugin_under_test.slug} declares no daily quota")
        skip_without_calls(baseline, plugin_under_test)
        called = _operations(plugin_under_test, new_folder(tmp_path))
        found = [f"{name}: no call of this operation is made" for name in quotas if name not in called]
        with plugin_under_test.open_harness(new_folder(tmp_path)) as harness:
            _use_up(harness, quotas)
            case = harness.cancel()
            asked = any(record.effect_kind is Effect.CANCEL_ACCEPTED for record in harness.service.log)
            opens_at = {quota.opens_at(harness.clock.now()) for quota in quotas.values()}
            if not asked and (case.state is not State.PENDING or case.due_at not in opens_at):
                found.append(f"with the quota used up the case is {case.state.value}, due {case.due_at}")
            route = baseline.route
            expected = plugin_under_test.expected_state(route)
            ended = harness.follow_up().state
            closes = route is not None and isinstance(route.window, WithinTime)
            if ended is not expected and not closes:
                found.append(f"the next day it can be asked, and the case ended {ended.value}, not {expected.value}")
        require(Requirement.QUOTAS, found)


def _operations(plugin: PluginUnderTest, folder: Path) -> set[str]:
    """The operations of an undisturbed cancel, its polls, and what is read of the order before."""
    with plugin.open_harness(folder) as harness:
        harness.cancel()
        case = harness.follow_up()
        history = harness.desk.ledger.history(case.id)
        readings = harness.desk.ledger.eligibility_readings(case.order_id).values()
    said = [one.content for one in history if isinstance(one.content, Exchange)]
    said += [exchange for reading in readings for exchange in reading.exchanges]
    return {exchange.intent.operation for exchange in said}


def _use_up(harness: ConformanceHarness, quotas: Mapping[str, Quota]) -> None:
    """Count as many calls as a day allows, of each operation."""
    ledger = harness.desk.ledger
    assert isinstance(ledger, SqliteLedger)
    counts = ledger.call_counts(harness.connection)
    for operation, quota in quotas.items():
        while counts.take(operation, quota.day(harness.clock.now()), quota.calls):
            continue
