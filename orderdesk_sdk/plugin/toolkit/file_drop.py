"""Where a plugin leaves files that another program sends on: a folder of this machine, or a place of the host's."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.errors import ConfigurationError, ConflictError
from orderdesk_sdk.plugin.toolkit.private_files import write_private

__all__ = ["LocalFileDrop", "FileDrop"]


class FileDrop(Protocol):
    """Where a file is left, or by which it is sent."""

    def put(self, name: str, content: bytes) -> str:
        """Leave a new file and return its place, for people.

        Raises ConflictError where a file of that name is there already: no file is written twice.
        """


@frozen
class LocalFileDrop:
    """A file drop that is a folder of this machine. Only the owner may read its files: they are about orders."""

    folder: Path

    def put(self, name: str, content: bytes) -> str:
        path = self.folder / name
        try:
            write_private(path, content)
        except FileExistsError:
            raise ConflictError(
                "was written before", location=str(path), hint="hand that one over, or move it away first"
            ) from None
        except OSError as error:
            raise ConfigurationError(
                f"cannot be written: {error.strerror}", location=str(path), hint="name a folder that exists"
            ) from None
        return str(path)
