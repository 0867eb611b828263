"""A small HTTP server on loopback that gives what comes in to a desk, for tests and the sandbox.

    with receiving(desk) as url:
        # Order Desk's rule posts to {url}/cancel, the service of a connection to {url}/webhook/CONNECTION

There a host app has paths of its own, which nobody can guess, and TLS in front of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from orderdesk_sdk.cases.messages import MessageSource
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import NotFoundError

__all__ = ["receiving"]

HOSTS = ("127.0.0.1", "localhost")
"""Names under which it answers: a page in a browser that names it otherwise is not for it."""
READ_WITHIN = 10.0
"""Seconds that a sender has for each piece of its request."""


class _Receiver(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, desk: Desk, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.desk = desk

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that goes away is nobody's concern."""


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver
    protocol_version = "HTTP/1.1"
    timeout = READ_WITHIN

    def do_POST(self) -> None:
        """Take a message. Nothing is read of a body that is too large."""
        messages = self.server.desk.messages
        url = urlsplit(self.path)
        size = self.headers.get("Content-Length", "")
        try:
            source = MessageSource.parse(unquote(url.path).removeprefix("/"))
        except NotFoundError:
            self._answer(HTTPStatus.NOT_FOUND)
            return
        if self.headers.get("Host", "").rpartition(":")[0] not in HOSTS:
            self._answer(HTTPStatus.MISDIRECTED_REQUEST)
        elif not (size.isascii() and size.isdecimal()) or "Transfer-Encoding" in self.headers:
            self._answer(HTTPStatus.LENGTH_REQUIRED)
        elif len(size) > len(str(messages.max_bytes)) or int(size) > messages.max_bytes:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            body = self.rfile.read(int(size))
            if len(body) < int(size):
                self.close_connection = True  # It ended in the middle: the sender hears nothing, and sends it again.
                return
            receipt = messages.receive(source, self.headers.items(), body, _query_of(url.query))
            self._answer(receipt.status, receipt.headers, receipt.body.encode())

    def _answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        if status >= HTTPStatus.BAD_REQUEST:
            self.close_connection = True  # What is left of the request is not read.
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of the library
        """The desk has its own log, without what stands in URLs."""


def _query_of(text: str) -> dict[str, str]:
    """The parameters of a URL; one that is given twice has both values, so that no token fits."""
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=100):
        parameters[name] = f"{parameters[name]}, {value}" if name in parameters else value
    return parameters


@contextmanager
def receiving(desk: Desk, port: int = 0) -> Iterator[str]:
    """Serve within the block; the URL of the server, without a slash at its end.

    Args:
        port: 0: any free one.
    """
    with _Receiver(desk, port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="messages", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
