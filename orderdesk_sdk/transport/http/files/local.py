"""The files of this machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from orderdesk_sdk.transport.http.files.file_system import FileInfo

__all__ = ["LocalFiles"]

_MODE = 0o660
"""Whose files they are, and those of the group, may read them: they are about orders. The umask may take more away."""


class LocalFiles:
    """A `FileSystem` that is this machine's."""

    def info(self, path: str) -> FileInfo | None:
        try:
            return _info(path.rpartition("/")[2], Path(path).stat())
        except (FileNotFoundError, NotADirectoryError):
            return None

    def entries(self, folder: str) -> Sequence[FileInfo]:
        found = []
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    found.append(_info(entry.name, entry.stat()))
                except FileNotFoundError:
                    continue  # It was taken away meanwhile, or is a link that leads nowhere.
        return found

    def read(self, path: str, limit: int) -> bytes:
        with Path(path).open("rb") as file:
            return file.read(limit)

    def create(self, path: str, content: bytes) -> None:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, path: str, name: str) -> None:
        Path(name).hardlink_to(path)  # Unlike a rename, it never goes over a file that is there.
        Path(path).unlink()
        _sync_folder(Path(name).parent)

    def remove(self, path: str) -> None:
        Path(path).unlink()


def _info(name: str, found: os.stat_result) -> FileInfo:
    is_folder = not stat.S_ISREG(found.st_mode)  # A pipe or a device is no file either.
    return FileInfo(name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC), is_folder)


def _sync_folder(folder: Path) -> None:
    """Have the name last a loss of power; Windows keeps none of a folder open."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
