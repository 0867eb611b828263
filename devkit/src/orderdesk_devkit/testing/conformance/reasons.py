"""Reasons: what was chosen from the service's list is what it is told, and nothing else of the list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.plugin.reasons import ReasonList, allowed_reasons

__all__ = ["ReasonTests"]


class ReasonTests(StandardTests):
    """Each reason that the declaration allows, on a new simulator, beside the bytes that were sent."""

    doubtful_reasons: ClassVar[Mapping[str, str]] = {}
    """Codes that the simulator may refuse, each with why."""

    def test_the_chosen_reason_is_sent(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """Its code stands in what the cancel sends, and the code of no other reason does."""
        skip_without_calls(baseline, plugin_under_test)
        assert baseline.route is not None, "it makes calls"
        listed = baseline.route.reasons
        if not isinstance(listed, ReasonList):
            pytest.skip(f"{plugin_under_test.slug} has no list of reasons")
        codes = _codes(plugin_under_test, listed, new_folder(tmp_path))
        found: list[str] = []
        for code in codes:
            listeners: list[_Listener] = []

            def listened(simulator: Simulator, to: list[_Listener] = listeners) -> ASGIApp:
                to.append(_Listener(simulator))
                return to[0]

            with plugin_under_test.open_harness(new_folder(tmp_path), wrap=listened) as harness:
                harness.cancel(code)
                ended = harness.follow_up().state
            is_taken = ended is plugin_under_test.expected_state(baseline.route)
            if not is_taken and code not in self.doubtful_reasons:
                found.append(f"{code}: it was chosen, and the service did not take it: the case ended {ended.value}")
            found += [f"{code}: {said}" for said in _failures(code, codes, bytes(listeners[0].heard))]
        count("reasons", len(codes))
        require(Requirement.REASON, found)


def _codes(plugin: PluginUnderTest, listed: ReasonList, folder: Path) -> list[str]:
    """The codes that the order may be canceled with; asked of the service, where it says so of each order."""
    if not listed.read_per_order:
        return [one.code for one in allowed_reasons(listed, plugin.parsed_settings(), plugin.order)]
    with plugin.open_harness(folder) as harness:
        harness.read_eligibility()
        (entry,) = harness.desk.cancellations.plan(harness.order).entries
        return [one.code for step in entry.steps[entry.chosen_step or 0 :][:1] for one in step.reasons]


def _failures(code: str, codes: list[str], sent: bytes) -> Iterator[str]:
    if code.encode() not in sent:
        yield "it was chosen, and nothing that was sent says it"
    others = [other for other in codes if other not in code and code not in other and other.encode() in sent]
    if others:
        yield f"it was chosen, and {', '.join(others)} was sent"


class _Listener:
    """A simulator's app, and the bodies of all that writes to it."""

    def __init__(self, simulator: Simulator) -> None:
        self._app: ASGIApp = simulator.app
        self.heard = bytearray()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def listen() -> Message:
            message = await receive()
            self.heard.extend(message.get("body", b""))
            return message

        await self._app(scope, listen, send)
