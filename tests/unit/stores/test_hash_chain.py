"""The hash chain: whatever somebody changes in the file of a ledger is told, and what nobody changed is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.integrity import ChainHead
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.receipt import Receipt, make_receipt
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.answer import LineAnswer
from orderdesk_sdk.stores.personal_texts import split_texts
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
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
from tests.support.ledgers import LedgerDatabase, PostgresDatabase, SqlLedger

CANCELED = Event(
    EventKind.CANCELED, LATER, evidence=Evidence(EvidenceKind.POLLED_STATUS, 1, 1), service_status="Cancelled"
)
CONFIRMED = Event(
    EventKind.CANCELED, LATER, message="by phone", person="Ben", evidence=Evidence(EvidenceKind.PERSON, person="Ben")
)


@pytest.fixture
def ledger(database: LedgerDatabase) -> Iterator[SqlLedger]:
    """Two orders, canceled at two places and by a person's word; one went out again."""
    opened = database.open()
    opened.open_cancellation(
        make_cancellation("1"), "", [make_case_of(make_cancellation("1"), 1), make_case_of(make_cancellation("1"), 2)]
    )
    opened.open_cancellation(make_cancellation("2"), "", [make_case_of(make_cancellation("2"))])
    for case in opened.cases(CancelCase):
        sent = transition(case, SENT).case
        opened.write(CaseUpdate(case, sent, [SENT, INTENT]))
        asked = transition(sent, ACKNOWLEDGED).case
        opened.write(CaseUpdate(sent, asked, [EXCHANGE, ACKNOWLEDGED]))
        verdict = CONFIRMED if case.id == "c2-1" else CANCELED
        opened.write(CaseUpdate(asked, transition(asked, verdict).case, [EXCHANGE, verdict]))
    made = make_resubmission()
    opened.open_case(made)
    opened.write(CaseUpdate(made, transition(made, DONE).case, [EXCHANGE]))
    opened.append(opened.case("c1-1", CancelCase), ["Ann: it came late"], if_unchanged=False)
    yield opened
    opened.close()


def receipt_of(ledger: SqlLedger, order_id: str) -> Receipt:
    return make_receipt(Order(order_id, f"10{order_id}"), (), ledger, LATER, lambda _: "gone")


def test_what_nobody_changed_is_as_it_was_written(ledger: SqlLedger, database: LedgerDatabase) -> None:
    for _ in range(2):
        assert list(ledger.find_flaws()) == []
        assert [ledger.verify(case).flaws for case in ledger.cases(CancelCase)] == [()] * 3
        assert receipt_of(ledger, "1").is_canceled
        ledger = database.open()
    ledger.close()


def test_a_change_costs_no_commit_beside_its_own(sqlite_ledger: SqliteLedger) -> None:
    ledger = sqlite_ledger
    ledger.open_cancellation(make_cancellation("1"), "", [make_case_of(make_cancellation("1"))])
    commits: list[str] = []
    ledger._writer.set_trace_callback(lambda statement: commits.append(statement) if statement == "COMMIT" else None)
    case = ledger.case("c1-1", CancelCase)
    ledger.append(case, ["a note"], if_unchanged=True)
    ledger.open_cancellation(make_cancellation("9"), "", [make_case_of(make_cancellation("9"))])
    ledger._writer.set_trace_callback(None)
    assert commits == ["COMMIT"] * 2


