"""A service to try API profiles against. It speaks a simulator-defined API, no vendor's: all of it is invented.

    POST /simulated-api/orders/{number}/stop    {"why": ...} -> 202 and the order, 409 too late, 404 unknown, 401
    GET  /simulated-api/orders/{number}         -> {"simulated": {"order": ..., "stage": ...}}

`ApiProfileSimulator.settings` holds the API profile that fits. A plugin's simulator names its vendor, to say whose
API this is not, and adds the calls that the vendor does document.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from attrs import evolve

from orderdesk_devkit.simulators.simple import (
    FATE,
    CallResult,
    Durations,
    Request,
    SimpleSimulator,
    Stages,
    basic_authorization,
    secrets_match,
)
from orderdesk_devkit.simulators.simulator import BehaviorOption, Effect

__all__ = ["API_SECRET", "API_USER", "BASE", "FATE", "Durations", "CallResult", "OrderStage", "ApiProfileSimulator"]

API_USER = "simulated-user"
API_SECRET = "not-a-real-secret"  # Not "simulated...": a word of the bodies would look like its beginning.
BASE = "/simulated-api/orders"
USER_HEADER, SECRET_HEADER = "x-simulated-user", "x-simulated-secret"


class OrderStage(StrEnum):
    """Where an order stands."""

    QUEUED = "queued"
    PRINTING = "printing"
    GONE = "gone"
    STOPPED = "stopped"


class ApiProfileSimulator(SimpleSimulator):
    """An invented print shop by the clock, over HTTP and by method."""

    vendor: ClassVar[str] = "the vendor"
    """Whose API it is not; every answer says so."""
    base: ClassVar[str] = BASE
    cancel_verb: ClassVar[str] = "stop"
    stages: ClassVar[Stages] = Stages(*(stage.value for stage in OrderStage))
    options: ClassVar[tuple[BehaviorOption, ...]] = (
        BehaviorOption(
            "auth", ("basic", "headers", "header"), description="how user and secret are to be sent; each is taken"
        ),
        FATE,
    )
    canceled_statuses: ClassVar[frozenset[str]] = frozenset({OrderStage.STOPPED.value})

    def settings(self, url: str) -> Mapping[str, object]:
        return {
            "api_user": API_USER,
            "api_secret": API_SECRET,
            "base_url": url,
            "auth_mode": self.option("auth"),
            "user_header": USER_HEADER,
            "secret_header": SECRET_HEADER,
            "api": self.api_profile(),
        }

    def api_profile(self) -> Mapping[str, object]:
        """The API profile that fits."""
        return {
            "cancel": {
                "method": "POST",
                "path": BASE + "/{remote_id}/stop",
                "body": {"why": "{reason}"},
                "accepted": [202],
                "rejected": [409],
                "not_found": [404],
            },
            "read": {
                "path": BASE + "/{remote_id}",
                "status": "/simulated/stage",
                "number": "/simulated/order",
                "canceled": ["stopped"],
                "shipped": ["gone"],
                "pending": ["queued", "printing"],
                "not_found": [404],
            },
        }

    def order_document(self, number: str, stage: str) -> Mapping[str, object]:
        return {"simulated": {"order": number, "stage": stage}}

    def common_fields(self) -> Mapping[str, object]:
        return {"note": f"simulator-defined API, not {self.vendor}'s"}

    def handle(self, request: Request, body: bytes) -> tuple[str, str | None, CallResult]:
        operation, number, outcome = super().handle(request, body)
        if (
            number is not None and outcome.effect_kind is Effect.CANCEL_ACCEPTED
        ):  # It shows the order as it stands then.
            outcome = evolve(outcome, body=self.order_document(number, self.actual_status(number)))
        return operation, number, outcome

    def is_authorized(self, request: Request) -> bool:
        user, secret = request.headers.get(USER_HEADER), request.headers.get(SECRET_HEADER)
        if "authorization" in request.headers:
            return secrets_match(request.headers["authorization"], basic_authorization(API_USER, API_SECRET))
        is_user = secrets_match(user, API_USER) if user is not None else self.option("auth") != "headers"
        return is_user and secrets_match(secret, API_SECRET)
