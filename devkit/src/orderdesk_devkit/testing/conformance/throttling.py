"""Throttling: a throttled call was not done, whatever its response looks like, and is made again later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from attrs import evolve
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from orderdesk_devkit.simulators.control import PREFIX
from orderdesk_devkit.simulators.simulator import Effect, Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.mutations import ReplayedResponse
from orderdesk_devkit.testing.conformance.recorded_flows import RecordedFlow, recorded_flows_of
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import hours, seconds

__all__ = ["ThrottlingTests"]

_SHORT, _LONG = seconds(3), hours(3)
_BUSY = (429, 502, 503, 504)
_WAITS = (None, "2", "7200")
_ASKED = (State.ACKNOWLEDGED, State.CANCELED, State.PARTIALLY_CANCELED)


class ThrottlingTests(StandardTests):
    """Each call of a cancel is throttled once, as HTTP says it and as the service says it in its own way."""

    def test_what_is_throttled_is_made_again_later(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """For seconds and for hours: nothing is told done meanwhile, no call comes too early, and it is done once."""
        skip_without_calls(baseline, plugin_under_test)
        found: list[str] = []
        for call in range(len(baseline.cancel) + len(baseline.polls[:1])):
            for wait in (_SHORT, _LONG) if call == 0 else (_SHORT,):  # What takes long is the same for every call.
                turnstiles: list[_Turnstile] = []
                wrap = partial(_throttled, turnstiles, call, wait, baseline.token_path)
                with plugin_under_test.open_harness(new_folder(tmp_path), wrap=wrap) as harness:
                    where = f"call {call + 1}, throttled for {wait.total_seconds():.0f} s"
                    said = _live_failures(harness, plugin_under_test.expected_state(baseline.route), turnstiles[0])
                    found += [f"{where}: {one}" for one in said]
                count("calls throttled", 1)
        require(Requirement.THROTTLED, found)

    def test_a_busy_service_is_not_taken_for_one_that_did_it(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """429, 502, 503 and 504 with and without Retry-After, with the real body and with an empty one."""
        skip_without_calls(baseline, plugin_under_test)
        believed: dict[str, None] = {}
        tried = 0
        with plugin_under_test.open_harness(tmp_path) as harness:
            for flow in recorded_flows_of(harness, baseline):
                for index, busy in _busy_responses(flow):
                    tried += 1
                    played = flow.play((*flow.responses[:index], busy))
                    state = played.case.state if played.case is not None else None
                    asked = flow.name == "the cancel" and state in _ASKED
                    if played.says_done or played.says_canceled or played.is_without_evidence or asked:
                        told = flow.verdict if not asked else "asked"
                        believed[f"{flow.name}: call {index + 1} is called {told} after {busy.name}"] = None
        count("busy responses", tried)
        require(Requirement.THROTTLED, believed)


def _busy_responses(flow: RecordedFlow) -> Iterator[tuple[int, ReplayedResponse]]:
    for index, response in enumerate(flow.responses):
        for status in _BUSY:
            for wait in _WAITS:
                headers = {**response.headers, **({"retry-after": wait} if wait is not None else {})}
                for body in dict.fromkeys((response.body, b"{}")):
                    yield index, evolve(response, name=f"{status}", status=status, headers=headers, body=body)


class _Turnstile:
    """A simulator's app, one call to which is throttled for a while.

    Args:
        call: which, from 0; those for tokens are not counted.
    """

    def __init__(self, simulator: Simulator, call: int, wait: timedelta, token_path: str | None) -> None:
        self._simulator = simulator
        self._call = call
        self.wait = wait
        self._token_path = token_path
        self._seen = 0
        self.turned_at: datetime | None = None
        self.next_at: datetime | None = None
        """When the next call of any kind came after that."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(PREFIX) or scope["path"] == self._token_path:
            await self._simulator.app(scope, receive, send)
            return
        number, self._seen = self._seen, self._seen + 1
        if self.turned_at is not None and self.next_at is None:
            self.next_at = self._simulator.clock.now()
        if number != self._call:
            await self._simulator.app(scope, receive, send)
            return
        self.turned_at = self._simulator.clock.now()
        request = Request(scope, receive)
        await request.body()
        await self._response()(scope, receive, send)

    def _response(self) -> Response:
        own = self._simulator.throttled_response(self.wait)
        return own or Response("{}", 429, {"retry-after": f"{self.wait.total_seconds():.0f}"}, "application/json")


def _throttled(
    to: list[_Turnstile], call: int, wait: timedelta, token_path: str | None, simulator: Simulator
) -> ASGIApp:
    to.append(_Turnstile(simulator, call, wait, token_path))
    return to[0]


def _live_failures(harness: ConformanceHarness, end: State, turnstile: _Turnstile) -> Iterator[str]:
    case = harness.cancel()
    acted = _times_acted(harness)
    if case.state in _ASKED and not acted:
        yield f"it is told {case.state.value}, and the service did nothing"
    case = harness.follow_up()
    if turnstile.turned_at is None:
        yield "no such call came"
        return
    if case.plugin_error is not None:
        yield f"the plugin failed: {case.plugin_error}"
    if case.state is State.CANCELED and not harness.is_canceled:
        yield "it is called canceled, and the service has not canceled it"
    if _times_acted(harness) > 1:
        yield f"the service acted {_times_acted(harness)} times"
    if turnstile.wait == _SHORT and case.state is not end:
        yield f"it ended {case.state.value}, not {end.value}: {case.message}"
    is_early = turnstile.next_at is not None and turnstile.next_at < turnstile.turned_at + turnstile.wait
    # What takes hours may be read once more before another route is taken.
    if turnstile.next_at is not None and is_early and turnstile.wait == _SHORT:
        early = (turnstile.next_at - turnstile.turned_at).total_seconds()
        yield f"the next call came after {early:.0f} s"


def _times_acted(harness: ConformanceHarness) -> int:
    return sum(record.effect_kind is Effect.CANCEL_ACCEPTED for record in harness.service.log)
