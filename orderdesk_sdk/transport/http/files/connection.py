"""An open way to files: what the pool keeps between calls, for each of the schemes that lead to files."""

from __future__ import annotations

import time
from typing import Protocol

from orderdesk_sdk.plugin.sftp_auth import SftpLogin
from orderdesk_sdk.transport.http.connection import Origin
from orderdesk_sdk.transport.http.deadline import CallTimes
from orderdesk_sdk.transport.http.files.calls import call_files
from orderdesk_sdk.transport.http.files.local import LocalFiles
from orderdesk_sdk.transport.http.http11 import RawRequest, RawResponse
from orderdesk_sdk.transport.http.reach import Reach

__all__ = ["FILE_SCHEMES", "FileConnection", "open_files"]

FILE_SCHEMES = ("sftp", "file")


class FileConnection(Protocol):
    """A connection for one call at a time."""

    origin: Origin
    idle_since: float
    is_broken: bool

    @property
    def is_stale(self) -> bool:
        """Whether an idle connection is of no more use."""

    def call(self, request: RawRequest, times: CallTimes, limit: int) -> RawResponse:
        """Make a call. Raises httpx.TransportError."""

    def close(self) -> None:
        """Close it; a second time does nothing."""


class LocalConnection:
    """The files of this machine, to which nothing is kept open."""

    is_broken = False
    is_stale = False

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.idle_since = time.monotonic()

    def call(self, request: RawRequest, times: CallTimes, limit: int) -> RawResponse:  # noqa: ARG002 - a disk is not timed
        """Make a call."""
        return call_files(LocalFiles(), request, limit)

    def close(self) -> None:
        """Nothing is open."""


def open_files(
    origin: Origin, login: SftpLogin | None, times: CallTimes, reach: Reach = Reach.ANYWHERE
) -> FileConnection:
    """A new connection.

    Raises httpx.ConnectError and httpx.ConnectTimeout, and ConfigurationError for a server that shows another key than
    the setting has, or that rejects the login; then no file was touched.
    """
    if origin.scheme == "file":
        return LocalConnection(origin)
    from orderdesk_sdk.transport.http.files.sftp import open_sftp  # It brings paramiko, an extra.

    return open_sftp(origin, login, times, reach)
