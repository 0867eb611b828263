"""What a call does to files, and which status says so: a drop, a read, a list."""

from __future__ import annotations

import errno
import hashlib
import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC
from email.utils import format_datetime
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx

from orderdesk_sdk.transport.http.failures import FileNotDropped, ResponseTooLarge
from orderdesk_sdk.transport.http.files.file_system import FileInfo, FileSystem
from orderdesk_sdk.transport.http.http11 import RawRequest, RawResponse

__all__ = ["call_files"]

_STATUSES: Mapping[int, int] = {
    errno.ENOENT: 404,
    errno.ENOTDIR: 404,
    errno.EACCES: 403,
    errno.EPERM: 403,
    errno.EROFS: 403,
    errno.EEXIST: 409,
    errno.EISDIR: 409,
    errno.EINVAL: 400,
    errno.ENAMETOOLONG: 400,
}
_NOT_STORED = 507
"""Of a drop that was refused for another reason: the disk is full, or the server says no more than that it failed."""
_NOT_READ = 500
_TYPES = {".json": "application/json", ".xml": "application/xml", ".csv": "text/csv", ".txt": "text/plain"}
_REASONS = {200: b"OK", 201: b"Created"}
_TEMPORARY = ".part"


def call_files(files: FileSystem, request: RawRequest, limit: int) -> RawResponse:
    """Make the call that a request describes; its body is at most `limit` bytes.

    Raises httpx.TransportError, of which FileNotDropped proves that no file was dropped; any other that a PUT raises
    came while the file got its name.
    """
    path = _path(request.target)
    match request.method:
        case b"PUT" if not path.endswith("/"):
            return _drop(files, path, request.body)
        case b"GET" if path.endswith("/"):
            return _list(files, path, limit)
        case b"GET":
            return _read(files, path, limit)
        case method:
            return _told(405, {"error": f"files are dropped by PUT and read by GET, not by {method.decode('ascii')}"})


def _path(target: bytes) -> str:
    """The path that a target names. Raises httpx.UnsupportedProtocol for one with a query, or that leads elsewhere."""
    text, query, _ = target.decode("ascii").partition("?")
    parts = [unquote(part) for part in text.split("/")]
    if query or parts[0] or any(part in (".", "..") or "/" in part or "\0" in part for part in parts):
        raise httpx.UnsupportedProtocol("this is not the path of a file")
    if "" in parts[1:-1] or len(parts) == 1:
        raise httpx.UnsupportedProtocol("the path of a file has an empty part")
    return "/".join(parts)


def _drop(files: FileSystem, path: str, content: bytes) -> RawResponse:
    """Write under another name, then rename: whoever looks into the folder sees the whole file or none."""
    folder, _, name = path.rpartition("/")
    written = f"{folder}/.{name[:100]}.{secrets.token_hex(8)}{_TEMPORARY}"
    try:
        there = _compare(files, path, content)
        if there is not None:
            return there
        try:
            files.create(written, content)
            found = files.info(written)
            if found is None or found.size != len(content):
                raise OSError(errno.EIO, "the file was not stored whole")
        except OSError as error:
            _remove(files, written)
            return _refused(error, _NOT_STORED)
    except OSError as error:
        return _refused(error, _NOT_STORED)
    except httpx.TransportError as error:
        raise FileNotDropped(str(error) or type(error).__name__) from error
    try:
        files.rename(written, path)
    except OSError as error:
        return _not_renamed(files, written, path, content, error)
    return _dropped(201, name, content)


def _not_renamed(files: FileSystem, written: str, path: str, content: bytes, error: OSError) -> RawResponse:
    """What there is where the name was refused: another drop of the same file may have been faster."""
    try:
        _remove(files, written)
        return _compare(files, path, content) or _refused(error, _NOT_STORED)
    except OSError as second:
        return _refused(second, _NOT_STORED)
    except httpx.TransportError as lost:
        raise FileNotDropped(str(lost) or type(lost).__name__) from lost


def _compare(files: FileSystem, path: str, content: bytes) -> RawResponse | None:
    """200 where the file is there with this content, 409 with another; None: it is not there."""
    found = files.info(path)
    if found is None:
        return None
    if not found.is_folder and found.size == len(content) and files.read(path, len(content) + 1) == content:
        return _dropped(200, found.name, content)
    return _told(409, {"error": "there is something else of that name"})


def _dropped(status: int, name: str, content: bytes) -> RawResponse:
    digest = hashlib.sha256(content).hexdigest()
    return _told(status, {"name": name, "size": len(content), "sha256": digest})


def _remove(files: FileSystem, path: str) -> None:
    with suppress(OSError):  # What lies there has a name that nobody looks for.
        files.remove(path)


def _list(files: FileSystem, path: str, limit: int) -> RawResponse:
    try:
        found = files.entries(path.rstrip("/") or "/")
    except OSError as error:
        return _refused(error, _NOT_READ)
    shown = [one for one in found if not one.is_folder and not one.name.startswith(".")]
    response = _told(200, {"files": [_entry(one) for one in sorted(shown, key=lambda one: one.name)]})
    if len(response.body) > limit:
        raise ResponseTooLarge(f"more than {limit} bytes")
    return response


def _entry(file: FileInfo) -> Mapping[str, object]:
    modified_at = file.modified_at
    return {
        "name": file.name,
        "size": file.size,
        "modified_at": None if modified_at is None else modified_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }


def _read(files: FileSystem, path: str, limit: int) -> RawResponse:
    try:
        before = files.info(path)
        if before is None or before.is_folder:
            return _told(404, {"error": "there is no such file"})
        if before.size > limit:
            raise ResponseTooLarge(f"more than {limit} bytes")
        content = files.read(path, limit + 1)
        after = files.info(path)
    except OSError as error:
        return _refused(error, _NOT_READ)
    if after != before or len(content) != before.size:
        raise httpx.ReadError("the file was written to while it was read")
    headers = [(b"content-type", _TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream").encode())]
    if before.modified_at is not None:
        headers.append((b"last-modified", format_datetime(before.modified_at.astimezone(UTC), usegmt=True).encode()))
    return _response(200, headers, content)


def _refused(error: OSError, otherwise: int) -> RawResponse:
    status = _STATUSES.get(error.errno or 0, otherwise)
    return _told(status, {"error": error.strerror or str(error) or "refused without a word"})


def _told(status: int, document: Mapping[str, object]) -> RawResponse:
    return _response(status, [(b"content-type", b"application/json")], json.dumps(document).encode())


def _response(status: int, headers: list[tuple[bytes, bytes]], content: bytes) -> RawResponse:
    sized = [*headers, (b"content-length", str(len(content)).encode())]
    return RawResponse(status, _REASONS.get(status, b""), sized, content, may_reuse=True)