SAYS_CANCELED = """substr(data, 1, length(data) - 1) || ',"state":"canceled"}'"""
ROW = f"UPDATE cases SET state = 'canceled', data = {SAYS_CANCELED}, due_at = NULL"  # noqa: S608 - constants
HERE = "WHERE subject_id = 'c1-1'"
OF_A_CASE = {
    "a line altered": "UPDATE history SET data = replace(data, '200', '500') {HERE} AND kind = 'exchange'",
    "a line deleted": "DELETE FROM history {HERE} AND kind = 'event' AND data LIKE '%acknowledged%'",
    "its newest line deleted": "DELETE FROM history {HERE} AND kind = 'note'",
    "its first line deleted": "DELETE FROM history {HERE} AND kind = 'row'",
    "all its lines deleted": "DELETE FROM history {HERE}",
    "a line dated back": "UPDATE history SET at = at - 1 {HERE} AND kind = 'intent'",
    "a line given to another attempt": "UPDATE history SET attempt = 7 {HERE} AND kind = 'exchange'",
    "a line called something else": "UPDATE history SET kind = 'note' {HERE} AND kind = 'intent'",
    "another's line put in": "UPDATE history SET subject_id = 'c1-1' WHERE subject_id = 'c1-2' AND kind = 'intent'",
    "a text altered": "UPDATE history SET texts = replace(texts, 'late', 'soon') WHERE texts LIKE '%late%'",
    "a text put in": "UPDATE history SET texts = '{}' {HERE} AND kind = 'intent'",
    "a text taken away": "UPDATE history SET texts = NULL WHERE texts LIKE '%late%'",
    "a text and its digest taken away": "UPDATE history SET texts = NULL, sealed = NULL WHERE texts LIKE '%late%'",
    "a column that is no text": "UPDATE history SET data = CAST(x'ff00' AS TEXT) {HERE} AND kind = 'intent'",
    "its proof altered": "UPDATE cases SET data = replace(data, 'polled status', 'response') WHERE id = 'c1-1'",
    "its state altered": "UPDATE cases SET state = 'rejected' WHERE id = 'c1-1'",
    "its version altered": "UPDATE cases SET version = version + 1 WHERE id = 'c1-1'",
    "made open again": "UPDATE cases SET due_at = 5 WHERE id = 'c1-1'",
    "its head altered": "UPDATE cases SET link = zeroblob(32) WHERE id = 'c1-1'",
    "its head taken away": "UPDATE cases SET link = NULL WHERE id = 'c1-1'",
    "made the newest case of the order": "UPDATE cases SET number = 999 WHERE id = 'c1-1'",
    "given to another cancellation": "UPDATE cases SET cancellation_id = 'c2' WHERE id = 'c1-1'",
    "its cancellation altered": "UPDATE cancellations SET data = replace(data, '2026', '2025') WHERE id = 'c1'",
    "who asked altered": "UPDATE cancellations SET texts = replace(texts, 'Ann', 'Eve') WHERE id = 'c1'",
    "its cancellation deleted": "DELETE FROM cancellations WHERE id = 'c1'",
}


POSTGRES_REFUSES = OF_A_CASE["its head taken away"]
"""What no row of PostgreSQL can hold, whoever writes it."""


@pytest.mark.parametrize("statement", OF_A_CASE.values(), ids=OF_A_CASE)
def test_what_was_changed_in_a_case_is_told_of_it_and_of_no_other(
    ledger: SqlLedger, database: LedgerDatabase, statement: str
) -> None:
    case, other = ledger.case("c1-1", CancelCase), ledger.case("c2-1", CancelCase)
    if isinstance(database, PostgresDatabase) and statement == POSTGRES_REFUSES:
        with pytest.raises(database.integrity_error):
            database.tamper(statement.replace("{HERE}", HERE))
        return
    database.tamper(statement.replace("{HERE}", HERE))
    assert ledger.verify(case).flaws
    assert not ledger.verify(other).flaws
    assert "c1-1" in {flaw.subject_id for flaw in ledger.find_flaws()}


def test_two_lines_that_changed_places_are_told(ledger: SqlLedger, database: LedgerDatabase) -> None:
    database.tamper(
        "UPDATE history SET sequence = 1000 WHERE sequence = 4",
        "UPDATE history SET sequence = 4 WHERE sequence = 5",
        "UPDATE history SET sequence = 5 WHERE sequence = 1000",
    )
    assert ledger.verify(ledger.case("c1-1", CancelCase)).flaws


OF_THE_LEDGER = {
    "the newest lines of all": "DELETE FROM history WHERE sequence > (SELECT max(sequence) FROM history) - 2",
    "a line that belongs to nothing": (
        "INSERT INTO history (sequence, subject_id, attempt, at, kind, data, link)"
        " VALUES (1000, 'x', 0, 0, 'note', '', x'00')"
    ),
    "a whole case": "DELETE FROM cases WHERE id = 'c2-1'",
    "the head": "UPDATE chain SET head = zeroblob(32)",
    "the row of the head": "DELETE FROM chain",
    "a resubmission": "UPDATE cases SET data = replace(data, 'done', 'rejected') WHERE id = 'r1'",
}


