"""A simulator of a service: its API on a loopback socket, its life by the clock, and the truth behind its answers."""

from __future__ import annotations

import enum
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import EntryPoint
from typing import ClassVar

from attrs import field, frozen
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from orderdesk_devkit.simulators.control import Control
from orderdesk_devkit.simulators.fault_injection import FaultQueue, FaultyApp
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import InputError, NotAllowedError
from orderdesk_sdk.plugin.entry_points import Installed

__all__ = ["GROUP", "Deed", "Outcome", "Record", "Simulator", "Switch", "received", "simulators"]

GROUP = "orderdesk.simulators"
"""The entry-point group; the name of an entry point is the slug of the integration."""


class Deed(enum.Enum):
    """What a record of the log means to whoever judges: whether a call made something happen that counts."""

    NOTHING = "nothing"
    """It changed nothing that a canceled order is about: a read, a refusal, a token, life going on."""
    CANCEL_TAKEN = "cancel taken"
    """A call asked to cancel and the service took note or did it at once, also where it had done so before."""
    ORDER_CREATED = "order created"
    """A call made a new order. The record's `remote_id` is the number that the plugin's Placement will have."""


@frozen
class Record:
    """One thing that happened at the service, whether or not a client learned of it."""

    at: datetime
    operation: str
    """The service's name for the call, or the simulator's for what it did by itself."""
    remote_id: str | None
    """None where no order is concerned, as with a token."""
    effect: str
    """What it changed, or why it changed nothing."""
    deed: Deed = Deed.NOTHING
    """The same for a judge, who does not read words."""


@frozen
class Outcome:
    """What a call is answered, and what it did."""

    status: int
    """The HTTP status."""
    effect: str
    """For the log: what it changed, or why it changed nothing."""
    body: object = field(factory=dict)
    """What is written as JSON; None: no body at all."""
    deed: Deed = Deed.NOTHING


@frozen
class Switch:
    """A choice between readings of what the service's documentation leaves open, or between fates."""

    name: str
    choices: tuple[str, ...]
    """The first one is the default."""
    text: str = field(kw_only=True)
    """What is chosen, in a line."""


