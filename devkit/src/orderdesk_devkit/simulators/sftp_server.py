"""A real SFTP server on loopback, before the folders of a `FileSimulator`; needs paramiko, the extra `sftp`."""

from __future__ import annotations

import enum
import errno
import io
import os
import socket
import stat
import threading
from types import TracebackType

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.sftp import SFTP_FAILURE, SFTP_NO_SUCH_FILE, SFTP_OK, SFTP_PERMISSION_DENIED

from orderdesk_devkit.simulators.files import FileSimulator
from orderdesk_sdk.transport.http.files.file_system import FileInfo

__all__ = ["PASSWORD", "USER", "SftpFault", "SftpServer"]

USER, PASSWORD = "acme", "a-password-for-simulators-only"
_STATUSES = {errno.ENOENT: SFTP_NO_SUCH_FILE, errno.EACCES: SFTP_PERMISSION_DENIED}
_LOG = "orderdesk_devkit.simulators.sftp"


class SftpFault(enum.Enum):
    """What goes wrong with the next file that is dropped."""

    LOST_IN_WRITE = "lost_in_write"
    """Not done. The connection ends while the file is written."""
    LOST_BEFORE_RENAME = "lost_before_rename"
    """Not done. The connection ends when the file is to get its name; no client can tell it from the next one."""
    LOST_AFTER_RENAME = "lost_after_rename"
    """Done. The file has its name, and the connection ends without a reply."""
    DISK_FULL = "disk_full"
    """Not done. The server says no more than that writing failed."""
    PERMISSION_DENIED = "permission_denied"
    """Not done. The login may not write there."""


class SftpServer:
    """Serves the folders until it is stopped. A context manager.

    logins: how many connections have logged in. fault: what the next drop meets; None: nothing.
    """

    def __init__(self, simulator: FileSimulator) -> None:
        self.simulator = simulator
        self.key = paramiko.ECDSAKey.generate()
        self.authorized_key: paramiko.PKey | None = None
        self.fault: SftpFault | None = None
        self.logins = 0
        self._transports: list[paramiko.Transport] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, name="serving SFTP", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The URL of its root, as a `folder_url` has it."""
        return f"sftp://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def settings(self) -> dict[str, str]:
        """What `SftpSettings` need for it."""
        return {"user": USER, "password": PASSWORD, "host_key": self.key.fingerprint}

    def take_fault(self, *kinds: SftpFault) -> SftpFault | None:
        """The fault, if it is one of these; it is met once."""
        fault = self.fault if self.fault in kinds else None
        if fault is not None:
            self.fault = None
        return fault

    def end_connections(self) -> None:
        """End every connection, as a server does that is started anew."""
        for transport in self._transports:
            transport.close()

    def stop(self) -> None:
        """End the server and its connections."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        self.end_connections()

    def __enter__(self) -> SftpServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.set_log_channel(_LOG)
            transport.add_server_key(self.key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, self, transport)
            self._transports.append(transport)
            transport.start_server(event=threading.Event(), server=_Door(self))


class _Door(paramiko.ServerInterface):
    """Who is let in."""

    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002 - as paramiko calls it
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        return self._let_in(is_known=(username, password) == (USER, PASSWORD))

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return self._let_in(is_known=username == USER and key == self._server.authorized_key)

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002 - as paramiko calls it
        return OPEN_SUCCEEDED

    def _let_in(self, *, is_known: bool) -> int:
        self._server.logins += is_known
        return AUTH_SUCCESSFUL if is_known else AUTH_FAILED


class _Files(paramiko.SFTPServerInterface):
    """The calls of SFTP on the simulator's files."""

    def __init__(self, server: paramiko.ServerInterface, owner: SftpServer, transport: paramiko.Transport) -> None:
        super().__init__(server)
        self.owner = owner
        self._transport = transport
        self.files = owner.simulator.files

    def lose(self) -> int:
        """End the connection, with no reply to what is being asked."""
        self._transport.close()
        return SFTP_FAILURE

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        with self.owner.simulator.at_present():
            try:
                return [_attributes(one) for one in self.files.entries(path)]
            except OSError as error:
                return _status(error)

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        with self.owner.simulator.at_present():
            found = self.files.info(path)
        return SFTP_NO_SUCH_FILE if found is None else _attributes(found)

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:  # noqa: ARG002 - as paramiko calls it
        if flags & os.O_CREAT:
            if self.owner.take_fault(SftpFault.PERMISSION_DENIED):
                return SFTP_PERMISSION_DENIED
            try:
                self.files.create(path, b"")
            except OSError as error:
                return _status(error)
            return _Handle(self, path)
        try:
            content = self.files.read(path, 2**31)
        except OSError as error:
            return _status(error)
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = io.BytesIO(content)  # type: ignore[attr-defined]  # as paramiko's own handles read
        return handle

    def remove(self, path: str) -> int:
        try:
            self.files.remove(path)
        except OSError as error:
            return _status(error)
        return SFTP_OK

    def rename(self, oldpath: str, newpath: str) -> int:
        if self.owner.take_fault(SftpFault.LOST_BEFORE_RENAME):
            return self.lose()
        with self.owner.simulator.at_present():
            try:
                self.files.rename(oldpath, newpath)
            except OSError as error:
                return _status(error)
            self.owner.simulator.file_dropped(newpath)
        return self.lose() if self.owner.take_fault(SftpFault.LOST_AFTER_RENAME) else SFTP_OK


class _Handle(paramiko.SFTPHandle):
    """A file that is being written: what came of it so far is there, as on any disk."""

    def __init__(self, interface: _Files, path: str) -> None:
        super().__init__()
        self._interface = interface
        self._path = path
        self._content = bytearray()

    def write(self, offset: int, data: bytes) -> int:  # type: ignore[override]  # paramiko reads bytes off the wire
        if self._interface.owner.take_fault(SftpFault.LOST_IN_WRITE):
            return self._interface.lose()
        if self._interface.owner.take_fault(SftpFault.DISK_FULL):
            return SFTP_FAILURE
        self._content[offset : offset + len(data)] = data
        self._interface.files.write(self._path, bytes(self._content))
        return SFTP_OK


def _attributes(info: FileInfo) -> paramiko.SFTPAttributes:
    found = paramiko.SFTPAttributes()
    found.filename = info.name
    found.st_size = info.size
    found.st_mode = (stat.S_IFDIR | 0o750) if info.is_folder else (stat.S_IFREG | 0o640)
    found.st_mtime = int(info.modified_at.timestamp()) if info.modified_at is not None else 0
    found.st_atime = found.st_mtime
    return found


def _status(error: OSError) -> int:
    return _STATUSES.get(error.errno or 0, SFTP_FAILURE)
