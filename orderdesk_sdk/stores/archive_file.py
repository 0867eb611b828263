"""The file of archived histories: JSON lines, written whole and on disk before a ledger deletes anything, and verified.

    {"format": ..., "made_at": ..., "made_by": ..., "older_than": ..., "head": ...}    the first line
    {"case": ..., "order_id": ..., ..., "before": ..., "lines": [...]}                 lines of one case
    {"order_id": ..., "rule_executions": [...]}                                        what rules did for an order
    {"digest": ...}                                            the last line: of all bytes before it, by SHA-256

Links, states and seals are hexadecimal. A line is what `stores.hash_chain` chains: sequence, attempt, at, kind, link,
state, seal, data and texts; `before` is the link before the first of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from attrs import frozen

from orderdesk_sdk.errors import StorageError, ValidationError
from orderdesk_sdk.plugin.toolkit.private_files import create_private

__all__ = [
    "ArchivedCase",
    "ArchivedExecutions",
    "ArchivedLine",
    "RewrittenArchive",
    "read_archive",
    "rewritten_archive",
    "verified_digest",
    "write_archive",
]

_FORMAT: Final = "orderdesk ledger archive 1"
_CHUNK: Final = 1 << 20


class ArchivedLine(NamedTuple):
    """A line of a history, as its row holds it."""

    sequence: int
    attempt: int
    at: int
    kind: str
    link: bytes
    state: bytes | None
    sealed: bytes | None
    data: str
    texts: str | None


@frozen
class ArchivedCase:
    """Lines of one case, one after the other.

    Args:
        before: the link before the first one.
    """

    case_id: str
    order_id: str
    order_number: str
    kind: str
    connection: str
    before: bytes
    lines: tuple[ArchivedLine, ...]


@frozen
class ArchivedExecutions:
    """What rules did for an order: rows of number, event, time in microseconds and data."""

    order_id: str
    rows: tuple[tuple[int, str, int, str], ...]


Record = ArchivedCase | ArchivedExecutions


def write_archive(path: Path, head: Mapping[str, str], records: Iterable[Record]) -> str | None:
    """Write an archive, which only its owner may read, and return its digest once it is on disk; None for no records.

    Raises ValidationError where there is a file of that name, StorageError where it cannot be written.
    """
    half = _half_of(path)
    try:
        if path.exists():
            raise ValidationError("the file exists already", location=str(path), hint="name a new one")
        half.unlink(missing_ok=True)  # Of an archive that was ended by force.
        create_private(half)
        digest = _write(half, head, records)
        if digest is not None:
            _put_in_place(half, path)
            _sync_folder(path.absolute().parent)
    except FileExistsError:
        raise ValidationError("the file exists already", location=str(path), hint="name a new one") from None
    except OSError as error:
        raise StorageError(f"cannot be written: {error.strerror}", location=str(path)) from None
    finally:
        half.unlink(missing_ok=True)
    return digest


class RewrittenArchive:
    """An archive in another version, beside the one that it is to replace.

    digest, changed_records, changed_cases: of the new one, and how many of the records and of their cases are others.
    """

    def __init__(self, path: Path, half: Path, change: Callable[[Record], Record]) -> None:
        self._path, self._half = path, half
        self._change = change
        self.changed_records = 0
        self._changed_cases: set[str] = set()
        self.digest = _write(half, _head(path), self._changed()) or ""

    @property
    def changed_cases(self) -> int:
        """Of how many cases lines are others."""
        return len(self._changed_cases)

    def _changed(self) -> Iterator[Record]:
        for record in read_archive(self._path):
            changed = self._change(record)
            if changed != record:
                self.changed_records += 1
                self._changed_cases |= {record.case_id} if isinstance(record, ArchivedCase) else set()
            yield changed

    def put_in_place(self) -> None:
        """Let it replace the present one. Raises OSError."""
        self._half.replace(self._path)
        _sync_folder(self._path.absolute().parent)


@contextmanager
def rewritten_archive(path: Path, change: Callable[[Record], Record]) -> Iterator[RewrittenArchive]:
    """An archive, of which `verified_digest` said that it is whole, with each record changed by `change`.

    What is not put in place is gone after the block. Raises StorageError where it cannot be written, or where another
    program is at it.
    """
    half = _half_of(path)
    try:
        if not create_private(half):
            raise StorageError(
                "another program is writing it, or was killed while it wrote",
                location=str(path),
                hint=f"when that has ended, remove {half.name} if it is still there, then do the same again",
            )
        try:
            yield RewrittenArchive(path, half, change)
        finally:
            half.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"cannot be written: {error.strerror}", location=str(path)) from None


def _half_of(path: Path) -> Path:
    """Where an archive lies until it is whole and on disk."""
    return path.with_name(f".{path.name}.half")


def _write(half: Path, head: Mapping[str, str], records: Iterable[Record]) -> str | None:
    total = sha256()
    is_empty = True
    with half.open("wb") as file:

        def add(document: Mapping[str, object]) -> None:
            line = json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n"
            total.update(line)
            file.write(line)

        add({"format": _FORMAT, **head})
        for record in records:
            add(_document(record))
            is_empty = False
        digest = total.hexdigest()
        add({"digest": digest})
        file.flush()
        os.fsync(file.fileno())
    return None if is_empty else digest


def _put_in_place(half: Path, path: Path) -> None:
    """Give a file its name, unless there is one of that name. Raises OSError."""
    try:
        os.link(half, path)  # Unlike a rename it replaces nothing.
    except FileExistsError:
        raise
    except OSError:  # A file system that knows no links.
        half.rename(path)


def _sync_folder(folder: Path) -> None:
    """Put a new name in a folder on disk."""
    if os.name != "posix":
        return  # Elsewhere a folder cannot be opened for that, and its names are on disk with the file.
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _document(record: Record) -> Mapping[str, object]:
    if isinstance(record, ArchivedExecutions):
        return {"order_id": record.order_id, "rule_executions": record.rows}
    return {
        "case": record.case_id,
        "order_id": record.order_id,
        "order_number": record.order_number,
        "kind": record.kind,
        "connection": record.connection,
        "before": record.before.hex(),
        "lines": [[value.hex() if isinstance(value, bytes) else value for value in line] for line in record.lines],
    }


def verified_digest(path: Path) -> str:
    """The digest of an archive that is whole.

    Raises StorageError for a file that is none, or was changed or cut short.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 200))
            last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
            digest = str(json.loads(last)["digest"])
            file.seek(0)
            total, left = sha256(), size - len(last) - 1
            while left > 0:
                chunk = file.read(min(_CHUNK, left))
                total.update(chunk)
                left -= len(chunk)
    except OSError as error:
        raise StorageError(f"cannot be read: {error.strerror}", location=str(path)) from None
    except (ValueError, TypeError, KeyError):
        raise _damaged(path) from None
    if total.hexdigest() != digest:
        raise _damaged(path)
    return digest


