"""Messages that are fetched and not posted: out of a queue such as Amazon SQS, or a folder of files of its shape."""

from __future__ import annotations

import heapq
import json
import os
from collections.abc import Mapping, Sequence
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
        problem: why a part of it cannot be read; it is set aside then, once the others are stored. None: all can.
    """

    receipt: str
    bodies: tuple[bytes, ...] = field(repr=False)
    problem: str | None = None


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
            with os.scandir(self._folder) as entries:
                found = (entry.name for entry in entries if entry.name.endswith(".json") and entry.is_file())
                names = heapq.nsmallest(limit, found)
        except OSError as error:
            raise StorageError(
                f"the folder of messages cannot be read: {error.strerror}", location=str(self._folder)
            ) from None
        read = (_read_file(self._folder / name) for name in names)
        return [message for message in read if message is not None]

    def delete(self, message: QueuedMessage) -> None:
        """Move a file into `done`."""
        self._move(message, DONE)

    def set_aside(self, message: QueuedMessage, reason: str) -> None:
        """Move a file into `refused`, with the reason beside it."""
        self._move(message, REFUSED)
        told = self._folder / REFUSED / f"{message.receipt}.reason"
        try:
            told.write_text(f"{reason}\n", encoding="utf-8", errors="replace")
        except OSError as error:
            raise StorageError(f"the reason cannot be written: {error.strerror}", location=str(told)) from None

    def _move(self, message: QueuedMessage, folder: str) -> None:
        source, target = self._folder / message.receipt, self._folder / folder
        try:
            target.mkdir(mode=0o700, exist_ok=True)
            if source.exists():
                source.replace(target / message.receipt)
        except OSError as error:
            raise StorageError(f"the file cannot be moved: {error.strerror}", location=str(source)) from None


def _read_file(path: Path) -> QueuedMessage | None:
    """A file as a message; None where another process has taken it meanwhile."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            text = f"the file has {size:,} bytes; at most {MAX_FILE_BYTES:,} are read"
            return QueuedMessage(path.name, (), text)
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        return QueuedMessage(path.name, (), f"the file cannot be read: {error.strerror}")
    try:
        document: object = json.loads(content)
    except (ValueError, RecursionError):
        return QueuedMessage(path.name, (), "the file is not JSON")
    if isinstance(document, Mapping) and isinstance(listed := document.get(_SQS_LIST), list):
        bodies = [_sqs_body(each) for each in listed]
        whole = tuple(body for body in bodies if body is not None)
        problem = f"message {bodies.index(None) + 1} of {len(bodies)} has no Body" if None in bodies else None
        return QueuedMessage(path.name, whole, problem)
    return QueuedMessage(path.name, (_sqs_body(document) or content,))


def _sqs_body(document: object) -> bytes | None:
    """What was sent, of an SQS message; None for anything else."""
    body = document.get("Body") if isinstance(document, Mapping) else None
    return body.encode("utf-8", "replace") if isinstance(body, str) else None
