"""Recorded exchanges as responses again, for driving a flow a second time after a crash.

httpx is imported where a request or a response is at hand, since whoever drives flows imports this module at start.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeGuard

from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER
from orderdesk_sdk.plugin.plain_values import plain_instance, plain_text
from orderdesk_sdk.plugin.service import CALL_OPTIONS, CallOptions

if TYPE_CHECKING:
    import httpx

__all__ = [
    "IF_MATCH",
    "call_options",
    "request_digest",
    "is_response_redacted",
    "is_request",
    "operation_of",
    "plain_request",
    "recorded_response",
]

_DEFAULT_CALL = CallOptions("*", idempotent=False)
IF_MATCH = "if-match"
"""The header of a conditional write: the version of the order that it is to change (RFC 9110, 13.1.1)."""


def request_digest(request: httpx.Request) -> str:
    """What a request is recognized by at a replay: SHA-256 of method, URL, If-Match and body, in hexadecimal."""
    condition = request.headers.get(IF_MATCH)
    under = f"{IF_MATCH}: {condition}\n" if condition is not None else ""
    return hashlib.sha256(f"{request.method} {request.url}\n{under}".encode() + request.content).hexdigest()


def is_request(step: object) -> TypeGuard[httpx.Request]:
    """Whether what a flow yielded is a request."""
    import httpx

    return issubclass(type(step), httpx.Request)


def plain_request(request: httpx.Request) -> httpx.Request:
    """The same request of exact classes, which its plugin cannot change any more.

    Call it under a guard. Raises TypeError for one that cannot be sent as it was recorded: its body is not bytes.
    """
    import httpx

    if not issubclass(type(request.stream), httpx.ByteStream):
        raise TypeError("a request cannot be sent whose body is made while it is sent; give it whole, as bytes")
    given, content = request.extensions, bytes(request.content)
    method = plain_text(request.method)
    url = request.url if type(request.url) is httpx.URL else httpx.URL(plain_text(str(request.url)))
    headers = [(bytes(name), bytes(value)) for name, value in request.headers.raw]
    options = {CALL_OPTIONS: plain_instance(CallOptions, given[CALL_OPTIONS])} if CALL_OPTIONS in given else {}
    if not headers or headers[0][0].lower() != b"host":  # Not as httpx made it: let it add what is missing.
        return httpx.Request(method, url, headers=headers, content=content, extensions=options)
    # Built as httpx does when one is unpickled: its initializer looks for what a whole request has.
    made = httpx.Request.__new__(httpx.Request)
    made.method, made.url, made.headers, made.extensions = method, url, httpx.Headers(headers), options
    made.stream = httpx.ByteStream(content)
    made.read()
    return made


def call_options(request: httpx.Request) -> CallOptions:
    """What a request says of itself; of one that was not made by the service, that it changes something."""
    options: CallOptions = request.extensions.get(CALL_OPTIONS, _DEFAULT_CALL)
    return options


def is_response_redacted(request: httpx.Request) -> bool:
    """Whether the response to a request is kept out of the record."""
    options = request.extensions.get(CALL_OPTIONS)
    return isinstance(options, CallOptions) and options.redact_response


def operation_of(request: httpx.Request) -> str:
    """The operation that a flow's request is of; "*" for one that was not made by the service."""
    options = request.extensions.get(CALL_OPTIONS)
    return options.operation if isinstance(options, CallOptions) else "*"


def recorded_response(exchange: Exchange, request: httpx.Request) -> httpx.Response | None:
    """The recorded response to `request`; None where there is none that a flow may see, or only a part."""
    if exchange.status is None or exchange.failure is not None or not exchange.is_complete:
        return None
    import httpx

    response = httpx.Response(
        exchange.status, headers=exchange.headers, content=exchange.body.encode(), request=request
    )
    response.extensions[EXCHANGE_NUMBER] = exchange.intent.number
    return response
