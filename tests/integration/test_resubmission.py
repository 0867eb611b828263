"""Law 9 at the desk: a canceled order goes out again once, under a number of its own, and never before it is safe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedHarness, open_simulated_harness
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.clock import VirtualClock, hours, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

CREATE = "/fulfillmentOrders$"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def simulator(clock: VirtualClock) -> McfSimulator:
    made = McfSimulator(clock)
    made.add_order(ORDER, lines=LINES)
    return made


@pytest.fixture
def harness(simulator: McfSimulator) -> Iterator[SimulatedHarness]:
    with open_simulated_harness("amazon-mcf", simulator) as made:
        yield made


@pytest.fixture
def canceled(harness: SimulatedHarness) -> Desk:
    """A desk whose order is canceled."""
    harness.cancel()
    assert harness.follow_up().state is State.CANCELED
    return harness.desk


def created(simulator: McfSimulator) -> list[str | None]:
    return [
        record.remote_id
        for record in simulator.log
        if record.operation == "createFulfillmentOrder" and record.effect.startswith("created")
    ]


def copies(desk: Desk) -> tuple[str, ...]:
    assert isinstance(desk.order_store, SqliteOrderStore)
    return desk.order_store.duplicates_of(desk.order_store.get_order(ORDER).id)


def refused(harness: SimulatedHarness, simulator: McfSimulator, because: str) -> None:
    """Nothing may come of a resubmission now: no order at Amazon, no duplicate in the host, nothing in the ledger."""
    with pytest.raises(InvalidStateError, match=because):
        harness.resubmit()
    assert created(simulator) == []
    assert copies(harness.desk) == ()
    assert harness.desk.ledger.cases(ResubmitCase) == ()


def test_a_canceled_order_goes_out_again_under_a_new_number(canceled: Desk, simulator: McfSimulator) -> None:
    made = canceled.resubmissions.create(ORDER, by="Ann")
    assert (made.state, made.order_number, made.requested_by) == (State.DONE, "1042-1", "Ann")
    assert created(simulator) == ["1042-1"]
    assert [
        remote_order.remote_id
        for remote_order in canceled.order_store.remote_orders(canceled.order_store.get_order(made.order_number).id)
    ] == ["1042-1"]
    assert copies(canceled) == (canceled.order_store.get_order(made.order_number).id,)
    assert canceled.cancellations.receipt(ORDER).resubmissions == (made,)


def test_what_went_out_again_can_be_canceled_too(canceled: Desk, clock: VirtualClock, simulator: McfSimulator) -> None:
    canceled.resubmissions.create(ORDER, by="Ann")
    clock.advance(hours(0.1))
    (case,) = canceled.cancel("1042-1", by="Ann").cases
    clock.advance(hours(0.1))
    canceled.run_due()
    assert canceled.cancellations.get_case(case.id).state is State.CANCELED
    assert simulator.actual_status("1042-1") == "Cancelled"


def test_asking_twice_continues_the_same(canceled: Desk, simulator: McfSimulator) -> None:
    first = canceled.resubmissions.create(ORDER, by="Ann")
    assert canceled.resubmissions.create(ORDER, by="Bob") == first
    assert created(simulator) == ["1042-1"]


def test_not_before_it_was_canceled(harness: SimulatedHarness, simulator: McfSimulator) -> None:
    refused(harness, simulator, "the order has not been canceled")


def test_not_while_the_original_is_unsettled(harness: SimulatedHarness, simulator: McfSimulator) -> None:
    assert harness.cancel().state is State.ACKNOWLEDGED
    refused(harness, simulator, r"not settled at amazon-mcf \(acknowledged\)")


def test_not_while_nobody_knows_what_the_cancel_did(harness: SimulatedHarness, simulator: McfSimulator) -> None:
    simulator.faults.add(Fault.LOST_RESPONSE, method="PUT", path="/cancel$")
    assert harness.cancel().state is State.UNKNOWN
    refused(harness, simulator, r"not settled at amazon-mcf \(unknown\)")


def test_not_when_the_original_goes_on(harness: SimulatedHarness, simulator: McfSimulator) -> None:
    harness.desk.cases.reject(harness.cancel().id, by="Ann")
    refused(harness, simulator, r"still active at amazon-mcf \(rejected\)")


def test_not_when_the_original_shipped_anyway(
    harness: SimulatedHarness, simulator: McfSimulator, clock: VirtualClock
) -> None:
    simulator.set_option("cancel_fate", "ignored")
    case = harness.desk.cases.confirm(harness.cancel().id, by="Ann")
    clock.advance(hours(7))
    assert harness.desk.cases.poll(case.id).state is State.SHIPPED_ANYWAY
    refused(harness, simulator, r"still active at amazon-mcf \(shipped anyway\)")


def test_not_when_the_wish_was_withdrawn(harness: SimulatedHarness, simulator: McfSimulator) -> None:
    (case,) = harness.desk.cancel(ORDER, by="Ann", send_now=False).cases
    harness.desk.cases.withdraw(case.id, by="Ann")
    refused(harness, simulator, r"still active at amazon-mcf \(withdrawn\)")


@pytest.mark.slow
def test_not_when_a_part_of_it_ships(harness: SimulatedHarness, simulator: McfSimulator) -> None:
    simulator.set_option("cancel_fate", "partly")
    harness.cancel()
    assert harness.follow_up().state is State.PARTIALLY_CANCELED
    refused(harness, simulator, r"still active at amazon-mcf \(partially canceled\)")


def test_a_lost_reply_makes_exactly_one_order(canceled: Desk, simulator: McfSimulator, clock: VirtualClock) -> None:
    simulator.faults.add(Fault.LOST_RESPONSE, method="POST", path=CREATE)
    made = canceled.resubmissions.create(ORDER, by="Ann")
    assert made.state is State.UNKNOWN
    assert canceled.order_store.remote_orders(canceled.order_store.get_order(made.order_number).id) == ()
    clock.advance(seconds(60))
    canceled.run_due()
    assert canceled.resubmissions.create(ORDER, by="Ann").state is State.DONE
    assert [
        remote_order.remote_id
        for remote_order in canceled.order_store.remote_orders(canceled.order_store.get_order(made.order_number).id)
    ] == ["1042-1"]
    assert created(simulator) == ["1042-1"]
    assert copies(canceled) == (canceled.order_store.get_order(made.order_number).id,)


def test_a_request_that_never_arrived_is_made_again(
    canceled: Desk, simulator: McfSimulator, clock: VirtualClock
) -> None:
    simulator.faults.add(Fault.RESET_BEFORE, method="POST", path=CREATE)
    assert canceled.resubmissions.create(ORDER, by="Ann").state is State.UNKNOWN
    assert created(simulator) == []
    clock.advance(seconds(60))
    canceled.run_due()
    assert canceled.resubmissions.create(ORDER, by="Ann").state is State.DONE
    assert created(simulator) == ["1042-1"]


def test_the_number_can_be_chosen(canceled: Desk, simulator: McfSimulator) -> None:
    assert canceled.resubmissions.create(ORDER, by="Ann", number="1042-B").remote_id == "1042-B"
    assert created(simulator) == ["1042-B"]


def test_a_number_that_amazon_mangles_leaves_no_duplicate_behind(canceled: Desk, simulator: McfSimulator) -> None:
    with pytest.raises(ValidationError, match=r"turns \+ into a space"):
        canceled.resubmissions.create(ORDER, by="Ann", number="10+42")
    assert copies(canceled) == ()
    assert created(simulator) == []


def test_the_canceled_order_s_own_number_is_refused_and_not_found_as_an_earlier_try(
    canceled: Desk, simulator: McfSimulator
) -> None:
    with pytest.raises(ValidationError, match="wants a new one"):
        canceled.resubmissions.create(ORDER, by="Ann", number=ORDER)
    assert (copies(canceled), created(simulator)) == ((), [])
    assert canceled.resubmissions.create(ORDER, by="Ann").remote_id == "1042-1"


def test_a_number_that_the_service_has_used_is_refused_by_it(canceled: Desk, simulator: McfSimulator) -> None:
    simulator.add_order("1042-B", lines=[("SOCKS", 1)])
    made = canceled.resubmissions.create(ORDER, by="Ann", number="1042-B")
    assert (made.state, made.due_at) == (State.REJECTED, None)
    assert "has an order under this number" in str(made.message)
    assert created(simulator) == []


def test_after_a_refusal_another_number_may_be_tried(canceled: Desk, simulator: McfSimulator) -> None:
    simulator.add_order("1042-1", lines=[("SOCKS", 1)])
    assert canceled.resubmissions.create(ORDER, by="Ann").state is State.REJECTED
    second = canceled.resubmissions.create(ORDER, by="Ann")
    assert (second.state, second.order_number) == (State.DONE, "1042-2")
    assert created(simulator) == ["1042-2"]


def test_what_has_not_gone_out_yet_does_not_once_the_original_ships_after_all(
    canceled: Desk, simulator: McfSimulator, clock: VirtualClock
) -> None:
    for _ in range(2):  # The new token is refused too: provably nothing was done.
        simulator.faults.add(Fault.EXPIRED_TOKEN, method="POST", path=CREATE)
    made = canceled.resubmissions.create(ORDER, by="Ann")
    assert made.state is State.PENDING
    canceled.notifications.report_shipped(ORDER, by="the carrier")
    clock.advance(hours(1))
    canceled.run_due()
    (after,) = canceled.cancellations.receipt(ORDER).resubmissions
    assert (after.state, after.message) == (
        State.REJECTED,
        "the original is still active at amazon-mcf (shipped anyway)",
    )
    assert created(simulator) == []


def test_what_may_have_gone_out_stays_open_and_is_not_made_once_the_original_ships_after_all(
    canceled: Desk, simulator: McfSimulator, clock: VirtualClock
) -> None:
    simulator.faults.add(Fault.RESET_BEFORE, method="POST", path=CREATE)
    assert canceled.resubmissions.create(ORDER, by="Ann").state is State.UNKNOWN
    canceled.notifications.report_shipped(ORDER, by="the carrier")
    clock.advance(hours(1))
    canceled.run_due()
    (after,) = canceled.cancellations.receipt(ORDER).resubmissions
    assert (after.state, after.is_open) == (State.ACTION_REQUIRED, True)
    assert "the original is still active at amazon-mcf (shipped anyway)" in str(after.message)
    assert created(simulator) == []
