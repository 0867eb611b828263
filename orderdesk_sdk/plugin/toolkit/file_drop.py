"""Where files are left that somebody else takes further: a folder of this machine, or what a host puts in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.errors import ConfigurationError, ConflictError
from orderdesk_sdk.plugin.toolkit.private_files import write_private

__all__ = ["LocalFileDrop", "FileDrop"]


class FileDrop(Protocol):
    """Takes a file to where it goes from, or all the way."""

    def put(self, name: str, content: bytes) -> str:
        """Leave a new file there and return where it lies, for people.

        Raises ConflictError where a file of that name lies there already: nothing is escalated twice unawares.
        """


@frozen
class LocalFileDrop:
    """A transport into a folder that exists. Only the owner may read what lies there: it is about orders."""

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
