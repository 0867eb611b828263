"""A conversation with a mail server that ends: bounded in its time and in what the server may say."""

from __future__ import annotations

import smtplib
import socket
import threading
from contextlib import suppress
from typing import BinaryIO

__all__ = ["Conversation"]

STEPS = 9
"""Greeting, twice EHLO, TLS, login, sender, recipient, mail and its end: each may take the configured time."""
MOST_HEARD = 64 * 1024
"""Bytes of all that a server says in one conversation; few say more than 2 KB."""


class Conversation(smtplib.SMTP):
    """As `smtplib.SMTP`, whose timeout is that of each read: a server could speak for ever, or a letter at a time."""

    def __init__(self, host: str, port: int, *, timeout: float) -> None:
        self._end = threading.Timer(timeout * STEPS, self._cut)
        self._end.daemon = True
        self._end.start()
        try:
            super().__init__(host, port, timeout=timeout)
        except BaseException:
            self._end.cancel()
            raise

    def getreply(self) -> tuple[int, bytes]:
        """The next reply, as smtplib reads it. Raises SMTPException where the server has said too much."""
        if self.file is None and self.sock is not None:
            self.file = _Lines(self.sock.makefile("rb"))
        return super().getreply()

    def close(self) -> None:
        """Close the connection."""
        self._end.cancel()
        super().close()

    def _cut(self) -> None:
        if self.sock is not None:
            with suppress(OSError):  # It was closed meanwhile.
                self.sock.shutdown(socket.SHUT_RDWR)


class _Lines:
    """What a server says, line by line."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._left = MOST_HEARD

    def readline(self, most: int) -> bytes:
        line = self._stream.readline(most)
        self._left -= len(line)
        if self._left < 0:
            raise smtplib.SMTPException("the mail server says too much")
        if line and not line.endswith(b"\n") and len(line) < most:
            raise smtplib.SMTPServerDisconnected("the mail server hung up within a reply")  # "25" may have become 250.
        return line

    def close(self) -> None:
        self._stream.close()
