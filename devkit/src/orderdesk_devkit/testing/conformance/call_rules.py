"""What the service says of its calls: how many it takes, and which of them do nothing more when they are repeated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, Untested, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.recorded_flows import recorded_flows_of
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.plugin.integration import Limit, NoResubmission
from orderdesk_sdk.transport.http.replay import operation_of

__all__ = ["CallRuleTests"]


class CallRuleTests(StandardTests):
    """The rules that stand in the service's documents, beside those that the declaration and the flows hold."""

    allowed_calls: ClassVar[Mapping[str, tuple[int, timedelta]]] = {}
    """How many calls may be made in how long, by their operation; "*" for all others together. It is what the service
    takes, less what others need who call it for the same account."""
    repeatable: ClassVar[tuple[str, ...] | None] = None
    """The operations of all calls that write and do nothing more when they are repeated, by the service's documents."""

    def test_no_more_calls_are_made_than_the_service_takes(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """The burst, and what comes after it, in the time that the service counts by."""
        skip_without_calls(baseline, plugin_under_test)
        if not self.allowed_calls:
            pytest.skip(f"{type(self).__name__} names no `allowed_calls`")
        with plugin_under_test.open_harness(tmp_path) as harness:
            limits = harness.desk.connections.get(harness.connection).integration.limits
            made = {
                operation_of(request)
                for flow in recorded_flows_of(harness, baseline)
                for request in flow.play(flow.responses).requests
            }
        count("limits of calls", len(self.allowed_calls))
        require(Requirement.CALL_LIMITS, _over(limits, made, self.allowed_calls))

    def test_what_is_declared_idempotent_is_repeatable(
        self,
        plugin_under_test: PluginUnderTest,
        baseline: BaselineRun,
        tmp_path: Path,
        count: Count,
        untested: Untested,
    ) -> None:
        """No call is declared idempotent that the service may do twice, and none is given up that may be repeated."""
        skip_without_calls(baseline, plugin_under_test)
        if self.repeatable is None:
            untested(f"which calls the service lets be repeated: declare `repeatable` in {type(self).__name__}")
            pytest.skip(f"{type(self).__name__} names no `repeatable` calls")
        writes = list(_writes(plugin_under_test, tmp_path))
        declared = {one.operation for one in writes if one.idempotent}
        unsure = {one.operation for one in writes if not one.idempotent}
        found = [f"{name!r} is declared idempotent" for name in sorted(declared - set(self.repeatable))]
        found += [f"{name!r} is not declared idempotent" for name in sorted(unsure & set(self.repeatable))]
        count("calls that write", len(writes))
        require(Requirement.IDEMPOTENT, found)


def _over(limits: Mapping[str, Limit], made: set[str], allowed: Mapping[str, tuple[int, timedelta]]) -> Iterator[str]:
    for name, (most, within) in allowed.items():
        counted = sorted(made - set(allowed)) if name == "*" else [name]
        declared = {one: limits.get(one) or limits.get("*") for one in counted}
        unlimited = [one for one, limit in declared.items() if limit is None]
        if unlimited:
            yield f"{', '.join(map(repr, unlimited))} has no limit"
            continue
        can = sum(limit.burst + limit.per_second * within.total_seconds() for limit in declared.values() if limit)
        if can > most:
            calls = " and ".join(map(repr, counted))
            yield f"{can:g} calls of {calls} can be made in {within.total_seconds():g} s, and {most} may be"


def _writes(plugin: PluginUnderTest, folder: Path) -> Iterator[Intent]:
    """The calls that write of a cancel and of a resubmission."""
    with plugin.open_harness(folder) as harness:
        harness.cancel()
        cases = [harness.follow_up().id]
        if harness.case.state is State.CANCELED and not isinstance(plugin.integration.resubmission, NoResubmission):
            cases.append(harness.resubmit().id)
        for case in cases:
            for entry in harness.desk.ledger.history(case):
                if isinstance(entry.content, Intent) and not entry.content.read_only:
                    yield entry.content
