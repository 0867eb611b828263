"""Files in memory, by the clock of a simulator."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.transport.http.files.file_system import FileInfo

__all__ = ["VirtualFiles"]


@frozen
class _File:
    content: bytes
    modified_at: datetime


class VirtualFiles:
    """A `FileSystem` of the folders that it is made with. Safe from many threads."""

    def __init__(self, clock: Clock, folders: Iterable[str]) -> None:
        self._clock = clock
        self._folders = frozenset(folders)
        self._files: dict[str, _File] = {}
        self._lock = threading.Lock()

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that are there, in the order in which they came."""
        with self._lock:
            return tuple(self._files)

    def write(self, path: str, content: bytes) -> None:
        """Put a file there, in place of any other, as the service itself does."""
        self._require_folder(path)
        with self._lock:
            self._files[path] = _File(content, self._clock.now())

    def info(self, path: str) -> FileInfo | None:
        name = path.rpartition("/")[2]
        if path in self._folders or path == "/":
            return FileInfo(name, 0, None, is_folder=True)
        with self._lock:
            found = self._files.get(path)
        return None if found is None else FileInfo(name, len(found.content), found.modified_at.replace(microsecond=0))

    def entries(self, folder: str) -> Sequence[FileInfo]:
        if folder not in self._folders:
            raise FileNotFoundError(errno.ENOENT, "no such folder")
        infos = [self.info(path) for path in self.paths if path.rpartition("/")[0] == folder]
        return [one for one in infos if one is not None]

    def read(self, path: str, limit: int) -> bytes:
        with self._lock:
            return self._require(path).content[:limit]

    def create(self, path: str, content: bytes) -> None:
        if self.info(path) is not None:
            raise FileExistsError(errno.EEXIST, "there is such a file")
        self.write(path, content)

    def rename(self, path: str, name: str) -> None:
        self._require_folder(name)
        with self._lock:
            if name in self._files:
                raise FileExistsError(errno.EEXIST, "there is such a file")
            self._files[name] = self._require(path)
            del self._files[path]

    def remove(self, path: str) -> None:
        with self._lock:
            self._require(path)
            del self._files[path]

    def _require(self, path: str) -> _File:
        found = self._files.get(path)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, "no such file")
        return found

    def _require_folder(self, path: str) -> None:
        if path.rpartition("/")[0] not in self._folders:
            raise FileNotFoundError(errno.ENOENT, "no such folder")
