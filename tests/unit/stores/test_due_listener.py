"""Whoever listens hears of each case that a write makes due, in its transaction and after it, and of no other."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.ledger import CaseUpdate, WakeError
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.errors import ConflictError
from tests.support.builders import LATER, NOW, SENT, make_cancellation, make_case_of, make_resubmission, open_case
from tests.support.ledgers import SqlLedger
from tests.support.waiting import eventually

Heard = tuple[str, int, datetime | None]


class Listener:
    """Keeps what it hears. fails: it cannot be told within a transaction."""

    def __init__(self) -> None:
        self.within_transaction: list[Heard] = []
        self.after_commit: list[Heard] = []
        self.fails = False

    def within(self, transaction: object, cases: Sequence[Case]) -> None:
        transaction.execute("SELECT count(*) FROM cases")  # type: ignore[attr-defined]  # a cursor of the ledger
        if self.fails:
            raise WakeError("the queue is gone")
        self.within_transaction += [(case.id, case.attempt, case.due_at) for case in cases]

    def after(self, cases: Sequence[Case]) -> None:
        self.after_commit += [(case.id, case.attempt, case.due_at) for case in cases]


@pytest.fixture
def listener(ledger: SqlLedger) -> Listener:
    made = Listener()
    ledger.on_due(made)
    return made


def test_new_cases_are_told_once_in_the_transaction_and_once_after_it(ledger: SqlLedger, listener: Listener) -> None:
    open_case(ledger)
    ledger.open_case(make_resubmission())
    assert [case_id for case_id, _, _ in listener.within_transaction] == ["c1-1", make_resubmission().id]
    assert listener.after_commit == listener.within_transaction


def test_what_was_recorded_already_is_not_told_again(ledger: SqlLedger, listener: Listener) -> None:
    open_case(ledger)
    ledger.open_cancellation(make_cancellation(), "content", [make_case_of(make_cancellation())])
    assert len(listener.within_transaction) == len(listener.after_commit) == 1


def test_another_time_is_told_and_the_end_of_a_lease_is_not(ledger: SqlLedger, listener: Listener) -> None:
    case = open_case(ledger)
    sending = transition(case, SENT).case
    ledger.write(CaseUpdate(case, sending, [SENT]))
    assert len(listener.after_commit) == 1, "while it is sent, its due time is the end of a lease"
    answered = Event(EventKind.ACKNOWLEDGED, NOW, due_at=LATER + minutes(2), message="noted")
    ledger.write(CaseUpdate(sending, transition(sending, answered).case, [answered]))
    assert listener.after_commit[1:] == [(case.id, 1, LATER + minutes(2))]
    assert listener.within_transaction == listener.after_commit


def test_a_write_that_fails_is_not_told(ledger: SqlLedger, listener: Listener) -> None:
    case = open_case(ledger)
    stale = evolve(case, version=7)
    with pytest.raises(ConflictError):
        ledger.write(CaseUpdate(stale, evolve(stale, version=8, due_at=LATER), [SENT]))
    assert len(listener.after_commit) == 1


def test_a_listener_that_cannot_be_told_within_costs_no_write(ledger: SqlLedger, listener: Listener) -> None:
    listener.fails = True
    case = open_case(ledger)
    assert ledger.case(case.id, Case) == case
    assert (listener.within_transaction, len(listener.after_commit)) == ([], 1)


def test_lines_that_were_undone_for_a_listener_alone_are_not_missed(ledger: SqlLedger, listener: Listener) -> None:
    """A ledger that was put back to an older state would distrust every open case, or refuse to go on."""
    case = open_case(ledger)
    listener.fails = True
    commits = ledger._commits
    others = threading.Thread(target=ledger.append, args=(case, ["a note"]), kwargs={"if_unchanged": True})
    failing = threading.Thread(target=ledger.open_case, args=(make_resubmission(),))
    with commits.locked():  # type: ignore[attr-defined]  # of a GroupCommit
        for number, thread in enumerate((others, failing), start=1):
            thread.start()
            eventually(lambda: len(commits._pending) >= number, "all of them wait for the commit")  # type: ignore[attr-defined]  # noqa: B023 - as above; called at once
    for thread in (others, failing):
        thread.join()
    ledger.append(case, ["another note"], if_unchanged=True)
    assert ledger.case(case.id, Case) == case
    assert [entry.content for entry in ledger.history(case.id)] == ["a note", "another note"]
    assert ledger.case(make_resubmission().id, Case) == make_resubmission()


def test_nobody_is_told_any_more_where_nobody_listens(ledger: SqlLedger, listener: Listener) -> None:
    ledger.on_due(None)
    open_case(ledger)
    assert listener.after_commit == []
