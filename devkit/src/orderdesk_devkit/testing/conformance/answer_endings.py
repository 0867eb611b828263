"""Answers to others' requests to cancel that end otherwise than given, and in other states: as the class declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar, cast

import pytest
from attrs import evolve, field, frozen

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.conformance.base import Count
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun, CallRecorder
from orderdesk_devkit.testing.conformance.expected_requests import ExpectedRequest, unlike_expected
from orderdesk_devkit.testing.conformance.proofs import proof_of
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.conformance.responses import ResponseTests, follow_response
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_devkit.testing.request_recorder import RequestRecorder
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.plugin.cancel_requests import ResponseAnswer

__all__ = ["AnswerEnding", "AnswerEndingTests"]


@frozen
class AnswerEnding:
    """What becomes of an answer to a request to cancel the test's order.

    Args:
        answer: what a person decides.
        state: where the case ends, or where it is left to a person.
        says: what the person who reads the case is told, in part.
        answered: the state right after the decision; None: `state`.
        proof: the call whose response says it, as the simulator's log names it; None where nothing is proved.
        lines: the lines that the request is about, by their places from 1; empty: the whole order.
        meanwhile: the simulator's method that is called with the order's number before the answer: "withdraw_request"
            or "ask_to_cancel"; or, where it is none, the status that the order is put in; "": nothing happens.
        options: choices of the simulator's switches, beside the class's own, once the request is listed.
        settings: settings of the connection, beside the class's own.
        fault: what happens to the second call after that, once: to the one that answers, where the order is read
            first; None: nothing does.
        requests: what is sent, from the list on, and reads of it only where one is expected; None: it is not compared.
    """

    answer: ResponseAnswer
    state: State
    says: str = field(default="", kw_only=True)
    answered: State | None = field(default=None, kw_only=True)
    proof: str | None = field(default=None, kw_only=True)
    lines: tuple[int, ...] = field(default=(), kw_only=True)
    meanwhile: str = field(default="", kw_only=True)
    options: Mapping[str, str] = field(factory=dict, kw_only=True, hash=False)
    settings: Mapping[str, object] = field(factory=dict, kw_only=True, hash=False)
    fault: Fault | None = field(default=None, kw_only=True)
    requests: tuple[ExpectedRequest, ...] | None = field(default=None, kw_only=True)

    @property
    def short_label(self) -> str:
        """What is in the id of its test, beside its number."""
        return self.answer.value

    @property
    def label(self) -> str:
        """How a complaint names it."""
        beside = [f"{name}={choice}" for name, choice in (*self.options.items(), *self.settings.items())]
        beside += [one for one in (self.meanwhile, *map(str, self.lines)) if one]
        beside += [self.fault.value] if self.fault is not None else []
        return self.answer.value + (f" ({', '.join(beside)})" if beside else "")


class AnswerEndingTests(ResponseTests):
    """Each declared ending of an answer, on a new simulator."""

    answer_endings: ClassVar[tuple[AnswerEnding, ...]] = ()
    """What becomes of an answer to a request to cancel, for each trouble that the simulator can make."""

    def test_an_answer_is_settled_as_declared(
        self,
        answer_ending: AnswerEnding | None,
        plugin_under_test: PluginUnderTest,
        baseline: BaselineRun,
        tmp_path: Path,
        count: Count,
    ) -> None:
        """The case, its evidence, and what was sent."""
        if answer_ending is None:
            pytest.skip(f"{type(self).__name__} declares no `answer_endings`")
        plugin = evolve(
            plugin_under_test,
            settings={**self.settings, **self.request_settings},
            options={**self.options, **self.request_options},
        )
        found = _failures(plugin, answer_ending, tmp_path, baseline.token_path)
        require(Requirement.ANSWERS_REQUESTS, [f"{answer_ending.label}: {said}" for said in found])
        count("endings of answers", 1)


def _failures(plugin: PluginUnderTest, ending: AnswerEnding, folder: Path, token_path: str | None) -> Iterator[str]:
    heard: list[CallRecorder] = []
    sent: list[RequestRecorder] = []

    def recorded(simulator: Simulator) -> RequestRecorder:
        heard.append(CallRecorder(simulator, plugin.number))
        sent.append(RequestRecorder(heard[0]))
        return sent[0]

    with evolve(plugin, settings={**plugin.settings, **ending.settings}).open_harness(folder, wrap=recorded) as harness:
        _call(harness, "ask_to_cancel", *ending.lines)
        harness.desk.run_due()
        listed = harness.desk.responses.list()
        if len(listed) != 1:
            yield f"a request is open, and {len(listed)} cases came of it"
            return
        _prepare(harness, ending)
        responses = harness.desk.responses
        decide = responses.accept if ending.answer is ResponseAnswer.ACCEPT else responses.reject
        decided = decide(listed[0].id, by="a test")
        if decided.state is not (ending.answered or ending.state):
            yield f"right after it was decided it is {decided.state.value} ({decided.message})"
        yield from follow_response(harness, decided.id)
        case = harness.desk.ledger.case(decided.id, ResponseCase)
        if case.state is not ending.state or ending.says not in (case.message or ""):
            wanted = f"{ending.state.value} ({ending.says})" if ending.says else ending.state.value
            yield f"it ends {case.state.value} ({case.message}), not {wanted}"
        if case.plugin_error is not None:
            yield f"the plugin failed: {case.plugin_error}"
        proof = proof_of(case, harness.desk.ledger.history(case.id), heard[0].calls)
        if proof != ending.proof:
            yield f"the evidence is the response to {proof}, not to {ending.proof}"
        if ending.requests is not None:
            yield from unlike_expected(sent[0].requests, ending.requests, token_path)


def _prepare(harness: ConformanceHarness, ending: AnswerEnding) -> None:
    """Let happen what happens between the list and the answer."""
    simulator = harness.service
    for name, choice in ending.options.items():
        simulator.set_option(name, choice)
    if hasattr(simulator, ending.meanwhile):
        _call(harness, ending.meanwhile)
    elif ending.meanwhile:
        simulator.put_status(harness.remote_order.remote_id, ending.meanwhile)
    if ending.fault is not None:
        simulator.faults.add(ending.fault, skip_first=1)


def _call(harness: ConformanceHarness, method: str, *lines: int) -> None:
    # Not of the base: most simulators have nobody who asks.
    cast("Callable[..., None]", getattr(harness.service, method))(harness.remote_order.remote_id, *lines)
