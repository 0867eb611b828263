"""A simple simulator whose clients fetch their tokens with credentials of their own (OAuth 2.0: RFC 6749, 4.4).

    POST {token_path}    grant_type=client_credentials&client_id=...&client_secret=...    -> a token, 400, 401

Nothing else of it is wanted from a subclass but `settings`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from orderdesk_sdk.clock import Clock, hours
from orderdesk_sdk.testing.faults import refuse_token
from orderdesk_sdk.testing.simple_simulator import Durations, Outcome, Request, SimpleSimulator, basic, same

__all__ = ["TokenSimulator"]

_LASTS = hours(1)


class TokenSimulator(SimpleSimulator):
    """Orders by the clock, for whoever shows a token that was given out and has not ended."""

    token_path: ClassVar[str] = "/oauth/token"
    """Where tokens are given out."""
    client_id: ClassVar[str] = "simulated-client"
    client_secret: ClassVar[str] = "not-a-real-client-secret"
    """The one client that is known."""
    in_header: ClassVar[bool] = False
    """Whether it says who it is in a basic authorization header, and nowhere else (RFC 6749, 2.3.1)."""

    def __init__(self, clock: Clock, *, durations: Durations | None = None) -> None:
        super().__init__(clock, durations=durations)
        self._good_until: dict[str, datetime] = {}

    def lets_in(self, request: Request) -> bool:
        until = self._good_until.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        return until is not None and self.clock.now() < until

    def answer(self, request: Request, body: bytes) -> tuple[str, str | None, Outcome]:
        if (request.method, request.url.path) == ("POST", self.token_path):
            return "token", None, self._token(request, dict(parse_qsl(body.decode("utf-8", "replace"))))
        return super().answer(request, body)

    async def expired_token(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.lock:
            self._good_until.clear()
        await refuse_token(scope, receive, send)

    def _token(self, request: Request, form: Mapping[str, str]) -> Outcome:
        if form.get("grant_type") != "client_credentials":
            return Outcome(400, "refused: grant", {"error": "unsupported_grant_type"})
        if not self._knows(request, form):
            return Outcome(401, "refused: client", {"error": "invalid_client"})
        token = hashlib.sha256(f"{type(self).__name__}:{self.clock.now()}:{len(self._good_until)}".encode()).hexdigest()
        self._good_until[token] = self.clock.now() + _LASTS
        lasts = int(_LASTS.total_seconds())
        return Outcome(200, "issued", {"access_token": token, "token_type": "Bearer", "expires_in": lasts})

    def _knows(self, request: Request, form: Mapping[str, str]) -> bool:
        if self.in_header:
            return same(request.headers.get("authorization"), basic(self.client_id, self.client_secret))
        return (form.get("client_id"), form.get("client_secret")) == (self.client_id, self.client_secret)
