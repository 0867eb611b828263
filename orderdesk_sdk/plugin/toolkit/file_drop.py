"""Files that were dropped: by a flow, or for another program that sends them on."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.errors import ConfigurationError, ConflictError
from orderdesk_sdk.plugin.toolkit.json_response import TextResponse, text_at
from orderdesk_sdk.plugin.toolkit.private_files import write_private

__all__ = ["FileDrop", "LocalFileDrop", "is_dropped"]


def is_dropped(response: TextResponse, content: bytes) -> bool:
    """Whether the response to `service.put_file` says that this content lies there whole; False for another status.

    Raises MalformedResponseError for a response that does not say what was dropped.
    """
    if response.status_code not in (200, 201):
        return False
    return text_at(response, "sha256") == hashlib.sha256(content).hexdigest()


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
