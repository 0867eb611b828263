"""A rehearsal: one undisturbed cancel and resubmission, from which is learned which call does what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from attrs import field, frozen
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orderdesk_devkit.simulators.control import PREFIX
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import Deed, Simulator
from orderdesk_devkit.testing.conformance.requirement import Law, NotConformant
from orderdesk_devkit.testing.plugin_under_test import Subject
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.plugin.auth import TokenAuth
from orderdesk_sdk.plugin.guard import HUNG
from orderdesk_sdk.plugin.integration import NoResubmit
from orderdesk_sdk.plugin.routes import Route

__all__ = ["Aim", "Conversation", "Heard", "Rehearsal", "Witness", "rehearse"]

ALWAYS = 100
"""More often than any call is repeated."""
_BIG = 8_000_000
"""Bytes of an oversized reply: more than a client takes (`CallLimits.reply`), less than takes time."""


@frozen
class Heard:
    """A request and its reply as they went over the wire. path: decoded. deeds: what it made happen.

    canceled: whether the service had the order truly canceled when it answered.
    """

    method: str
    path: str
    status: int
    headers: Mapping[str, str] = field(hash=False)
    body: bytes
    deeds: tuple[Deed, ...]
    canceled: bool


@frozen
class Aim:
    """Which requests a fault meets: those to this place, but for the first `after`."""

    method: str
    path: str
    after: int = 0

    def fault(self, simulator: Simulator, kind: Fault, *, times: int = 1) -> None:
        """Let the next `times` of them meet the fault."""
        size = _BIG if kind is Fault.OVERSIZED else None
        pattern = f"^{re.escape(self.path)}$"
        simulator.faults.add(kind, method=self.method, path=pattern, times=times, size=size, after=self.after)


class Witness:
    """A simulator's app, and all that was said to and by it, with what came of it."""

    def __init__(self, simulator: Simulator, number: str) -> None:
        self._simulator = simulator
        self._number = number
        self._app: ASGIApp = simulator.app
        self.heard: list[Heard] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        start: Message = {"status": 0, "headers": []}
        body = bytearray()
        before, told = len(self._simulator.log), len(self.heard)

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            body.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                # Before the client has it all: whoever asks then must find it here.
                self._note(scope, start, bytes(body), before)
            await send(message)

        await self._app(scope, receive, keep)
        if len(self.heard) == told:  # A fault has broken the connection.
            self._note(scope, start, bytes(body), before)

    def _note(self, scope: Scope, start: Message, body: bytes, before: int) -> None:
        deeds = tuple(record.deed for record in self._simulator.log[before:] if record.deed is not Deed.NOTHING)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
        canceled = self._simulator.truth(self._number) in self._simulator.canceled_words
        self.heard.append(Heard(scope["method"], scope["path"], start["status"], headers, body, deeds, canceled))


@frozen
class Conversation:
    """What was said while an order was canceled, followed up and submitted again; without tokens."""

    cancel: tuple[Heard, ...]
    follow: tuple[Heard, ...]
    resubmit: tuple[Heard, ...]


