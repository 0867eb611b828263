"""A baseline: one undisturbed cancel and resubmission, from which is learned which call does what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from attrs import field, frozen
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orderdesk_devkit.simulators.control import PREFIX
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import LIFE_CYCLE, Effect, Simulator
from orderdesk_devkit.testing.conformance.proofs import digest_of
from orderdesk_devkit.testing.conformance.requirement import ConformanceError, Requirement
from orderdesk_devkit.testing.plugin_under_test import NOWHERE, ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.plugin.auth import TokenAuth
from orderdesk_sdk.plugin.guard import TIMED_OUT
from orderdesk_sdk.plugin.integration import NoResubmission
from orderdesk_sdk.plugin.routes import Route

__all__ = [
    "FaultTarget",
    "RecordedConversation",
    "RecordedCall",
    "BaselineRun",
    "CallRecorder",
    "run_baseline",
    "token_path",
]

EVERY_TIME = 100
"""More often than any call is repeated."""
_OVERSIZED_BYTES = 8_000_000
"""Bytes of an oversized response: more than a client takes (`HttpLimits.max_response_bytes`), less than takes time."""


@frozen
class RecordedCall:
    """A request and its response as they went over the wire.

    Args:
        path: decoded.
        effects: what it made happen.
        canceled: whether the service had the order truly canceled when it answered.
        operations: what the service calls it, as its log has it.
        digest: of the request, as a ledger has it.
    """

    method: str
    path: str
    status: int
    headers: Mapping[str, str] = field(hash=False)
    body: bytes
    effects: tuple[Effect, ...]
    canceled: bool
    operations: tuple[str, ...] = ()
    digest: str = ""


@frozen
class FaultTarget:
    """Which requests a fault meets: those to this place, but for the first `skip_first`."""

    method: str
    path: str
    skip_first: int = 0

    def inject(self, simulator: Simulator, kind: Fault, *, times: int = 1) -> None:
        """Let the next `times` of them meet the fault."""
        size = _OVERSIZED_BYTES if kind is Fault.OVERSIZED else None
        pattern = f"^{re.escape(self.path)}$"
        simulator.faults.add(kind, method=self.method, path=pattern, times=times, size=size, skip_first=self.skip_first)


class CallRecorder:
    """A simulator's app, and all that was said to and by it, with what came of it."""

    def __init__(self, simulator: Simulator, number: str) -> None:
        self._simulator = simulator
        self._number = number
        self._app: ASGIApp = simulator.app
        self.calls: list[RecordedCall] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        start: Message = {"status": 0, "headers": []}
        asked, body = bytearray(), bytearray()
        before, told = len(self._simulator.log), len(self.calls)

        async def hear() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            body.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                # Before the client has it all: whoever asks then must find it here.
                self._record(scope, start, bytes(asked), bytes(body), before)
            await send(message)

        await self._app(scope, hear, keep)
        if len(self.calls) == told:  # A fault has broken the connection.
            self._record(scope, start, bytes(asked), bytes(body), before)

    def _record(self, scope: Scope, start: Message, asked: bytes, body: bytes, before: int) -> None:
        records = [record for record in self._simulator.log[before:] if record.operation != LIFE_CYCLE]
        effects = tuple(record.effect_kind for record in records if record.effect_kind is not Effect.NOTHING)
        operations = tuple(record.operation for record in records)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
        canceled = self._simulator.actual_status(self._number) in self._simulator.canceled_statuses
        self.calls.append(
            RecordedCall(
                scope["method"],
                scope["path"],
                start["status"],
                headers,
                body,
                effects,
                canceled,
                operations,
                digest_of(scope, asked),
            )
        )


@frozen
class RecordedConversation:
    """What was said while an order was canceled, followed up and submitted again; without tokens."""

    cancel: tuple[RecordedCall, ...]
    polls: tuple[RecordedCall, ...]
    resubmit: tuple[RecordedCall, ...]
    status_changes: Mapping[str, tuple[RecordedCall, ...]] = field(factory=dict, hash=False)
    eligibility: tuple[RecordedCall, ...] = ()


