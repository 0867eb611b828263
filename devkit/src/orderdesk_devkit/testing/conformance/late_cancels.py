"""Cancels that come late, or a second time: what is said of the order is what the service has made of it by then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from attrs import evolve

from orderdesk_devkit.testing.conformance.base import Count, Untested, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.endings import EndingTests
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import hours, minutes

__all__ = ["LateCancelTests"]

_LATER = (minutes(20), minutes(45), hours(2), hours(8), hours(36), hours(24 * 8), hours(24 * 40))
"""How long after the moment in which the suite cancels; the simulated orders go on in hours or days."""
_SAYS_NOT_CANCELED = (State.REJECTED, State.UNSUPPORTED)


class LateCancelTests(EndingTests):
    """The order goes on at the service, and is canceled at one moment of its life after the other."""

    def test_a_late_cancel_is_told_as_it_is(
        self,
        plugin_under_test: PluginUnderTest,
        baseline: BaselineRun,
        tmp_path: Path,
        count: Count,
        untested: Untested,
    ) -> None:
        """Called canceled only where it is, never refused where the service has canceled, and else as declared."""
        skip_without_calls(baseline, plugin_under_test)
        found: list[str] = []
        undeclared: dict[str, None] = {}
        for later in _LATER:
            late = evolve(plugin_under_test, wait=plugin_under_test.wait + later)
            with late.open_harness(new_folder(tmp_path)) as harness:
                status = harness.service.actual_status(harness.remote_order.remote_id)
                harness.cancel()
                said = (*_failures(harness), *self._unlike_endings(harness.case, status))
                found += [f"{_text(later)} later: {one}" for one in said]
                if not any(ending.status == status for ending in self.endings):
                    undeclared[status] = None
            count("late cancels", 1)
        for status in undeclared if self.endings else ():
            untested(f"the end of a cancel in {status!r}, which orders reach by the clock: declare an Ending for it")
        require(Requirement.LATE, found)

    def _unlike_endings(self, case: CancelCase, status: str) -> Iterator[str]:
        """What the case has come to, where no ending of the order's status has come to the same.

        A status that is reached by the clock may have more to it than its name, such as a parcel: an ending with the
        switch that says so counts, too.
        """
        of_status = [ending for ending in self.endings if ending.status == status]
        declared = [ending for ending in of_status if ending.is_plain]
        if declared and not any((case.state, case.rejection) == (one.state, one.rejection) for one in of_status):
            ended = case.state.value if case.rejection is None else f"{case.state.value}, {case.rejection.value}"
            ends = " or ".join(dict.fromkeys(ending.end for ending in declared))
            yield f"asked in {status!r} it ended {ended}, and the declared Ending is {ends}"


def _failures(harness: ConformanceHarness) -> Iterator[str]:
    case = harness.follow_up()
    truth = harness.service.actual_status(case.remote_id)
    if case.plugin_error is not None:
        yield f"the plugin failed: {case.plugin_error}"
    if case.state is State.CANCELED and not harness.is_canceled:
        yield f"it is called canceled, and the service says {truth}"
    if case.state in _SAYS_NOT_CANCELED and harness.is_canceled:
        yield f"it is called {case.state.value}, and the service says {truth}"


def _text(pause: timedelta) -> str:
    whole = pause / hours(1)
    return f"{whole:.0f} hours" if whole >= 1 else f"{pause / minutes(1):.0f} minutes"
