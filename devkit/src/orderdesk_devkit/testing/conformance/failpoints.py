"""The failpoints of every plugin: its process dies at each boundary, and what is left is judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun, FaultTarget
from orderdesk_devkit.testing.conformance.requirement import ConformanceError, Requirement, require
from orderdesk_devkit.testing.failpoints.fork_server import ForkServer
from orderdesk_devkit.testing.failpoints.runner import FAILPOINTS, ChildStep, FailpointScenario, kill_at_every_failpoint
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin.integration import NoResubmission
from orderdesk_sdk.plugin.routes import Button, Polling

__all__ = ["FailpointTests"]

RunScenario = Callable[[FailpointScenario], None]

_AROUND_A_CALL = ("before the request leaves", "after the request left", "after the response was read")
_AROUND_A_WRITE = ("before SqliteLedger.write", "after SqliteLedger.write")


class FailpointTests(StandardTests):
    """SIGKILL at every boundary of a cancel, its follow-up, a lost response and a resubmission."""

    @pytest.fixture
    def run_scenario(
        self,
        plugin_under_test: PluginUnderTest,
        baseline: BaselineRun,
        tmp_path: Path,
        fork_server: ForkServer,
        count: Count,
        record_property: Callable[[str, object], None],
    ) -> RunScenario:
        """Plays a scenario again and again, killed at another boundary each time, and demands that all is well."""
        if plugin_under_test.plugin is not None:
            pytest.skip(f"{plugin_under_test.slug} is registered in code, where no other process finds it")

        def everywhere(scenario: FailpointScenario) -> None:
            report = kill_at_every_failpoint(plugin_under_test, scenario, tmp_path, fork_server=fork_server)
            record_property(FAILPOINTS, str(report))
            count("failpoints", len(report.failpoints))
            require(
                Requirement.SURVIVES_CRASHES,
                (f"killed at {at}: {'; '.join(what)}" for at, what in report.failures.items()),
            )
            calls = _AROUND_A_CALL if isinstance(baseline.route, Button) else ()
            moments = (*_AROUND_A_WRITE, *calls)
            unseen = [one for one in moments if not any(point.startswith(one) for point in report.failpoints)]
            require(Requirement.SURVIVES_CRASHES, (f"no process died {one}, so this judged nothing" for one in unseen))

        return everywhere

    def test_a_cancel_survives_every_crash(
        self, baseline: BaselineRun, plugin_under_test: PluginUnderTest, run_scenario: RunScenario
    ) -> None:
        """Killed while the cancel is asked for, it ends as the declaration says."""
        end = plugin_under_test.expected_state(baseline.route)
        run_scenario(FailpointScenario("a cancel that is honored", steps=(ChildStep.CANCEL,), expected=end))

    def test_polling_survives_every_crash(
        self, baseline: BaselineRun, plugin_under_test: PluginUnderTest, run_scenario: RunScenario
    ) -> None:
        """Killed while the truth is polled, it ends as the declaration says."""
        require_cancel_target(baseline, plugin_under_test)
        if not isinstance(baseline.route, Button) or not isinstance(baseline.route.confirm, Polling):
            pytest.skip(
                f"what becomes of a cancel that {plugin_under_test.slug} was asked for is not declared to be polled"
            )
        run_scenario(FailpointScenario("reading back", setup_steps=(ChildStep.CANCEL,), steps=(ChildStep.FOLLOW_UP,)))

    def test_a_cancel_whose_response_is_lost_survives_every_crash(
        self, baseline: BaselineRun, plugin_under_test: PluginUnderTest, run_scenario: RunScenario
    ) -> None:
        """Killed while a lost response is made up for, it is found out and done once."""
        aim = require_cancel_target(baseline, plugin_under_test)
        if not plugin_under_test.why_unresolved and not plugin_under_test.can_poll(baseline.route):
            pytest.skip(f"{plugin_under_test.slug} declares nothing by which a lost response could be made up for")
        end = State.ACTION_REQUIRED if plugin_under_test.why_unresolved else State.CANCELED
        run_scenario(
            FailpointScenario(
                "a cancel whose response is lost",
                inject_faults=lambda simulator: aim.inject(simulator, Fault.LOST_RESPONSE),
                steps=(ChildStep.CANCEL, ChildStep.NEXT, ChildStep.NEXT),
                expected=end,
            )
        )

    def test_a_resubmission_survives_every_crash(
        self, baseline: BaselineRun, plugin_under_test: PluginUnderTest, run_scenario: RunScenario
    ) -> None:
        """Killed while the order goes out again, it is there exactly once more."""
        skip_without_resubmission(baseline, plugin_under_test)
        settled = (ChildStep.CANCEL, ChildStep.FOLLOW_UP)
        run_scenario(
            FailpointScenario("a resubmission", setup_steps=settled, steps=(ChildStep.RESUBMIT, ChildStep.FOLLOW_UP))
        )


def skip_without_resubmission(baseline: BaselineRun, plugin: PluginUnderTest) -> None:
    """Skip, with the reason, where nothing can be submitted again; fail where that is declared and does not work."""
    rule = plugin.integration.resubmission
    if isinstance(rule, NoResubmission):
        pytest.skip(f"{plugin.slug} declares no resubmission: {rule.reason}")
    skip_without_calls(baseline, plugin)
    if baseline.create_target is None:
        require(
            Requirement.INSTALLED,
            [f"a resubmission of a case that ended {baseline.final_state.value} left no record ORDER_CREATED"],
        )


def require_cancel_target(baseline: BaselineRun, plugin: PluginUnderTest) -> FaultTarget:
    """The request that cancels. Skips where none is made, and fails where the simulator does not tell which it was."""
    skip_without_calls(baseline, plugin)
    aim = baseline.cancel_target
    if aim is None:
        calls = [f"{heard.method} {heard.path} {heard.status}" for heard in (*baseline.tokens, *baseline.cancel)]
        called = f"it was called {', '.join(calls)}" if calls else "it was not called"
        raise ConformanceError(
            Requirement.INSTALLED, [f"a cancel left no record CANCEL_ACCEPTED in the simulator's log; {called}"]
        )
    return aim
