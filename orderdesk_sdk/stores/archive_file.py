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
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from attrs import frozen

from orderdesk_sdk.errors import StorageError, ValidationError
from orderdesk_sdk.plugin.toolkit.private_files import create_private

__all__ = ["ArchivedCase", "ArchivedExecutions", "ArchivedLine", "read_archive", "verified_digest", "write_archive"]

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
    half = path.with_name(f".{path.name}.half")
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
    with path.open("rb") as file:
        if json.loads(file.readline()).get("format") != _FORMAT:
            raise _damaged(path)
        for line in file:
            document = json.loads(line)
            if "digest" not in document:
                yield _record(document)


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
        "the file is no archive of a ledger, or was changed or cut short",
        location=str(path),
        hint="take another copy of the archive",
    )
