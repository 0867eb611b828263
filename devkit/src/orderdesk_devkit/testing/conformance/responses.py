"""Others' requests to cancel: listed by reads alone, answered once, and never without a look first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import evolve

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.conformance.termination import LIMITS
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.clock import hours
from orderdesk_sdk.plugin.cancel_requests import CancelRequests, ResponseAnswer

__all__ = ["ResponseTests", "follow_response"]

_FAULTS = (None, Fault.LOST_RESPONSE, Fault.RESET_BEFORE, Fault.TRUNCATED, Fault.EXPIRED_TOKEN)
_MOST_CALLS = 3
"""On which call a fault is tried: a flow reads, writes, and may read again."""
_MAX_ROUNDS = 200


class ResponseTests(StandardTests):
    """Each answer that goes by a call, undisturbed and with a fault on each call."""

    request_settings: ClassVar[Mapping[str, object]] = {}
    """Settings in place of the simulator's, with which a connection takes others' requests to cancel."""
    request_options: ClassVar[Mapping[str, str]] = {}
    """Choices of the simulator's options for that."""

    def test_a_request_is_answered_once_whatever_is_lost(
        self, plugin_under_test: PluginUnderTest, tmp_path: Path, count: Count
    ) -> None:
        """It is found by the list, read before it is answered, and settled or a person has it."""
        declared = plugin_under_test.registry().load(plugin_under_test.slug).integration.cancel_requests
        if declared is None:
            pytest.skip(f"{plugin_under_test.slug} declares no requests to cancel")
        plugin = evolve(
            plugin_under_test,
            settings={**self.settings, **self.request_settings},
            options={**self.options, **self.request_options},
        )
        found: list[str] = []
        for answer, fault, call in _trials(declared):
            with plugin.open_harness(new_folder(tmp_path), limits=LIMITS) as harness:
                name = f"{answer.value}, {'undisturbed' if fault is None else f'{fault.value} on call {call}'}"
                found += [f"{name}: {said}" for said in _failures(harness, answer, fault, call)]
            count("answers to requests", 1)
        require(Requirement.ANSWERS_REQUESTS, found)


def _trials(declared: CancelRequests) -> Iterator[tuple[ResponseAnswer, Fault | None, int]]:
    for answer in ResponseAnswer:
        if declared.by_hand(answer) is None:
            for fault in _FAULTS:
                for call in range(1, _MOST_CALLS + 1 if fault is not None else 2):
                    yield answer, fault, call


def _failures(harness: ConformanceHarness, answer: ResponseAnswer, fault: Fault | None, call: int) -> Iterator[str]:
    """What is wrong with one request, from the list to its end."""
    ask = getattr(harness.service, "ask_to_cancel", None)
    if ask is None:
        yield "its simulator has no ask_to_cancel(number), so nobody asks"
        return
    ask(harness.remote_order.remote_id)
    harness.desk.run_due()
    listed = harness.desk.responses.list()
    if len(listed) != 1:
        yield f"the list of open requests gave {len(listed)} cases of one request"
        return
    if fault is not None:
        harness.service.faults.add(fault, times=1, skip_first=call - 1)
    responses = harness.desk.responses
    decide = responses.accept if answer is ResponseAnswer.ACCEPT else responses.reject
    decide(listed[0].id, by="a test")
    yield from follow_response(harness, listed[0].id)
    case = harness.desk.ledger.case(listed[0].id, ResponseCase)
    yield from _verdict(harness, case, is_disturbed=fault is not None)


def follow_response(harness: ConformanceHarness, case_id: str) -> Iterator[str]:
    """Lets time pass until the case of a request is settled or a person has it; what went wrong meanwhile."""
    case = harness.desk.ledger.case(case_id, ResponseCase)
    for _ in range(_MAX_ROUNDS):
        if case.due_at is None or case.state is State.ACTION_REQUIRED:
            return
        harness.wait_for(max(case.due_at, harness.clock.now()))
        yield from harness.desk.run_due().problems
        case = harness.desk.ledger.case(case_id, ResponseCase)
    yield f"it is still {case.state.value} after {_MAX_ROUNDS} looks: {case.message}"


def _verdict(harness: ConformanceHarness, case: ResponseCase, *, is_disturbed: bool) -> Iterator[str]:
    if case.state is not State.DONE and not (is_disturbed and case.state is State.ACTION_REQUIRED):
        yield f"it ended {case.state.value}: {case.message}; {case.plugin_error or 'no error of the plugin'}"
    if case.state is State.DONE and case.evidence is None:
        yield "it is done without evidence"
    intents = [one.content for one in harness.desk.ledger.history(case.id) if isinstance(one.content, Intent)]
    if not intents or not intents[0].read_only:
        yield "it did not read the request before it answered"
    writes = [one for one in intents if not one.read_only]
    if len({one.digest for one in writes}) > 1:
        yield "a second try sent another answer than the first"
    if not is_disturbed and len(writes) != 1:
        yield f"undisturbed it sent {len(writes)} answers"
    harness.wait_for(harness.clock.now() + hours(1))
    harness.desk.run_due()
    if len(harness.desk.responses.list()) != 1:
        yield "after its end the request opened another case"
