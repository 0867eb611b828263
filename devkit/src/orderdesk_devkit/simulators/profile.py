"""A service to try wire profiles against. It speaks a simulator-defined wire, no vendor's: all of it is invented.

    POST /simulated-wire/orders/{number}/stop    {"why": ...} -> 202 and the order, 409 too late, 404 unknown, 401
    GET  /simulated-wire/orders/{number}         -> {"simulated": {"order": ..., "stage": ...}}

`WireSimulator.settings` holds the wire profile that fits. A plugin's simulator names its vendor, to say whose wire this
is not, and adds the calls that the vendor does document.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from attrs import evolve

from orderdesk_devkit.simulators.simple import FATE, Durations, Outcome, Request, SimpleSimulator, Stages, basic, same
from orderdesk_devkit.simulators.simulator import Deed, Switch

__all__ = ["API_SECRET", "API_USER", "BASE", "FATE", "Durations", "Outcome", "Stage", "WireSimulator"]

API_USER = "simulated-user"
API_SECRET = "not-a-real-secret"  # Not "simulated...": a word of the bodies would look like its beginning.
BASE = "/simulated-wire/orders"
USER_HEADER, SECRET_HEADER = "x-simulated-user", "x-simulated-secret"


class Stage(StrEnum):
    """Where an order stands."""

    QUEUED = "queued"
    PRINTING = "printing"
    GONE = "gone"
    STOPPED = "stopped"


class WireSimulator(SimpleSimulator):
    """An invented print shop by the clock, over HTTP and by method."""

    vendor: ClassVar[str] = "the vendor"
    """Whose wire it is not; every answer says so."""
    base: ClassVar[str] = BASE
    verb: ClassVar[str] = "stop"
    stages: ClassVar[Stages] = Stages(*(stage.value for stage in Stage))
    switches: ClassVar[tuple[Switch, ...]] = (
        Switch("auth", ("basic", "headers", "header"), text="how user and secret must be sent"),
        FATE,
    )
    canceled_words: ClassVar[frozenset[str]] = frozenset({Stage.STOPPED.value})

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
                "number": "/simulated/order",
                "canceled": ["stopped"],
                "shipped": ["gone"],
                "pending": ["queued", "printing"],
                "unknown": [404],
            },
        }

    def shown(self, number: str, stage: str) -> Mapping[str, object]:
        return {"simulated": {"order": number, "stage": stage}}

    def remark(self) -> Mapping[str, object]:
        return {"note": f"simulator-defined wire, not {self.vendor}'s"}

    def answer(self, request: Request, body: bytes) -> tuple[str, str | None, Outcome]:
        operation, number, outcome = super().answer(request, body)
        if number is not None and outcome.deed is Deed.CANCEL_TAKEN:  # It shows the order as it stands then.
            outcome = evolve(outcome, body=self.shown(number, self.truth(number)))
        return operation, number, outcome

    def lets_in(self, request: Request) -> bool:
        match self.switch("auth"):
            case "headers":
                given = f"{request.headers.get(USER_HEADER)}:{request.headers.get(SECRET_HEADER)}"
                return same(given, f"{API_USER}:{API_SECRET}")
            case "header":
                return same(request.headers.get(SECRET_HEADER), API_SECRET)
            case _:
                return same(request.headers.get("authorization"), basic(API_USER, API_SECRET))
