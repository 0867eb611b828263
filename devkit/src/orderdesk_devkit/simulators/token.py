"""A simple simulator whose clients fetch their tokens with credentials of their own (OAuth 2.0: RFC 6749, 4.4).

    POST {token_path}    grant_type=client_credentials&client_id=...&client_secret=...    -> a token, 400, 401

Nothing else of it is wanted from a subclass but `settings`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import ClassVar

from starlette.responses import Response

from orderdesk_devkit.simulators.http_requests import basic_authorization, bearer_token, parse_form_body, secrets_match
from orderdesk_devkit.simulators.simple import CallResult, Durations, Request, SimpleSimulator
from orderdesk_devkit.simulators.tokens import Tokens
from orderdesk_sdk.clock import Clock, hours

__all__ = ["TokenSimulator"]


class TokenSimulator(SimpleSimulator):
    """Orders by the clock, for whoever shows a token that was given out and has not ended."""

    token_path: ClassVar[str] = "/oauth/token"
    """Where tokens are given out."""
    client_id: ClassVar[str] = "simulated-client"
    client_secret: ClassVar[str] = "not-a-real-client-secret"
    """The one client that is known."""
    needs_basic_auth: ClassVar[bool] = False
    """Whether it says who it is in a basic authorization header, and nowhere else (RFC 6749, 2.3.1)."""

    def __init__(self, clock: Clock, *, durations: Durations | None = None) -> None:
        super().__init__(clock, durations=durations)
        name = type(self).__name__
        self._tokens = Tokens(hours(1), lambda number: hashlib.sha256(f"{name}:{number}".encode()).hexdigest())

    def is_authorized(self, request: Request) -> bool:
        return self._tokens.is_valid(bearer_token(request), self.clock.now())

    def handle(self, request: Request, body: bytes) -> tuple[str, str | None, CallResult]:
        if (request.method, request.url.path) == ("POST", self.token_path):
            return "token", None, self._token(request, parse_form_body(body))
        return super().handle(request, body)

    def expired_token(self, request: Request) -> Response:
        self._tokens.expire_all()
        return super().expired_token(request)

    def _token(self, request: Request, form: Mapping[str, str]) -> CallResult:
        if form.get("grant_type") != "client_credentials":
            return CallResult(400, "refused: grant", {"error": "unsupported_grant_type"})
        if not self._is_known_client(request, form):
            return CallResult(401, "refused: client", {"error": "invalid_client"})
        lasts = int(self._tokens.lasts.total_seconds())
        issued = {"access_token": self._tokens.issue(self.clock.now()), "token_type": "Bearer", "expires_in": lasts}
        return CallResult(200, "issued", issued)

    def _is_known_client(self, request: Request, form: Mapping[str, str]) -> bool:
        if self.needs_basic_auth:
            return secrets_match(
                request.headers.get("authorization"), basic_authorization(self.client_id, self.client_secret)
            )
        return (form.get("client_id"), form.get("client_secret")) == (self.client_id, self.client_secret)
