"""Files by SFTP: an SSH connection to a server whose key is known, over paramiko."""

from __future__ import annotations

import logging
import socket
import stat
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import paramiko

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.sftp_auth import SftpLogin
from orderdesk_sdk.transport.http.connection import Origin, connect_socket
from orderdesk_sdk.transport.http.deadline import CallTimes
from orderdesk_sdk.transport.http.files.calls import call_files
from orderdesk_sdk.transport.http.files.file_system import FileInfo
from orderdesk_sdk.transport.http.files.private_key import read_private_key
from orderdesk_sdk.transport.http.http11 import RawRequest, RawResponse
from orderdesk_sdk.transport.http.reach import Reach

__all__ = ["SftpConnection", "open_sftp"]

_CHANNEL = "orderdesk_sdk.transport.http.files.paramiko"
"""Under this name paramiko logs what it does: paths, which may name a customer, from a thread where nobody redacts."""
for _name in (_CHANNEL, f"{_CHANNEL}.sftp"):
    logging.getLogger(_name).addFilter(lambda _: False)


class SftpConnection:
    """An open connection to an SFTP server. Not for two threads at once."""

    def __init__(self, origin: Origin, transport: paramiko.Transport, client: paramiko.SFTPClient) -> None:
        self.origin = origin
        self.idle_since = time.monotonic()
        self.is_broken = False
        self._transport = transport
        self._client = client

    @property
    def is_stale(self) -> bool:
        """Whether the server has ended it."""
        channel = self._client.get_channel()
        return not self._transport.is_active() or channel is None or channel.closed

    def call(self, request: RawRequest, times: CallTimes, limit: int) -> RawResponse:
        """Make a call. Raises httpx.TransportError."""
        files = SftpFiles(self._transport, self._client, times)
        try:
            with _closed_at(self._transport, times.total(httpx.ReadTimeout)):
                return call_files(files, request, limit)
        except BaseException:
            self.is_broken = True  # A late reply would be taken for that to the next request.
            raise

    def close(self) -> None:
        """Close it; a second time does nothing."""
        self._transport.close()


class SftpFiles:
    """A `FileSystem` at an SFTP server, for one call."""

    def __init__(self, transport: paramiko.Transport, client: paramiko.SFTPClient, times: CallTimes) -> None:
        self._transport = transport
        self._client = client
        self._times = times

    def info(self, path: str) -> FileInfo | None:
        with self._asking():
            try:
                return _info(path.rpartition("/")[2], self._client.stat(path))
            except FileNotFoundError:
                return None

    def entries(self, folder: str) -> Sequence[FileInfo]:
        with self._asking():
            return [_info(one.filename, one) for one in self._client.listdir_attr(folder)]

    def read(self, path: str, limit: int) -> bytes:
        with self._asking(), self._client.open(path, "rb") as file:
            return bytes(file.read(limit))

    def create(self, path: str, content: bytes) -> None:
        with self._asking(), self._client.open(path, "wxb") as file:
            file.write(content)

    def rename(self, path: str, name: str) -> None:
        with self._asking():
            self._client.rename(path, name)

    def remove(self, path: str) -> None:
        with self._asking():
            self._client.remove(path)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Tells what the server refused (OSError) from what became of the connection (httpx.TransportError)."""
        channel = self._client.get_channel()
        if channel is not None:
            channel.settimeout(self._times.left("read", httpx.ReadTimeout))
        try:
            yield
        except TimeoutError as error:
            raise httpx.ReadTimeout("the server did not answer in time") from error
        except (EOFError, paramiko.SSHException, UnicodeDecodeError) as error:
            raise httpx.ReadError(str(error) or "the connection was lost") from error
        except OSError as error:
            # paramiko raises the same class for a closed connection, without errno.
            if error.errno is None and (channel is None or channel.closed or not self._transport.is_active()):
                raise httpx.ReadError(str(error) or "the connection was lost") from error
            raise


def open_sftp(origin: Origin, login: SftpLogin | None, times: CallTimes, reach: Reach) -> SftpConnection:
    """A new connection, logged in. Raises as `open_files`."""
    if login is None:
        raise ConfigurationError(
            f"{origin.host} is called by SFTP without a login", hint="declare auth=sftp_login, with SftpSettings"
        )
    limit = times.left("connect", httpx.ConnectTimeout)
    until = None if limit is None else time.monotonic() + limit
    try:
        transport = _start(connect_socket(origin, until, reach))
    except TimeoutError as error:
        raise httpx.ConnectTimeout(str(error)) from error
    except (OSError, paramiko.SSHException) as error:
        raise httpx.ConnectError(str(error)) from error
    try:
        with _closed_at(transport, None if until is None else max(0.0, until - time.monotonic())) as is_late:
            try:
                return SftpConnection(origin, transport, _log_in(origin, transport, login))
            except (OSError, EOFError, paramiko.SSHException) as error:
                if is_late.is_set():
                    raise httpx.ConnectTimeout("the server did not answer in time") from error
                raise httpx.ConnectError(str(error) or "the server ended the connection") from error
    except BaseException:
        transport.close()
        raise


def _start(sock: socket.socket) -> paramiko.Transport:
    try:
        transport = paramiko.Transport(sock)
    except BaseException:
        sock.close()
        raise
    transport.set_log_channel(_CHANNEL)
    return transport


def _log_in(origin: Origin, transport: paramiko.Transport, login: SftpLogin) -> paramiko.SFTPClient:
    transport.start_client()
    shown = transport.get_remote_server_key().fingerprint
    if shown not in login.host_keys:
        raise ConfigurationError(
            f"{origin.host} shows the key {shown}, which is none of the setting host_key; nothing was sent to it",
            hint="ask the service whether this is its key, then write it into host_key",
        )
    try:
        if login.private_key.reveal():
            transport.auth_publickey(login.user, read_private_key(login.private_key))
        else:
            transport.auth_password(login.user, login.password.reveal(), fallback=False)
    except paramiko.AuthenticationException as error:
        if not transport.is_active():
            raise
        kind = "private_key" if login.private_key.reveal() else "password"
        raise ConfigurationError(
            f"{origin.host} did not accept the SFTP login", hint=f"check the settings user and {kind} with the service"
        ) from error
    channel = transport.open_session()
    channel.invoke_subsystem("sftp")
    return paramiko.SFTPClient(channel)


@contextmanager
def _closed_at(transport: paramiko.Transport, seconds: float | None) -> Iterator[threading.Event]:
    """Within this, the connection is closed after so many seconds, and so ends every wait; None: never.

    paramiko has waits without a limit of their own. The event says whether it was closed.
    """
    is_late = threading.Event()
    if seconds is None:
        yield is_late
        return

    def end() -> None:
        is_late.set()
        transport.close()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield is_late
    finally:
        timer.cancel()


def _info(name: str, found: paramiko.SFTPAttributes) -> FileInfo:
    mode, modified = found.st_mode, found.st_mtime
    modified_at = None if modified is None else datetime.fromtimestamp(modified, UTC)
    is_folder = mode is not None and stat.S_IFMT(mode) not in (0, stat.S_IFREG)
    return FileInfo(name, found.st_size or 0, modified_at, is_folder)
