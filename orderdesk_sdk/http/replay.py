"""Recorded exchanges as responses again, for driving a flow a second time after a crash."""

from __future__ import annotations

import hashlib
from typing import TypeGuard

import httpx

from orderdesk_sdk.answer import EXCHANGE_NUMBER
from orderdesk_sdk.exchange import Exchange

__all__ = ["digest_of", "is_request", "response_of"]


def digest_of(request: httpx.Request) -> str:
    """What a request is recognized by at a replay: SHA-256 of method, URL and body, in hexadecimal."""
    return hashlib.sha256(f"{request.method} {request.url}\n".encode() + request.content).hexdigest()


def is_request(step: object) -> TypeGuard[httpx.Request]:
    """Whether what a flow yielded is a request."""
    return isinstance(step, httpx.Request)


def response_of(exchange: Exchange, request: httpx.Request) -> httpx.Response | None:
    """The recorded response to `request`; None where it was not kept whole, no flow may see it, or there was none."""
    if exchange.status is None or exchange.failure is not None or not exchange.whole:
        return None
    response = httpx.Response(
        exchange.status, headers=exchange.headers, content=exchange.body.encode(), request=request
    )
    response.extensions[EXCHANGE_NUMBER] = exchange.intent.number
    return response
