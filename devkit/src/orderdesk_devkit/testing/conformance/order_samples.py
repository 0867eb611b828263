"""Orders that a service takes or does not take: what it cannot take is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import evolve, field, frozen

from orderdesk_devkit.simulators.simulator import Effect, Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_devkit.testing.request_recorder import RequestRecorder
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.orders.order import Order

__all__ = ["OrderSample", "OrderSampleTests"]

_READS = frozenset(("GET", "HEAD"))


@frozen
class OrderSample:
    """The test's order with something else in it.

    Args:
        shipping: parts of its address, by their names in `Address`.
        lines: code and quantity of each of its lines, in place of its own; empty: its own.
    """

    shipping: Mapping[str, str] = field(factory=dict, kw_only=True, hash=False)
    lines: tuple[tuple[str, int], ...] = field(default=(), kw_only=True)

    @property
    def label(self) -> str:
        """How a complaint names it."""
        units = sum(quantity for _, quantity in self.lines)
        longest = max((len(code) for code, _ in self.lines), default=0)
        said = [f"{name} {text!r}" for name, text in self.shipping.items()]
        said += [f"{len(self.lines)} lines of {units} pieces and codes of up to {longest} characters"] * bool(
            self.lines
        )
        return ", ".join(said)

    def of(self, order: Order) -> Order:
        """That order, with what is said here."""
        first = order.lines[0]
        lines = tuple(
            evolve(first, id=f"{index}", code=code, quantity=quantity)
            for index, (code, quantity) in enumerate(self.lines, 1)
        )
        return evolve(order, shipping=evolve(order.shipping, **self.shipping), lines=lines or order.lines)


class OrderSampleTests(StandardTests):
    """Resubmissions of orders by examples from the service's documents."""

    good_orders: ClassVar[tuple[OrderSample, ...]] = ()
    """Orders that the service takes: as many and as long as it takes them, and without what it can do without."""
    bad_orders: ClassVar[tuple[OrderSample, ...]] = ()
    """Orders that the service does not take: one more, one longer, and without what it needs."""

    def test_sample_orders_are_submitted_or_refused(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """A bad one is refused with a message, and nothing that writes is sent."""
        skip_without_calls(baseline, plugin_under_test)
        if not (self.good_orders or self.bad_orders):
            pytest.skip(f"{type(self).__name__} gives no `good_orders` and `bad_orders`")
        found: list[str] = []
        for sample in (*self.good_orders, *self.bad_orders):
            is_good = sample in self.good_orders
            said = _failures(plugin_under_test, sample, new_folder(tmp_path), is_good=is_good)
            found += [f"with {sample.label}: {one}" for one in said]
            count("sample orders", 1)
        require(Requirement.ORDERS, found)


def _failures(plugin: PluginUnderTest, sample: OrderSample, folder: Path, *, is_good: bool) -> Iterator[str]:
    recorders: list[RequestRecorder] = []

    def recorded(simulator: Simulator) -> RequestRecorder:
        recorders.append(RequestRecorder(simulator.app))
        return recorders[0]

    with evolve(plugin, order=sample.of(plugin.order)).open_harness(folder, wrap=recorded) as harness:
        harness.cancel()
        canceled = harness.follow_up()
        if canceled.state is not State.CANCELED:
            yield f"its cancel ended {canceled.state.value}: {canceled.message}"
            return
        before = len(recorders[0].requests)
        case = harness.resubmit()
        made = any(record.effect_kind is Effect.ORDER_CREATED for record in harness.service.log)
        writes = [one for one in recorders[0].requests[before:] if one.method not in _READS]
    if is_good and not (case.state is State.DONE and made):
        yield f"it is not submitted: {case.state.value}, {case.message}"
    if not is_good and case.state is State.DONE:
        yield "it is called submitted"
    if not is_good and writes:
        yield f"{writes[-1].method} {writes[-1].path} was sent, and the service does not take such an order"