@pytest.mark.parametrize("statement", OF_THE_LEDGER.values(), ids=OF_THE_LEDGER)
def test_what_was_changed_in_the_ledger_is_told(ledger: SqlLedger, database: LedgerDatabase, statement: str) -> None:
    database.tamper(statement)
    assert list(ledger.find_flaws())


def test_a_case_that_was_deleted_with_all_that_belongs_to_it_is_missed(
    ledger: SqlLedger, database: LedgerDatabase
) -> None:
    database.tamper(
        "DELETE FROM history WHERE subject_id = 'c2-1'",
        "DELETE FROM cases WHERE id = 'c2-1'",
        "DELETE FROM cancellations WHERE id = 'c2'",
    )
    assert [flaw.message for flaw in ledger.find_flaws()] == ["lines of the history were deleted, inserted or changed"]


def test_a_verdict_written_by_whoever_has_the_file_proves_nothing(ledger: SqlLedger, database: LedgerDatabase) -> None:
    case = make_case_of(make_cancellation("3"))
    ledger.open_cancellation(make_cancellation("3"), "", [case])
    database.tamper(f"{ROW} WHERE id = 'c3-1'")
    assert ledger.case("c3-1", CancelCase).state is State.CANCELED
    made = receipt_of(ledger, "3")
    assert made.flaws == (
        "case c3-1 at shop-1: its row (state, evidence, version, due time) is not what its history leads to",
    )
    assert not made.is_canceled
    assert made.cancellations[0].cases[0].integrity.flaws


def test_a_receipt_misses_a_wish_that_was_deleted(ledger: SqlLedger, database: LedgerDatabase) -> None:
    database.tamper("DELETE FROM cancellations WHERE id = 'c1'")
    made = receipt_of(ledger, "1")
    assert len(made.flaws) == 2
    assert not made.is_canceled


def test_the_database_itself_refuses_a_change_beside_the_history(ledger: SqlLedger, database: LedgerDatabase) -> None:
    refused = (
        f"{ROW} WHERE id = 'c1-1'",
        "DELETE FROM cases",
        "DELETE FROM cancellations",
        "DELETE FROM history",
        "UPDATE history SET texts = 'x'",
        "UPDATE history SET link = NULL",
        "UPDATE cases SET version = 9 WHERE id = 'r1'",
        "INSERT INTO history (sequence, subject_id, attempt, at, kind, data) VALUES (1000, 'x', 0, 0, 'note', 'older')",
    )
    with database.stranger() as stranger:
        for statement in refused:
            with pytest.raises(database.integrity_error):
                stranger.execute(statement)
    assert list(ledger.find_flaws()) == []


# The head, noted elsewhere


def test_a_head_that_was_noted_is_found_in_every_later_ledger(ledger: SqlLedger) -> None:
    noted = ChainHead.parse(str(ledger.head()))
    assert list(ledger.find_flaws(noted)) == []
    ledger.append(ledger.case("c1-1", CancelCase), ["more"], if_unchanged=False)
    assert list(ledger.find_flaws(noted)) == []
    assert ledger.head().count == noted.count + 1


def test_an_older_copy_and_a_chain_that_was_written_anew_lack_it(ledger: SqlLedger, tmp_path: Path) -> None:
    ledger.append(ledger.case("c1-1", CancelCase), ["more"], if_unchanged=False)
    noted = ledger.head()
    with closing(SqliteLedger(tmp_path / "anew.db")) as anew:
        for number in range(noted.count + 5):
            anew.open_cancellation(make_cancellation(f"{number}"), "", [make_case_of(make_cancellation(f"{number}"))])
        (flaw,) = anew.find_flaws(noted)
    assert (
        flaw.message
        == f"the ledger never had the head {noted}: the ledger was written anew, or is older than that head"
    )


@pytest.mark.parametrize("text", ["", "12", "x:00", "1:zz", f"1:{'A' * 64}", f"-1:{'a' * 64}"])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="is not the head of a ledger"):
        ChainHead.parse(text)


# Personal texts lie beside the chain


