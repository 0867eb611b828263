"""Faults on real sockets: ASGI middleware that gives requests the trouble a `FaultQueue` holds for them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import assert_never

from attrs import frozen
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orderdesk_devkit.simulators.fault_queue import Fault, FaultQueue, PlannedFault
from orderdesk_devkit.simulators.server import client_connection

__all__ = ["FOREIGN_HOST", "Fault", "FaultQueue", "FaultInjectionMiddleware", "PlannedFault", "refuse_token"]

FOREIGN_HOST = "https://elsewhere.invalid"
"""Where REDIRECT points: a name that no resolver may answer (RFC 2606)."""

_JSON = (b"content-type", b"application/json")
_HTML = (b"content-type", b"text/html; charset=utf-8")
_PAGE = b"<!doctype html><title>Unavailable</title><h1>Please come back later</h1>"
_BODY_HEADERS = frozenset({b"content-length", b"content-type", b"content-encoding", b"transfer-encoding"})
_OVERSIZED = 50_000_000
_CHUNK = 65_536
_DRIP_BYTES = 1_000
_DRIP_SECONDS = 1.0
_DELAY_SECONDS = 30.0


async def refuse_token(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - the shape of ASGI
    """The answer to an expired token where a service has none of its own: 401 with a JSON error."""
    await _drain(receive)
    await _answer(send, 401, (_JSON,), b'{"error": "the access token has expired"}')


class FaultInjectionMiddleware:
    """`app`, whose requests meet the faults in `faults`; see `Fault` for what each leaves done.

    `expired` answers the requests that meet EXPIRED_TOKEN. The faults that touch the socket (LOST_REPLY, RESET_BEFORE,
    TRUNCATED, OVERSIZED, SLOW_DRIP, DELAY) need an app that `orderdesk_devkit.simulators.server.serve` serves, else
    ConfigurationError.
    """

    def __init__(self, app: ASGIApp, faults: FaultQueue, *, expired: ASGIApp = refuse_token) -> None:
        self._app = app
        self._faults = faults
        self._expired = expired

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        planned = self._faults.take(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if planned is None:
            await self._app(scope, receive, send)
        elif planned.kind.takes_effect:
            await _spoil(planned, await _reply_of(self._app, scope, receive), scope, send)
        elif planned.kind is Fault.EXPIRED_TOKEN:
            await self._expired(scope, receive, send)
        else:
            await _refuse(planned.kind, scope, receive, send)


@frozen
class _Response:
    status: int
    content_type: tuple[bytes, bytes]
    other_headers: tuple[tuple[bytes, bytes], ...]
    """Those that do not describe the body, such as a request id: they stay true."""
    body: bytes


async def _refuse(kind: Fault, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer in the place of the app, which never sees the request."""
    if kind is Fault.RESET_BEFORE:
        await client_connection(scope).reset()
        return
    await _drain(receive)
    match kind:
        case Fault.SERVER_ERROR_HTML:
            await _answer(send, 503, (_HTML,), _PAGE)
        case Fault.ERROR_WITHOUT_ERRORS:
            await _answer(send, 500, (_JSON,), b'{"message": "internal error"}')
        case Fault.OK_HTML:
            await _answer(send, 200, (_HTML,), _PAGE)
        case Fault.OK_EMPTY:
            await _answer(send, 200, (), b"")
        case Fault.REDIRECT:
            path: bytes = scope.get("raw_path") or scope["path"].encode()
            await _answer(send, 302, ((b"location", FOREIGN_HOST.encode() + path),), b"")
        case _:
            raise AssertionError(f"{kind} leaves the request done, or is answered elsewhere")


