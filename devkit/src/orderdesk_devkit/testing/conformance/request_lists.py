"""Lists of others' requests to cancel: whole, true, and no list at all where the service could not tell it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import pytest
from attrs import evolve
from starlette.types import ASGIApp

from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun, CallRecorder
from orderdesk_devkit.testing.conformance.mutations import ReplayedResponse, replayed_response
from orderdesk_devkit.testing.conformance.playback import FlowPlayback, PlaybackResult
from orderdesk_devkit.testing.conformance.refusals import refused_responses
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.clock import Clock, hours
from orderdesk_sdk.plugin.cancel_requests import CancelRequests, ResponseAnswer
from orderdesk_sdk.runtime.cancel_request_lists import CancelRequestLists

__all__ = ["RequestListTests"]

_CROWD = 60
"""Orders that ask before ours does: more than a page."""
_NOBODY = "79999"
"""An order that the service does not have."""
_Play = Callable[[Sequence[ReplayedResponse]], PlaybackResult]


class RequestListTests(StandardTests):
    """What the list of open requests makes of one that is there, that was withdrawn, and that nobody can read."""

    def test_open_requests_are_listed_as_they_are(
        self, plugin_under_test: PluginUnderTest, tmp_path: Path, count: Count
    ) -> None:
        """Behind a crowd of others, of the whole order and of a line; withdrawn once it is withdrawn there."""
        declared = _declared(plugin_under_test)
        plugin = self._with_requests(plugin_under_test)
        found: list[str] = []
        for lines in ((), (1,)) if declared.by_line else ((),):
            crowded = evolve(plugin, simulator=partial(_crowded, plugin))
            with crowded.open_harness(new_folder(tmp_path)) as harness:
                where = f"a request for line {lines[0]}" if lines else "a request for the order"
                found += [f"{where}: {said}" for said in _list_failures(harness, lines)]
            count("lists of requests", 1)
        require(Requirement.LISTS_REQUESTS, found)

    def test_what_is_refused_is_neither_listed_nor_answered(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """The list and each answer, with every error status in place of each response."""
        declared = _declared(plugin_under_test)
        plugin = self._with_requests(plugin_under_test)
        believed: dict[str, dict[int, None]] = defaultdict(dict)
        tried = 0
        for name, play, responses in _flows(plugin, declared, baseline.token_path, tmp_path):
            for index, refused in refused_responses(responses, plugin.number):
                tried += 1
                played = play((*responses[:index], refused))
                if played.says_done or played.is_without_evidence:
                    believed[f"{name}: call {index + 1} is believed"][refused.status] = None
        count("refused lists and answers", tried)
        told = (f"{what} after {', '.join(map(str, statuses))}" for what, statuses in believed.items())
        require(Requirement.LISTS_REQUESTS, told)

    def _with_requests(self, plugin: PluginUnderTest) -> PluginUnderTest:
        settings: Mapping[str, object] = getattr(self, "request_settings", {})
        options: Mapping[str, str] = getattr(self, "request_options", {})
        return evolve(plugin, settings={**self.settings, **settings}, options={**self.options, **options})


def _declared(plugin: PluginUnderTest) -> CancelRequests:
    declared = plugin.registry().load(plugin.slug).integration.cancel_requests
    if declared is None or declared.every is None:
        pytest.skip(f"{plugin.slug} lists no requests to cancel")
    return declared


def _ask(simulator: Simulator, number: str, *lines: int) -> None:
    # Not of the base: most simulators have nobody who asks.
    cast("Callable[..., None]", getattr(simulator, "ask_to_cancel"))(number, *lines)  # noqa: B009 - as above


def _crowded(plugin: PluginUnderTest, clock: Clock) -> Simulator:
    """A simulator with many orders whose cancellation is requested; ours comes after them."""
    made = plugin.new_simulator(clock)
    assert made is not None, "requests come from somewhere"
    for index in range(_CROWD):
        number = f"{70_000 + index}"
        made.add_order(number, lines=[(line.code, line.quantity) for line in plugin.order.lines])
        made.advance_to_present()
    return made


def _list_failures(harness: ConformanceHarness, lines: tuple[int, ...]) -> Iterator[str]:
    simulator, number = harness.service, harness.remote_order.remote_id
    for index in range(_CROWD):
        _ask(simulator, f"{70_000 + index}")
    _ask(simulator, number, *lines)
    harness.desk.run_due()
    listed = harness.desk.responses.list()
    if len(listed) != 1:
        yield f"it is open, and {len(listed)} cases came of it"
        return
    case = harness.desk.ledger.case(listed[0].id, ResponseCase)
    told = simulator.requested_cancellation(number)
    if told is None:
        yield f"{type(simulator).__name__} tells no requested_cancellation(), so that nobody can compare: let it"
        return
    reason, wanted = told
    if case.request.reason != reason:
        yield f"its reason is {reason!r}, and {case.request.reason!r} was listed"
    order = harness.desk.order_store.get_order(harness.order)
    by_code = {order.line(line).code: count for line, count in case.request.lines.items()}
    if by_code != wanted:
        yield f"it is about {dict(wanted) or 'all lines'}, and {by_code or 'all lines'} were listed"
    yield from _unlike_alone(harness, number)
    withdraw = getattr(simulator, "withdraw_request", None)
    if withdraw is not None:
        withdraw(number)
        harness.wait_for(harness.clock.now() + hours(2))
        harness.desk.run_due()
        case = harness.desk.ledger.case(case.id, ResponseCase)
        if case.is_open:
            yield f"it was withdrawn, and its case is {case.state.value}"


def _unlike_alone(harness: ConformanceHarness, number: str) -> Iterator[str]:
    """What is listed otherwise where it is asked about one order alone, and about one that is not there."""
    lists = CancelRequestLists(harness.desk.connections, harness.clock)
    connection = harness.desk.connections.get(harness.connection)
    whole = [one for one in lists.read(connection) if one.remote_id == number]
    alone = list(lists.read(connection, number))
    if alone != whole:
        yield f"asked about this order alone, {alone or 'nothing'} was listed, and else {whole}"
    nobody = lists.read(connection, _NOBODY)
    if nobody:
        yield f"asked about {_NOBODY}, which the service does not have, {nobody} was listed"


def _flows(
    plugin: PluginUnderTest, declared: CancelRequests, token_path: str | None, folder: Path
) -> Iterator[tuple[str, _Play, Sequence[ReplayedResponse]]]:
    """The list and each answer that goes by a call: its name, how it is played, and its real responses."""
    for answer in ResponseAnswer:
        if declared.by_hand(answer) is not None:
            continue
        recorders: list[CallRecorder] = []
        wrap = partial(_recorded, recorders, plugin.number)
        with plugin.open_harness(new_folder(folder), wrap=wrap) as harness:
            calls = recorders[0].calls
            _ask(harness.service, harness.remote_order.remote_id)
            harness.desk.run_due()
            listed = harness.desk.responses.list()
            if len(listed) != 1:
                require(Requirement.LISTS_REQUESTS, [f"a request is open, and {len(listed)} cases came of it"])
            case, mark = listed[0], len(calls)
            responses = harness.desk.responses
            (responses.accept if answer is ResponseAnswer.ACCEPT else responses.reject)(case.id, by="a test")
            lists, answers = (
                [replayed_response(one) for one in part if one.path != token_path]
                for part in (calls[:mark], calls[mark:])
            )
        with plugin.open_harness(new_folder(folder)) as harness:
            playback = _playback(harness)
            yield "the list", playback.list_requests, lists[:1]
            yield f"to {answer.value}", partial(playback.respond, case.request, answer), answers


def _recorded(to: list[CallRecorder], number: str, simulator: Simulator) -> ASGIApp:
    to.append(CallRecorder(simulator, number))
    return to[0]


def _playback(harness: ConformanceHarness) -> FlowPlayback:
    harness.desk.cancel(harness.order, by="conformance", reason=harness.reason, send_now=False)
    case = harness.case
    connection = harness.desk.connections.get(harness.connection)
    return FlowPlayback(connection, harness.desk.cases.request_for(case.id), case)
