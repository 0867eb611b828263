"""The connections of one client: at most so many at once, kept open between calls; by HTTP, or to files.

httpx's own pool and what lies around it cost more than the call itself, so the calls go by connections of ours. What
httpx offers to recorders stays as it is: the transport is an `httpx.HTTPTransport`, and where a recorder such as vcrpy,
or a test, has replaced that class's `handle_request`, the call goes through the replacement.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable
from functools import cache, lru_cache, partial
from typing import cast

import httpcore
import httpx

from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.plugin.sftp_auth import SftpLogin
from orderdesk_sdk.transport.http.connection import Connection, Origin, open_connection
from orderdesk_sdk.transport.http.deadline import CallTimes
from orderdesk_sdk.transport.http.failures import ResponseTooLarge
from orderdesk_sdk.transport.http.files.connection import FILE_SCHEMES, FileConnection, open_files
from orderdesk_sdk.transport.http.http11 import (
    EncodedRequest,
    RawRequest,
    RawResponse,
    encode_request,
    read_response,
)
from orderdesk_sdk.transport.http.reach import Reach

__all__ = ["ConnectionPool", "PooledTransport", "tls_context"]

KEEP_ALIVE = 20.0
"""Seconds after which an idle connection is no longer used."""
_PORTS = {"http": 80, "https": 443, "sftp": 22, "file": 0}
SENDING, SENT = "a %s request goes out", "the %s request went out"
RECEIVED, FAILED = "the %s response came: %d, %d bytes", "the %s call failed"
"""What is logged of each call, at its moments: never its URL, which may name a customer."""
_log = RoomLogger("transport.http")


class ConnectionPool:
    """At most `size` connections, each for one call at a time. Safe from many threads.

    Args:
        tls: whether any of them may be https; loading the trust store costs 20 ms.
        max_response_bytes: of a body, as it is sent.
        reach: which addresses its connections may lead to.
        login: what opens connections by SFTP; None: there are none.
    """

    def __init__(
        self,
        size: int,
        *,
        tls: bool,
        max_response_bytes: int,
        reach: Reach = Reach.ANYWHERE,
        login: SftpLogin | None = None,
    ) -> None:
        self._size = size
        self._login = login
        self._reach = reach
        self._tls = tls_context() if tls else None
        self._max_response_bytes = max_response_bytes
        self._turns = threading.Semaphore(size)
        self._lock = threading.Lock()
        self._idle: list[Connection | FileConnection] = []  # The latest last.
        self._in_use = 0
        self._is_closed = False

    def send(self, origin: Origin, request: RawRequest, times: CallTimes) -> RawResponse:
        """Make a call. Raises httpx.TransportError; `failures` says what each proves."""
        encoded = encode_request(request) if origin.scheme not in FILE_SCHEMES else None
        if not self._turns.acquire(timeout=times.left("pool", httpx.PoolTimeout)):
            raise httpx.PoolTimeout("no connection became free in time")
        try:
            return self._send(origin, request, encoded, times)
        finally:
            self._turns.release()

    def _send(
        self, origin: Origin, request: RawRequest, encoded: EncodedRequest | None, times: CallTimes
    ) -> RawResponse:
        """encoded: None where it does not go by HTTP."""
        method = request.method.decode("ascii")
        response: RawResponse | None = None
        connection: Connection | FileConnection | None = None
        try:
            connection = self._take_idle(origin)
            if connection is None:
                connection = self._open(origin, times)
            _log.debug(SENDING, method)
            if isinstance(connection, Connection):
                assert encoded is not None, "a connection is of its origin's scheme"
                connection.send(encoded.data, times)
                _log.debug(SENT, method)
                response = read_response(encoded, partial(connection.receive, times), self._max_response_bytes)
            else:
                response = connection.call(request, times, self._max_response_bytes)
            _log.debug(RECEIVED, method, response.status, len(response.body))
            return response
        finally:
            if response is None:
                _log.debug(FAILED, method)
            self._give_back(connection, may_reuse=response is not None and response.may_reuse)

    def _open(self, origin: Origin, times: CallTimes) -> Connection | FileConnection:
        if origin.scheme in FILE_SCHEMES and not self._is_closed:
            return open_files(origin, self._login, times, self._reach)
        tls = self._tls if origin.scheme == "https" else None
        if self._is_closed or (tls is None and origin.scheme == "https"):
            raise httpx.ConnectError("the client is closed, or was opened for http only")
        return open_connection(origin, tls, times, self._reach)

    def _take_idle(self, origin: Origin) -> Connection | FileConnection | None:
        """An idle connection that leads there and still stands; None: one must be opened, and there is room for it."""
        found: Connection | FileConnection | None = None
        unusable: list[Connection | FileConnection] = []
        with self._lock:
            self._in_use += 1
            oldest = time.monotonic() - KEEP_ALIVE
            for connection in self._idle[::-1]:
                is_ours = found is None and connection.origin == origin
                if connection.idle_since < oldest or (is_ours and connection.is_stale):
                    unusable.append(connection)
                elif is_ours:
                    found = connection
            self._idle = [one for one in self._idle if one is not found and one not in unusable]
            if len(self._idle) + self._in_use > self._size:
                unusable.append(self._idle.pop(0))
        for connection in unusable:
            connection.close()
        return found

    def _give_back(self, connection: Connection | FileConnection | None, *, may_reuse: bool) -> None:
        with self._lock:
            self._in_use -= 1
            if connection is not None and may_reuse and not (connection.is_broken or self._is_closed):
                connection.idle_since = time.monotonic()
                self._idle.append(connection)
                return
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close what is idle now, and the rest when its call ends."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """A call that comes by way of httpx's own `handle_request`, from a recorder."""
        url = request.url
        raw = RawRequest(request.method, url.target, request.headers, b"".join(cast("Iterable[bytes]", request.stream)))
        response = self.send(_origin(url.scheme, url.host, url.port), raw, CallTimes(request.extensions))
        return httpcore.Response(
            response.status,
            headers=list(response.headers),
            content=response.body,
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": response.reason},
        )


