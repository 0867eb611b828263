"""A token endpoint and the service behind it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from orderdesk_devkit.testing.raw_server import http_response
from orderdesk_sdk.plugin.oauth import RefreshTokenAuth
from orderdesk_sdk.secret import Secret

if TYPE_CHECKING:
    from tests.conftest import AcmeSettings


class AcmeAuth(RefreshTokenAuth):
    def __init__(self, settings: AcmeSettings) -> None:
        super().__init__(f"{settings.endpoint}/token", Secret("refresh"), Secret("id"), Secret("secret"))


class TokenService:
    """Issues tokens named token-1, token-2, ...; takes those in `good`."""

    def __init__(self, *, good: Callable[[str], bool] = lambda token: True, expires_in: int = 3600) -> None:
        self._lock = threading.Lock()
        self._good = good
        self._lasts = expires_in
        self.issued = 0
        self.calls: list[str] = []
        """The tokens that calls came with."""
        self.rejection = http_response(401, b'{"error": "expired"}')

    def token_reply(self) -> bytes:
        with self._lock:
            self.issued += 1
            document = {"access_token": f"token-{self.issued}", "expires_in": self._lasts}
        return http_response(200, json.dumps(document).encode())

    def __call__(self, request: bytes) -> bytes:
        if request.startswith(b"POST /token "):
            return self.token_reply()
        head = request.decode().lower()
        token = head.partition("authorization: bearer ")[2].partition("\r\n")[0]
        with self._lock:
            self.calls.append(token)
        return http_response() if self._good(token) else self.rejection