class Simulator(ABC):
    """The base of every simulator. Built as `S(clock)`; found under `orderdesk.simulators` by the integration's slug.

    A subclass says where it is (`settings`), what is true (`truth`), and what it answers (`respond`). Whatever it keeps
    is guarded by `lock`: `app` runs in a server's thread while tests call methods.
    """

    switches: ClassVar[tuple[Switch, ...]] = ()
    canceled_words: ClassVar[frozenset[str]] = frozenset()
    """What `truth` says of an order that is canceled and will never ship. The conformance suite needs it."""
    dishonored: ClassVar[Mapping[str, str]] = {}
    """The switches, with their choices, under which a cancel is taken and the order ships all the same; empty where
    the simulator has no such fate. A service whose reply is its last word does not say there that it canceled."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.faults = FaultQueue()
        self.lock = threading.RLock()
        self.app: ASGIApp = Control(self, FaultyApp(self.service, self.faults, expired=self._expired))
        """What to serve: the service, its faults, and the control calls under `/_simulator/`."""
        self.witness: Callable[[Record], None] | None = None
        """Called with each record whose deed counts, before the client hears of it; None for nobody."""
        self._records: list[Record] = []
        self._chosen: dict[tuple[str, str | None], str] = {}

    @abstractmethod
    def settings(self, url: str) -> Mapping[str, object]:
        """A ready `[connections.X.settings]` table for this simulator served at `url`; its secrets are fakes.

        Secrets stand in it as plain texts, nested tables as mappings.
        """

    @abstractmethod
    def truth(self, remote_id: str) -> str:
        """The service's true status word for the order now. Raises NotFoundError for an order it does not have."""

    def add_order(self, remote_id: str, *, lines: Sequence[tuple[str, int]]) -> None:  # noqa: ARG002 - for overriding
        """Put an order there that nobody created over the API, as if it had just come in; `lines` are (code, quantity).

        Raises InputError for a used number, NotAllowedError (here) for a simulator that takes none this way.
        """
        raise NotAllowedError(
            "this simulator takes no orders but over its own API",
            place=type(self).__name__,
            remedy="create the order there with the service's own call",
        )

    def canceled_pieces(self, remote_id: str) -> Mapping[str, int] | None:  # noqa: ARG002 - for overriding
        """How many pieces of each line, by code, it has canceled because it was asked; None: whole orders only."""
        return None

    def respond(self, request: Request, body: bytes) -> Response:  # noqa: ARG002 - for overriding
        """What a call is answered, after whatever it does; called under `lock`, when the service is settled.

        By default there is no call at all: 404. `reply` makes the response and writes to the log.
        """
        return self.reply(f"{request.method} {request.url.path}", None, Outcome(404, "refused: no such call"))

    def expired_token(self, request: Request) -> Response:  # noqa: ARG002 - for overriding
        """The answer to a request that meets EXPIRED_TOKEN; under `lock`, as in `respond`.

        A simulator with tokens lets the presented one expire as well.
        """
        return JSONResponse({"error": "the access token has expired"}, 401)

    def reply(
        self,
        operation: str,
        remote_id: str | None,
        outcome: Outcome,
        *,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> Response:
        """The response to a call, which is written to the log; media_type: None for application/json."""
        self.record(operation, remote_id, outcome.effect, deed=outcome.deed)
        if outcome.body is None:
            return Response(None, outcome.status, headers)
        return JSONResponse(outcome.body, outcome.status, headers, media_type)

    async def service(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The service itself, as an ASGI app without faults and control calls.

        Overridden only by a service that `respond` cannot play, as one that streams.
        """
        await self._served(self.respond, scope, receive, send)

    async def _expired(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._served(lambda request, _: self.expired_token(request), scope, receive, send)

    async def _served(
        self, respond: Callable[[Request, bytes], Response], scope: Scope, receive: Receive, send: Send
    ) -> None:
        request = await received(scope, receive)
        if request is None:
            return
        body = await request.body()
        with self.settled():
            response = respond(request, body)
        await response(scope, receive, send)

    @contextmanager
    def settled(self) -> Iterator[datetime]:
        """Holds `lock` over the service as it is now, a time that it gives: for whatever looks at it or changes it."""
        with self.lock:
            self.settle()
            yield self.clock.now()

    def settle(self) -> None:
        """Bring the service up to the clock's now; by default there is nothing that happens by itself.

        Called under `lock`, before each call and wherever `settled` is used.
        """
        return

    def switched(self, name: str, remote_id: str | None) -> None:  # noqa: ARG002 - for overriding
        """Called after a switch was set, under `lock`; by default the next request will see it, which is enough."""
        return

    @property
    def log(self) -> list[Record]:
        """Everything that happened at the service up to now, oldest first: a copy."""
        with self.settled():
            return list(self._records)

    def record(
        self,
        operation: str,
        remote_id: str | None,
        effect: str,
        *,
        at: datetime | None = None,
        deed: Deed = Deed.NOTHING,
    ) -> None:
        """Write to the log; `at` None means now."""
        with self.lock:
            self._records.append(Record(at or self.clock.now(), operation, remote_id, effect, deed))
            if self.witness is not None and deed is not Deed.NOTHING:
                self.witness(self._records[-1])

    def happened(self, remote_id: str, effect: str, at: datetime) -> None:
        """Write to the log what the service did by itself."""
        self.record("life cycle", remote_id, effect, at=at)

    def set_switch(self, name: str, choice: str, *, remote_id: str | None = None) -> None:
        """Choose for one order, or with None for all that have no choice of their own.

        Raises InputError for a switch or choice that does not exist. Orders need not exist yet.
        """
        known = {switch.name: switch.choices for switch in self.switches}
        if name not in known:
            raise InputError(f"there is no switch {name!r}", remedy=f"use one of: {', '.join(known) or 'none'}")
        if choice not in known[name]:
            raise InputError(f"{choice!r} is no choice", place=name, remedy=f"use one of: {', '.join(known[name])}")
        with self.settled():
            self._chosen[name, remote_id] = choice
            self.switched(name, remote_id)

    def switch(self, name: str, remote_id: str | None = None) -> str:
        """What is chosen for the order: its own choice, else that for all, else the default."""
        with self.lock:
            for key in ((name, remote_id), (name, None)):
                if key in self._chosen:
                    return self._chosen[key]
        for switch in self.switches:
            if switch.name == name:
                return switch.choices[0]
        raise InputError(f"there is no switch {name!r}")

    def chosen(self) -> Mapping[str, str]:
        """What is chosen for all orders, by switch."""
        return {switch.name: self.switch(switch.name) for switch in self.switches}


async def received(scope: Scope, receive: Receive) -> Request | None:
    """The HTTP request, its body read and kept in it; None where there is none, or its client left in the middle of it.

    Half a request is no request: nothing happens, and nobody is left to be answered.
    """
    if scope["type"] != "http":
        return None
    request = Request(scope, receive)
    try:
        await request.body()
    except ClientDisconnect:
        return None
    return request


def simulators() -> dict[str, EntryPoint]:
    """The installed simulators by the slug of their integration; none is imported until its entry point is loaded."""
    return {entry.name: entry for entry in Installed()(GROUP)}
