"""What another login says of itself, its document and its keys, and how it is asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from orderdesk_sdk.clock import Clock, minutes, seconds
from orderdesk_sdk.desk.single_sign_on_config import SingleSignOnConfig
from orderdesk_sdk.errors import OrderDeskError

__all__ = ["IssuerDocument", "IssuerError"]

KEPT_FOR: Final = minutes(60)
"""How long the login's document and keys are believed."""
KEYS_AGAIN_AFTER: Final = seconds(60)
"""How soon keys are asked for again, for a token that none of the known ones has signed."""
TIMEOUT: Final = 10.0
"""Seconds for each part of a call."""
MAX_BYTES: Final = 200_000
"""Bytes of an answer."""


class IssuerError(OrderDeskError):
    """Sign in again, or look at the other login: what came from it lets nobody in."""


class IssuerDocument:
    """Asks one login, and remembers what it says of itself. Safe from many threads. Every call raises IssuerError."""

    def __init__(self, config: SingleSignOnConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._lock = threading.Lock()
        self._document: Mapping[str, Any] = {}
        self._document_at: datetime | None = None
        self._keys: Mapping[str, Any] = {}
        self._keys_at: datetime | None = None

    def read(self) -> Mapping[str, Any]:
        """The document that the login publishes."""
        with self._lock:
            if self._document_at is not None and self._clock.now() - self._document_at < KEPT_FOR:
                return self._document
        issuer = self._config.issuer
        document = self.call("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if document.get("issuer") != issuer:
            raise IssuerError(
                "the document there is another issuer's",
                location=issuer,
                hint="write [single_sign_on].issuer exactly as that document does",
            )
        with self._lock:
            self._document, self._document_at = document, self._clock.now()
        return document

    def endpoint(self, name: str) -> str:
        """An address that the document names, over TLS; of a login on this machine, on this machine."""
        url = self.read().get(name)
        parts = urlsplit(url if isinstance(url, str) else "")
        is_here = self._config.is_on_this_machine and parts.hostname in ("127.0.0.1", "localhost")
        if not isinstance(url, str) or not parts.hostname or not (is_here or parts.scheme == "https"):
            raise IssuerError(
                f"the login's document names no usable {name}", location=self._config.issuer, hint="ask who runs it"
            )
        return url

    def keys(self, *, again: bool) -> Mapping[str, Any]:
        """The keys that the login signs with.

        Args:
            again: none of those that are known has signed a token. Whoever sends junk does not make us ask each time.
        """
        with self._lock:
            age = self._clock.now() - self._keys_at if self._keys_at is not None else None
            if age is not None and age < (KEYS_AGAIN_AFTER if again else KEPT_FOR):
                return self._keys
        keys = self.call("GET", self.endpoint("jwks_uri"))
        with self._lock:
            self._keys, self._keys_at = keys, self._clock.now()
        return keys

    def call(self, method: str, url: str, **more: Any) -> Mapping[str, Any]:
        """A JSON object. An error does not say what the login said: it may quote what was sent."""
        try:
            with (
                httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client,
                client.stream(method, url, headers={"Accept": "application/json"}, **more) as response,
            ):
                body = b""
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > MAX_BYTES:
                        raise IssuerError("the login's answer is too long", location=self._config.issuer)
                status = response.status_code
                found = httpx.Response(200, content=body).json() if status == httpx.codes.OK else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
            raise IssuerError(
                f"the login does not answer as it should: {type(error).__name__}",
                location=self._config.issuer,
                hint="try again in a moment",
            ) from None
        if not isinstance(found, dict):
            raise IssuerError(f"the login answered {status}", location=self._config.issuer, hint="sign in again")
        return found
