"""Whether an archive is what a ledger let go: every line by its chain, and the chain by what the ledger kept of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

from orderdesk_sdk.cases.integrity import IntegrityFlaw
from orderdesk_sdk.stores.archive_file import ArchivedCase, ArchivedExecutions
from orderdesk_sdk.stores.hash_chain import chain_entry, link_after
from orderdesk_sdk.stores.personal_texts import StoredRecord
from orderdesk_sdk.stores.sql.archived_lines import link_at
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = ["archive_flaws"]


def archive_flaws(
    db: Cursor, digest: str, records: Iterable[ArchivedCase | ArchivedExecutions]
) -> Iterator[IntegrityFlaw]:
    """Every flaw of an archive, in bounded memory.

    Args:
        digest: of the file, which is whole.
    """
    for record in records:
        if isinstance(record, ArchivedCase):
            yield from (IntegrityFlaw(record.case_id, text) for text in _case_flaws(db, record))
    if db.execute("SELECT 1 FROM archives WHERE digest = ?", (digest,)).fetchone() is None:
        yield IntegrityFlaw(None, "the ledger knows no archive with this content")


def _case_flaws(db: Cursor, record: ArchivedCase) -> list[str]:
    flaws: list[str] = []
    link = record.before
    for line in record.lines:
        content = StoredRecord(line.data, None, line.sealed)
        digest = chain_entry(record.case_id, line.attempt, line.at, line.kind, content).digest
        if link_after(link, line.sequence, digest, line.state) != line.link and not flaws:
            flaws.append(f"line {line.sequence} of its archived history is not as it was written")
        if line.texts is not None and sha256(line.texts.encode("utf-8", "surrogatepass")).digest() != line.sealed:
            flaws.append(f"the text of line {line.sequence} of its archived history is not as it was written")
        link = line.link
    if link_at(db, record.lines[-1].sequence) != link:
        flaws.append("the ledger never had these lines")
    return flaws
