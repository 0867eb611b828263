"""The transport of a connection: httpx's own, with one deadline over the whole call.

httpx's timeouts are per phase and per read, so a service that sends one byte every few seconds is never too slow for
it. Here every read and write also ends at the call's deadline. The class stays an `httpx.HTTPTransport` whose
`handle_request` is inherited, because recorders such as vcrpy intercept exactly that.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpcore
import httpx

__all__ = ["DeadlineTransport"]

_PIECE = 64 * 1024
"""Bytes that are written between two looks at the deadline."""


class _Call(threading.local):
    """A thread's present call: when it must end, and which streams it has written to."""

    def __init__(self) -> None:
        self.deadline = float("inf")
        self.streams: list[_Stream] = []


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, call: _Call) -> None:
        self._inner = inner
        self._call = call
        self._users: set[int] = set()

    def _left(self, timeout: float | None, late: type[httpcore.TimeoutException]) -> float:
        left = self._call.deadline - time.monotonic()
        if left <= 0:
            raise late("the call's total time is spent")
        return left if timeout is None else min(timeout, left)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._users.add(threading.get_ident())
        self._call.streams.append(self)
        # The timeout beneath is for each piece that the kernel takes, so a long body is escalated in short ones.
        for start in range(0, len(buffer), _PIECE):
            self._inner.write(buffer[start : start + _PIECE], self._left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._call)

    def get_extra_info(self, info: str) -> Any:  # httpcore's own signature
        found = self._inner.get_extra_info(info)
        if info == "is_readable" and self._users:
            # httpcore asks this of a connection that it saw idle, and closes it as left by the service. In between
            # another thread may have begun its call there, and what can be read is the response to that
            # (https://github.com/encode/httpcore/issues/1110).
            return False
        return found

    def detach(self) -> None:
        """This thread's call is over."""
        self._users.discard(threading.get_ident())


class _Backend(httpcore.NetworkBackend):
    def __init__(self, call: _Call) -> None:
        self._inner = httpcore.SyncBackend()
        self._call = call

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._call.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ConnectTimeout("the call's total time is spent")
        stream = self._inner.connect_tcp(
            host, port, left if timeout is None else min(timeout, left), local_address, socket_options
        )
        return _Stream(stream, self._call)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


@cache
def _ssl_context() -> ssl.SSLContext:
    # Loading the trust store costs 20 ms; one is enough for every connection of a process.
    return httpx.create_ssl_context()


class DeadlineTransport(httpx.HTTPTransport):
    """An HTTP transport of at most `in_flight` connections. Make each call within `with transport.call(deadline)`."""

    def __init__(self, *, in_flight: int, secure: bool) -> None:
        # The parent's __init__ builds a pool with the default network backend; everything else of it is inherited.
        self._call = _Call()
        self._pool = httpcore.ConnectionPool(
            ssl_context=_ssl_context() if secure else None,
            max_connections=in_flight,
            max_keepalive_connections=in_flight,
            keepalive_expiry=20.0,
            network_backend=_Backend(self._call),
        )

    @contextmanager
    def call(self, deadline: float) -> Iterator[None]:
        """End this thread's call at `deadline` (time.monotonic seconds), whatever phase it is in."""
        self._call.deadline = deadline
        try:
            yield
        finally:
            self._call.deadline = float("inf")
            for stream in self._call.streams:
                stream.detach()
            self._call.streams.clear()
