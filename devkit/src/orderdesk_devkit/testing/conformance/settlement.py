"""Slow settlement: what is declared to take days is decided in that time, and goes to no person before."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_devkit.testing.conformance.base import StandardTests, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin.routes import Polling

__all__ = ["SettlementTests"]


class SettlementTests(StandardTests):
    """An undisturbed cancel of a route that says how long it normally takes."""

    def test_a_slow_service_is_waited_for_as_long_as_it_normally_takes(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path
    ) -> None:
        """It is decided within the declared time, and by no person."""
        skip_without_calls(baseline, plugin_under_test)
        confirm = baseline.route.confirm if baseline.route is not None else None
        if not isinstance(confirm, Polling) or confirm.usually_within is None:
            pytest.skip(f"{plugin_under_test.slug} declares no time that its service normally takes")
        with plugin_under_test.open_harness(tmp_path) as harness:
            requested_at = harness.clock.now()
            case = harness.cancel()
            moments = [requested_at]
            for case in harness.steps():
                moments.append(harness.clock.now())
                if case.state is State.ACTION_REQUIRED:
                    break
        took = moments[-1] - requested_at
        found = list[str]()
        if case.state is State.ACTION_REQUIRED:
            found.append(f"after {took} a person got it")
        elif took > confirm.usually_within + confirm.pause(took):
            found.append(f"it was decided after {took}, and Polling.usually_within is {confirm.usually_within}")
        require(Requirement.SETTLES_IN_TIME, found)
