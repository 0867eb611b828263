"""A service to try wire profiles against. It speaks a simulator-defined wire, no vendor's: all of it is invented.

    POST /simulated-wire/orders/{number}/stop    {"why": ...} -> 202 taken, 409 too late, 404 unknown, 401
    GET  /simulated-wire/orders/{number}         -> {"simulated": {"order": ..., "stage": ...}}

`WireSimulator.settings` holds the wire profile that fits. A plugin's simulator names its vendor, to say whose wire this
is not, and adds the calls that the vendor does document.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from attrs import define, field, frozen
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from orderdesk_sdk.clock import Clock, hours, minutes
from orderdesk_sdk.errors import InputError, NotFoundError
from orderdesk_sdk.testing.simulator import Deed, Simulator, Switch, received

__all__ = ["API_SECRET", "API_USER", "BASE", "FATE", "Durations", "Outcome", "Stage", "WireSimulator"]

API_USER = "simulated-user"
API_SECRET = "not-a-real-secret"  # Not "simulated...": a word of the bodies would look like its beginning.
BASE = "/simulated-wire/orders"
USER_HEADER, SECRET_HEADER = "x-simulated-user", "x-simulated-secret"
FATE = Switch("fate", ("honored", "ships anyway"), text="how a cancel that was taken ends")


class Stage(StrEnum):
    """Where an order stands."""

    QUEUED = "queued"
    PRINTING = "printing"
    GONE = "gone"
    STOPPED = "stopped"


@frozen
class Durations:
    """How long things take; invented like everything here."""

    queue: timedelta = field(default=minutes(30))
    printing: timedelta = field(default=hours(4))
    stop: timedelta = field(default=minutes(8))
    """From a request to stop that was taken to stopped."""


@define
class _Order:
    stage: Stage
    since: datetime
    stop_at: datetime | None = None
    """When a request that was taken stops it; None when there is none."""


@frozen
class Outcome:
    """What a call is answered, and what it did."""

    status: int
    effect: str
    body: Mapping[str, object] = field(factory=dict)
    deed: Deed = Deed.NOTHING


class WireSimulator(Simulator):
    """An invented print shop by the clock, over HTTP and by method."""

    vendor: ClassVar[str] = "the vendor"
    """Whose wire it is not; every answer says so."""
    switches: ClassVar[tuple[Switch, ...]] = (
        Switch("auth", ("basic", "headers", "header"), text="how user and secret must be sent"),
        FATE,
    )

    canceled_words = frozenset({Stage.STOPPED.value})
    dishonored: ClassVar[Mapping[str, str]] = {FATE.name: FATE.choices[1]}

    def __init__(self, clock: Clock, *, durations: Durations | None = None) -> None:
        super().__init__(clock)
        self._durations = durations or Durations()
        self._orders: dict[str, _Order] = {}

    def settings(self, url: str) -> Mapping[str, object]:
        return {
            "api_user": API_USER,
            "api_secret": API_SECRET,
            "base_url": url,
            "auth_mode": self.switch("auth"),
            "user_header": USER_HEADER,
            "secret_header": SECRET_HEADER,
            "wire": self.wire(),
        }

    def wire(self) -> Mapping[str, object]:
        """The wire profile that fits."""
        return {
            "cancel": {
                "method": "POST",
                "path": BASE + "/{remote_id}/stop",
                "body": {"why": "{reason}"},
                "taken": [202],
                "refused": [409],
                "unknown": [404],
            },
            "read": {
                "path": BASE + "/{remote_id}",
                "status": "/simulated/stage",
                "canceled": ["stopped"],
                "shipped": ["gone"],
                "pending": ["queued", "printing"],
                "unknown": [404],
            },
        }

    def truth(self, remote_id: str) -> str:
        with self.lock:
            self.settle()
            if remote_id not in self._orders:
                raise NotFoundError("the simulator has no such order", place=remote_id)
            return self._orders[remote_id].stage.value

    def add_order(
        self,
        remote_id: str,
        *,
        lines: Sequence[tuple[str, int]] = (),  # noqa: ARG002 - as every simulator takes them
        stage: Stage | str = Stage.QUEUED,
    ) -> None:
        """Put an order there; it goes on from `stage` by the clock. Raises InputError for a used number."""
        with self.lock:
            self.settle()
            if self.has(remote_id):
                raise InputError("the number is used", place=remote_id, remedy="give another one")
            self.put(remote_id, stage)
            self.record("add_order", remote_id, f"created: {stage}")

    def has(self, remote_id: str) -> bool:
        """Whether the number is used."""
        return remote_id in self._orders

    def put(self, remote_id: str, stage: Stage | str = Stage.QUEUED) -> None:
        """Take an order in."""
        self._orders[remote_id] = _Order(Stage(stage), self.clock.now())

    def settle(self) -> None:
        with self.lock:
            for number, order in self._orders.items():
                while (following := self._following(number, order)) is not None and following[1] <= self.clock.now():
                    self.record("life cycle", number, f"{order.stage} -> {following[0]}", at=following[1])
                    order.stage, order.since = following

    def _following(self, number: str, order: _Order) -> tuple[Stage, datetime] | None:
        match order.stage:
            case Stage.QUEUED if order.stop_at is not None and self.switch("fate", number) == "honored":
                return Stage.STOPPED, order.stop_at
            case Stage.QUEUED:
                return Stage.PRINTING, order.since + self._durations.queue
            case Stage.PRINTING:
                return Stage.GONE, order.since + self._durations.printing
            case Stage.GONE | Stage.STOPPED:
                return None

    async def service(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await received(scope, receive)
        if request is None:
            return
        body = await request.body()
        with self.lock:
            self.settle()
            operation, number, outcome = self.answer(request, body)
            self.record(operation, number, outcome.effect, deed=outcome.deed)
        note = f"simulator-defined wire, not {self.vendor}'s"
        await JSONResponse({"note": note, **outcome.body}, outcome.status)(scope, receive, send)

    def answer(self, request: Request, body: bytes) -> tuple[str, str | None, Outcome]:  # noqa: ARG002 - for overriding
        """What is called, for the log, which order it is about, and what it is answered."""
        parts = request.url.path.removeprefix(BASE).strip("/").split("/")
        return f"{request.method} {'stop' if parts[1:] else 'order'}", parts[0] or None, self._perform(request, parts)

    def _perform(self, request: Request, parts: Sequence[str]) -> Outcome:
        if not self.lets_in(request):
            return Outcome(401, "refused: credentials", {"error": "user or secret is wrong"})
        order = self._orders.get(parts[0]) if request.url.path.startswith(BASE + "/") else None
        match request.method, *parts[1:]:
            case _ if order is None:
                return Outcome(404, "refused: unknown", {"error": "no such order"})
            case ("GET",):
                shown = {"simulated": {"order": parts[0], "stage": order.stage.value}}
                return Outcome(200, f"read: {order.stage}", shown)
            case "POST", "stop" if order.stage is not Stage.QUEUED:
                return Outcome(409, f"stop refused in {order.stage}", {"error": "too late"})
            case "POST", "stop":
                order.stop_at = order.stop_at or self.clock.now() + self._durations.stop
                effect = f"stop taken in {order.stage}, to be {self.switch('fate', parts[0])}"
                return Outcome(202, effect, deed=Deed.CANCEL_TAKEN)
            case _:
                return Outcome(405, "refused: no such call", {"error": "no such call"})

    def lets_in(self, request: Request) -> bool:
        """Whether a request has the credentials."""
        wanted = f"{API_USER}:{API_SECRET}"
        match self.switch("auth"):
            case "headers":
                given = f"{request.headers.get(USER_HEADER)}:{request.headers.get(SECRET_HEADER)}"
            case "header":
                given, wanted = request.headers.get(SECRET_HEADER, ""), API_SECRET
            case _:
                scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
                try:
                    given = base64.b64decode(encoded, validate=True).decode() if scheme.lower() == "basic" else ""
                except ValueError:
                    return False
        return secrets.compare_digest(given.encode(), wanted.encode())