@frozen
class BaselineRun:
    """What was seen.

    Args:
        route: the way taken; None where none was open.
        state_after_request, final_state: the case's state after the request, and at the end.
        idempotent: whether every request of the cancel that may change something was declared so.
        cancel, polls, resubmit: what was said meanwhile, without tokens.
        tokens: the responses with one.
        token_path: None where no token is fetched.
        origin: where the service stood, for responses that name itself; "" where none is called.
        plugin_errors: what the plugin itself did wrong meanwhile.
        status_changes: by each status that can be set, what was said while it was set.
        eligibility: what was said before the cancel, where the service says of each order whether it would.
    """

    route: Route | None
    state_after_request: State
    final_state: State
    idempotent: bool
    cancel: tuple[RecordedCall, ...]
    polls: tuple[RecordedCall, ...]
    resubmit: tuple[RecordedCall, ...]
    tokens: tuple[RecordedCall, ...]
    token_path: str | None
    origin: str
    plugin_errors: tuple[str, ...]
    status_changes: Mapping[str, tuple[RecordedCall, ...]] = field(factory=dict, hash=False)
    eligibility: tuple[RecordedCall, ...] = ()

    @property
    def conversation(self) -> RecordedConversation:
        """What was said, without tokens."""
        return RecordedConversation(self.cancel, self.polls, self.resubmit, self.status_changes, self.eligibility)

    @property
    def cancel_target(self) -> FaultTarget | None:
        """The request that the service took as a cancel; None where none was."""
        return _fault_target(self.cancel, Effect.CANCEL_ACCEPTED)

    @property
    def targets_before_cancel(self) -> tuple[FaultTarget, ...]:
        """What was called before the service took the cancel; nothing where it took none."""
        earlier: dict[FaultTarget, None] = {}
        for heard in self.cancel:
            if Effect.CANCEL_ACCEPTED in heard.effects:
                return tuple(earlier)
            earlier[FaultTarget(heard.method, heard.path)] = None
        return ()

    @property
    def poll_targets(self) -> tuple[FaultTarget, ...]:
        """All that was called to polled."""
        return tuple({FaultTarget(heard.method, heard.path): None for heard in self.polls})

    @property
    def create_target(self) -> FaultTarget | None:
        """The request that made an order; None where none did."""
        return _fault_target(self.resubmit, Effect.ORDER_CREATED)

    @property
    def targets_before_create(self) -> tuple[FaultTarget, ...]:
        """What was called before an order was made."""
        earlier: dict[FaultTarget, None] = {}
        for heard in self.resubmit:
            if Effect.ORDER_CREATED in heard.effects:
                break
            earlier[FaultTarget(heard.method, heard.path)] = None
        return tuple(earlier)


def run_baseline(plugin: PluginUnderTest, folder: Path) -> BaselineRun:
    """Cancel the subject's order, follow it up, and submit it again where that is declared."""
    witnesses: list[CallRecorder] = []

    def watched(simulator: Simulator) -> ASGIApp:
        witnesses.append(CallRecorder(simulator, plugin.number))
        return witnesses[0]

    path_of_tokens = token_path(plugin)
    with plugin.open_harness(folder, wrap=watched) as stage:
        heard = witnesses[0].calls if witnesses else []
        _require_canceled_statuses(stage.simulator)
        before = None if stage.simulator is None else stage.simulator.actual_status(plugin.number)
        route, problems = plugin.route(stage), stage.read_eligibility() if plugin.reads_eligibility else ()
        marks = [len(heard)]
        asked = stage.cancel().state
        marks.append(len(heard))
        looks = list(_require_no_timeout(stage.steps()))
        case = looks[-1]
        marks.append(len(heard))
        if case.state is State.CANCELED:
            _submit_again(stage, plugin, before)
        origin = stage.desk.connections.get(stage.connection).service(stage.clock.now()).base_url
        is_idempotent = all(intent.idempotent for intent in _writes(stage, case))
    parts = [heard[begin:end] for begin, end in pairwise((0, *marks, len(heard)))]
    eligibility, cancel, follow, resubmit = (tuple(one for one in part if one.path != path_of_tokens) for part in parts)
    return BaselineRun(
        route,
        asked,
        case.state,
        is_idempotent,
        cancel,
        follow,
        resubmit,
        tuple(one for one in heard if one.path == path_of_tokens),
        path_of_tokens,
        urlsplit(origin).netloc,
        _plugin_errors(problems, looks),
        _record_status_changes(plugin, folder, path_of_tokens),
        eligibility,
    )


