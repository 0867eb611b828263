"""Batches: two orders that are canceled by one call end each by itself, whatever becomes of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import evolve, field, frozen
from starlette.types import ASGIApp, Receive, Scope, Send

from orderdesk_devkit.simulators.simulator import Effect, Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, Untested, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.ending import Ending
from orderdesk_devkit.testing.conformance.order_numbers import next_number
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin.routes import Batch, Button
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

__all__ = ["BatchTests", "ExpectedBatch"]

_MOST_LOOKS = 2000


@frozen
class ExpectedBatch:
    """How the first button gathers orders for one call, by what the service takes.

    Args:
        batch: how many, how long, and at what pace; None: each order is asked for by itself.
        settings: in place of those of the test class.
    """

    batch: Batch | None
    settings: Mapping[str, object] = field(factory=dict, hash=False)


class BatchTests(StandardTests):
    """The order after another one in the same batch; the switches are the order's alone."""

    batches: ClassVar[tuple[ExpectedBatch, ...]] = ()
    """How orders are gathered for one call, for each table of settings by which it differs."""
    batch_endings: ClassVar[tuple[Ending, ...]] = ()
    """What becomes of a cancel in one batch with another order, which the service cancels."""

    def test_orders_are_gathered_as_expected(
        self, plugin_under_test: PluginUnderTest, count: Count, untested: Untested
    ) -> None:
        """No more of them, and no more calls, than the service takes."""
        if not self.batches and _batch_of(plugin_under_test) is None:
            pytest.skip(f"{plugin_under_test.slug} asks for each order by itself")
        if not self.batches:  # It counts against the plugin's level until somebody says what the service takes.
            untested(f"how many orders one call may cancel: declare `batches` in {type(self).__name__}")
            pytest.skip(f"{type(self).__name__} does not say how many orders the service takes in one call")
        found = []
        for expected in self.batches:
            tried = evolve(plugin_under_test, settings={**plugin_under_test.settings, **expected.settings})
            seen = _batch_of(tried)
            if seen != expected.batch:
                found.append(f"with {dict(expected.settings)} the button has {seen}, not {expected.batch}")
        count("batches", len(self.batches))
        require(Requirement.GATHERED, found)

    def test_each_order_of_a_batch_ends_by_itself(
        self,
        plugin_under_test: PluginUnderTest,
        baseline: BaselineRun,
        tmp_path: Path,
        count: Count,
        untested: Untested,
    ) -> None:
        """By one call, and neither is told what became of the other."""
        skip_without_calls(baseline, plugin_under_test)
        if not isinstance(baseline.route, Button) or baseline.route.batch is None:
            pytest.skip(f"{plugin_under_test.slug} asks for each order by itself")
        if not self.batch_endings:
            untested(f"the end of one order of a batch that fails: declare `batch_endings` in {type(self).__name__}")
        for ending in (Ending(None, baseline.final_state), *self.batch_endings):
            found = [
                f"in one batch with another order, asked in {ending.label}: {said}"
                for said in _failures(plugin_under_test, ending, baseline.final_state, new_folder(tmp_path))
            ]
            count("orders of batches", 2)
            require(Requirement.BATCHES, found)


def _batch_of(plugin: PluginUnderTest) -> Batch | None:
    """How the first route gathers orders; None where it does not."""
    route = plugin.integration.cancel[0]
    return route.batch if isinstance(route, Button) else None


def _failures(plugin: PluginUnderTest, ending: Ending, usual: State, folder: Path) -> Iterator[str]:
    """What is not as it should be of the order, of the other one, and of the call."""
    other = next_number(plugin.number)
    heard: list[_CancelCounter] = []

    def with_other(simulator: Simulator) -> ASGIApp:
        for switch in simulator.options:
            if switch.name in ending.options:
                simulator.set_option(switch.name, switch.choices[0], remote_id=other)
        simulator.add_order(other, lines=[(line.code, line.quantity) for line in plugin.order.lines])
        heard.append(_CancelCounter(simulator))
        return heard[0]

    tried = evolve(plugin, options={**plugin.options, **ending.options}, wait=plugin.wait + ending.wait)
    with tried.open_harness(folder, wrap=with_other) as harness:
        _register(harness, plugin, other)
        harness.desk.cancel(other, by="conformance", reason=harness.reason)
        harness.cancel()
        if heard[0].calls > 1:
            yield f"{heard[0].calls} calls cancel two orders"
        cases = _settled(harness)
    ours, beside = cases[plugin.order.number], cases[other]
    if (ours.state, ours.rejection) != (ending.state, ending.rejection):
        yield f"it ends {ours.state.value} ({ours.message}), not {ending.end}"
    if ending.says not in (ours.message or ""):
        yield f"the case says {ours.message!r}, and nothing of {ending.says!r}"
    if beside.state is not usual:
        yield f"the other one ends {beside.state.value} ({beside.message}), not {usual.value}"


class _CancelCounter:
    """A simulator's app that counts the calls with which it took a cancel, of one order or of several."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        before = self._taken()
        await self._simulator.app(scope, receive, send)
        self.calls += self._taken() > before

    def _taken(self) -> int:
        return sum(record.effect_kind is Effect.CANCEL_ACCEPTED for record in self._simulator.log)


def _register(harness: ConformanceHarness, plugin: PluginUnderTest, other: str) -> None:
    """Let the host have another order of the same lines, which the service has under the same number."""
    assert isinstance(harness.desk.order_store, SqliteOrderStore)
    order = evolve(plugin.order, id=f"{plugin.order.id}-other", number=other)
    harness.desk.order_store.import_orders([order], by="conformance")
    harness.desk.orders.register(other, connection=plugin.slug, by="conformance", remote_id=other)


def _settled(harness: ConformanceHarness) -> dict[str, CancelCase]:
    """The cases by the numbers of their orders, once each is settled or a person has it."""
    for _ in range(_MOST_LOOKS):
        cases = harness.desk.cases.list()
        due = [case.due_at for case in cases if case.due_at is not None and case.state is not State.ACTION_REQUIRED]
        if not due:
            break
        harness.wait_for(min(due))
        harness.run_due()
    return {case.order_number: case for case in harness.desk.cases.list()}
