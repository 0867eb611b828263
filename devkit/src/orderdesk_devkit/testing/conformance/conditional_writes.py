"""A conditional write (If-Match) does not go over what somebody else changed: the order is read anew first."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import frozen
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.conformance.base import StandardTests, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.transport.http.replay import IF_MATCH

__all__ = ["ConditionalWriteTests"]

_REFUSED = 412


class ConditionalWriteTests(StandardTests):
    """Somebody changes the order between the plugin's read and its write."""

    def test_a_conditional_write_does_not_go_over_what_somebody_changed(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path
    ) -> None:
        """It is answered 412, and the next one has the ETag of a new read; in the end the case is as declared."""
        skip_without_calls(baseline, plugin_under_test)
        editors: list[_OrderEditor] = []

        def edited(simulator: Simulator) -> ASGIApp:
            editors.append(_OrderEditor(simulator, plugin_under_test.number))
            return editors[0]

        with plugin_under_test.open_harness(tmp_path, wrap=edited) as harness:
            harness.cancel()
            state = harness.follow_up().state
        editor = editors[0]
        if not editor.writes:
            pytest.skip(f"{plugin_under_test.slug} cancels by no conditional write: none of its calls has If-Match")
        if not editor.has_edited:
            pytest.skip(
                f"{plugin_under_test.slug}: its simulator has no `change_order`, so nobody can change the order"
            )
        first, *later = editor.writes
        found = list[str]()
        if first.status != _REFUSED:
            found.append(
                f"{first} was answered {first.status}, though somebody had changed the order since it was read"
            )
        found += [f"{one} was sent again, and its ETag had been refused" for one in later if one.etag == first.etag]
        found += [f"{one} was sent without If-Match after the 412" for one in editor.unconditional]
        expected = plugin_under_test.expected_state(baseline.route)
        if state is not expected:
            found.append(f"read again it can be canceled, and the case ended {state.value}, not {expected.value}")
        require(Requirement.CONDITIONAL, found)


@frozen
class _Write:
    method: str
    path: str
    etag: str | None
    status: int

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f" with If-Match: {self.etag}" if self.etag else "")


class _OrderEditor:
    """A simulator's app; the order is changed right before the first conditional write reaches it."""

    def __init__(self, simulator: Simulator, number: str) -> None:
        self._simulator = simulator
        self._number = number
        self._app: ASGIApp = simulator.app
        self.has_edited = False
        self.writes: list[_Write] = []
        """The conditional ones."""
        self.unconditional: list[_Write] = []
        """What went to the place of the first one later, without a condition."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        etag = Request(scope).headers.get(IF_MATCH)
        if etag is not None and not self.writes:
            self.has_edited = self._simulator.change_order(self._number)

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._record(_Write(scope["method"], scope["path"], etag, message["status"]))
            await send(message)

        await self._app(scope, receive, keep)

    def _record(self, write: _Write) -> None:
        if write.etag is not None:
            self.writes.append(write)
        elif self.writes and (write.method, write.path) == (self.writes[0].method, self.writes[0].path):
            self.unconditional.append(write)
