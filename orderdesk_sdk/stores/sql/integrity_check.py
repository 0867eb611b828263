"""Whether a ledger is as it was written: each history by its chain, each row by its history, and the whole."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from hashlib import sha256

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.history import HistoryEntryKind
from orderdesk_sdk.cases.integrity import ChainHead, IntegrityFlaw, IntegrityReport
from orderdesk_sdk.stores.hash_chain import FIRST, ROW_MARK, chain_entry, head_after, link_after, row_digest, state_of
from orderdesk_sdk.stores.personal_texts import StoredRecord
from orderdesk_sdk.stores.sql.archived_lines import Gap, archived_count, archived_links, gaps_of, link_at
from orderdesk_sdk.stores.sql.audit_log import audit_flaws
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.ledger_tables import CANCELLATION_COLUMNS, COLUMNS, rows_of

__all__ = ["examine", "head_of", "record_of"]


def record_of(db: Cursor, case_id: str) -> IntegrityReport:
    """What is found of a case. The caller holds a snapshot: a line that comes meanwhile would look like a flaw."""
    found = db.execute(
        f"SELECT number, link, data, sealed, texts, {COLUMNS} FROM cases WHERE id = ?",  # noqa: S608 - constants
        (case_id,),
    ).fetchone()
    if found is None:
        return IntegrityReport((f"the ledger has no {case_id} any more",), 0, "")
    return _record(db, found)


def head_of(db: Cursor) -> ChainHead | None:
    """The head as the ledger names it; None where it names none."""
    row = db.execute("SELECT count, head FROM chain").fetchone()
    return ChainHead(row[0], bytes(row[1]).hex()) if row is not None else None


def examine(db: Cursor, noted: ChainHead | None = None) -> Iterator[IntegrityFlaw]:
    """Every flaw of a whole ledger, in bounded memory. The caller holds a snapshot, as for `record_of`.

    Args:
        noted: a head from earlier that it must have passed.
    """
    lines = 0
    yield from _chain_flaws(db, noted)
    for row in rows_of(db, "cases", "number", f"link, data, sealed, texts, {COLUMNS}"):
        record = _record(db, row)
        lines += record.entry_count
        yield from (IntegrityFlaw(str(row[5]), text) for text in record.flaws)
    (here,) = db.execute("SELECT count(*) FROM history").fetchone()
    total = here + archived_count(db)
    if lines != total:
        yield IntegrityFlaw(None, f"no case has {counted(total - lines, 'line')} of the history")
    yield from audit_flaws(db)


def _chain_flaws(db: Cursor, noted: ChainHead | None) -> Iterator[IntegrityFlaw]:
    named = head_of(db)
    if named is None:
        yield IntegrityFlaw(None, "the row that names the head of the ledger is gone")
        return
    head, last, passed = FIRST, 0, noted is None or noted.count == 0
    for sequence, link in heapq.merge(rows_of(db, "history", "sequence", "link"), archived_links(db)):
        head, last = head_after(head, _bytes(link)), sequence
        passed = passed or (noted is not None and (sequence, head.hex()) == (noted.count, noted.digest))
    if last < named.count:
        yield IntegrityFlaw(None, f"the history ends with line {last}, and there were {named.count}")
    elif (last, head.hex()) != (named.count, named.digest):
        yield IntegrityFlaw(None, "lines of the history were deleted, inserted or changed")
    if not passed:
        yield IntegrityFlaw(
            None, f"the ledger never had the head {noted}: the ledger was written anew, or is older than that head"
        )


def _record(db: Cursor, row: Sequence[object]) -> IntegrityReport:
    number, last, data, sealed, texts, *columns = row
    gaps = gaps_of(db, str(columns[0]))
    flaws: list[str] = _gap_flaws(db, gaps)
    gone: list[int] = []
    link, state, cancellation, count, is_removed = FIRST, b"", "", 0, False
    for sequence, attempt, at, line_kind, its_link, its_state, its_seal, its_data, its_texts in db.execute(
        "SELECT sequence, attempt, at, kind, link, state, sealed, data, texts FROM history WHERE subject_id = ?"
        " ORDER BY sequence",
        (columns[0],),
    ):
        while gaps and gaps[0].first < sequence:
            archived = gaps.pop(0)
            link, count = archived.link, count + archived.entry_count
        content = StoredRecord(str(its_data), None, _bytes(its_seal) or None)
        line = chain_entry(str(columns[0]), attempt, at, line_kind, content)
        count += 1
        state = _bytes(its_state) or state
        if link_after(link, sequence, line.digest, _bytes(its_state)) != its_link and not flaws:
            flaws.append(f"line {sequence} of its history is not as it was written, or one before it is gone")
        link = _bytes(its_link)
        if line_kind == ROW_MARK and its_data:
            cancellation = str(its_data)
        if line_kind == HistoryEntryKind.REMOVED.value:
            is_removed = True
            gone.clear()
        if its_seal is not None and its_texts is None:
            gone.append(sequence)
        elif _seal(its_texts) != _bytes(its_seal):
            flaws.append(f"the text of line {sequence} of its history is not as it was written")
    flaws += [f"the text of line {line} of its history is gone, and nothing says who removed it" for line in gone[:1]]
    if link != _bytes(last):
        flaws.append("the newest lines of its history are gone")
    row_now = row_digest([_column(value) for value in columns], str(data), _bytes(sealed))
    if state != state_of(int(str(number)), row_now):
        flaws.append("its row (state, evidence, version, due time) is not what its history leads to")
    flaws += _text_flaws("its row", sealed, texts, is_removed)
    if columns[1] == CancelCase.kind:
        flaws += _cancellation_flaws(db, str(columns[2]), cancellation, is_removed)
    return IntegrityReport(tuple(flaws), count, link.hex(), is_removed)


def _gap_flaws(db: Cursor, gaps: Sequence[Gap]) -> list[str]:
    """What is wrong with what the ledger keeps of lines that lie in archives: its head proves their links."""
    if all(link_at(db, gap.last) == gap.link for gap in gaps):
        return []
    return ["what the ledger keeps of its archived lines is not as it was written"]


def _cancellation_flaws(db: Cursor, cancellation_id: str, told: str, is_removed: bool) -> list[str]:
    row = db.execute(
        f"SELECT {CANCELLATION_COLUMNS}, data, sealed, texts FROM cancellations WHERE id = ?",  # noqa: S608 - a constant
        (cancellation_id,),
    ).fetchone()
    if row is None:
        return ["the cancellation of this case is gone"]
    *columns, data, sealed, texts = row
    flaws = _text_flaws("its cancellation", sealed, texts, is_removed)
    if row_digest([_column(value) for value in columns], str(data), _bytes(sealed)).hex() != told:
        flaws.append("the cancellation of this case is not as it was written")
    return flaws


def _text_flaws(where: str, sealed: object, texts: object, is_removed: bool) -> list[str]:
    if texts is None and sealed is not None:
        return [] if is_removed else [f"the text of {where} is gone, and nothing says who removed it"]
    return [f"the text of {where} is not as it was written"] if _seal(texts) != _bytes(sealed) else []


def _seal(texts: object) -> bytes:
    return sha256(str(texts).encode("utf-8", "surrogatepass")).digest() if texts is not None else b""


def _bytes(found: object) -> bytes:
    """A digest as it is stored; whatever else stands there is none."""
    return found if isinstance(found, bytes) else b""


def _column(found: object) -> str | int | None:
    return found if isinstance(found, str | int | None) else str(found)
