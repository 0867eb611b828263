"""What a process wrote last of a case spares the next change a look, and is believed only where it still holds."""

from __future__ import annotations

from contextlib import closing

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.stores.sql import known_links
from orderdesk_sdk.stores.sql.known_links import KnownLinks, RowLink
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.builders import make_case, open_case
from tests.support.ledgers import LedgerDatabase, SqlLedger


def changed(ledger: SqlLedger, case: Case, message: str) -> Case:
    after = evolve(case, version=case.version + 1, message=message)
    ledger.write(CaseUpdate(case, after, [message]))
    return after


def test_a_case_that_was_written_here_is_changed_without_a_look(sqlite_ledger: SqliteLedger) -> None:
    case: Case = open_case(sqlite_ledger)
    said: list[str] = []
    sqlite_ledger._writer.set_trace_callback(said.append)
    case = changed(sqlite_ledger, case, "first")
    changed(sqlite_ledger, case, "second")
    assert [one for one in said if one.startswith("SELECT")] == []
    assert list(sqlite_ledger.find_flaws()) == []


def test_a_history_that_another_process_went_on_with_is_read(ledger: SqlLedger, database: LedgerDatabase) -> None:
    case = open_case(ledger)
    with closing(database.open()) as other:
        other.append(case, ["theirs"], if_unchanged=True)
    changed(ledger, case, "ours")
    assert [entry.content for entry in ledger.history(case.id)] == ["theirs", "ours"]
    assert list(ledger.find_flaws()) == []


def test_a_case_that_another_process_has_changed_is_a_conflict_and_nothing_is_written(
    ledger: SqlLedger, database: LedgerDatabase
) -> None:
    case = open_case(ledger)
    with closing(database.open()) as other:
        changed(other, case, "theirs")
    with pytest.raises(ConflictError):
        changed(ledger, case, "ours")
    assert [entry.content for entry in ledger.history(case.id)] == ["theirs"]
    assert list(ledger.find_flaws()) == []


def test_only_the_latest_are_remembered_and_only_the_version_that_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_links, "_MOST", 2)
    known = KnownLinks()
    known.remember([RowLink("a", 1, 1, b"1"), RowLink("b", 1, 2, b"2")])
    known.remember([RowLink("a", 2, 1, b"3"), RowLink("c", 1, 4, b"4")])
    assert known.of(make_case(id="a", version=2)) == RowLink("a", 2, 1, b"3")
    assert known.of(make_case(id="a", version=1)) is None
    assert known.of(make_case(id="b", version=1)) is None
