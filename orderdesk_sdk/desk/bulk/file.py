"""The file of a bulk: one order number a line, or CSV. Checked as a whole before anything of it is done.

    1042
    1043,out of stock,MUG-11:1; CAP-2:3

A first line that begins with the word `order` names the columns: order, reason, lines, at, plan.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import IO, BinaryIO

from attrs import field, frozen

from orderdesk_sdk.desk.bulk.request import BulkRequest
from orderdesk_sdk.errors import ValidationError

__all__ = ["BulkFile", "open_bulk_file"]

COLUMNS = ("order", "reason", "lines", "at")
NAMED_COLUMNS = (*COLUMNS, "plan")
"""Those that a first line may name: `plan` is the token of the plan that is to be carried out."""
MAX_LINE = 100_000
"""Bytes of a line; longer ones are no orders, and memory is bounded."""
MAX_SPOOLED = 1 << 20
"""Bytes of a pipe that are held in memory; more goes into a temporary file."""
MAX_UNSPREAD = 200
"""Orders of a file that are taken in its order: so few are recorded before anybody waits."""
SPREADING_PASSES = 16
"""In how many passes a longer file is read: a part of each connection's orders is recorded in each."""
_MAX_REPORTED = 20


@frozen
class BulkFile:
    """A file that was checked. `requests` reads it again, line by line.

    Args:
        total: how many orders it lists.
        digest: names its content together with the reason and the connections of lines that have none of their own.
    """

    stream: BinaryIO | IO[bytes]
    location: str
    total: int
    digest: str
    reason: str | None = None
    connections: tuple[str, ...] = field(default=())

    def requests(self) -> Iterator[BulkRequest]:
        """The orders, each numbered by its line; in the order of the file, where it is short.

        A longer one is read in several passes, each of which takes every so-manieth order: it may be sorted by
        connection, and the last connection should not wait until those of all others are recorded. Nothing is held in
        memory for that.
        """
        passes = SPREADING_PASSES if self.total > MAX_UNSPREAD else 1
        for first in range(passes):
            self.stream.seek(0)
            for number, found in islice(_parse(self.stream, self.location), first, None, passes):
                if isinstance(found, BulkRequest):
                    reason, connections = found.reason or self.reason, found.connections or self.connections
                    yield BulkRequest(found.order, reason, found.lines, connections, number, found.plan_token)


@contextmanager
def open_bulk_file(
    stream: BinaryIO | IO[bytes], location: str, reason: str | None = None, connections: Sequence[str] = ()
) -> Iterator[BulkFile]:
    """The file behind a stream, which may be a pipe. Raises ValidationError that names the lines which are wrong.

    Args:
        location: what to call it in errors.
        reason: of lines that give none.
        connections: of lines that name none; empty means all.
    """
    with tempfile.SpooledTemporaryFile(MAX_SPOOLED) as spooled:
        if not stream.seekable():
            shutil.copyfileobj(stream, spooled)
            spooled.seek(0)
            stream = spooled
        total, digest = _check(stream, location)
        named = hashlib.sha256(json.dumps([digest, reason, sorted(connections)]).encode()).hexdigest()[:16]
        yield BulkFile(stream, location, total, named, reason, tuple(connections))


def _check(stream: BinaryIO | IO[bytes], location: str) -> tuple[int, str]:
    """How many orders there are, and the digest of the bytes. Raises ValidationError where a line is wrong."""
    sha = hashlib.sha256()
    while chunk := stream.read(1 << 16):
        sha.update(chunk)
    stream.seek(0)
    total, wrong, problems = 0, 0, list[str]()
    for number, found in _parse(stream, location):
        total += 1
        if isinstance(found, str):
            wrong += 1
            if len(problems) < _MAX_REPORTED:
                problems.append(f"line {number}: {found}")
    if wrong:
        more = f"; and {wrong - len(problems)} more" if wrong > len(problems) else ""
        raise ValidationError(
            f"{'; '.join(problems)}{more}",
            location=location,
            hint=f"mend these lines and run the command again; nothing was recorded. A line is {','.join(COLUMNS[:3])}",
        )
    return total, sha.hexdigest()


def _parse(stream: BinaryIO | IO[bytes], location: str) -> Iterator[tuple[int, BulkRequest | str]]:
    """Line number and order of each line that is not blank; in place of an order, what is wrong with its line."""
    reader = csv.reader(_decoded_lines(stream, location), strict=True, skipinitialspace=True)
    columns: Sequence[str] = COLUMNS
    first = True
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise ValidationError(f"line {reader.line_num}: {error}", location=location, hint=_QUOTING) from None
        if cells is None:
            return
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if first and cells[0].lower() == "order":
            columns = _columns(cells, location)
        elif len(cells) > len(columns):
            yield reader.line_num, f"{len(cells)} columns where {len(columns)} are known ({', '.join(columns)})"
        else:
            yield reader.line_num, _request(dict(zip(columns, cells, strict=False)))
        first = False


_QUOTING = 'put a text with a comma between double quotes, and write a double quote in it twice: "12"" frame"'


def _decoded_lines(stream: BinaryIO | IO[bytes], location: str) -> Iterator[str]:
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise ValidationError(
                f"line {number}: longer than {MAX_LINE:,} bytes", location=location, hint="give a list of orders"
            )
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise ValidationError(
                f"line {number}: not UTF-8 text", location=location, hint="save the file in UTF-8"
            ) from None
        yield text


def _columns(cells: Sequence[str], location: str) -> Sequence[str]:
    names = [cell.lower() for cell in cells]
    unknown = [name for name in names if name not in NAMED_COLUMNS]
    if unknown or len(set(names)) < len(names):
        raise ValidationError(
            f"line 1: {', '.join(map(repr, unknown)) or 'a column that is named twice'} is not a column of a bulk",
            location=location,
            hint=f"the columns are {', '.join(NAMED_COLUMNS)}",
        )
    return names


def _request(values: dict[str, str]) -> BulkRequest | str:
    if not values["order"]:
        return "the order is missing"
    lines: dict[str, int] = {}
    for part in _split(values.get("lines", "")):
        name, _, quantity = part.rpartition(":")
        if not name or not (quantity.isascii() and quantity.isdecimal() and 0 < len(quantity) < 10):
            return f"{part!r} is not a line with its quantity, as CODE:QTY"
        if name in lines:
            return f"the line {name!r} is given twice"
        lines[name] = int(quantity)
    connections, plan = _split(values.get("at", "")), values.get("plan") or None
    return BulkRequest(values["order"], values.get("reason") or None, lines, connections, plan_token=plan)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())
