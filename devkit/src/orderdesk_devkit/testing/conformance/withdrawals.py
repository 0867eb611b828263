"""Withdrawn cancellations: what was done before the cancel, and can be undone, is undone at the service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from orderdesk_devkit.simulators.control import PREFIX
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.routes import Button

__all__ = ["WithdrawalTests"]

_ROUNDS = 20
_READS = ("GET", "HEAD", "OPTIONS")


class WithdrawalTests(StandardTests):
    """Each step that can be undone: it is done, the cancel is turned away, and the cancellation is withdrawn."""

    def test_prior_steps_are_undone_when_withdrawn(
        self, plugin_under_test: PluginUnderTest, tmp_path: Path, count: Count
    ) -> None:
        """The declared status is set, once, and the simulator has the step undone."""
        buttons = [route for route in plugin_under_test.integration.cancel if isinstance(route, Button)]
        undoable = {step.name: step for button in buttons for step in button.prior if step.undo is not None}
        if not undoable:
            pytest.skip(f"{plugin_under_test.slug} declares no step before a cancel that can be undone")
        found: list[str] = []
        for step in undoable.values():
            gates: list[_Gate] = []

            def gated(simulator: Simulator, to: list[_Gate] = gates, name: str = step.name) -> ASGIApp:
                to.append(_Gate(simulator, plugin_under_test.number, name))
                return to[0]

            with plugin_under_test.open_harness(new_folder(tmp_path), wrap=gated) as harness:
                found += [f"{step.name!r}: {said}" for said in _failures(harness, step, gates[0])]
            count("steps undone", 1)
        require(Requirement.UNDONE, found)


def _failures(harness: ConformanceHarness, step: PriorStep, gate: _Gate) -> Iterator[str]:
    case = harness.cancel()
    if not gate.is_done:
        yield f"it was not done: the case is {case.state.value} ({case.message})"
        return
    if case.state is not State.PENDING:
        yield f"its cancel was turned away by 429, and the case is {case.state.value}, not pending"
        return
    (case,) = harness.desk.cancellations.withdraw(harness.order, by="conformance")
    gate.is_open = True
    for _ in range(_ROUNDS):
        harness.desk.run_due()
        due = harness.desk.ledger.next_due()
        if due is None:
            break
        harness.wait_for(due)
    changes = harness.desk.ledger.cases(StatusCase, order_id=case.order_id)
    states = [(one.status, one.state) for one in changes]
    if harness.case.state is not State.WITHDRAWN or states != [(step.undo, State.DONE)]:
        told = ", ".join(f"{one.status} {one.state.value} ({one.message})" for one in changes) or "none"
        yield f"the case is {harness.case.state.value}, and the statuses that were set are: {told}"
    elif gate.is_done:
        yield f"the status {step.undo!r} is called set, and the service has the step undone 0 times"


class _Gate:
    """A simulator's app that turns away all that writes once a step is done, until it is opened."""

    def __init__(self, simulator: Simulator, number: str, step: str) -> None:
        self._simulator = simulator
        self._number = number
        self._step = step
        self.is_open = False

    @property
    def is_done(self) -> bool:
        """Whether the simulator has done the step, and not undone it."""
        truth = self._simulator.prior_steps(self._number) or {}
        return any(times for (name, _), times in truth.items() if name == self._step)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and not scope["path"].startswith(PREFIX)
        if ours and not self.is_open and scope["method"] not in _READS and self.is_done:
            await JSONResponse({"error": "too many calls"}, 429, {"retry-after": "60"})(scope, receive, send)
            return
        await self._simulator.app(scope, receive, send)
