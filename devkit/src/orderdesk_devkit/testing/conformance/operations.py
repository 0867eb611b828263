"""Declared operations: each that limits and identified_by name is of a call that is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, Untested, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.recorded_flows import recorded_flows_of
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.transport.http.replay import operation_of

__all__ = ["OperationTests"]


class OperationTests(StandardTests):
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
        with plugin_under_test.open_harness(tmp_path) as harness:
            made = {
                operation_of(request)
                for flow in recorded_flows_of(harness, baseline)
                for request in flow.play(flow.responses).requests
            }
            found = list(_failures(harness, made | set(self.operations_not_tried)))
        count("operations", len(made))
        for name, why in self.operations_not_tried.items():
            untested(f"the call {name}", why=why)
        require(Requirement.OPERATIONS, found)


def _failures(harness: ConformanceHarness, made: set[str]) -> Iterator[str]:
    connection = harness.desk.connections.get(harness.connection)
    for what, names in (("limits", connection.integration.limits), ("identified_by", connection.identified_by)):
        for name in names:
            if name != "*" and name not in made:
                yield f"{what} names {name!r}, and the calls that are made are: {', '.join(sorted(made))}"
