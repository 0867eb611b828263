"""Declared operations: each that limits and identified_by name is of a call that is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from orderdesk_devkit.testing.conformance.base import Count, Untested, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.endings import EndingTests, open_trial
from orderdesk_devkit.testing.conformance.recorded_flows import recorded_flows_of
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.transport.http.replay import operation_of

__all__ = ["OperationTests"]


class OperationTests(EndingTests):
    """The names of the calls that all flows make, beside those that the declaration is about."""

    operations_not_tried: ClassVar[Mapping[str, str]] = {}
    """Operations whose calls this suite does not come to, each with why."""

    def test_declared_operations_are_called(
        self,
        plugin_under_test: PluginUnderTest,
        baseline: BaselineRun,
        tmp_path: Path,
        count: Count,
        untested: Untested,
    ) -> None:
        """A limit, or the place of a number, that is declared for a call that nobody makes holds for none."""
        skip_without_calls(baseline, plugin_under_test)
        with plugin_under_test.open_harness(new_folder(tmp_path)) as harness:
            made = {
                operation_of(request)
                for flow in recorded_flows_of(harness, baseline)
                for request in flow.play(flow.responses).requests
            }
            declared = dict(_declared(harness))
        made |= self._called_by_endings(plugin_under_test, tmp_path, declared.keys() - made)
        found = [
            f"{what} names {name!r}, and the calls that are made are: {', '.join(sorted(made))}"
            for name, what in declared.items()
            if name not in made and name not in self.operations_not_tried
        ]
        found += [
            f"{name!r} is named as not tried, and is called" for name in self.operations_not_tried if name in made
        ]
        count("operations", len(made))
        for name, why in self.operations_not_tried.items():
            untested(f"the call {name}", why=why)
        require(Requirement.OPERATIONS, found)

    def _called_by_endings(self, plugin: PluginUnderTest, folder: Path, missing: set[str]) -> set[str]:
        """What the declared endings call, one after the other until none of these is missing any more."""
        called = set[str]()
        for ending in self.endings:
            if missing <= called:
                break
            with open_trial(plugin, ending, new_folder(folder)) as trial:
                if trial.reach() is None:
                    called |= trial.operations()
        return called


def _declared(harness: ConformanceHarness) -> Iterator[tuple[str, str]]:
    """The operations that the declaration names, each with where."""
    connection = harness.desk.connections.get(harness.connection)
    for what, names in (("limits", connection.integration.limits), ("identified_by", connection.identified_by)):
        yield from ((name, what) for name in names if name != "*")
