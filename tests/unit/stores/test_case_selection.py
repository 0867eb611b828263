"""Cases are found by kind, state and connection, a page at a time, as if one looked through all of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import OPEN, Case, State
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from tests.support.builders import make_resubmission, open_case
from tests.support.ledgers import LedgerDatabase, SqlLedger

STATES = (State.PENDING, State.ACTION_REQUIRED, State.CANCELED)
KINDS: tuple[type[Case], ...] = (Case, CancelCase, ResubmitCase, StatusCase)


@pytest.fixture
def filled(database: LedgerDatabase) -> Iterator[SqlLedger]:
    """A ledger with cancels and resubmissions in turns, in three states, at two connections."""
    ledger = database.open()
    for number in range(18):
        connection = f"shop-{number % 2}"
        case: Case
        if number % 3:
            case = open_case(ledger, str(number), connection=connection)
        else:
            case, _ = ledger.open_case(make_resubmission(f"r{number}", connection=connection))
        state = STATES[number // 3 % 3]
        due_at = case.due_at if state in OPEN else None
        ledger.write(CaseUpdate(case, evolve(case, state=state, due_at=due_at, version=case.version + 1)))
    yield ledger
    ledger.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("states", [(), (State.PENDING,), tuple(OPEN), (State.CANCELED, State.PENDING), tuple(State)])
@pytest.mark.parametrize("connection", [None, "shop-1"])
def test_pages_hold_what_was_asked_for_in_order_and_each_once(
    filled: SqlLedger, kind: type[Case], states: tuple[State, ...], connection: str | None
) -> None:
    ids = [case.id for case in filled.cases(Case)]
    assert len(ids) == 18
    expected = [
        case.id
        for case in (filled.case(case_id, Case) for case_id in ids)
        if isinstance(case, kind)
        and (not states or case.state in states)
        and (connection is None or case.connection == connection)
    ]
    found: list[Case] = []
    for _ in itertools.count():
        page = filled.cases(kind, states=states, connection=connection, limit=2, after=found[-1] if found else None)
        found += page
        if len(page) < 2:
            break
    assert [case.id for case in found] == expected
    assert [case.id for case in filled.cases(kind, states=states, connection=connection)] == expected
    filled.close()


def test_the_newest_notes_of_a_history_are_found_among_other_lines(filled: SqlLedger) -> None:
    case = filled.cases(CancelCase)[0]
    for number in range(5):
        filled.append(case, [f"note {number}"], if_unchanged=True)
        change = evolve(filled.case(case.id, CancelCase), message=f"change {number}")
        filled.write(CaseUpdate(filled.case(case.id, CancelCase), evolve(change, version=change.version + 1)))
        case = filled.case(case.id, CancelCase)
    assert filled.newest_notes(case.id, 3) == ("note 4", "note 3", "note 2")
    assert filled.newest_notes("unknown", 3) == ()
    filled.close()
