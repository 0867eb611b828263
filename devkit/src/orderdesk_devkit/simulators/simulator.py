"""A simulator of a service: its API on a loopback socket, its life by the clock, and the truth behind its answers."""

from __future__ import annotations

import enum
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.metadata import EntryPoint
from typing import ClassVar

from attrs import field, frozen
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from orderdesk_devkit.simulators.control import Control
from orderdesk_devkit.simulators.fault_injection import FaultInjectionMiddleware, FaultQueue
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import InvalidStateError, NotFoundError, ValidationError
from orderdesk_sdk.plugin.eligibility import Eligibility
from orderdesk_sdk.plugin.entry_points import InstalledEntryPoints
from orderdesk_sdk.plugin.integration import SideEffect
from orderdesk_sdk.plugin.webhooks import WebhookRequest

__all__ = [
    "GROUP",
    "LIFE_CYCLE",
    "Effect",
    "CallResult",
    "Record",
    "Simulator",
    "BehaviorOption",
    "receive_request",
    "simulators",
]

GROUP = "orderdesk.simulators"
"""The entry-point group; the name of an entry point is the slug of the integration."""

LIFE_CYCLE = "life cycle"
"""The operation of a record of what the service did by itself."""


class Effect(enum.Enum):
    """What a record of the log means to whoever judges: whether a call made something happen that counts."""

    NOTHING = "nothing"
    """It changed nothing that a canceled order is about: a read, a rejection, a token, life going on."""
    CANCEL_ACCEPTED = "cancel accepted"
    """A call asked to cancel and the service acknowledged it or did it at once, also where it had done so before."""
    ORDER_CREATED = "order created"
    """A call made a new order. The record's `remote_id` is the number that the plugin's RemoteOrder will have."""
    STATUS_SET = "status set"
    """A call gave an order a status of those that the plugin declares as settable, also one that it had before."""


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
    effect_kind: Effect = Effect.NOTHING
    """The same for a judge, who does not read words."""


@frozen
class CallResult:
    """What a call is answered, and what it did."""

    status: int
    """The HTTP status."""
    effect: str
    """For the log: what it changed, or why it changed nothing."""
    body: object = field(factory=dict)
    """What is written as JSON; None: no body at all."""
    effect_kind: Effect = Effect.NOTHING


@frozen
class BehaviorOption:
    """A choice between readings of what the service's documentation leaves open, or between fates."""

    name: str
    choices: tuple[str, ...]
    """The first one is the default."""
    description: str = field(kw_only=True)
    """What is chosen, in a line."""


