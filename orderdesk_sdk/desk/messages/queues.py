"""Messages that are fetched and not posted: out of a queue such as Amazon SQS, or a folder of files of its shape."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from attrs import field, frozen

from orderdesk_sdk.errors import StorageError

__all__ = ["FolderQueue", "MessageQueue", "QueuedMessage"]

DONE, REFUSED = "done", "refused"
"""The folders beside the files of a `FolderQueue`, into which they are moved."""
MAX_FILE_BYTES = 5_000_000
_SQS_LIST = "Messages"


@frozen
class QueuedMessage:
    """A message out of a queue.

    Args:
        receipt: what the queue knows it by while it is out.
        bodies: the message as it was sent; a file may hold several. Empty where it cannot be read.
    """

    receipt: str
    bodies: tuple[bytes, ...] = field(repr=False)


class MessageQueue(Protocol):
    """A queue of messages about the orders of one connection. Only the merchant's own services may write into it.

    What was received and neither deleted nor set aside comes again after a while, as it does in Amazon SQS.
    """

    def receive(self, limit: int) -> Sequence[QueuedMessage]:
        """Messages that are in the queue, at most so many; empty where there are none."""

    def delete(self, message: QueuedMessage) -> None:
        """Remove a message: it is stored, or there is nothing to be stored of it. To do so twice is no error."""

    def set_aside(self, message: QueuedMessage, reason: str) -> None:
        """Keep a message that cannot be read from coming again, where a person finds it."""


class FolderQueue:
    """The files `*.json` of a folder, in the order of their names; what is done with is moved into `done` beside them.

    A file holds a message as it was sent, an SQS message (its `Body` is what was sent), or what `aws sqs
    receive-message` writes: `{"Messages": [...]}`. Write a file under another name, and rename it when it is whole.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def receive(self, limit: int) -> Sequence[QueuedMessage]:
        """The first files. Raises StorageError where the folder cannot be read."""
        try:
            names = sorted(entry.name for entry in os.scandir(self._folder) if entry.name.endswith(".json"))[:limit]
            return [QueuedMessage(name, tuple(_bodies_of(self._folder / name))) for name in names]
        except OSError as error:
            raise StorageError(
                f"the folder of messages cannot be read: {error.strerror}", location=str(self._folder)
            ) from None

    def delete(self, message: QueuedMessage) -> None:
        """Move a file into `done`."""
        self._move(message, DONE)

    def set_aside(self, message: QueuedMessage, reason: str) -> None:
        """Move a file into `refused`, with the reason beside it."""
        self._move(message, REFUSED)
        with (self._folder / REFUSED / f"{message.receipt}.reason").open("w", encoding="utf-8") as file:
            file.write(f"{reason}\n")

    def _move(self, message: QueuedMessage, folder: str) -> None:
        source, target = self._folder / message.receipt, self._folder / folder
        try:
            target.mkdir(mode=0o700, exist_ok=True)
            if source.exists():
                source.replace(target / message.receipt)
        except OSError as error:
            raise StorageError(f"the file cannot be moved: {error.strerror}", location=str(source)) from None


def _bodies_of(path: Path) -> Iterator[bytes]:
    """The messages in a file; none where it is too large, or is no JSON."""
    if path.stat().st_size > MAX_FILE_BYTES:
        return
    content = path.read_bytes()
    try:
        document: object = json.loads(content)
    except (ValueError, RecursionError):
        return
    if isinstance(document, Mapping) and isinstance(listed := document.get(_SQS_LIST), list):
        for each in listed:
            body = _sqs_body(each)
            if body is not None:
                yield body
        return
    yield _sqs_body(document) or content


def _sqs_body(document: object) -> bytes | None:
    """What was sent, of an SQS message; None for anything else."""
    body = document.get("Body") if isinstance(document, Mapping) else None
    return body.encode("utf-8", "replace") if isinstance(body, str) else None
