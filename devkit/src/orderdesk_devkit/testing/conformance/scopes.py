"""Requests to cancel a part of an order: what the service cancels is what was asked for, and no piece more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.routes import ManualConfirmation, Scope

__all__ = ["ScopeTests", "parts_of"]


class ScopeTests(StandardTests):
    """The parts of an order that the declared scope lets be asked for, each on a new simulator."""

    def test_a_request_for_a_part_cancels_that_part(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """A whole line, and one piece where quantities are declared; compared with what the simulator canceled."""
        skip_without_calls(baseline, plugin_under_test)
        assert baseline.route is not None, "it makes calls"
        if baseline.route.scope is Scope.ORDER:
            pytest.skip(f"{plugin_under_test.slug} cancels whole orders only")
        found: list[str] = []
        for part in parts_of(plugin_under_test.order, baseline.route.scope):
            with plugin_under_test.open_harness(new_folder(tmp_path)) as harness:
                harness.cancel(lines=part)
                found += [f"asked for {_text(part)}: {said}" for said in _failures(harness, part)]
            count("parts of the order", 1)
        require(Requirement.SCOPE, found)


def parts_of(order: Order, scope: Scope) -> Iterator[Mapping[str, int]]:
    """Each kind of part that a route of this scope may be asked for, as quantities by code; none of whole orders."""
    if scope is Scope.ORDER:
        return
    first, *others = order.lines
    if others:
        yield {first.code: first.quantity}
        yield {others[-1].code: others[-1].quantity}
    many = next((line for line in order.lines if line.quantity > 1), None)
    if scope is Scope.QUANTITIES and many is not None:
        yield {many.code: 1}


def _failures(harness: ConformanceHarness, part: Mapping[str, int]) -> Iterator[str]:
    case = harness.follow_up()
    route = harness.desk.connections.get(harness.connection).route(case.route)
    canceled = harness.service.canceled_quantities(case.remote_id)
    if canceled is None:
        yield (
            f"{type(harness.service).__name__} tells no canceled_quantities(), so that nobody can compare: "
            f"let it, or declare Scope.ORDER"
        )
        return
    truth = {code: count for code, count in canceled.items() if count}
    if truth != part:
        yield f"the service canceled {_text(truth)}"
    if harness.is_canceled:
        yield "the service canceled the whole order"
    if isinstance(route.confirm, ManualConfirmation):
        return
    if case.state is not State.CANCELED:
        yield f"the service did it, and the case ended {case.state.value}: {case.message}"


def _text(lines: Mapping[str, int]) -> str:
    return ", ".join(f"{count} of {code}" for code, count in lines.items()) or "nothing"
