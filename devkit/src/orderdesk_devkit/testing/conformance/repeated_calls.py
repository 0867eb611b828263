"""Repeated calls: what is declared idempotent does nothing more when the service hears it a second time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from attrs import frozen
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orderdesk_devkit.simulators.control import PREFIX
from orderdesk_devkit.simulators.simulator import Effect, Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.proofs import digest_of
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.plugin.integration import NoResubmission
from orderdesk_sdk.plugin.routes import Scope as CancelScope

__all__ = ["RepeatedCallTests"]


class RepeatedCallTests(StandardTests):
    """Each call is heard twice by the simulator, which tells what it did."""

    def test_idempotent_calls_do_nothing_more_when_repeated(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """Whole orders and one piece of a line, as the declared scope lets it; a resubmission, and each status."""
        skip_without_calls(baseline, plugin_under_test)
        found: list[str] = []
        tried = 0
        for part in _parts(plugin_under_test, baseline):
            apps: list[_HeardTwice] = []

            def heard_twice(simulator: Simulator, to: list[_HeardTwice] = apps) -> ASGIApp:
                to.append(_HeardTwice(simulator, plugin_under_test.number))
                return to[0]

            with plugin_under_test.open_harness(new_folder(tmp_path), wrap=heard_twice) as harness:
                intents = _idempotent_writes(harness, plugin_under_test, part)
                tried += len(intents)
                found += _failures(apps[0].repeated, intents)
        if not tried:
            pytest.skip(f"{plugin_under_test.slug} declares no call idempotent that may change something")
        count("repeated calls", tried)
        require(Requirement.IDEMPOTENT, dict.fromkeys(found))


@frozen
class _RepeatedCall:
    """A call that was heard twice.

    Args:
        digest: as the ledger has it of the request.
        done: what the second one did; "" for nothing.
    """

    method: str
    path: str
    digest: str
    done: str


class _HeardTwice:
    """A simulator's app that hears each call twice, and answers the first."""

    def __init__(self, simulator: Simulator, number: str) -> None:
        self._simulator = simulator
        self._number = number
        self.repeated: list[_RepeatedCall] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._simulator.app
        if scope["type"] != "http" or scope["path"].startswith(PREFIX) or scope["method"] in ("GET", "HEAD"):
            await app(scope, receive, send)
            return
        body = await _body(receive)
        answer: list[Message] = []
        await app(dict(scope), _given(body), _kept(answer))
        once = _state(self._simulator, self._number)
        await app(dict(scope), _given(body), _kept([]))
        done = _difference(once, _state(self._simulator, self._number))
        self.repeated.append(_RepeatedCall(scope["method"], scope["path"], digest_of(scope, body), done))
        for message in answer:
            await send(message)


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body.extend(message.get("body", b""))
        if not message.get("more_body", False):
            return bytes(body)


def _given(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _kept(messages: list[Message]) -> Send:
    async def send(message: Message) -> None:
        messages.append(message)

    return send


def _state(simulator: Simulator, number: str) -> Mapping[str, int]:
    """How often each thing was done that must not be done twice."""
    made = sum(record.effect_kind is Effect.ORDER_CREATED for record in simulator.log)
    pieces = simulator.canceled_quantities(number) or {}
    return {
        "orders made": made,
        **{f"pieces of {code} canceled": count for code, count in pieces.items()},
        **simulator.counted_effects(number),
    }


def _difference(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    changed = [(what, before.get(what, 0), count) for what, count in after.items() if count != before.get(what, 0)]
    return ", ".join(f"{what}: {once}, then {twice}" for what, once, twice in changed)


def _parts(plugin: PluginUnderTest, baseline: BaselineRun) -> Iterator[Mapping[str, int] | None]:
    """What is canceled: all, and one piece where that can be asked for."""
    yield None
    many = next((line for line in plugin.order.lines if line.quantity > 1), None)
    if baseline.route is not None and baseline.route.scope is CancelScope.QUANTITIES and many is not None:
        yield {many.code: 1}


def _idempotent_writes(
    harness: ConformanceHarness, plugin: PluginUnderTest, part: Mapping[str, int] | None
) -> list[Intent]:
    """Cancels, submits again and sets statuses; what of it was declared idempotent and may change something."""
    ids: list[str] = []
    if part is None:
        ids += [harness.change_status(status.name).id for status in plugin.integration.statuses]
    harness.cancel(lines=part)
    case = harness.follow_up()
    ids.append(case.id)
    if case.state is State.CANCELED and not isinstance(plugin.integration.resubmission, NoResubmission):
        ids.append(harness.resubmit().id)
    contents = [entry.content for one in ids for entry in harness.desk.ledger.history(one)]
    return [one for one in contents if isinstance(one, Intent) and one.idempotent and not one.read_only]


def _failures(repeated: list[_RepeatedCall], intents: list[Intent]) -> Iterator[str]:
    idempotent = {intent.digest for intent in intents}
    for call in repeated:
        if call.digest in idempotent and call.done:
            yield f"{call.method} {call.path} is declared idempotent, and the second one did more: {call.done}"
