"""One connection to a service: a socket, over TLS where the URL says so, that carries one call at a time."""

from __future__ import annotations

import select
import socket
import ssl
import time

import httpx
from attrs import frozen

from orderdesk_sdk.transport.http.deadline import CallTimes
from orderdesk_sdk.transport.http.public_addresses import may_connect
from orderdesk_sdk.transport.http.reach import Reach

__all__ = ["Connection", "Origin", "connect_socket", "open_connection"]

_PIECE = 64 * 1024
"""Bytes that are written between two looks at the deadline, and that are read at once."""


@frozen
class Origin:
    """Where a connection leads. host: in ASCII, without brackets."""

    scheme: str
    host: str
    port: int


class Connection:
    """An open connection. Not for two threads at once."""

    def __init__(self, origin: Origin, sock: socket.socket) -> None:
        self.origin = origin
        self.idle_since = time.monotonic()
        self.is_broken = False
        """Whether a request did not leave whole: what is sent next might be read as the rest of it."""
        self._socket = sock
        self._timeout = sock.gettimeout()

    @property
    def is_stale(self) -> bool:
        """Whether an idle connection is of no more use: the service closed it, or says what nobody asked for."""
        if not hasattr(select, "poll"):  # On Windows.
            return bool(select.select([self._socket], [], [], 0)[0])
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN)
        return bool(waiting.poll(0))

    def send(self, data: bytes, times: CallTimes) -> None:
        """Send all of it. Raises httpx.WriteTimeout.

        A connection that breaks meanwhile is not told of here: the service may have answered before it closed it, and
        whoever reads sees what became of that.
        """
        try:
            if len(data) <= _PIECE:
                self._set_timeout(times.left("write", httpx.WriteTimeout))
                self._socket.sendall(data)
                return
            # The timeout is one for each piece that the kernel takes, so a long body is sent in short ones.
            view = memoryview(data)
            for start in range(0, len(data), _PIECE):
                self._set_timeout(times.left("write", httpx.WriteTimeout))
                self._socket.sendall(view[start : start + _PIECE])
        except TimeoutError as error:
            raise httpx.WriteTimeout("timed out") from error
        except OSError:
            self.is_broken = True

    def receive(self, times: CallTimes) -> bytes:
        """The next bytes, b"" at the end. Raises httpx.ReadTimeout and httpx.ReadError."""
        try:
            self._set_timeout(times.left("read", httpx.ReadTimeout))
            return self._socket.recv(_PIECE)
        except TimeoutError as error:
            raise httpx.ReadTimeout("timed out") from error
        except OSError as error:
            raise httpx.ReadError(str(error)) from error

    def _set_timeout(self, timeout: float | None) -> None:
        if timeout != self._timeout:  # Each change is a system call.
            self._socket.settimeout(timeout)
            self._timeout = timeout

    def close(self) -> None:
        """Close it; a second time does nothing."""
        self._socket.close()


def open_connection(
    origin: Origin, tls: ssl.SSLContext | None, times: CallTimes, reach: Reach = Reach.ANYWHERE
) -> Connection:
    """A new connection. Raises httpx.ConnectError and httpx.ConnectTimeout; then no byte of a request has left.

    The connect timeout holds for all of it: the look-up, every address of the host, and the handshake.

    Args:
        tls: what https is spoken with; None for http.
        reach: which addresses it may lead to.
    """
    limit = times.left("connect", httpx.ConnectTimeout)
    until = None if limit is None else time.monotonic() + limit
    try:
        sock = connect_socket(origin, until, reach)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                sock.settimeout(_left(until))
                sock = tls.wrap_socket(sock, server_hostname=origin.host)
        except BaseException:
            sock.close()
            raise
    except TimeoutError as error:
        raise httpx.ConnectTimeout(str(error)) from error
    except OSError as error:  # Of ssl too: a certificate that does not hold, a service that speaks no TLS.
        raise httpx.ConnectError(str(error)) from error
    return Connection(origin, sock)


def connect_socket(origin: Origin, until: float | None, reach: Reach) -> socket.socket:
    """A socket to the first address of the host that accepts. Raises OSError, that of the last address.

    until: by `time.monotonic`; None: as long as it takes.
    Looked up once: the addresses that are judged are those that are connected to. A host with one address that is out
    of reach is not called at all.
    """
    addresses = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    if not all(may_connect(reach, origin.scheme, str(address[0])) for _, _, _, _, address in addresses):
        raise OSError("the host leads into a private network, where connections made at run time must not lead")
    last_error = OSError("the host has no address")
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            # An address that does not answer leaves time for those behind it.
            sock.settimeout(_left(until, shared_by=len(addresses) - tried))
            sock.connect(address)
        except OSError as error:
            sock.close()
            last_error = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    try:
        raise last_error
    finally:
        del last_error  # Its traceback holds this frame.


def _left(until: float | None, shared_by: int = 1) -> float | None:
    """Seconds that are left, for one of so many that share them; None: as long as it likes. Raises TimeoutError."""
    if until is None:
        return None
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left / shared_by
