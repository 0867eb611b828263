"""Old histories go into a file: what is decided stays, the chain proves it, and a kill at any step loses nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_sdk.cases.archive import ArchiveReport
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind, RuleExecution
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.archive_file import ArchivedCase, read_archive
from tests.support.builders import (
    ACKNOWLEDGED,
    DONE,
    EXCHANGE,
    INTENT,
    LATER,
    SENT,
    make_cancellation,
    make_case_of,
    make_resubmission,
)
from tests.support.ledgers import LedgerDatabase, SqlLedger
from tests.unit.stores.test_hash_chain import CANCELED

END = LATER + hours(1)
MAX_STEPS = 500
"""When everything is old enough."""


class Killed(BaseException):
    """The process ends here."""


def ask(ledger: SqlLedger, number: str) -> CancelCase:
    """A case that was asked for, of the order with this number."""
    cancellation = make_cancellation(number)
    ledger.open_cancellation(cancellation, "content", [make_case_of(cancellation)])
    case = ledger.case(f"c{number}-1", CancelCase)
    sent = transition(case, SENT).case
    ledger.write(CaseUpdate(case, sent, [SENT, INTENT]))
    asked = transition(sent, ACKNOWLEDGED).case
    ledger.write(CaseUpdate(sent, asked, [EXCHANGE, ACKNOWLEDGED]))
    return asked


def cancel(ledger: SqlLedger, number: str) -> CancelCase:
    """A case that was canceled, of the order with this number."""
    asked = ask(ledger, number)
    canceled = transition(asked, CANCELED).case
    ledger.write(CaseUpdate(asked, canceled, [EXCHANGE, CANCELED]))
    return canceled


@pytest.fixture
def ledger(database: LedgerDatabase) -> Iterator[SqlLedger]:
    opened = database.open()
    settle_orders(opened)
    yield opened
    opened.close()


def settle_orders(opened: SqlLedger) -> None:
    """The orders 1 to 3 are settled, and the first went out again."""
    for number in ("1", "2", "3"):
        cancel(opened, number)
    made = make_resubmission()
    opened.open_case(made, "key of r1")
    opened.write(CaseUpdate(made, transition(made, DONE).case, [EXCHANGE, DONE]))
    opened.append(opened.case("c1-1", CancelCase), ["Ann: it came late"], if_unchanged=False)
    event = OrderEvent("e", OrderEventKind.CASE_SETTLED, "1", LATER)
    opened.add_events([event])
    opened.complete_event(event, [RuleExecution("a rule", "post", "done")], [], LATER)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "old.jsonl"


def archive(ledger: SqlLedger, target: Path) -> ArchiveReport:
    return ledger.archive(END, target, by="Ann", at=END)


def flaws(ledger: SqlLedger, *archives: Path) -> list[str]:
    """Everything that is not as it was written, in the ledger and in these archives."""
    found = [str(flaw) for flaw in ledger.find_flaws()]
    return found + [str(flaw) for path in archives for flaw in ledger.find_archive_flaws(path)]


def lines(database: LedgerDatabase, *archives: Path) -> list[tuple[int, str]]:
    """The sequences and the data of all lines, of the ledger and of these archives, each once."""
    with database.stranger() as cursor:
        here = {tuple(row) for row in cursor.execute("SELECT sequence, data FROM history").fetchall()}
    cases = [record for path in archives for record in read_archive(path) if isinstance(record, ArchivedCase)]
    return sorted(here | {(line.sequence, line.data) for case in cases for line in case.lines})


def decided(ledger: SqlLedger) -> object:
    """What decisions rest on."""
    return (
        ledger.cases(Case),
        [ledger.cancellations(number) for number in "123"],
        [ledger.order_version(number) for number in "123"],
        ledger.find_by_key("key 1", "content"),
        ledger.open_case(make_resubmission("r9"), "key of r1"),
        ledger.head(),
    )


def test_what_is_decided_stays_and_all_is_still_proved(
    ledger: SqlLedger, database: LedgerDatabase, target: Path
) -> None:
    before, head, every_line = decided(ledger), ledger.head(), lines(database)
    report = archive(ledger, target)
    assert report == ArchiveReport(target, 4, 16)
    assert decided(ledger) == before
    assert lines(database, target) == every_line
    assert len(lines(database)) == len(every_line) - report.entry_count
    assert list(ledger.find_flaws(head)) == []
    assert flaws(ledger, target) == []
    assert [entry.content for entry in ledger.history("c1-1")] == [CANCELED, "Ann: it came late"]
    verified = ledger.verify(ledger.case("c1-1", CancelCase))
    assert (verified.flaws, verified.entry_count) == ((), 8)
    assert ledger.rule_executions("1") == ()
    assert '"a rule' in target.read_text("ascii").replace("\\", "")
    (one,) = ledger.archived("2")
    assert (one.case_id, one.entry_count, one.archive, one.archived_at) == ("c2-1", 5, str(target), END)
    assert target.stat().st_mode & 0o077 == 0


def test_what_comes_later_goes_on_from_the_archived_lines(ledger: SqlLedger, target: Path, tmp_path: Path) -> None:
    archive(ledger, target)
    case = ledger.case("c2-1", CancelCase)
    alarm = Event(EventKind.SHIPPED, END, message="the order shipped")
    ledger.write(CaseUpdate(case, transition(case, alarm).case, ["a note", alarm]))
    ledger.append(ledger.case("c2-1", CancelCase), ["another note"], if_unchanged=False)
    assert flaws(ledger, target) == []
    second = tmp_path / "second.jsonl"
    report = ledger.archive(END + minutes(1), second, by="Ann", at=END + hours(1))
    assert report == ArchiveReport(second, 1, 2)
    assert flaws(ledger, target, second) == []
    assert [entry.content for entry in ledger.history("c2-1")] == [alarm, "another note"]
    assert [one.entry_count for one in ledger.archived("2")] == [5, 2]


def test_texts_that_were_removed_stay_accounted_for(ledger: SqlLedger, target: Path, tmp_path: Path) -> None:
    ledger.remove_personal_texts("2", by="Ann", at=LATER)
    case = ledger.case("c2-1", CancelCase)
    alarm = Event(EventKind.SHIPPED, END + minutes(1), message="the order shipped")
    ledger.write(CaseUpdate(case, transition(case, alarm).case, [alarm]))
    archive(ledger, target)
    assert flaws(ledger, target) == []
    second = tmp_path / "second.jsonl"
    assert ledger.archive(END + minutes(2), second, by="Ann", at=END + hours(1)).case_count == 1
    ledger.remove_personal_texts("2", by="Ann", at=END + hours(2))
    assert flaws(ledger, target, second) == []
    assert ledger.verify(ledger.case("c2-1", CancelCase)).texts_removed


def open_case_of_order_1(ledger: SqlLedger) -> None:
    again = evolve(make_cancellation("1"), id="c9", idempotency_key="key 9")
    ledger.open_cancellation(again, "", [make_case_of(again)])


def open_resubmission(ledger: SqlLedger) -> None:
    ledger.open_case(make_resubmission("r2", order_number="1042-3"))


def begin_registration(ledger: SqlLedger) -> None:
    ledger.begin_registration(Registration("r", "1", "shop", LATER))


def add_event(ledger: SqlLedger) -> None:
    ledger.add_events([OrderEvent("e2", OrderEventKind.ORDER_MOVED, "1", LATER)])


def add_note(ledger: SqlLedger) -> None:
    case = ledger.case("c1-1", CancelCase)
    late = Event(EventKind.SHIPPED, END + minutes(1), message="the order shipped")
    ledger.write(CaseUpdate(case, transition(case, late).case, [late]))


@pytest.mark.parametrize("change", [open_case_of_order_1, open_resubmission, begin_registration, add_event, add_note])
def test_of_an_order_that_is_not_over_nothing_goes(ledger: SqlLedger, target: Path, change: object) -> None:
    assert callable(change)
    change(ledger)
    assert archive(ledger, target) == ArchiveReport(target, 2, 10)
    assert ledger.archived("1") == ()
    assert flaws(ledger, target) == []


def test_where_nothing_is_old_enough_no_file_is_made(ledger: SqlLedger, target: Path) -> None:
    assert ledger.archive(LATER - hours(1), target, by="Ann", at=END) == ArchiveReport(None)
    assert list(target.parent.glob("*old*")) == []


def test_the_database_deletes_no_line_that_is_in_no_archive(
    ledger: SqlLedger, database: LedgerDatabase, target: Path
) -> None:
    archive(ledger, target)
    with database.stranger() as cursor:
        for statement in (
            "DELETE FROM history",
            "DELETE FROM cases",
            "DELETE FROM archived_histories",
            "DELETE FROM archived_links",
            "UPDATE archives SET name = 'x'",
        ):
            with pytest.raises(database.integrity_error):
                cursor.execute(statement)
    assert flaws(ledger, target) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE archived_links SET links = zeroblob(32)",
        "DELETE FROM archived_links",
        "UPDATE archived_histories SET link = zeroblob(32) WHERE subject_id = 'c2-1'",
        "UPDATE archived_histories SET count = count + 1 WHERE subject_id = 'c2-1'",
        "DELETE FROM archived_histories WHERE subject_id = 'c2-1'",
        "UPDATE cases SET state = 'rejected' WHERE id = 'c2-1'",
        "DELETE FROM history WHERE subject_id = 'c2-1'",
    ],
)
def test_whoever_changes_what_is_kept_of_an_archive_is_found_out(
    ledger: SqlLedger, database: LedgerDatabase, target: Path, statement: str
) -> None:
    archive(ledger, target)
    database.tamper(statement)
    assert flaws(ledger) != []


def test_an_archive_that_was_changed_or_cut_short_is_found_out(ledger: SqlLedger, target: Path) -> None:
    archive(ledger, target)
    whole = target.read_bytes()
    for damaged in (whole.replace(b"c2-1", b"c2-2", 1), whole[:-40], whole[:-1].rpartition(b"\n")[0], b"", b"[]\n"):
        target.write_bytes(damaged)
        with pytest.raises(StorageError, match="was changed or cut short"):
            flaws(ledger, target)
    rows = [json.loads(row) for row in whole.splitlines()]
    rows[1]["lines"][0][2] += 1
    body = b"".join(json.dumps(row, separators=(",", ":")).encode() + b"\n" for row in rows[:-1])
    target.write_bytes(body + json.dumps({"digest": sha256(body).hexdigest()}, separators=(",", ":")).encode() + b"\n")
    told = flaws(ledger, target)
    assert any("of its archived history is not as it was written" in flaw for flaw in told)
    assert told[-1] == "the ledger knows no archive with this content"


def test_another_file_of_that_name_is_left_as_it_is(ledger: SqlLedger, target: Path) -> None:
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(StorageError, match="not an archive of a ledger"):
        archive(ledger, target)
    assert target.read_text(encoding="utf-8") == "mine"


def test_the_archive_of_another_ledger_deletes_nothing(
    ledger: SqlLedger, database: LedgerDatabase, target: Path
) -> None:
    archive(ledger, target)
    rows = [json.loads(row) for row in target.read_bytes().splitlines()]
    other = target.with_name("other.jsonl")
    cancel(ledger, "4")
    rows[1]["case"] = "c4-1"
    body = b"".join(json.dumps(row, separators=(",", ":")).encode() + b"\n" for row in rows[:-1])
    other.write_bytes(body + json.dumps({"digest": sha256(body).hexdigest()}, separators=(",", ":")).encode() + b"\n")
    before = lines(database)
    with pytest.raises(StorageError, match="not of this ledger"):
        archive(ledger, other)
    assert lines(database) == before


def test_a_file_system_without_links_will_do(ledger: SqlLedger, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    assert archive(ledger, target).case_count == 4
    assert [path.name for path in target.parent.glob("*old*")] == [target.name]
    assert flaws(ledger, target) == []


# Kills


def test_a_kill_at_any_step_loses_nothing_and_the_same_call_goes_on(
    ledger: SqlLedger, database: LedgerDatabase, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orderdesk_sdk.stores.sql.archiving._BATCH_SIZE", 1)
    every_line, before = lines(database), decided(ledger)
    steps = 0
    while True:
        steps += 1
        assert steps < MAX_STEPS, "each call is killed, also one that has nothing left to do"
        with monkeypatch.context() as patched:
            end_at(patched, ledger, steps)
            try:
                archive(ledger, target)
            except Killed:
                pass
            else:
                break
        assert lines(database, *([target] if target.exists() else [])) == every_line
        assert [str(flaw) for flaw in ledger.find_flaws()] == []
    assert steps > 10
    assert decided(ledger) == before
    assert flaws(ledger, target) == []
    assert not target.with_name(f".{target.name}.half").exists()


def end_at(patched: pytest.MonkeyPatch, ledger: SqlLedger, step: int) -> None:
    """Let a process end at its step of this number: before each file operation, and before and after each commit."""
    left = [step]

    def counted(call: object) -> object:
        def run(*arguments: object, **named: object) -> object:
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            assert callable(call)
            result = call(*arguments, **named)
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return result

        return run

    patched.setattr("os.fsync", counted(os.fsync))
    patched.setattr("os.link", counted(os.link))
    patched.setattr(ledger._commits, "run", counted(ledger._commits.run))


def test_an_order_that_is_asked_for_meanwhile_keeps_its_lines(
    ledger: SqlLedger, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(ledger._commits, "run", fail)
        with pytest.raises(Killed):
            archive(ledger, target)
    open_case_of_order_1(ledger)
    assert archive(ledger, target) == ArchiveReport(target, 2, 10, kept_count=2)
    assert len(ledger.rule_executions("1")) == 1
    assert flaws(ledger, target) == []


def fail(*_: object) -> None:
    raise Killed


def test_a_process_whose_last_line_was_archived_goes_on(
    ledger: SqlLedger, database: LedgerDatabase, target: Path
) -> None:
    idle = database.open()
    asked = ask(idle, "5")
    ledger.write(CaseUpdate(asked, transition(asked, CANCELED).case, [CANCELED]))
    archive(ledger, target)
    cancel(idle, "6")
    assert flaws(idle, target) == []
    idle.close()
