"""What a ledger keeps of events out, in each kind of database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from attrs import evolve

from orderdesk_sdk.cases.event_webhooks import DeliveryState, EventDelivery, EventEndpoint, EventType
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.errors import ConflictError, InvalidStateError, NotFoundError
from tests.support.builders import LATER, NOW
from tests.support.ledgers import LedgerDatabase, SqlLedger

LEASE = minutes(1)
ENDPOINT = EventEndpoint(
    id="shop1",
    url="https://shop.example/events",
    types=(EventType.CANCELED,),
    connections=("mill",),
    sealed="sealed",
    cursor=5,
    created_by="Ann",
    created_at=NOW,
)


def delivery(sequence: int, case: str = "c1-1") -> EventDelivery:
    return EventDelivery(
        endpoint_id="shop1",
        sequence=sequence,
        type=EventType.CANCELED,
        case_id=case,
        body=f'{{"number":{sequence}}}',
        created_at=NOW,
        next_try_at=NOW,
    )


def fill(ledger: SqlLedger, deliveries: Sequence[EventDelivery]) -> None:
    ledger.add_endpoint(ENDPOINT)
    assert ledger.record_deliveries(ENDPOINT, 100, deliveries)


def claim(ledger: SqlLedger, now: datetime = NOW) -> EventDelivery:
    claimed = ledger.claim_delivery("shop1", now, now + LEASE)
    assert claimed is not None
    return claimed


def settle(ledger: SqlLedger, claimed: EventDelivery, state: DeliveryState, now: datetime = NOW) -> bool:
    return ledger.update_delivery(evolve(claimed, state=state, next_try_at=None, tried_at=now), now)


class TestEndpoints:
    def test_an_endpoint_is_read_as_it_was_written(self, ledger: SqlLedger) -> None:
        ledger.add_endpoint(ENDPOINT)
        assert ledger.endpoints() == (ENDPOINT,)
        changed = evolve(ENDPOINT, url="https://new.example", types=(), disabled_reason="by Ann", version=2)
        ledger.change_endpoint(changed)
        assert ledger.endpoints() == (changed,)
        with pytest.raises(ConflictError, match="changed meanwhile"):
            ledger.change_endpoint(changed)
        assert "sealed'" not in repr(ENDPOINT)

    def test_of_two_who_move_a_cursor_one_does_and_records_what_follows(self, ledger: SqlLedger) -> None:
        ledger.add_endpoint(ENDPOINT)
        assert ledger.record_deliveries(ENDPOINT, 9, [delivery(7)], gap="lines 6 to 7 were archived")
        assert not ledger.record_deliveries(ENDPOINT, 9, [delivery(8)])
        (moved,) = ledger.endpoints()
        assert (moved.cursor, moved.gap) == (9, "lines 6 to 7 were archived")
        assert [one.sequence for one in ledger.deliveries("shop1", DeliveryState, 10)] == [7]
        assert ledger.record_deliveries(moved, 12, [])
        assert ledger.endpoints()[0].gap == "lines 6 to 7 were archived", "it stays said"


class TestDeliveries:
    def test_one_caller_has_a_delivery_until_its_time_is_up(self, ledger: SqlLedger) -> None:
        fill(ledger, [delivery(6)])
        assert ledger.claim_delivery("shop1", NOW - minutes(1), LATER) is None
        first = claim(ledger)
        assert (first.attempts, first.tries, first.next_try_at, first.body) == (1, 1, NOW + LEASE, '{"number":6}')
        assert ledger.claim_delivery("shop1", NOW, LATER) is None
        second = claim(ledger, NOW + LEASE)
        assert second.attempts == 2
        assert not settle(ledger, first, DeliveryState.DELIVERED), "somebody has begun it since"
        assert settle(ledger, second, DeliveryState.DELIVERED)
        assert not settle(ledger, second, DeliveryState.FAILED), "what is settled stays so"
        (done,) = ledger.deliveries("shop1", DeliveryState, 10)
        assert (done.state, done.next_try_at) == (DeliveryState.DELIVERED, None)

    @pytest.mark.parametrize("state", [DeliveryState.DELIVERED, DeliveryState.FAILED])
    def test_the_next_of_a_case_waits_for_the_one_before(self, ledger: SqlLedger, state: DeliveryState) -> None:
        fill(ledger, [delivery(6), delivery(7), delivery(8, "c2-1"), delivery(9)])
        first, other = claim(ledger), claim(ledger)
        assert (first.sequence, other.sequence) == (6, 8)
        assert ledger.claim_delivery("shop1", LATER, LATER + LEASE) is not None, "the first again, whose lease is over"
        first = claim(ledger, LATER + LEASE)
        later = evolve(first, next_try_at=LATER + minutes(30))
        assert ledger.update_delivery(later, LATER), "it is put off"
        settle(ledger, other, DeliveryState.DELIVERED)
        assert ledger.next_delivery_due() in (LATER + minutes(30), LATER + LEASE)
        first = claim(ledger, LATER + minutes(30))
        assert first.sequence == 6
        settle(ledger, first, state, LATER)
        assert claim(ledger, LATER).sequence == 7

    def test_what_a_clock_ahead_of_time_put_off_is_sent_all_the_same(self, ledger: SqlLedger) -> None:
        fill(ledger, [delivery(6)])
        ledger.update_delivery(evolve(claim(ledger), next_try_at=NOW + timedelta(days=400)), NOW)
        assert claim(ledger).sequence == 6

    def test_a_person_has_it_sent_again(self, ledger: SqlLedger) -> None:
        fill(ledger, [delivery(6), delivery(7)])
        with pytest.raises(InvalidStateError, match="pending already"):
            ledger.restart_delivery("shop1", 6, NOW)
        settle(ledger, claim(ledger), DeliveryState.FAILED)
        assert ledger.failed_deliveries() == {"shop1": 1}
        again = ledger.restart_delivery("shop1", 6, LATER)
        assert (again.state, again.tries, again.attempts, again.next_try_at) == (DeliveryState.PENDING, 0, 1, LATER)
        assert ledger.failed_deliveries() == {}
        assert {claim(ledger, LATER).sequence, claim(ledger, LATER).sequence} == {6, 7}
        with pytest.raises(NotFoundError):
            ledger.restart_delivery("shop1", 99, NOW)

    def test_pages_of_them_and_the_end_of_old_ones(self, ledger: SqlLedger) -> None:
        fill(ledger, [delivery(number, f"c{number}") for number in range(6, 12)])
        for state in (DeliveryState.DELIVERED, DeliveryState.DELIVERED, DeliveryState.FAILED):
            settle(ledger, claim(ledger), state)
        page = ledger.deliveries("shop1", DeliveryState, 4)
        assert [one.sequence for one in page] == [11, 10, 9, 8]
        assert [one.sequence for one in ledger.deliveries("shop1", DeliveryState, 4, before=8)] == [7, 6]
        assert [one.sequence for one in ledger.deliveries("shop1", [DeliveryState.FAILED], 4)] == [8]
        assert ledger.remove_old_deliveries(NOW, 10) == 0
        assert ledger.remove_old_deliveries(LATER, 1) == 1
        assert ledger.remove_old_deliveries(LATER, 10) == 1
        assert [one.sequence for one in ledger.deliveries("shop1", DeliveryState, 9)] == [11, 10, 9, 8]

    def test_what_waits_for_a_disabled_endpoint_is_not_due(self, ledger: SqlLedger) -> None:
        assert ledger.next_delivery_due() is None
        fill(ledger, [delivery(6)])
        assert ledger.next_delivery_due() == NOW
        ledger.change_endpoint(evolve(ENDPOINT, disabled_reason="gone", version=2))
        assert ledger.next_delivery_due() is None

    def test_many_processes_never_have_the_same(self, database: LedgerDatabase) -> None:
        with closing(database.open()) as first, closing(database.open()) as second:
            fill(first, [delivery(number, f"c{number}") for number in range(6, 46)])

            def take(number: int) -> list[int]:
                ledger = (first, second)[number % 2]
                return [one.sequence for _ in range(7) if (one := ledger.claim_delivery("shop1", NOW, LATER))]

            with ThreadPoolExecutor(6) as pool:
                found = Counter(sequence for one in pool.map(take, range(6)) for sequence in one)
        assert found == Counter(range(6, 46))