def _submit_again(stage: ConformanceHarness, plugin: PluginUnderTest, before: str | None) -> None:
    """Submit the order that is canceled again, where that is declared. before: its status before the cancel."""
    if stage.simulator is not None:
        _require_known_status(stage.simulator, plugin.number, before)
    if not isinstance(plugin.integration.resubmission, NoResubmission):
        stage.resubmit()


def _writes(stage: ConformanceHarness, case: CancelCase) -> list[Intent]:
    """What of a case's requests may change something."""
    history = [entry.content for entry in stage.desk.ledger.history(case.id)]
    return [one for one in history if isinstance(one, Intent) and not one.read_only]


def _plugin_errors(problems: Sequence[str], looks: Sequence[CancelCase]) -> tuple[str, ...]:
    told = (look.plugin_error for look in looks if look.plugin_error is not None)
    return tuple(dict.fromkeys([*problems, *told]))


def _record_status_changes(
    plugin: PluginUnderTest, folder: Path, token_path: str | None
) -> Mapping[str, tuple[RecordedCall, ...]]:
    """What is said while an order is given each status that can be set, one after the other and then the first again.

    So each is set once to an order that has another; of two recordings the longer is kept.
    """
    names = [status.name for status in plugin.integration.statuses]
    if not names or not plugin.has_service:
        return {}
    found: dict[str, tuple[RecordedCall, ...]] = dict.fromkeys(names, ())
    recorders: list[CallRecorder] = []

    def recorded(simulator: Simulator) -> ASGIApp:
        recorders.append(CallRecorder(simulator, plugin.number))
        return recorders[0]

    inner = folder / "statuses"
    inner.mkdir()
    with plugin.open_harness(inner, wrap=recorded) as harness:
        for name in (*names, *names[:-1]):
            mark = len(recorders[0].calls)
            harness.change_status(name)
            calls = tuple(one for one in recorders[0].calls[mark:] if one.path != token_path)
            found[name] = max(calls, found[name], key=len)
    return found


def _require_canceled_statuses(simulator: Simulator | None) -> None:
    if simulator is not None and not simulator.canceled_statuses:
        raise ConformanceError(Requirement.INSTALLED, [f"{type(simulator).__name__} names no `canceled_statuses`"])


def _require_known_status(simulator: Simulator, number: str, before: str | None) -> None:
    """Raise ConformanceError where a cancel made of the order what the simulator does not call canceled.

    before: the status before the cancel; where it is the same still, it is the plugin that is wrong.
    """
    status = simulator.actual_status(number)
    if status != before and status not in simulator.canceled_statuses:
        listed = ", ".join(map(repr, sorted(simulator.canceled_statuses)))
        message = f"after a cancel its actual_status is {status!r}, and its canceled_statuses are {listed}"
        raise ConformanceError(Requirement.INSTALLED, [f"{type(simulator).__name__}: {message}"])


def _require_no_timeout(steps: Iterator[CancelCase]) -> Iterator[CancelCase]:
    """The looks; raises ConformanceError at the first that found the plugin hung. No other test could end, or soon."""
    for case in steps:
        if case.plugin_error is not None and TIMED_OUT in case.plugin_error:
            raise ConformanceError(Requirement.RUNS_WITHOUT_ERROR, [case.plugin_error])
        yield case


def token_path(plugin: PluginUnderTest) -> str | None:
    """Where tokens are fetched, also by credentials of the plugin's own, whose first request is then another one."""
    auth = plugin.auth
    if auth is None:
        return None
    signed = httpx.Request("GET", f"{NOWHERE}/signed")
    first = auth.token_request() if isinstance(auth, TokenAuth) else next(auth.sync_auth_flow(signed))
    return None if first.url == signed.url else urlsplit(str(first.url)).path


def _fault_target(calls: tuple[RecordedCall, ...], effect: Effect) -> FaultTarget | None:
    for index, one in enumerate(calls):
        if effect in one.effects:
            earlier: Iterator[RecordedCall] = (
                other for other in calls[:index] if (other.method, other.path) == (one.method, one.path)
            )
            return FaultTarget(one.method, one.path, sum(1 for _ in earlier))
    return None
