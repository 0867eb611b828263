"""Credentials that end: whichever call is told so is made once more with new ones, and is done once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
from starlette.types import ASGIApp

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import Effect, Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import NOWHERE, ConformanceHarness, PluginUnderTest
from orderdesk_devkit.testing.request_recorder import RequestRecorder
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.plugin.auth import TokenAuth
from orderdesk_sdk.plugin.integration import NoResubmission
from orderdesk_sdk.secret import Secret

__all__ = ["TokenEndTests"]


class TokenEndTests(StandardTests):
    """The simulator ends the credentials at one call after the other, and answers as the service does then."""

    token_lifetime: ClassVar[timedelta | None] = None
    """How long a token lasts by the service's document, of a service whose responses may not tell."""

    def test_a_token_lasts_as_long_as_is_documented(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun
    ) -> None:
        """A response without `expires_in`."""
        if self.token_lifetime is None:
            pytest.skip(f"{type(self).__name__} names no `token_lifetime`")
        auth = plugin_under_test.auth
        assert isinstance(auth, TokenAuth), "nothing else has tokens that last"
        told = json.loads(baseline.tokens[0].body)
        response = httpx.Response(200, json={name: value for name, value in told.items() if name != "expires_in"})
        try:
            lasts = auth.parse_token(response).expires_in
        except OrderDeskError as error:
            require(Requirement.RENEWED, [f"a token is not taken whose response does not tell: {error}"])
            return
        require(Requirement.RENEWED, [f"a token is used for {lasts}"] * (lasts != self.token_lifetime))

    def test_credentials_that_end_at_any_call_are_renewed(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """A token is fetched anew at once; of a key that does not change nothing is told that is not true."""
        skip_without_calls(baseline, plugin_under_test)
        if plugin_under_test.auth is None:
            pytest.skip(f"{plugin_under_test.slug} signs no calls")
        found: list[str] = []
        signed = _signed_calls(plugin_under_test, baseline, new_folder(tmp_path))
        most = len(baseline.cancel) + len(baseline.polls[:1]) + len(baseline.resubmit)
        for call in (number for number in signed if number < most):
            with plugin_under_test.open_harness(new_folder(tmp_path)) as harness:
                path = None if baseline.token_path is None else f"^(?!{re.escape(baseline.token_path)}$)"
                harness.service.faults.add(Fault.EXPIRED_TOKEN, path=path, skip_first=call)
                said = _failures(harness, plugin_under_test, baseline, is_asked=call < len(baseline.cancel))
                found += [f"ended at call {call + 1}: {one}" for one in said]
            count("credentials that end", 1)
        require(Requirement.RENEWED, found)


def _signed_calls(plugin: PluginUnderTest, baseline: BaselineRun, folder: Path) -> list[int]:
    """The numbers, from 0, of the calls that carry credentials: what goes to a URL that the service gave may not."""
    recorders: list[RequestRecorder] = []

    def recorded(simulator: Simulator) -> ASGIApp:
        recorders.append(RequestRecorder(simulator.app))
        return recorders[0]

    with plugin.open_harness(folder, wrap=recorded) as harness:
        harness.cancel()
        if harness.follow_up().state is State.CANCELED and baseline.resubmit:
            harness.resubmit()
    names = _headers_of_credentials(plugin.auth)
    calls = [one for one in recorders[0].requests if one.path.partition("?")[0] != baseline.token_path]
    return [number for number, one in enumerate(calls) if names <= set(one.headers)]


def _headers_of_credentials(auth: httpx.Auth | None) -> set[str]:
    """The names of the headers that credentials put on a request."""
    request = httpx.Request("GET", f"{NOWHERE}/signed")
    before = set(request.headers)
    if isinstance(auth, TokenAuth):
        auth.sign(request, Secret("a-token"))
    elif auth is not None:
        request = next(auth.sync_auth_flow(request))
    return set(request.headers) - before


def _failures(
    harness: ConformanceHarness, plugin: PluginUnderTest, baseline: BaselineRun, *, is_asked: bool
) -> Iterator[str]:
    """What is wrong with a cancel and a resubmission.

    Args:
        is_asked: the credentials end while it is asked for.
    """
    case = harness.cancel()
    acted = _times(harness, Effect.CANCEL_ACCEPTED)
    is_renewed = baseline.token_path is not None
    if is_renewed and is_asked and case.state is not baseline.state_after_request:
        yield f"it is {case.state.value} at first, and {baseline.state_after_request.value} with credentials that hold"
    if case.state in (State.ACKNOWLEDGED, State.CANCELED) and not acted:
        yield f"it is told {case.state.value}, and the service did nothing"
    case = harness.follow_up()
    if case.plugin_error is not None:
        yield f"the plugin failed: {case.plugin_error}"
    if case.state is State.CANCELED and not harness.is_canceled:
        yield "it is called canceled, and the service has not canceled it"
    end = plugin.expected_state(baseline.route)
    # A key that no longer holds is a person's to mend, and the order may ship meanwhile.
    is_told = not is_renewed and case.state in (State.ACTION_REQUIRED, State.REJECTED) and not harness.is_canceled
    if case.state is not end and not is_told:
        yield f"it ended {case.state.value}, not {end.value}: {case.message}"
    if _times(harness, Effect.CANCEL_ACCEPTED) > 1:
        yield "the service was asked to cancel more than once"
    if case.state is State.CANCELED and not isinstance(plugin.integration.resubmission, NoResubmission):
        made = harness.resubmit()
        there = _times(harness, Effect.ORDER_CREATED)
        if is_renewed and made.state is not State.DONE:
            yield f"the resubmission is {made.state.value}: {made.message}"
        if there > 1 or (made.state is State.DONE and not there):
            yield f"the resubmission is {made.state.value}, and the service made {there} orders"


def _times(harness: ConformanceHarness, effect: Effect) -> int:
    return sum(record.effect_kind is effect for record in harness.service.log)
