"""Many orders in one run: fair shares, one result for each, and the same run again goes on where it ended."""

from __future__ import annotations

import threading
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.bulk.request import BulkRequest
from orderdesk_sdk.desk.bulk.result import BulkOutcome
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.plugin.integration import Limit
from tests.support.bulk_services import HEALTHY, BulkServices, import_bulk_orders, open_bulk_desk
from tests.support.stepped_clock import SteppedClock

FAST = Limit(1000, 1000)
TWO = ("well0", "well1")


@pytest.fixture
def services() -> BulkServices:
    return BulkServices(VirtualClock(), too_late=("well1-3",))


@pytest.fixture
def desk(tmp_path: Path, services: BulkServices) -> Iterator[Desk]:
    with open_bulk_desk(tmp_path, VirtualClock(), services, limit=FAST, names=TWO) as made:
        yield made


def requests(numbers: list[str]) -> list[BulkRequest]:
    return [BulkRequest(number) for number in numbers]


@pytest.mark.slow
def test_the_others_end_within_their_buckets_optimum_beside_a_slow_and_a_dead_service(tmp_path: Path) -> None:
    per_service, limit = 120, Limit(10, 20)
    optimum = (per_service - limit.burst) / limit.per_second
    clock = SteppedClock()
    services = BulkServices(clock)
    with clock.running(), open_bulk_desk(tmp_path, clock, services, limit=limit) as desk:
        numbers = import_bulk_orders(desk, per_service)
        began, left = clock.monotonic(), per_service * len(HEALTHY)
        for result in desk.cancel_many(requests(numbers), by="Ann", idempotency_key="all"):
            left -= result.order.startswith("well")
            if not left:
                break
        ends = {name: max(at for asked, _, at in services.asked if asked == name) - began for name in HEALTHY}
        asked = Counter(name for name, _, _ in services.asked)
    assert {name: asked[name] for name in HEALTHY} == dict.fromkeys(HEALTHY, per_service)
    assert 0 < asked["slow"] < per_service, "it is not waited for"
    assert 0 < asked["dead"] < per_service, "nor is the dead one"
    assert max(ends.values()) <= 1.05 * optimum


def test_each_order_has_one_result_and_the_summary_says_why_some_were_not_canceled(
    desk: Desk, services: BulkServices
) -> None:
    numbers = import_bulk_orders(desk, 5, TWO)
    asked = [*requests(numbers), BulkRequest("nobody"), BulkRequest("well0-1", lines={"MUG": 7})]
    run = desk.cancel_many(asked, by="Ann", idempotency_key="spring")
    found = {result.number: result for result in run}
    assert sorted(found) == list(range(1, 13))
    outcomes = Counter(result.outcome for result in found.values())
    assert outcomes == {BulkOutcome.WAITING: 9, BulkOutcome.REFUSED: 3}
    assert isinstance(found[11].error, NotFoundError)
    assert isinstance(found[12].error, ValidationError)
    assert run.is_complete
    summary = run.summary()
    assert (summary.total, summary.not_accepted) == (12, 2)
    assert {(reason.connection, reason.reason, reason.count, reason.examples) for reason in summary.reasons} >= {
        ("well1", "rejected: too late", 1, ("well1-3",)),
        ("well0", "acknowledged", 5, ("well0-0", "well0-1", "well0-2")),
    }
    assert sorted(services.requests_to("well0")) == sorted(n for n in numbers if n.startswith("well0"))


def test_the_same_bulk_again_records_and_sends_nothing_twice(desk: Desk, services: BulkServices) -> None:
    numbers = import_bulk_orders(desk, 5, TWO)
    first = list(desk.cancel_many(requests(numbers), by="Ann", idempotency_key="spring"))
    again = list(desk.cancel_many(requests(numbers), by="Ann", idempotency_key="spring"))
    assert [(r.number, r.outcome) for r in again] == sorted((r.number, r.outcome) for r in first)
    assert len(services.asked) == len(numbers) == len(desk.ledger.cases(CancelCase))


def test_a_bulk_that_was_broken_off_goes_on(desk: Desk, services: BulkServices) -> None:
    numbers = import_bulk_orders(desk, 200, TWO)

    def lost_in_the_middle() -> Iterator[BulkRequest]:
        yield from requests(numbers)[:200]
        raise OSError("the share with the file is gone")

    with pytest.raises(OSError, match="is gone"):
        list(desk.cancel_many(lost_in_the_middle(), by="Ann", idempotency_key="spring"))
    assert 0 < len(desk.ledger.cases(CancelCase, limit=1000)) < 200, "only a part was recorded"
    again = desk.cancel_many(requests(numbers), by="Ann", idempotency_key="spring")
    assert sorted(result.number for result in again) == list(range(1, 401))
    assert again.is_complete
    assert Counter(number for _, number, _ in services.asked) == Counter(numbers)


