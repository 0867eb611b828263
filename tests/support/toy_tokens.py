"""A toy whose service says with 200, and a code of its own, that a token has ended; and one that does not hear that."""

from __future__ import annotations

import hashlib

import httpx
from attrs import evolve
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orderdesk_devkit.simulators.http_requests import bearer_token
from orderdesk_devkit.simulators.tokens import Tokens
from orderdesk_sdk.clock import Clock, hours
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.oauth import ClientCredentialsAuth
from orderdesk_sdk.secret import Secret
from tests.support.toy_plugin import Toy
from tests.support.toy_simulators import ToyShop

__all__ = ["ENDED", "HearsTheEnd", "MissesTheEnd", "TokenShop"]


ENDED = b'{"code":"token_ended"}'


class EndToldByBody(ClientCredentialsAuth):
    def is_token_expired(self, response: httpx.Response) -> bool:
        return response.content == ENDED


class MissesTheEnd(Toy):
    """Knows of 401 and 403 alone."""

    auth: type[ClientCredentialsAuth] = ClientCredentialsAuth

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(
            Toy().orderdesk_integration(),
            auth=lambda its: self.auth(f"{its.endpoint}/token", Secret("toys"), its.api_key),
        )


class HearsTheEnd(MissesTheEnd):
    """Says which response means that its token has ended."""

    auth = EndToldByBody


class TokenShop(ToyShop):
    """Gives tokens to whoever has the key, and says with 200 that one has ended."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._tokens = Tokens(hours(1), lambda number: hashlib.sha256(f"toys:{number}".encode()).hexdigest())

    def respond(self, request: Request, body: bytes) -> Response:
        if request.url.path == "/token":
            return JSONResponse({"access_token": self._tokens.issue(self.clock.now()), "expires_in": 3600})
        if not self._tokens.is_valid(bearer_token(request), self.clock.now()):
            return JSONResponse({"code": "token_ended"})
        status, said = self._answer(request.method, request.url.path, body)
        return JSONResponse(said, status)

    def expired_token(self, request: Request) -> Response:
        self._tokens.expire_all()
        return JSONResponse({"code": "token_ended"})
