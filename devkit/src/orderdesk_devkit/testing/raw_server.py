"""A raw TCP server on loopback: says byte for byte what a script wants, and knows byte for byte what it was sent.

For what no HTTP server can be brought to do: half a status line, a cut chunk, a reset in the middle of a request.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

__all__ = ["RawConnection", "RawServer", "responding", "http_response"]

_JOIN_WITHIN = 10.0
_READ_WITHIN = 30.0


class RawConnection:
    """One accepted connection, in the hands of a script. Raises OSError once the client, or the server, is gone."""

    def __init__(self, sock: socket.socket, gone: threading.Event) -> None:
        self._sock = sock
        self._gone = gone
        self._unread = b""
        self.received = bytearray()
        """Every byte that was read."""
        self.sent = 0
        """How many bytes the kernel took from us."""
        sock.settimeout(_READ_WITHIN)

    def read_request(self) -> bytes:
        """The next request, head and body (by its content-length); empty where the client has no more."""
        while b"\r\n\r\n" not in self._unread:
            if not self._read():
                return b""
        head, _, body = self._unread.partition(b"\r\n\r\n")
        size = _content_length(head)
        while len(body) < size:
            if not self._read():
                return b""
            body = self._unread.partition(b"\r\n\r\n")[2]
        self._unread = body[size:]
        return head + b"\r\n\r\n" + body[:size]

    def read_some(self, most: int = 65_536) -> bytes:
        """Whatever is there, at most `most` bytes; empty at the end."""
        self._unread = b""
        return self._read(most)

    def send(self, content: bytes) -> None:
        """Send all of it."""
        while content:
            taken = self._sock.send(content)
            self.sent += taken
            content = content[taken:]

    def pause(self, seconds: float) -> None:
        """Let real time pass; raises ConnectionAbortedError as soon as the server is stopped."""
        if self._gone.wait(seconds):
            raise ConnectionAbortedError("the server was stopped")

    def wait_for_a_byte(self) -> None:
        """Wait until something has arrived, and leave it unread."""
        self._sock.recv(1, socket.MSG_PEEK)

    def reset(self) -> None:
        """Break the connection with a TCP RST."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def close(self) -> None:
        """End the connection in the orderly way (FIN). Also done when the script returns."""
        with suppress(OSError):  # The client may have been faster.
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def _read(self, most: int = 65_536) -> bytes:
        content = self._sock.recv(most)
        self.received += content
        self._unread += content
        return content


Script = Callable[[RawConnection], None]


class RawServer:
    """Runs `script` with every connection, each in a thread of its own. A context manager: leaving it stops all.

    `receive_buffer`: bytes that the kernel takes in before the script reads, for slow readers; None for the usual. What
    a script raises, other than OSError, is raised when the server is stopped.
    """

    def __init__(self, script: Script, *, receive_buffer: int | None = None) -> None:
        self._script = script
        self._gone = threading.Event()
        self._lock = threading.Lock()
        self._came = threading.Condition(self._lock)
        self._errors: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        self.connections: list[RawConnection] = []
        """All that were accepted, in order."""
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer is not None:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(128)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._acceptor = threading.Thread(target=self._accept, daemon=True, name=f"raw {self.url}")
        self._acceptor.start()

    @property
    def received(self) -> bytes:
        """Every byte that was read from anybody."""
        with self._lock:
            return b"".join(bytes(connection.received) for connection in self.connections)

    def settle(self, connections: int = 1) -> None:
        """Wait until so many connections came and their scripts ended by themselves: `received` is all there is."""
        with self._came:
            self._came.wait_for(lambda: len(self._threads) >= connections, _JOIN_WITHIN)
            threads = list(self._threads)
        for thread in threads:
            thread.join(_JOIN_WITHIN)

    def stop(self) -> None:
        """Drop everything and wait for the threads."""
        self._gone.set()
        with suppress(OSError):  # Not connected, says the kernel, and wakes accept() all the same.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(_JOIN_WITHIN)
        with self._lock:
            connections, threads = list(self.connections), list(self._threads)
        for connection in connections:
            connection.close()
        for thread in threads:
            thread.join(_JOIN_WITHIN)
        if self._errors:
            raise self._errors[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # The listener was closed: the server is stopping.
            connection = RawConnection(sock, self._gone)
            thread = threading.Thread(target=self._run, args=(connection,), daemon=True, name=f"raw {self.url}")
            with self._lock:
                self.connections.append(connection)
                thread.start()
                self._threads.append(thread)
                self._came.notify_all()

    def _run(self, connection: RawConnection) -> None:
        try:
            self._script(connection)
        except OSError:
            return  # The client or the server is gone, which is what most scripts are about.
        except BaseException as error:  # noqa: BLE001 - raised again by `stop`, where somebody sees it
            self._errors.append(error)
        finally:
            connection.close()


def http_response(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
    """A whole HTTP/1.1 response. A header's underscores become hyphens: `retry_after="5"`."""
    given = {"content_type": "application/json", "content_length": str(len(body)), **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in given.items()]
    return "\r\n".join([f"HTTP/1.1 {status} Said", *lines, "", ""]).encode() + body


def responding(respond: Callable[[bytes], bytes]) -> Script:
    """A script that answers request after request on a connection with the bytes that `respond` gives; none.

    It ends.
    """

    def script(connection: RawConnection) -> None:
        while (request := connection.read_request()) and (response := respond(request)):
            connection.send(response)

    return script


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
