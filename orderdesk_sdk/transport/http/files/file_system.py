"""What a call about files needs of whatever holds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from attrs import frozen

__all__ = ["FileInfo", "FileSystem"]


@frozen
class FileInfo:
    """A file or a folder as it stands. modified_at: None where that is not told."""

    name: str
    size: int
    modified_at: datetime | None
    is_folder: bool = False


class FileSystem(Protocol):
    """Files by their absolute paths.

    Each method raises OSError where it was refused, with the errno where one is known, and httpx.TransportError where
    the connection was lost, so that nobody knows.
    """

    def info(self, path: str) -> FileInfo | None:
        """What is there; None: nothing."""

    def entries(self, folder: str) -> Sequence[FileInfo]:
        """What is in a folder, in any order."""

    def read(self, path: str, limit: int) -> bytes:
        """The content of a file, or its first `limit` bytes."""

    def create(self, path: str, content: bytes) -> None:
        """Write a new file, durably where that can be asked for."""

    def rename(self, path: str, name: str) -> None:
        """Give a file another path, which nothing else has."""

    def remove(self, path: str) -> None:
        """Take a file away."""