def test_what_another_process_has_sent_has_its_result_too(tmp_path: Path, desk: Desk, services: BulkServices) -> None:
    numbers = import_bulk_orders(desk, 3, TWO)
    list(desk.cancel_many(requests(numbers), by="Ann", idempotency_key="spring", send=False))
    assert services.asked == []
    run = desk.cancel_many(requests(numbers), by="Ann", idempotency_key="spring")
    # Every case looks as if another process had sent it between recording and the round.
    run._run_due = lambda observer: desk.run_due()  # type: ignore[method-assign]
    assert sorted(result.number for result in run) == list(range(1, 7))


def test_only_recorded_orders_wait_for_run_due(desk: Desk, services: BulkServices) -> None:
    numbers = import_bulk_orders(desk, 3, TWO)
    results = list(desk.cancel_many(requests(numbers), by="Ann", idempotency_key="later", send=False))
    assert {result.outcome for result in results} == {BulkOutcome.WAITING}
    assert (services.asked, len(desk.ledger.cases(CancelCase, states=[State.PENDING]))) == ([], 6)
    desk.run_due()
    assert len(services.asked) == 6


def test_a_run_that_is_told_to_stop_says_so_and_the_next_one_goes_on(desk: Desk, services: BulkServices) -> None:
    numbers = import_bulk_orders(desk, 200, TWO)
    stop = threading.Event()
    run = desk.cancel_many(requests(numbers), by="Ann", idempotency_key="spring")
    with desk.ending_on(stop):
        for _ in run:
            stop.set()
    assert not run.is_complete
    assert run.reported < 400
    assert run.summary().total == len(desk.ledger.cases(CancelCase, limit=1000))
    again = desk.cancel_many(requests(numbers), by="Ann", idempotency_key="spring")
    assert (len(list(again)), again.is_complete, again.summary().total) == (400, True, 400)
    assert Counter(number for _, number, _ in services.asked) == Counter(numbers)


def test_an_order_at_two_connections_has_one_result_when_both_were_tried(desk: Desk, services: BulkServices) -> None:
    (number, _) = import_bulk_orders(desk, 1, TWO)
    desk.orders.register(number, connection="well1", by="Ann")
    (result,) = desk.cancel_many(requests([number]), by="Ann", idempotency_key="both")
    assert {case.connection: case.state for case in result.cases} == dict.fromkeys(TWO, State.ACKNOWLEDGED)
    assert [name for name, _, _ in services.asked] in (["well0", "well1"], ["well1", "well0"])


def test_memory_does_not_grow_with_the_number_of_orders(desk: Desk) -> None:
    def peak(count: int) -> int:
        run = desk.cancel_many(map(BulkRequest, map(str, range(count))), by="Ann", idempotency_key=f"of {count}")
        tracemalloc.start()
        assert sum(1 for _ in run) == count
        assert run.summary().not_accepted == count
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    few = peak(500)  # Once before, so that what is imported and kept for good counts in neither.
    few = peak(500)
    assert peak(3000) < few + 100_000


def test_two_lines_for_one_order_cancel_it_once(desk: Desk, services: BulkServices) -> None:
    import_bulk_orders(desk, 1, TWO)
    run = desk.cancel_many(requests(["well0-0", "well0-0"]), by="Ann", idempotency_key="twice")
    assert sorted(result.number for result in run) == [1, 2]
    assert services.requests_to("well0") == ["well0-0"]
    assert run.summary().total == 2


def test_a_blank_name_is_refused_before_anything_is_read(desk: Desk) -> None:
    with pytest.raises(ValidationError, match="`by` is required"):
        desk.cancel_many(iter([BulkRequest("1")]), by=" ", idempotency_key="x")


def test_orders_are_read_as_they_are_recorded(desk: Desk) -> None:
    read = []

    def endless() -> Iterator[BulkRequest]:
        while True:
            read.append(1)
            yield BulkRequest("nobody")

    results = iter(desk.cancel_many(endless(), by="Ann", idempotency_key="endless"))
    for _ in range(300):
        next(results)
    results.close()  # type: ignore[attr-defined]  # a generator, which the type of `iter` does not say
    assert len(read) < 600
