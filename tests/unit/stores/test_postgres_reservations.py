"""Several workers on one ledger in PostgreSQL: each is given other cases, and a reservation is in nobody's way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.state_machine import transition
from orderdesk_sdk.stores.postgres.ledger import PostgresLedger
from tests.support.builders import LATER, NOW, SENT, open_case
from tests.support.ledgers import PostgresDatabase

CONNECTION = "shop-1"


@pytest.fixture
def workers(postgres: PostgresDatabase) -> Iterator[tuple[PostgresLedger, PostgresLedger]]:
    with closing(postgres.open()) as one, closing(postgres.open()) as other:
        for number in range(6):
            open_case(one, str(number), due_at=NOW + timedelta(seconds=number))
        yield one, other


def reserved(ledger: PostgresLedger, limit: int = 10) -> list[str]:
    return [case.id for case in ledger.reserve_due(LATER, limit, connection=CONNECTION)]


def test_two_workers_are_given_different_cases_longest_overdue_first(
    workers: tuple[PostgresLedger, PostgresLedger],
) -> None:
    one, other = workers
    assert reserved(one, 2) == ["c0-1", "c1-1"]
    assert reserved(other, 3) == ["c2-1", "c3-1", "c4-1"]
    assert reserved(one) == ["c0-1", "c1-1", "c5-1"], "what is one's own is given again"
    assert reserved(other) == ["c2-1", "c3-1", "c4-1"]


def test_who_has_nothing_to_do_is_told_of_no_case_that_another_has(
    workers: tuple[PostgresLedger, PostgresLedger],
) -> None:
    one, other = workers
    assert len(reserved(one)) == 6
    assert reserved(other) == []
    assert (other.due_connections(LATER), other.next_due()) == ((), None)
    assert (one.due_connections(LATER), one.next_due()) == ((CONNECTION,), NOW)
    assert len(other.due(LATER, 10)) == 6, "what is due is due, whoever does it"


def test_what_was_given_back_or_has_changed_is_free(workers: tuple[PostgresLedger, PostgresLedger]) -> None:
    one, other = workers
    cases = one.reserve_due(LATER, 10, connection=CONNECTION)
    first = one.case("c0-1", CancelCase)
    one.write(CaseUpdate(first, transition(first, SENT).case, [SENT]))
    assert [case.id for case in other.due(LATER, 10)][-1] == "c0-1", "it is due again, when its lease has ended"
    assert reserved(other) == ["c0-1"]
    one.release_due(cases[1:3])
    assert sorted(reserved(other)) == ["c0-1", "c1-1", "c2-1"]
    other.release_due(cases)  # Of another's reservation nothing is given back.
    assert len(reserved(other)) == 3


def test_an_expired_reservation_is_anybodys(
    workers: tuple[PostgresLedger, PostgresLedger], postgres: PostgresDatabase
) -> None:
    one, other = workers
    reserved(one)
    with postgres.stranger() as cursor:
        cursor.execute("UPDATE cases SET reserved_until = clock_timestamp() - interval '1 second'")
    assert len(reserved(other)) == 6
    assert reserved(one) == []


def test_a_reservation_is_no_part_of_the_case_or_its_chain(workers: tuple[PostgresLedger, PostgresLedger]) -> None:
    one, other = workers
    before = one.head()
    cases = one.reserve_due(LATER, 10, connection=CONNECTION)
    assert (one.head(), list(one.find_flaws())) == (before, [])
    assert [other.case(case.id, CancelCase) for case in cases] == list(cases)
    other.write(CaseUpdate(cases[0], transition(cases[0], SENT).case, [SENT]))
    assert one.verify(cases[0]).flaws == ()


def test_what_is_damaged_is_in_nobodys_way(
    workers: tuple[PostgresLedger, PostgresLedger], postgres: PostgresDatabase
) -> None:
    one, _ = workers
    postgres.tamper("UPDATE cases SET data = 'nonsense' WHERE id IN ('c0-1', 'c1-1')")
    assert reserved(one, 2) == ["c2-1", "c3-1"]
    assert len(one.damaged()) == 2