class Simulator(ABC):
    """The base of every simulator. Built as `S(clock)`; found under `orderdesk.simulators` by the integration's slug.

    A subclass says where it is (`settings`), what is true (`actual_status`), and what it answers (`respond`). Whatever
    it keeps is guarded by `lock`: `app` runs in a server's thread while tests call methods.
    """

    options: ClassVar[tuple[BehaviorOption, ...]] = ()
    canceled_statuses: ClassVar[frozenset[str]] = frozenset()
    """What `actual_status` says of an order that is canceled and will never ship. The conformance suite needs it."""
    contradicting_options: ClassVar[Mapping[str, str]] = {}
    """The switches, with their choices, under which a cancel is taken and the order ships all the same; empty where
    the simulator has no such fate. A service whose response is its last word does not say there that it canceled."""

    personal_texts: ClassVar[tuple[str, ...]] = ()
    """What its responses say of persons, of ten characters and more, beside the invented person of the kit."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.faults = FaultQueue()
        self.lock = threading.RLock()
        self.app: ASGIApp = Control(self, FaultInjectionMiddleware(self.service, self.faults, expired=self._expired))
        """What to serve: the service, its faults, and the control calls under `/_simulator/`."""
        self.on_effect: Callable[[Record], None] | None = None
        """Called with each record whose effect counts, before the client hears of it; None for nobody."""
        self._records: list[Record] = []
        self._chosen: dict[tuple[str, str | None], str] = {}

    @abstractmethod
    def settings(self, url: str) -> Mapping[str, object]:
        """A ready `[connections.X.settings]` table for this simulator served at `url`; its secrets are fakes.

        Secrets stand in it as plain texts, nested tables as mappings.
        """

    @abstractmethod
    def actual_status(self, remote_id: str) -> str:
        """The service's true status word for the order now. Raises NotFoundError for an order it does not have."""

    def add_order(self, remote_id: str, *, lines: Sequence[tuple[str, int]]) -> None:  # noqa: ARG002 - for overriding
        """Put an order there that nobody created over the API, as if it had just come in; `lines` are (code, quantity).

        Raises ValidationError for a used number, InvalidStateError (here) for a simulator that takes none this way.
        """
        raise InvalidStateError(
            "this simulator takes no orders but over its own API",
            location=type(self).__name__,
            hint="create the order there with the service's own call",
        )

    def put_status(self, remote_id: str, status: str) -> None:  # noqa: ARG002 - for overriding
        """Let the order stand in a status of `actual_status` now, which the clock alone may never bring it to.

        Raises NotFoundError, ValidationError for a word that is no status, InvalidStateError (here) for a simulator
        whose orders go by the clock alone.
        """
        raise InvalidStateError(
            f"this simulator puts no order at {status!r}",
            location=type(self).__name__,
            hint="override put_status(remote_id, status) in it",
        )

    def canceled_quantities(self, remote_id: str) -> Mapping[str, int] | None:  # noqa: ARG002 - for overriding
        """How many pieces of each line, by code, it has canceled because it was asked; None: whole orders only."""
        return None

    def prior_steps(self, remote_id: str) -> Mapping[tuple[str, str | None], int] | None:  # noqa: ARG002 - for overriding
        """How often each prior step of a cancel was done and not undone, by name and item; None: it does not tell."""
        return None

    def change_order(self, remote_id: str) -> bool:  # noqa: ARG002 - for overriding
        """Change the order as somebody else would, so that its ETag is another; False where orders have none."""
        return False

    def has_status(self, remote_id: str, status: str) -> bool | None:  # noqa: ARG002 - for overriding
        """Whether the order has a status of those that the plugin declares as settable; None: it does not tell."""
        return None

    def side_effects(self, remote_id: str) -> Collection[SideEffect] | None:  # noqa: ARG002 - for overriding
        """What it has done besides, because a cancel asked for it: a fee charged, money paid back; None: unknown."""
        return None

    def takes_reply(self, status: int, body: str) -> bool | None:  # noqa: ARG002 - for overriding
        """Whether it counts a message as delivered that was answered so; None where its documents do not say."""
        return None

    def eligibility(self, remote_id: str) -> Eligibility | None:  # noqa: ARG002 - for overriding
        """What is true of a cancel of the order now: whether it would take one, and the codes of the reasons that it
        takes for this order; None: it does not tell.
        """
        return None

    def registered_webhooks(self) -> Sequence[str] | None:
        """The addresses that are registered for its messages; None where it does not tell."""
        return None

    def webhooks(self, remote_id: str) -> Sequence[WebhookRequest]:  # noqa: ARG002 - for overriding
        """The messages, one of each kind, that it sends about the order as it stands; by default none."""
        return ()

    def unrelated_webhooks(self) -> Sequence[WebhookRequest]:
        """Messages that it sends to the same place and that tell nothing of an order's life; by default none."""
        return ()

    def sign_webhook(self, message: WebhookRequest) -> WebhookRequest:
        """The message with the signature of the body that it has; by default nothing depends on the body."""
        return message

    def control_call(self, method: str, call: str, body: bytes) -> dict[str, object]:  # noqa: ARG002 - for overriding
        """The answer to a control call of this simulator alone; called from a thread of its own, without `lock`.

        Raises NotFoundError for a call that there is not, ValidationError for a body that is wrong.
        """
        raise NotFoundError(f"unknown control call {method} /_simulator/{call}")

    def respond(self, request: Request, body: bytes) -> Response:  # noqa: ARG002 - for overriding
        """What a call is answered, after whatever it does; called under `lock`, when the service is settled.

        By default there is no call at all: 404. `logged_response` makes the response and writes to the log.
        """
        return self.logged_response(
            f"{request.method} {request.url.path}", None, CallResult(404, "refused: no such call")
        )

    def expired_token(self, request: Request) -> Response:  # noqa: ARG002 - for overriding
        """The answer to a request that meets EXPIRED_TOKEN; under `lock`, as in `respond`.

        A simulator with tokens lets the presented one expire as well.
        """
        return JSONResponse({"error": "the access token has expired"}, 401)

    def requested_cancellation(
        self,
        remote_id: str,  # noqa: ARG002 - for overriding
    ) -> tuple[str | None, Mapping[str, int]] | None:
        """Of the request to cancel an order that is open: the asker's reason, and the pieces of each line by its code,
        of which none stands for the whole order; None: it does not tell.
        """
        return None

    def throttled_response(self, wait: timedelta) -> Response | None:  # noqa: ARG002 - for overriding
        """Its own answer to a call that came too soon, which may come again after `wait`; None: 429 and Retry-After."""
        return None

    def counted_effects(self, remote_id: str) -> Mapping[str, int]:  # noqa: ARG002 - for overriding
        """How often it did for the order what must not be done twice, by what: refunds, labels; by default nothing.

        Orders that were made and pieces that were canceled are counted without it.
        """
        return {}

    def logged_response(
        self,
        operation: str,
        remote_id: str | None,
        outcome: CallResult,
        *,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> Response:
        """The response to a call, which is written to the log.

        Args:
            media_type: None for application/json.
        """
        self.record(operation, remote_id, outcome.effect, effect_kind=outcome.effect_kind)
        if outcome.body is None:
            return Response(None, outcome.status, headers)
        return JSONResponse(outcome.body, outcome.status, headers, media_type)

    async def service(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The service itself, as an ASGI app without faults and control calls.

        Overridden only by a service that `respond` cannot play, as one that streams.
        """
        await self._serve_with(self.respond, scope, receive, send)

    async def _expired(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._serve_with(lambda request, _: self.expired_token(request), scope, receive, send)

    async def _serve_with(
        self, respond: Callable[[Request, bytes], Response], scope: Scope, receive: Receive, send: Send
    ) -> None:
        request = await receive_request(scope, receive)
        if request is None:
            return
        body = await request.body()
        with self.at_present():
            response = respond(request, body)
        await response(scope, receive, send)

    @contextmanager
    def at_present(self) -> Iterator[datetime]:
        """Holds `lock` over the service as it is now, a time that it gives: for whatever looks at it or changes it."""
        with self.lock:
            self.advance_to_present()
            yield self.clock.now()

    def advance_to_present(self) -> None:
        """Bring the service up to the clock's now; by default there is nothing that happens by itself.

        Called under `lock`, before each call and wherever `at_present` is used.
        """
        return

    def on_option_set(self, name: str, remote_id: str | None) -> None:  # noqa: ARG002 - for overriding
        """Called after a switch was set, under `lock`; by default the next request will see it, which is enough."""
        return

    @property
    def log(self) -> list[Record]:
        """Everything that happened at the service up to now, oldest first: a copy."""
        with self.at_present():
            return list(self._records)

    def record(
        self,
        operation: str,
        remote_id: str | None,
        effect: str,
        *,
        at: datetime | None = None,
        effect_kind: Effect = Effect.NOTHING,
    ) -> None:
        """Write to the log; `at` None means now."""
        with self.lock:
            self._records.append(Record(at or self.clock.now(), operation, remote_id, effect, effect_kind))
            if self.on_effect is not None and effect_kind is not Effect.NOTHING:
                self.on_effect(self._records[-1])

    def record_event(self, remote_id: str, effect: str, at: datetime) -> None:
        """Write to the log what the service did by itself."""
        self.record(LIFE_CYCLE, remote_id, effect, at=at)

    def set_option(self, name: str, choice: str, *, remote_id: str | None = None) -> None:
        """Choose for one order, or with None for all that have no choice of their own.

        Raises ValidationError for a switch or choice that does not exist. Orders need not exist yet.
        """
        known = {switch.name: switch.choices for switch in self.options}
        if name not in known:
            raise ValidationError(f"there is no switch {name!r}", hint=f"use one of: {', '.join(known) or 'none'}")
        if choice not in known[name]:
            raise ValidationError(
                f"{choice!r} is no choice", location=name, hint=f"use one of: {', '.join(known[name])}"
            )
        with self.at_present():
            self._chosen[name, remote_id] = choice
            self.on_option_set(name, remote_id)

    def option(self, name: str, remote_id: str | None = None) -> str:
        """What is chosen for the order: its own choice, else that for all, else the default."""
        with self.lock:
            for key in ((name, remote_id), (name, None)):
                if key in self._chosen:
                    return self._chosen[key]
        for switch in self.options:
            if switch.name == name:
                return switch.choices[0]
        raise ValidationError(f"there is no switch {name!r}")

    def chosen_options(self) -> Mapping[str, str]:
        """What is chosen for all orders, by switch."""
        return {switch.name: self.option(switch.name) for switch in self.options}


async def receive_request(scope: Scope, receive: Receive) -> Request | None:
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
    return {entry.name: entry for entry in InstalledEntryPoints()(GROUP)}
