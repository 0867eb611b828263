"""Personal texts that were removed from a ledger are removed from its archives, which are still verified."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.archive_file import ArchivedCase, ArchivedExecutions, read_archive
from tests.support.ledgers import LedgerDatabase, SqlLedger
from tests.unit.stores.test_ledger_archive import END, archive, flaws, settle_orders


@pytest.fixture
def ledger(database: LedgerDatabase) -> Iterator[SqlLedger]:
    opened = database.open()
    settle_orders(opened)
    yield opened
    opened.close()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "old.jsonl"


def texts_in(target: Path, order: str) -> list[str]:
    """Whatever of an order's personal texts an archive has."""
    found: list[str] = []
    for record in read_archive(target):
        if record.order_id == order and isinstance(record, ArchivedCase):
            found += [line.texts for line in record.lines if line.texts is not None]
        elif record.order_id == order and isinstance(record, ArchivedExecutions):
            found += [row[3] for row in record.rows if "(removed)" not in row[3]]
    return found


def test_what_is_removed_from_the_ledger_is_removed_from_its_archives(
    ledger: SqlLedger, target: Path, tmp_path: Path
) -> None:
    archive(ledger, target)
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(target.read_bytes())
    assert texts_in(target, "1") != []
    others = texts_in(target, "2")
    assert ledger.remove_archived_texts(target, by="Ann", at=END) == 0
    ledger.remove_personal_texts("1", by="Ann", at=END)
    for path in (target, copy):
        assert ledger.remove_archived_texts(path, by="Ann", at=END) == 2
        assert texts_in(path, "1") == []
        assert texts_in(path, "2") == others
        assert path.stat().st_mode & 0o077 == 0
    assert copy.read_bytes() == target.read_bytes()
    assert flaws(ledger, target, copy) == []
    assert [path.name for path in target.parent.glob(".*")] == []


def test_texts_that_go_while_an_archive_is_made_do_not_stay_in_it(
    ledger: SqlLedger, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ledger._commits.run
    steps: list[int] = []

    def forget_first(write: object) -> object:
        steps.append(1)
        if len(steps) == 1:  # The file is written, and nothing is deleted.
            ledger.remove_personal_texts("1", by="Ann", at=END)
        return run(write)  # type: ignore[arg-type]  # as it was given

    with monkeypatch.context() as patched:
        patched.setattr(ledger._commits, "run", forget_first)
        archive(ledger, target)
    assert texts_in(target, "1") == []
    assert texts_in(target, "2") != []
    assert flaws(ledger, target) == []


def test_an_archive_that_another_program_writes_is_left_to_it(ledger: SqlLedger, target: Path) -> None:
    archive(ledger, target)
    ledger.remove_personal_texts("1", by="Ann", at=END)
    half = target.with_name(f".{target.name}.half")
    half.touch()
    with pytest.raises(StorageError, match=r"another program is writing it.*remove \.old\.jsonl\.half"):
        ledger.remove_archived_texts(target, by="Ann", at=END)
    half.unlink()
    assert ledger.remove_archived_texts(target, by="Ann", at=END) == 2


def test_the_archive_of_another_ledger_is_not_written(ledger: SqlLedger, target: Path) -> None:
    archive(ledger, target)
    lines_of_it = target.read_bytes().splitlines(keepends=True)
    body = b"".join(lines_of_it[:-2])
    target.write_bytes(body + json.dumps({"digest": sha256(body).hexdigest()}, separators=(",", ":")).encode() + b"\n")
    before = target.read_bytes()
    with pytest.raises(StorageError, match="the ledger knows no archive with this content"):
        ledger.remove_archived_texts(target, by="Ann", at=END)
    assert target.read_bytes() == before
