"""Toy integrations whose credentials are of their own: one fetches a new token when its own has ended, one does not."""

from __future__ import annotations

from collections.abc import Generator

import httpx
from attrs import evolve
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from tests.support.toy_plugin import Toy, ToySettings
from tests.support.toy_tokens import ENDED, TokenShop

__all__ = ["KeepsItsToken", "RenewsItsToken", "StrictShop"]


class OwnAuth(httpx.Auth):
    """Fetches a token once, and keeps it whatever is answered."""

    requires_response_body = True

    def __init__(self, its: ToySettings) -> None:
        self._url = f"{its.endpoint}/token"
        self._token = ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if not self._token:
            yield from self._fetch()
        request.headers["authorization"] = f"Bearer {self._token}"
        yield request

    def _fetch(self) -> Generator[httpx.Request, httpx.Response, None]:
        response = yield httpx.Request("POST", self._url)
        self._token = str(response.json()["access_token"])


class RenewingAuth(OwnAuth):
    """Fetches another where the shop says that it has ended."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if not self._token:
            yield from self._fetch()
        request.headers["authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == 401:
            yield from self._fetch()
            request.headers["authorization"] = f"Bearer {self._token}"
            yield request


class KeepsItsToken(Toy):
    """Goes on with a token that has ended."""

    auth: type[OwnAuth] = OwnAuth

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(Toy().orderdesk_integration(), auth=self.auth)


class RenewsItsToken(KeepsItsToken):
    """Fetches a new one at once."""

    auth = RenewingAuth


class StrictShop(TokenShop):
    """Says with 401 that a token has ended."""

    def respond(self, request: Request, body: bytes) -> Response:
        return _refused(super().respond(request, body))

    def expired_token(self, request: Request) -> Response:
        return _refused(super().expired_token(request))


def _refused(response: Response) -> Response:
    if response.body == ENDED:
        response.status_code = 401
    return response
