"""A clock that was ahead and is right again: what it put off is looked at now, and patience is as long as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.clock_skew import TOLERATED_SKEW, corrected_for_clock
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.clock import hours, minutes, seconds
from tests.support.builders import NOW, make_cancellation, make_case_of, make_resubmission, open_case
from tests.support.ledgers import DATABASE_PARAMS, SqlLedger, open_database, shared_folder

AHEAD = NOW + hours(6)


@pytest.fixture(params=DATABASE_PARAMS)
def ledger(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlLedger]:
    with (
        open_database(request.param, tmp_path, shared_folder(tmp_path_factory)) as database,
        closing(database.open()) as opened,
    ):
        yield opened


def test_what_was_updated_in_the_future_is_due_now(ledger: SqlLedger) -> None:
    case = open_case(ledger)
    send = Event(EventKind.SEND_STARTED, AHEAD, due_at=AHEAD + minutes(5))
    sending = transition(case, send).case
    ledger.write(CaseUpdate(case, sending, [send]))
    note = Event(EventKind.ACKNOWLEDGED, AHEAD, due_at=AHEAD + minutes(2), deadline=AHEAD + hours(24))
    ledger.write(CaseUpdate(sending, transition(sending, note).case, [note]))
    resubmission_case = make_resubmission()
    ledger.open_case(resubmission_case)
    ledger.write(CaseUpdate(resubmission_case, transition(resubmission_case, send).case))
    settled = open_case(ledger, "2", updated_at=AHEAD, due_at=None, state=State.REJECTED)
    timely = open_case(ledger, "3", due_at=NOW + hours(3))

    assert ledger.due(NOW, 10) == ()
    assert ledger.correct_clock_skew(NOW) == 2
    assert {work.id for work in ledger.due(NOW, 10)} == {"c1-1", "r1"}
    after = ledger.case("c1-1", CancelCase)
    assert (after.state, after.updated_at, after.deadline, after.last_sent_at) == (
        State.ACKNOWLEDGED,
        NOW,
        NOW + hours(24),
        NOW,
    )
    assert ledger.case("r1", ResubmitCase).state is State.SENDING
    assert (ledger.case(settled.id, CancelCase), ledger.case(timely.id, CancelCase)) == (settled, timely)
    assert ledger.history("c1-1")[-1].content == (
        "the clock was ahead by 6:00:00 when this case was changed last; the case is due now"
    )
    assert list(ledger.find_flaws()) == []
    assert ledger.correct_clock_skew(NOW) == 0


def test_a_clock_that_goes_on_or_was_set_by_seconds_changes_nothing(ledger: SqlLedger) -> None:
    case = open_case(ledger, updated_at=NOW, due_at=NOW + hours(1))
    for now in (NOW - seconds(59), NOW, NOW + hours(6)):
        assert ledger.correct_clock_skew(now) == 0
    assert ledger.case(case.id, CancelCase) == case


@pytest.mark.slow
def test_many_pieces_of_work_of_the_future_are_all_found(ledger: SqlLedger) -> None:
    cases = [
        make_case_of(make_cancellation(), number, connection=f"shop {number}", updated_at=AHEAD, due_at=AHEAD)
        for number in range(1200)
    ]
    ledger.open_cancellation(make_cancellation(), "", cases)
    assert ledger.correct_clock_skew(NOW) == 1200
    assert len(ledger.due(NOW, 2000)) == 1200


@given(ahead=st.timedeltas(-hours(48), hours(48)), due=st.timedeltas(timedelta(0), hours(48)))
def test_a_work_is_righted_only_where_it_is_of_the_future_and_never_of_it_afterwards(
    ahead: timedelta, due: timedelta
) -> None:
    case = make_case_of(
        make_cancellation(), updated_at=NOW + ahead, due_at=NOW + ahead + due, deadline=NOW + ahead + due
    )
    found = corrected_for_clock(case, NOW)
    assert (found is not None) == (ahead > TOLERATED_SKEW)
    if found is not None:
        after = found[0]
        assert (after.due_at, after.updated_at, after.version) == (NOW, NOW, case.version + 1)
        assert after.deadline == NOW + due
        assert corrected_for_clock(after, NOW) is None
    assert corrected_for_clock(evolve(case, state=State.REJECTED, due_at=None), NOW) is None
