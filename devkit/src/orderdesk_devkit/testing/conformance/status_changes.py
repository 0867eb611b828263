"""Status changes: each declared status is set where it is told set, once, and whatever becomes of the calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import Effect
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.case import State

__all__ = ["StatusChangeTests"]

_FAULTS = (
    Fault.LOST_RESPONSE,
    Fault.RESET_BEFORE,
    Fault.SERVER_ERROR_HTML,
    Fault.SERVER_ERROR_HTML_AFTER,
    Fault.OK_EMPTY,
    Fault.WRONG_TYPES,
    Fault.EXPIRED_TOKEN,
)
_ENDS = (State.DONE, State.ACTION_REQUIRED)


class StatusChangeTests(StandardTests):
    """Each status that the declaration says can be set, on a new simulator, which tells whether the order has it."""

    def test_each_status_is_set_once(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """It is told set, the order has it, and one that it has already is not set again."""
        names = _statuses(plugin_under_test, baseline)
        found: list[str] = []
        with plugin_under_test.open_harness(tmp_path) as harness:
            for name in (*names, *names[:-1]):
                before = _times_set(harness)
                found += _failures(harness, name, "undisturbed", ends=(State.DONE,))
                again = _times_set(harness)
                found += _failures(harness, name, "set a second time", ends=(State.DONE,))
                if _times_set(harness) > again:
                    found.append(f"{name}: the order has it already, and it was set again")
                if again > before + 1:
                    found.append(f"{name}: it was set {again - before} times")
        count("status changes", len(names))
        require(Requirement.STATUS, dict.fromkeys(found))

    def test_faults_of_a_status_change_are_resolved_without_guessing(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """A fault on each call: what is told is true, and in the end the order has the status, or a person the case."""
        names = _statuses(plugin_under_test, baseline)
        name = max(names, key=lambda one: len(baseline.status_changes.get(one, ())))
        found: list[str] = []
        for call in range(max(1, len(baseline.status_changes.get(name, ())))):
            for fault in _FAULTS:
                with plugin_under_test.open_harness(new_folder(tmp_path)) as harness:
                    for other in (one for one in names if one != name):
                        harness.change_status(other)
                    before = _times_set(harness)
                    harness.service.faults.add(fault, skip_first=call)
                    where = f"{fault.value} on call {call + 1}"
                    found += _failures(harness, name, where, ends=_ENDS)
                    if _times_set(harness) > before + 1:
                        found.append(f"{name}, {where}: it was set {_times_set(harness) - before} times")
                count("faults of status changes", 1)
        require(Requirement.STATUS, found)


def _statuses(plugin: PluginUnderTest, baseline: BaselineRun) -> list[str]:
    """The statuses that can be set; skips, with the reason, where there are none."""
    names = [status.name for status in plugin.integration.statuses]
    if not names:
        pytest.skip(f"{plugin.slug} declares no status that can be set")
    skip_without_calls(baseline, plugin)
    return names


def _failures(harness: ConformanceHarness, name: str, where: str, *, ends: tuple[State, ...]) -> Iterator[str]:
    """Sets the status; what is wrong with what is told of it."""
    case = harness.change_status(name)
    is_set = harness.service.has_status(case.remote_id, name)
    if is_set is None:
        yield (
            f"{type(harness.service).__name__} tells no has_status(), so that nobody can compare: let it, "
            "or declare no statuses"
        )
        return
    if case.state not in ends:
        yield f"{name}, {where}: it ended {case.state.value}: {case.message}"
    if case.plugin_error is not None:
        yield f"{name}, {where}: the plugin failed: {case.plugin_error}"
    if case.state is State.DONE and not is_set:
        yield f"{name}, {where}: it is told set, and the order does not have it"
    if case.state is State.DONE and case.evidence is None:
        yield f"{name}, {where}: it is told set, without evidence"
    known = harness.remote_order.status
    if case.state is State.DONE and known not in (None, name):
        yield f"{name}, {where}: it is told set, and the order's status is called {known}"


def _times_set(harness: ConformanceHarness) -> int:
    return sum(record.effect_kind is Effect.STATUS_SET for record in harness.service.log)