def test_no_personal_text_is_in_what_the_chain_covers(ledger: SqlLedger, database: LedgerDatabase) -> None:
    case = ledger.case("c2-1", CancelCase)
    body = evolve(EXCHANGE, body="Dear Mara Moon, Elm Street 5")
    ledger.append(case, [body, "Ann: Mara Moon called"], if_unchanged=False)
    with database.stranger() as raw:
        covered = str(raw.execute("SELECT data FROM history UNION ALL SELECT data FROM cases").fetchall())
        covered += str(raw.execute("SELECT data FROM cancellations").fetchall())
    assert not any(text in covered for text in ("Mara", "Elm Street", "Ann", "Ben", "phone", "customer asked"))
    assert "Cancelled" in covered


def test_the_same_text_has_another_digest_each_time(ledger: SqlLedger, database: LedgerDatabase) -> None:
    for _ in range(2):
        ledger.append(ledger.case("c1-1", CancelCase), ["Ann: yes"], if_unchanged=False)
    with database.stranger() as raw:
        digests = raw.execute("SELECT sealed FROM history WHERE texts LIKE '%yes%'").fetchall()
    assert len(set(digests)) == 2


TEXT = st.one_of(st.none(), st.text(max_size=5))


@pytest.mark.slow
@settings(max_examples=60)
@given(text=TEXT, hint=TEXT, note=TEXT, body=st.text(max_size=5), plain=st.text(max_size=5))
def test_whatever_the_texts_are_they_come_back_and_hold(
    tmp_path_factory: pytest.TempPathFactory,
    text: str | None,
    hint: str | None,
    note: str | None,
    body: str,
    plain: str,
) -> None:
    proof = Evidence(EvidenceKind.PERSON, person="x" + (note or ""), note=note)
    event = Event(EventKind.CANCELED, LATER, message=text, hint=hint, person="", evidence=proof)
    exchange = Exchange(INTENT, LATER, 200, body=body)
    with closing(SqliteLedger(tmp_path_factory.mktemp("texts") / "a.db")) as ledger:
        case = make_case_of(make_cancellation(), message=text, hint=hint, evidence=proof)
        ledger.open_cancellation(make_cancellation(), "", [case])
        ledger.append(case, [event, exchange, plain], if_unchanged=True)
        assert ledger.case(case.id, CancelCase) == case
        told = [entry.content for entry in ledger.history(case.id)]
        assert told[:2] == [event, exchange]
        assert told[2] == plain.encode("utf-8", "backslashreplace").decode()
        assert list(ledger.find_flaws()) == []


def test_a_case_that_somebody_removed_is_told_and_not_raised(ledger: SqlLedger, database: LedgerDatabase) -> None:
    case: CancelCase = ledger.case("c2-1", CancelCase)
    database.tamper("DELETE FROM cases WHERE id = 'c2-1'")
    assert ledger.verify(case).flaws == ("the ledger has no c2-1 any more",)


PLAIN = {
    "id",
    "idempotency_key",
    "cancellation_id",
    "order_id",
    "order_number",
    "original_number",
    "connection",
    "integration",
    "remote_id",
    "status",
    "request_reference",
    "service_status",
    "reported_by",
    "extends",
    "operation",
    "method",
    "url",
    "digest",
    "line",
    "kind",
    "in_reply_to_case",
    "mentioned_order_number",
    "no_order_number_reason",
    "name",
    "item",
}
"""Texts that name no person: what is asked for where, which step of it, and the words that a verdict rests on."""


@pytest.mark.parametrize(
    "kind",
    [Cancellation, CancelCase, Event, Exchange, Intent, ResubmitCase, StatusCase],
    ids=lambda kind: kind.__name__,
)
def test_every_text_of_a_record_is_either_plain_or_lies_beside_the_chain(kind: type) -> None:
    def texts(kind: type, path: str = "") -> Iterator[str]:
        for each in attrs.fields(attrs.resolve_types(kind)):
            named = f"{path}.{each.name}".removeprefix(".")
            for inner in (each.type, *get_args(each.type)):
                if inner is str and each.type in (str, str | None):
                    yield named
                elif isinstance(inner, type) and attrs.has(inner) and inner not in (Intent, LineAnswer):
                    yield from texts(inner, named)

    made: dict[str, Any] = {}
    for name in texts(kind):
        *path, last = name.split(".")
        holder = made
        for step in path:
            holder = holder.setdefault(step, {})
        if last not in PLAIN:
            holder[last] = "x"
    assert '"x"' not in split_texts(made, kind).data