# Long: one case for each fault, read from top to bottom.
async def _spoil(planned: PlannedFault, response: _Response, scope: Scope, send: Send) -> None:
    """Pass on what the app replied, in the way that the fault wants."""
    kept = response.other_headers
    match planned.kind:
        case Fault.LOST_RESPONSE:
            await client_connection(scope).reset()
        case Fault.SERVER_ERROR_HTML_AFTER:
            await _answer(send, 503, (_HTML,), _PAGE)
        case Fault.TRUNCATED:
            await _start(send, response.status, (*kept, response.content_type), len(response.body) + 1_000)
            await _part(send, response.body[: len(response.body) // 2])
            await client_connection(scope).close()
        case Fault.OVERSIZED:
            await _start(send, response.status, (*kept, _JSON), None)
            await _stream(send, _padding(planned.size or _OVERSIZED), 0, scope)
        case Fault.SLOW_DRIP:
            body = response.body.rjust(planned.size or _DRIP_BYTES)
            await _start(send, response.status, (*kept, response.content_type), len(body))
            await _stream(send, (bytes((one,)) for one in body), planned.seconds or _DRIP_SECONDS, scope)
        case Fault.MALFORMED_JSON:
            await _answer(send, response.status, (*kept, _JSON), b'{"result": [1, 2, {"status": "Can')
        case Fault.WRONG_TYPES:
            wrong = json.dumps(_other_type(json.loads(response.body or b"null"))).encode()
            await _answer(send, response.status, (*kept, _JSON), wrong)
        case Fault.GARBAGE_GZIP:
            gzip = (b"content-encoding", b"gzip")
            await _answer(send, response.status, (*kept, response.content_type, gzip), b"\x00\x01 this is not gzip")
        case Fault.DELAY:
            if not await client_connection(scope).gone_within(planned.seconds or _DELAY_SECONDS):
                await _answer(send, response.status, (*kept, response.content_type), response.body)
        case (
            Fault.RESET_BEFORE
            | Fault.SERVER_ERROR_HTML
            | Fault.ERROR_WITHOUT_ERRORS
            | Fault.OK_HTML
            | Fault.OK_EMPTY
            | Fault.REDIRECT
            | Fault.EXPIRED_TOKEN
        ):
            raise AssertionError(f"{planned.kind} leaves nothing done, so there is no response to spoil")
        case _:
            assert_never(planned.kind)


async def _reply_of(app: ASGIApp, scope: Scope, receive: Receive) -> _Response:
    """The whole response of the app, of which nothing has been sent."""
    status = 500
    headers: list[tuple[bytes, bytes]] = []
    body = bytearray()

    async def keep(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            headers.extend((bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ()))
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    content_type = next((header for header in headers if header[0] == b"content-type"), _JSON)
    others = tuple(header for header in headers if header[0] not in _BODY_HEADERS)
    return _Response(status, content_type, others, bytes(body))


async def _drain(receive: Receive) -> None:
    """Read the request to its end.

    A response to half a request reaches some clients as a broken pipe, another fault.
    """
    while (await receive()).get("more_body", False):
        pass


async def _start(send: Send, status: int, headers: tuple[tuple[bytes, bytes], ...], length: int | None) -> None:
    sized = () if length is None else ((b"content-length", str(length).encode()),)
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *sized]})


async def _part(send: Send, body: bytes, *, last: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": not last})


async def _answer(send: Send, status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes) -> None:
    await _start(send, status, headers, len(body))
    await _part(send, body, last=True)


async def _stream(send: Send, parts: Iterable[bytes], seconds: float, scope: Scope) -> None:
    """Send the parts with `seconds` between them, until they or the client are gone."""
    connection = client_connection(scope)
    for part in parts:
        await _part(send, part)
        if await connection.gone_within(seconds):
            return
    await _part(send, b"", last=True)


def _padding(size: int) -> Iterable[bytes]:
    """A JSON text of `size` bytes in all (of 2 at least): an empty text with nothing in it but length."""
    rest = max(size - 2, 0)
    yield b'"'
    while rest > 0:
        yield b"x" * min(rest, _CHUNK)
        rest -= _CHUNK
    yield b'"'


def _other_type(value: object) -> object:
    """The same JSON with every leaf of another type; containers that hold something keep their shape."""
    match value:
        case dict() if value:
            return {key: _other_type(inner) for key, inner in value.items()}
        case list() if value:
            return [_other_type(inner) for inner in value]
        case dict():
            return []
        case list():
            return {}
        case str():
            return len(value)
        case bool() | None:
            return "yes"
        case _:
            return str(value)
