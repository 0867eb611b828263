"""The audit log: appended to only, chained, and verified also after the texts about an order were removed."""

from __future__ import annotations

import pytest
from attrs import evolve

from orderdesk_sdk.cases.audit import AuditAction, AuditRecord, order_subject
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.audit import AuditService
from tests.support.builders import NOW, open_case
from tests.support.ledgers import LedgerDatabase, SqlLedger


@pytest.fixture
def audit(ledger: SqlLedger) -> AuditService:
    made = AuditService(ledger, VirtualClock(NOW))
    made.record("Ann", AuditAction.ORDER_VIEWED, order_subject("7"), "order page of Jane Roe", "192.0.2.7")
    made.record("Bob", AuditAction.CONFIRMED, order_subject("8"), "case c1")
    made.record("", AuditAction.SIGN_IN_FAILED, "an unknown user", address="192.0.2.8")
    return made


def test_records_are_listed_newest_first_a_page_at_a_time(audit: AuditService) -> None:
    newest, *_ = found = audit.list(2)
    assert [entry.sequence for entry in found] == [3, 2]
    assert newest.record == AuditRecord(
        actor="", action=AuditAction.SIGN_IN_FAILED, at=NOW, subject="an unknown user", address="192.0.2.8"
    )
    assert [entry.sequence for entry in audit.list(2, before=2)] == [1]
    assert [entry.record.actor for entry in audit.list(subject=order_subject("8"))] == ["Bob"]
    assert (audit.count(), audit.verify()) == (3, ())


def test_what_a_stranger_writes_stays_on_its_line_and_is_cut(audit: AuditService) -> None:
    audit.record("Ann\n", AuditAction.ORDER_VIEWED, "order \x1b[31m\r\n9\ud800\x00", "x" * 5000)
    (entry,) = audit.list(1)
    assert entry.record.actor == "Ann"
    assert entry.record.subject == "order [31m 9"
    assert len(entry.record.detail) == 1000
    assert audit.verify() == ()


def test_texts_about_a_subject_go_and_the_chain_still_holds(audit: AuditService, database: LedgerDatabase) -> None:
    assert audit.remove_texts(order_subject("7"), by="Ann") == 1
    assert audit.remove_texts(order_subject("7"), by="Ann") == 0
    first = audit.list()[-1]
    assert first.texts_removed
    assert (first.record.actor, first.record.subject, first.record.detail, first.record.address) == ("Ann", "", "", "")
    assert audit.list()[0].record.action is AuditAction.TEXTS_REMOVED
    assert audit.verify() == ()
    with database.stranger() as cursor:
        left = cursor.execute("SELECT texts, subject FROM audit_log").fetchall()
    assert "Jane Roe" not in repr(left)


def test_forgetting_an_order_removes_the_texts_about_it(audit: AuditService, ledger: SqlLedger) -> None:
    case = open_case(ledger, "7")
    settled = evolve(case, state=State.CANCELED, due_at=None, version=case.version + 1)
    ledger.write(CaseUpdate(case, settled, ["settled"]))
    ledger.remove_personal_texts("7", by="Ann", at=NOW)
    assert [entry.texts_removed for entry in audit.list()] == [False, False, False, True]
    assert audit.verify() == ()
    assert list(ledger.find_flaws()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_log WHERE sequence = 2",
        "UPDATE audit_log SET actor = 'Eve' WHERE sequence = 2",
        "UPDATE audit_log SET texts = '{}' WHERE sequence = 2",
        "UPDATE audit_log SET subject = 'order 9' WHERE sequence = 2",
    ],
)
def test_the_database_itself_refuses_changes(audit: AuditService, database: LedgerDatabase, statement: str) -> None:
    with database.stranger() as cursor, pytest.raises(database.integrity_error, match="the audit log is append-only"):
        cursor.execute(statement)
    assert audit.verify() == ()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM audit_log WHERE sequence = 2", "line 2 is not as it was written, or is gone"),
        ("DELETE FROM audit_log WHERE sequence = 3", "it ends with line 2, and there were 3"),
        ("UPDATE audit_log SET actor = 'Eve' WHERE sequence = 2", "line 2 is not as it was written"),
        ("UPDATE audit_log SET at = at + 1 WHERE sequence = 1", "line 1 is not as it was written"),
        ("UPDATE audit_log SET action = 'rejected' WHERE sequence = 2", "line 2 is not as it was written"),
        ("UPDATE audit_log SET texts = NULL, subject = NULL WHERE sequence = 2", "the text of line 2 is gone"),
        ('UPDATE audit_log SET texts = \'{"subject":""}\' WHERE sequence = 2', "the text of line 2 is not as"),
        ("UPDATE audit_log SET subject = 'order 9' WHERE sequence = 2", "the text of line 2 is not as it was written"),
        ("UPDATE audit_head SET count = 4", "it ends with line 3, and there were 4"),
        ("DELETE FROM audit_head", "it ends with line 3, and there were 0"),
    ],
)
def test_every_change_by_whoever_has_the_database_is_found(
    audit: AuditService, ledger: SqlLedger, database: LedgerDatabase, statement: str, told: str
) -> None:
    database.tamper(statement)
    (flaw,) = audit.verify()
    assert flaw.message.startswith(f"audit log: {told}")
    assert flaw in list(ledger.find_flaws()), "`orderdesk ledger verify` and doctor look too"


def test_several_processes_write_one_chain(audit: AuditService, database: LedgerDatabase) -> None:
    other = database.open()
    try:
        beside = AuditService(other, VirtualClock(NOW))
        for _ in range(3):
            beside.record("Bob", AuditAction.POLLED)
            audit.record("Ann", AuditAction.POLLED)
        assert [entry.record.actor for entry in audit.list(4)] == ["Ann", "Bob", "Ann", "Bob"]
        assert beside.verify() == ()
    finally:
        other.close()