def read_archive(path: Path) -> Iterator[Record]:
    """The records of an archive, one at a time, of which `verified_digest` said that it is whole."""
    _head(path)
    with path.open("rb") as file:
        file.readline()
        for line in file:
            document = json.loads(line)
            if "digest" not in document:
                yield _record(document)


def _head(path: Path) -> dict[str, str]:
    """What the first line of an archive says. Raises StorageError for another file."""
    with path.open("rb") as file:
        head: dict[str, str] = json.loads(file.readline())
    if head.pop("format", None) != _FORMAT:
        raise _damaged(path)
    return head


def _record(document: Mapping[str, Any]) -> Record:
    if "rule_executions" in document:
        return ArchivedExecutions(document["order_id"], tuple(tuple(row) for row in document["rule_executions"]))
    return ArchivedCase(
        document["case"],
        document["order_id"],
        document["order_number"],
        document["kind"],
        document["connection"],
        bytes.fromhex(document["before"]),
        tuple(
            ArchivedLine(sequence, attempt, at, kind, bytes.fromhex(link), _bytes(state), _bytes(sealed), data, texts)
            for sequence, attempt, at, kind, link, state, sealed, data, texts in document["lines"]
        ),
    )


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _damaged(path: Path) -> StorageError:
    return StorageError(
        "the file is not an archive of a ledger, or was changed or cut short",
        location=str(path),
        hint="take another copy of the archive",
    )