@frozen
class Rehearsal:
    """What was seen. route: the way taken; None where none was open. asked, end: the case's state after the request,
    and at the end. repeatable: whether every request of the cancel that may change something was declared so.
    cancel, follow, resubmit: what was said meanwhile, without tokens. tokens: the replies with one. token_path: None
    where no token is fetched. origin: where the service stood, for replies that name itself; "" where none is called.
    faults: what the plugin itself did wrong meanwhile.
    """

    route: Route | None
    asked: State
    end: State
    repeatable: bool
    cancel: tuple[Heard, ...]
    follow: tuple[Heard, ...]
    resubmit: tuple[Heard, ...]
    tokens: tuple[Heard, ...]
    token_path: str | None
    origin: str
    faults: tuple[str, ...]

    @property
    def heard(self) -> Conversation:
        """What was said, without tokens."""
        return Conversation(self.cancel, self.follow, self.resubmit)

    @property
    def cancels(self) -> Aim | None:
        """The request that the service took as a cancel; None where none was."""
        return _aim(self.cancel, Deed.CANCEL_TAKEN)

    @property
    def before(self) -> tuple[Aim, ...]:
        """What was called before the service took the cancel; nothing where it took none."""
        earlier: dict[Aim, None] = {}
        for heard in self.cancel:
            if Deed.CANCEL_TAKEN in heard.deeds:
                return tuple(earlier)
            earlier[Aim(heard.method, heard.path)] = None
        return ()

    @property
    def reads(self) -> tuple[Aim, ...]:
        """All that was called to read back."""
        return tuple({Aim(heard.method, heard.path): None for heard in self.follow})

    @property
    def creates(self) -> Aim | None:
        """The request that made an order; None where none did."""
        return _aim(self.resubmit, Deed.ORDER_CREATED)

    @property
    def looks(self) -> tuple[Aim, ...]:
        """What was called before an order was made."""
        earlier: dict[Aim, None] = {}
        for heard in self.resubmit:
            if Deed.ORDER_CREATED in heard.deeds:
                break
            earlier[Aim(heard.method, heard.path)] = None
        return tuple(earlier)


def rehearse(subject: Subject, folder: Path) -> Rehearsal:
    """Cancel the subject's order, follow it up, and submit it again where that is declared."""
    witnesses: list[Witness] = []

    def watched(simulator: Simulator) -> ASGIApp:
        witnesses.append(Witness(simulator, subject.number))
        return witnesses[0]

    token_path = _token_path(subject)
    with subject.on_stage(folder, wrap=watched) as stage:
        heard = witnesses[0].heard if witnesses else []
        if stage.simulator is not None and not stage.simulator.canceled_words:
            raise NotConformant(Law.INSTALLED, [f"{type(stage.simulator).__name__} names no `canceled_words`"])
        route = subject.route(stage)
        asked = stage.cancel().state
        marks = [len(heard)]
        looks = list(_unless_it_hangs(stage.looks()))
        case = looks[-1]
        marks.append(len(heard))
        if case.state is State.CANCELED and not isinstance(subject.integration.resubmit, NoResubmit):
            stage.resubmit()
        origin = stage.desk.connections.get(stage.connection).service(stage.clock.now()).base_url
        history = [entry.content for entry in stage.desk.ledger.history(case.id)]
        writes = [one for one in history if isinstance(one, Intent) and not one.reads_only]
    parts = [heard[: marks[0]], heard[marks[0] : marks[1]], heard[marks[1] :]]
    cancel, follow, resubmit = (tuple(one for one in part if one.path != token_path) for part in parts)
    return Rehearsal(
        route,
        asked,
        case.state,
        all(intent.repeatable for intent in writes),
        cancel,
        follow,
        resubmit,
        tuple(one for one in heard if one.path == token_path),
        token_path,
        urlsplit(origin).netloc,
        tuple(dict.fromkeys(look.fault for look in looks if look.fault is not None)),
    )


def _unless_it_hangs(looks: Iterator[Case]) -> Iterator[Case]:
    """The looks; raises NotConformant at the first that found the plugin hung. No other test could end, or soon."""
    for case in looks:
        if case.fault is not None and HUNG in case.fault:
            raise NotConformant(Law.PLAYS, [case.fault])
        yield case


def _token_path(subject: Subject) -> str | None:
    auth = subject.auth
    return urlsplit(str(auth.token_request().url)).path if isinstance(auth, TokenAuth) else None


def _aim(heard: tuple[Heard, ...], deed: Deed) -> Aim | None:
    for index, one in enumerate(heard):
        if deed in one.deeds:
            earlier: Iterator[Heard] = (
                other for other in heard[:index] if (other.method, other.path) == (one.method, one.path)
            )
            return Aim(one.method, one.path, sum(1 for _ in earlier))
    return None