class PooledTransport(httpx.HTTPTransport):
    """A transport over a pool of ours, whose calls recorders see."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._connections = pool
        # The parent's __init__ builds a pool of httpcore's; its handle_request, inherited, uses what stands here.
        self._pool = pool  # type: ignore[assignment]  # of httpcore's pool it calls handle_request and close only

    def send(self, request: httpx.Request, limit: int) -> RawResponse:
        """Make a call. Raises httpx.TransportError; of more than `limit` bytes of a body, ResponseTooLarge."""
        if _is_replaced():
            return _through(self.handle_request, request, limit)
        url = request.url
        raw = RawRequest(request.method.encode("ascii"), url.raw_path, request.headers.raw, request.content)
        origin = _origin(url.raw_scheme, url.raw_host, url.port)
        return self._connections.send(origin, raw, CallTimes(request.extensions))


def _is_replaced() -> bool:
    """Whether somebody has put a function of his own in place of httpx's."""
    ours: object = httpx.HTTPTransport.__init__.__globals__
    return getattr(httpx.HTTPTransport.handle_request, "__globals__", None) is not ours


def _through(handle: Callable[[httpx.Request], httpx.Response], request: httpx.Request, limit: int) -> RawResponse:
    response = handle(request)
    try:
        body = bytearray()
        for piece in cast("httpx.SyncByteStream", response.stream):
            body += piece
            if len(body) > limit:
                raise ResponseTooLarge(f"more than {limit} bytes")
    finally:
        response.close()
    reason = response.reason_phrase.encode("ascii", "ignore")
    return RawResponse(response.status_code, reason, response.headers.raw, bytes(body), may_reuse=False)


@lru_cache(1024)
def _origin(scheme: bytes, host: bytes, port: int | None) -> Origin:
    name = scheme.decode("ascii")
    if name not in _PORTS or bool(host) == (name == "file"):
        raise httpx.UnsupportedProtocol(f"a request to a URL without a host, or of the protocol {name!r}")
    return Origin(name, host.decode("ascii"), port or _PORTS[name])


@cache
def tls_context() -> ssl.SSLContext:
    """What every https connection is spoken with; its trust store is loaded once."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
