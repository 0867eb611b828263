"""The ledger: what it was given is there, once, in order, and nobody overwrites what another has changed."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import OPEN, State
from orderdesk_sdk.cases.evidence import EmailEvidence, Evidence, EvidenceKind
from orderdesk_sdk.cases.exchange import Certainty, Exchange, Failure, Intent
from orderdesk_sdk.cases.history import EntryContent, HistoryEntryKind
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.receipt import make_receipt
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.cases.workers import ConnectionCondition, WorkerHeartbeat
from orderdesk_sdk.clock import seconds
from orderdesk_sdk.errors import ConflictError, NotFoundError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.answer import LineAnswer, Rejection
from orderdesk_sdk.runtime.journal import CaseJournal
from orderdesk_sdk.stores.serialization import dump, load
from tests.support.builders import (
    ACKNOWLEDGED,
    DONE,
    EXCHANGE,
    INTENT,
    LATER,
    NOW,
    SENT,
    make_cancellation,
    make_case_of,
    make_resubmission,
    open_case,
)
from tests.support.ledgers import LedgerDatabase, SqlLedger

# Cancellations


def test_a_wish_is_there_for_another_process_before_its_caller_hears_of_it(
    ledger: SqlLedger, database: LedgerDatabase
) -> None:
    assert ledger.open_cancellation(
        make_cancellation(), "content", [make_case_of(make_cancellation(), 1), make_case_of(make_cancellation(), 2)]
    ) == (make_cancellation(), True)
    other = database.open()
    assert other.cancellations("1") == (make_cancellation(),)
    assert other.cases(CancelCase, cancellation_id="c1") == (
        make_case_of(make_cancellation(), 1),
        make_case_of(make_cancellation(), 2),
    )
    other.close()


def test_the_same_key_and_content_is_the_same_wish_and_opens_nothing_new(ledger: SqlLedger) -> None:
    open_case(ledger)
    second = evolve(make_cancellation("2"), idempotency_key="key 1")
    assert ledger.open_cancellation(second, "content", [make_case_of(second)]) == (make_cancellation(), False)
    assert ledger.find_by_key("key 1", "content") == make_cancellation()
    assert ledger.find_by_key("key 2", "content") is None
    assert [case.id for case in ledger.cases(CancelCase)] == ["c1-1"]


def test_keys_with_a_common_beginning_are_had_a_page_at_a_time(ledger: SqlLedger) -> None:
    for number in ("1", "2", "3"):
        wanted = make_cancellation(number, key=f"bulk a {number}")
        ledger.open_cancellation(wanted, "content", [make_case_of(wanted)])
    ledger.alias_key("bulk a 9", "content", make_cancellation("1", key="bulk a 1"))
    ledger.alias_key("bulk b 1", "content", make_cancellation("1", key="bulk a 1"))
    page = ledger.cancellations_by_key("bulk a ", limit=2)
    assert [(key, found.id) for key, found in page if found] == [("bulk a 1", "c1"), ("bulk a 2", "c2")]
    rest = ledger.cancellations_by_key("bulk a ", after=page[-1][0], limit=2)
    assert [(key, found.id) for key, found in rest if found] == [("bulk a 3", "c3"), ("bulk a 9", "c1")]
    assert ledger.cancellations_by_key("bulk a ", after="bulk a 9") == ()


def test_the_same_key_with_another_content_is_a_conflict_and_changes_nothing(ledger: SqlLedger) -> None:
    open_case(ledger)
    second = evolve(make_cancellation("2"), idempotency_key="key 1")
    with pytest.raises(ConflictError, match="another cancellation"):
        ledger.open_cancellation(second, "other content", [make_case_of(second)])
    with pytest.raises(ConflictError, match="use a new key"):
        ledger.find_by_key("key 1", "other content")
    assert [case.id for case in ledger.cases(CancelCase)] == ["c1-1"]


def test_a_wish_whose_cases_cannot_be_kept_is_not_kept_either(ledger: SqlLedger, database: LedgerDatabase) -> None:
    case = open_case(ledger)
    with pytest.raises(database.integrity_error):
        ledger.open_cancellation(
            make_cancellation("2"),
            "content",
            [make_case_of(make_cancellation("2")), evolve(case, connection="elsewhere")],
        )
    assert ledger.cancellations("2") == ()
    assert ledger.cases(CancelCase) == (case,)


# Changes


def test_a_change_and_its_history_are_written_together(ledger: SqlLedger) -> None:
    case = open_case(ledger)
    after = transition(case, SENT).case
    ledger.write(CaseUpdate(case, after, ["policy failed", SENT, INTENT]))
    assert ledger.case("c1-1", CancelCase) == after
    assert [entry.content for entry in ledger.history("c1-1")] == ["policy failed", SENT, INTENT]


def test_whoever_works_on_an_older_version_is_fenced_off(ledger: SqlLedger) -> None:
    case = open_case(ledger)
    after = transition(case, SENT).case
    ledger.write(CaseUpdate(case, after, [SENT]))
    with pytest.raises(ConflictError, match="Version conflict"):
        ledger.write(CaseUpdate(case, transition(case, SENT).case, [SENT, INTENT]))
    with pytest.raises(ConflictError, match="Version conflict"):
        ledger.append(case, [INTENT], if_unchanged=True)
    assert ledger.case("c1-1", CancelCase) == after
    assert [entry.content for entry in ledger.history("c1-1")] == [SENT]
    ledger.append(case, [EXCHANGE, "it came late"], if_unchanged=False)
    ledger.append(after, [INTENT], if_unchanged=True)
    assert [entry.content for entry in ledger.history("c1-1")] == [SENT, EXCHANGE, "it came late", INTENT]


def test_of_many_who_change_one_case_at_once_exactly_one_wins(ledger: SqlLedger) -> None:
    case = open_case(ledger)
    outcomes: list[str] = []
    barrier = threading.Barrier(8)

    def work(number: int) -> None:
        event = evolve(SENT, message=f"worker {number}")
        barrier.wait()
        try:
            ledger.write(CaseUpdate(case, transition(case, event).case, [event]))
            outcomes.append("won")
        except ConflictError:
            outcomes.append("fenced")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["fenced"] * 7 + ["won"]
    assert len(ledger.history("c1-1")) == 1


@pytest.mark.parametrize("statement", ["DELETE FROM history", "UPDATE history SET data = 'x'"])
def test_the_database_itself_keeps_the_history(ledger: SqlLedger, database: LedgerDatabase, statement: str) -> None:
    ledger.append(open_case(ledger), [SENT], if_unchanged=True)
    with database.stranger() as stranger, pytest.raises(database.integrity_error, match="append-only"):
        stranger.execute(statement)
    assert [entry.content for entry in ledger.history("c1-1")] == [SENT]


FULL_EVENT = Event(
    EventKind.REJECTED,
    NOW + timedelta(microseconds=123_457),
    due_at=LATER,
    deadline=LATER,
    message="zu spät 🚚\n\x00",
    hint="r",
    plugin_error="f",
    person="Ann",
    rejection=Rejection.SHIPPED,
    service_status="half a pair: \ud83d",
    evidence=Evidence(EvidenceKind.PERSON, 2, 3, "Ann", "by phone"),
    lines=(LineAnswer("1", 2, 1), LineAnswer("2", 10**30, 0)),
    idempotent=True,
    retry_allowed=True,
    route=3,
)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (FULL_EVENT, HistoryEntryKind.EVENT),
        (SENT, HistoryEntryKind.EVENT),
        (evolve(FULL_EVENT, evidence=Evidence(EvidenceKind.LINE_QUANTITIES, 2, 3)), HistoryEntryKind.EVENT),
        (INTENT, HistoryEntryKind.INTENT),
        (EXCHANGE, HistoryEntryKind.EXCHANGE),
        (Exchange(INTENT, LATER, failure=Failure("ReadTimeout", Certainty.UNKNOWN, "late")), HistoryEntryKind.EXCHANGE),
        ("a note with ä, 🚚 and 'quotes'", HistoryEntryKind.NOTE),
        ("", HistoryEntryKind.NOTE),
    ],
)
def test_every_entry_comes_back_as_it_went_in(ledger: SqlLedger, content: EntryContent, kind: HistoryEntryKind) -> None:
    case = open_case(ledger, attempt=4)
    ledger.append(case, [content], if_unchanged=False)
    (entry,) = ledger.history(case.id)
    at = case.updated_at if isinstance(content, str) else getattr(content, "ended_at", None) or getattr(content, "at")  # noqa: B009 - of three classes
    assert (entry.content, entry.kind, entry.attempt, entry.subject_id, entry.at) == (content, kind, 4, case.id, at)


def test_an_intent_that_was_kept_before_reads_could_be_declared_is_read_by_its_method() -> None:
    row = dump(INTENT)
    assert "declared_read" not in row, "what older versions wrote, byte for byte"
    assert (load(row, Intent), load(row, Intent).read_only) == (INTENT, False)
    query = evolve(INTENT, method="POST", declared_read_only=True)
    assert load(dump(query), Intent).read_only


def test_a_receipt_tells_what_a_reply_warns_of(ledger: SqlLedger) -> None:
    case = open_case(ledger)
    ledger.append(case, [evolve(EXCHANGE, warning="an older version answered")], if_unchanged=False)
    (told,) = make_receipt(Order(case.order_id, "101"), (), ledger, LATER, lambda _: "gone").cancellations[0].cases
    assert [step.message for step in told.history] == ["answered 200; warning: an older version answered"]


def test_a_note_that_no_database_takes_is_kept_readable(ledger: SqlLedger) -> None:
    case = open_case(ledger)
    ledger.append(case, ["half a pair: \ud83d"], if_unchanged=False)
    assert [entry.content for entry in ledger.history(case.id)] == ["half a pair: \\ud83d"]


def test_a_full_case_and_resubmission_come_back_as_they_went_in(ledger: SqlLedger) -> None:
    local = NOW.astimezone(timezone(timedelta(hours=-5)))
    mail = EmailEvidence("them@example.com", "half a pair: \ud83d", NOW, "00", "<1@example.com>", "<2@example.com>")
    proof = Evidence(EvidenceKind.EMAIL, person="Ann", email=mail)
    case = open_case(ledger, message="\ud83d", lines=(LineAnswer("1", 2, 1),), evidence=proof, due_at=local)
    assert ledger.case(case.id, CancelCase) == case
    made = make_resubmission(message="wait", consecutive_failures=3)
    assert ledger.open_case(made, f"{made.order_number} at {made.connection}") == (made, True)
    assert ledger.case("r1", ResubmitCase) == made


def test_what_does_not_exist_is_said(ledger: SqlLedger) -> None:
    with pytest.raises(NotFoundError, match="case nope"):
        ledger.case("nope", CancelCase)
    with pytest.raises(NotFoundError, match="case nope"):
        ledger.case("nope", ResubmitCase)
    assert ledger.history("nope") == ()


# Resubmissions


def test_an_order_has_one_resubmission_at_a_connection(ledger: SqlLedger) -> None:
    first = make_resubmission("r1")
    assert ledger.open_case(first, f"{first.order_number} at {first.connection}") == (first, True)
    again = evolve(make_resubmission("r2"), order_number=first.order_number)
    assert ledger.open_case(again, f"{again.order_number} at {again.connection}") == (first, False)
    other = evolve(again, connection="other")
    assert ledger.open_case(other, f"{other.order_number} at {other.connection}") == (other, True)
    assert ledger.cases(ResubmitCase, order_id="1") == (first, other)
    assert ledger.cases(ResubmitCase, order_id="2") == ()


def test_a_resubmission_is_fenced_and_leaves_the_open_ones_when_settled(ledger: SqlLedger) -> None:
    first = make_resubmission()
    ledger.open_case(first, f"{first.order_number} at {first.connection}")
    after = transition(first, DONE).case
    ledger.write(CaseUpdate(first, after, [EXCHANGE]))
    with pytest.raises(ConflictError):
        ledger.write(CaseUpdate(first, transition(first, SENT).case))
    with pytest.raises(ConflictError):
        ledger.append(first, [INTENT], if_unchanged=True)
    assert ledger.cases(ResubmitCase, states=tuple(OPEN)) == ()
    assert ledger.cases(ResubmitCase) == (after,)
    assert [entry.content for entry in ledger.history("r1")] == [EXCHANGE]


# What is due


def test_due_work_comes_longest_overdue_first_and_settled_work_never(ledger: SqlLedger) -> None:
    assert ledger.next_due() is None
    for number, due in (("1", 30), ("2", 10), ("3", 40), ("4", 20)):
        open_case(ledger, number, due_at=NOW + seconds(due))
    open_case(ledger, "5", state=State.UNSUPPORTED, due_at=None)
    ledger.open_case(make_resubmission("r1", due_at=NOW + seconds(15)))
    assert [work.id for work in ledger.due(NOW + seconds(30), 10)] == ["c2-1", "r1", "c4-1", "c1-1"]
    assert [work.id for work in ledger.due(NOW + seconds(30), 2)] == ["c2-1", "r1"]
    assert [work.id for work in ledger.due(NOW + seconds(29.999999), 10)] == ["c2-1", "r1", "c4-1"]
    assert ledger.due(NOW, 10) == ()
    assert ledger.next_due() == NOW + seconds(10)


def test_cases_are_narrowed_by_order_wish_and_state(ledger: SqlLedger) -> None:
    one, two = open_case(ledger, "1"), open_case(ledger, "2", state=State.ACKNOWLEDGED)
    assert ledger.cases(CancelCase) == (one, two)
    assert ledger.cases(CancelCase, order_id="2") == (two,)
    assert ledger.cases(CancelCase, cancellation_id="c1", states=[State.ACKNOWLEDGED]) == ()
    assert ledger.cases(CancelCase, states=[State.ACKNOWLEDGED, State.PENDING], limit=1) == (one,)


# The journal of one drive


def test_the_first_intent_claims_the_case_and_a_rival_may_send_nothing(ledger: SqlLedger) -> None:
    case = open_case(ledger)
    claimed = transition(case, SENT).case
    journal, rival = CaseJournal(ledger, case, claimed, (SENT,)), CaseJournal(ledger, case, claimed, (SENT,))
    journal.record_intent(INTENT)
    assert ledger.case(case.id, CancelCase) == claimed
    with pytest.raises(ConflictError):
        rival.record_intent(INTENT)
    journal.record_exchange(EXCHANGE)
    journal.finish(transition(claimed, ACKNOWLEDGED), ACKNOWLEDGED)
    assert [entry.content for entry in ledger.history(case.id)] == [SENT, INTENT, EXCHANGE, ACKNOWLEDGED]


def test_who_read_a_case_before_its_last_intent_does_not_take_it_over(ledger: SqlLedger) -> None:
    """A drive that is later than its lease sends on, while another looks at what it has sent so far."""
    case = open_case(ledger)
    claimed = transition(case, SENT).case
    journal = CaseJournal(ledger, case, claimed, (SENT,))
    journal.record_intent(INTENT)
    seen = ledger.case(case.id, CancelCase)
    journal.record_intent(evolve(INTENT, number=2))
    resumed = transition(seen, Event(EventKind.RESUMED, LATER, due_at=LATER)).case
    with pytest.raises(ConflictError):
        CaseJournal(ledger, seen, resumed).record_intent(INTENT)
    after = journal.finish(transition(claimed, ACKNOWLEDGED), ACKNOWLEDGED)
    assert ledger.case(case.id, CancelCase) == after


def test_a_drive_without_a_call_is_one_commit(ledger: SqlLedger) -> None:
    case = open_case(ledger)
    claimed = transition(case, SENT).case
    CaseJournal(ledger, case, claimed, (SENT,)).finish(transition(claimed, ACKNOWLEDGED), ACKNOWLEDGED)
    assert [entry.content for entry in ledger.history(case.id)] == [SENT, ACKNOWLEDGED]


@pytest.mark.parametrize("step", ["intend", "finish"])
def test_a_drive_that_was_overtaken_keeps_its_evidence_and_changes_nothing(ledger: SqlLedger, step: str) -> None:
    case = open_case(ledger)
    claimed = transition(case, SENT).case
    journal = CaseJournal(ledger, case, claimed, (SENT,))
    journal.record_intent(INTENT)
    journal.record_exchange(EXCHANGE)
    resumed = transition(claimed, Event(EventKind.RESUMED, LATER, due_at=LATER)).case
    ledger.write(CaseUpdate(claimed, resumed))
    with pytest.raises(ConflictError):
        journal.record_intent(evolve(INTENT, number=2)) if step == "intend" else journal.finish(
            transition(claimed, ACKNOWLEDGED)
        )
    assert ledger.case(case.id, CancelCase) == resumed
    contents = [entry.content for entry in ledger.history(case.id)]
    assert contents[:3] == [SENT, INTENT, EXCHANGE]
    assert "changed nothing" in str(contents[3])


# Counts


def test_open_cases_are_counted_by_state_and_settled_ones_are_not(ledger: SqlLedger) -> None:
    case = open_case(ledger)
    ledger.open_case(make_resubmission())
    assert ledger.count_open() == {state: 2 if state is State.PENDING else 0 for state in OPEN}
    ledger.write(CaseUpdate(case, evolve(case, state=State.CANCELED, due_at=None, version=case.version + 1)))
    assert ledger.count_open()[State.PENDING] == 1
    assert State.CANCELED not in ledger.count_open()


# Workers


def heartbeat(worker: str = "w", last_round_at: datetime = NOW, **condition: Any) -> WorkerHeartbeat:
    return WorkerHeartbeat(worker, "app-1", 4711, NOW, last_round_at, {"shop": ConnectionCondition(**condition)})


def test_a_worker_is_known_by_what_it_said_last_until_it_ends(ledger: SqlLedger, database: LedgerDatabase) -> None:
    ledger.record_heartbeat(heartbeat())
    later = heartbeat(last_round_at=LATER, has_stuck_threads=True, last_done_at=NOW, deferred_until=LATER)
    ledger.record_heartbeat(later)
    ledger.record_heartbeat(heartbeat("older"))
    other = database.open()
    assert other.heartbeats() == (later, heartbeat("older"))
    other.remove_heartbeat("w")
    assert ledger.heartbeats() == (heartbeat("older"),)
    other.close()


def test_a_worker_that_said_nothing_for_a_day_is_forgotten(ledger: SqlLedger) -> None:
    ledger.record_heartbeat(heartbeat("killed"))
    ledger.record_heartbeat(heartbeat(last_round_at=NOW + timedelta(hours=24)))
    assert [each.id for each in ledger.heartbeats()] == ["w", "killed"]
    ledger.record_heartbeat(heartbeat(last_round_at=NOW + timedelta(hours=24, seconds=1)))
    assert [each.id for each in ledger.heartbeats()] == ["w"]


def test_a_database_says_what_slows_it_down(ledger: SqlLedger) -> None:
    condition = ledger.database_condition()
    assert condition.oldest_transaction is None or condition.oldest_transaction < timedelta(minutes=5)
    assert "cases" in condition.dead_rows or not condition.dead_rows, "a file says nothing"
