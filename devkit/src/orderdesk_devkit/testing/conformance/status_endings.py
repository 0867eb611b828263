"""Status changes that end otherwise than done, and those of orders in other states: as the test class declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import evolve, field, frozen

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun, CallRecorder
from orderdesk_devkit.testing.conformance.expected_requests import ExpectedRequest, unlike_expected
from orderdesk_devkit.testing.conformance.proofs import proof_of
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_devkit.testing.request_recorder import RequestRecorder
from orderdesk_sdk.cases.case import State

__all__ = ["StatusEnding", "StatusEndingTests"]


@frozen
class StatusEnding:
    """What becomes of a status change of an order that is in some state at the service.

    Args:
        name: the status that is asked for, as the declaration names it.
        state: where the case ends, or where it is left to a person.
        status: what the simulator's `actual_status` says before.
        is_set: whether the order has the status at the end.
        says: what the person who reads the case is told, in part.
        proof: the call whose response says it, as the simulator's log names it; None where nothing is proved.
        options: choices of the simulator's switches, beside the class's own.
        fault: what happens to the second call, once: to the one that writes, where the order is read first; None:
            nothing does.
        requests: what is sent, GETs only where one is expected; None: it is not compared.
    """

    name: str
    state: State
    status: str = field(kw_only=True)
    is_set: bool = field(default=True, kw_only=True)
    says: str = field(default="", kw_only=True)
    proof: str | None = field(default=None, kw_only=True)
    options: Mapping[str, str] = field(factory=dict, kw_only=True, hash=False)
    fault: Fault | None = field(default=None, kw_only=True)
    requests: tuple[ExpectedRequest, ...] | None = field(default=None, kw_only=True)

    @property
    def short_label(self) -> str:
        """What is in the id of its test, beside its number."""
        return self.name

    @property
    def label(self) -> str:
        """How a complaint names it."""
        beside = [f"{name}={choice}" for name, choice in self.options.items()]
        beside += [self.fault.value] if self.fault is not None else []
        return f"{self.name} of {self.status!r}" + (f" ({', '.join(beside)})" if beside else "")


class StatusEndingTests(StandardTests):
    """Each declared ending of a status change, on a new simulator."""

    status_endings: ClassVar[tuple[StatusEnding, ...]] = ()
    """What becomes of a status change, for each state of the order and each trouble that the simulator can make."""

    def test_a_status_change_is_settled_as_declared(
        self,
        status_ending: StatusEnding | None,
        plugin_under_test: PluginUnderTest,
        baseline: BaselineRun,
        tmp_path: Path,
        count: Count,
    ) -> None:
        """The case, its evidence, what was sent, and whether the order has the status."""
        if status_ending is None:
            pytest.skip(f"{type(self).__name__} declares no `status_endings`")
        found = _failures(plugin_under_test, status_ending, tmp_path, baseline.token_path)
        require(Requirement.STATUS, [f"{status_ending.label}: {said}" for said in found])
        count("endings of status changes", 1)


def _failures(plugin: PluginUnderTest, ending: StatusEnding, folder: Path, token_path: str | None) -> Iterator[str]:
    heard: list[CallRecorder] = []
    sent: list[RequestRecorder] = []

    def recorded(simulator: Simulator) -> RequestRecorder:
        heard.append(CallRecorder(simulator, plugin.number))
        sent.append(RequestRecorder(heard[0]))
        return sent[0]

    tried = evolve(plugin, options={**plugin.options, **ending.options})
    with tried.open_harness(folder, wrap=recorded) as harness:
        simulator, number = harness.service, harness.remote_order.remote_id
        simulator.put_status(number, ending.status)
        if ending.fault is not None:
            simulator.faults.add(ending.fault, skip_first=1)
        case = harness.change_status(ending.name)
        if case.state is not ending.state or ending.says not in (case.message or ""):
            wanted = f"{ending.state.value} ({ending.says})" if ending.says else ending.state.value
            yield f"it ends {case.state.value} ({case.message}), not {wanted}"
        if case.plugin_error is not None:
            yield f"the plugin failed: {case.plugin_error}"
        if simulator.has_status(number, ending.name) is not ending.is_set:
            yield f"the order {'lacks' if ending.is_set else 'has'} it in the end"
        proof = proof_of(case, harness.desk.ledger.history(case.id), heard[0].calls)
        if proof != ending.proof:
            yield f"the evidence is the response to {proof}, not to {ending.proof}"
        if ending.requests is not None:
            yield from unlike_expected(sent[0].requests, ending.requests, token_path)
