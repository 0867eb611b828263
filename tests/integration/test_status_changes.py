"""A status at a cart: read before it is set, set once, and never taken for set unless the cart says so."""

from __future__ import annotations

import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConflictError, InvalidStateError, ValidationError
from tests.support.fake_services import FakeDeskOpener, FakeServices

HOLD = {
    "name": "Held there, held here",
    "event": "order moved",
    "when": "folder == 'Prepared'",
    "do": ["Hold Order at Cart"],
}


def change_of(desk: Desk) -> StatusCase:
    (found,) = desk.cancellations.receipt("1042").status_changes
    return found


def follow(desk: Desk, clock: VirtualClock) -> StatusCase:
    for _ in range(20):
        found = change_of(desk)
        if found.due_at is None:
            return found
        clock.advance(max(found.due_at - clock.now(), minutes(0)))
        desk.run_due()
    raise AssertionError(f"it is {change_of(desk).state.value} for ever")


def test_a_status_is_set_once_the_cart_was_read(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["cart", "mill"])
    made = desk.status_changes.create("1042", "held", by="Ann")
    assert (made.is_settled, change_of(desk).state, change_of(desk).requested_by) == (True, State.DONE, "Ann")
    assert fake_services.writes == ["cart held 1042"], "the mill is no cart"
    (remote_order,) = [
        one for one in desk.order_store.remote_orders(desk.order_store.get_order("1042").id) if one.connection == "cart"
    ]
    assert remote_order.status == "held"


def test_what_is_set_already_is_not_set_again(fake_services_desk: FakeDeskOpener, fake_services: FakeServices) -> None:
    fake_services.status["cart", "1042"] = "held"
    desk = fake_services_desk(at=["cart"])
    assert desk.status_changes.create("1042", "held", by="Ann").is_settled
    assert fake_services.writes == []


def test_a_lost_reply_is_read_and_the_status_set_only_once(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    fake_services.silent.add("cart")
    desk = fake_services_desk(at=["cart"])
    assert not desk.status_changes.create("1042", "held", by="Ann").is_settled
    assert change_of(desk).state is State.UNKNOWN
    assert follow(desk, clock).state is State.DONE
    assert fake_services.writes == ["cart held 1042"]


def test_a_cart_that_is_down_is_asked_again_later(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    fake_services.down.add("cart")
    desk = fake_services_desk(at=["cart"])
    desk.status_changes.create("1042", "held", by="Ann")
    assert (change_of(desk).state, change_of(desk).due_at is not None) == (State.PENDING, True)
    fake_services.down.clear()
    assert follow(desk, clock).state is State.DONE


def test_a_death_after_the_request_sets_it_no_second_time(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart"])
    write = desk.ledger.write

    def dying(*changes: CaseUpdate) -> None:
        if any(isinstance(change.after, StatusCase) and not change.after.is_open for change in changes):
            raise SystemExit("killed")
        write(*changes)

    desk.ledger.write = dying  # type: ignore[method-assign]  # the process "dies" at the last commit
    desk.status_changes.create("1042", "held", by="Ann")
    again = fake_services_desk()
    assert change_of(again).state is State.SENDING
    assert follow(again, clock).state is State.DONE
    assert fake_services.writes == ["cart held 1042"]


def test_a_cart_that_refuses_is_told_with_its_words(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    fake_services.status["cart", "1042"] = "canceled"
    desk = fake_services_desk(at=["cart"])
    desk.status_changes.create("1042", "held", by="Ann")
    assert (change_of(desk).state, change_of(desk).message) == (State.REJECTED, "it is canceled")
    assert fake_services.writes == []


@pytest.mark.parametrize("status", ["archived", "Held", ""])
def test_a_status_that_the_cart_has_not_is_refused_with_those_that_it_has(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, status: str
) -> None:
    desk = fake_services_desk(at=["cart"])
    with pytest.raises(ValidationError) as refused:
        desk.status_changes.create("1042", status, by="Ann")
    assert refused.value.hint == "the integration can set: canceled, held, packed"
    assert (fake_services.writes, desk.cancellations.receipt("1042").status_changes) == ([], ())


def test_an_order_at_no_cart_has_no_status(fake_services_desk: FakeDeskOpener) -> None:
    with pytest.raises(InvalidStateError, match="at no cart"):
        fake_services_desk(at=["mill"]).status_changes.create("1042", "held", by="Ann")


def test_a_reason_belongs_to_canceling(fake_services_desk: FakeDeskOpener) -> None:
    with pytest.raises(ValidationError, match="canceling only"):
        fake_services_desk(at=["cart"]).status_changes.create("1042", "held", by="Ann", reason="customer asked")


def test_the_same_status_again_is_the_same_wish_and_another_has_to_wait(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    fake_services.down.add("cart")
    desk = fake_services_desk(at=["cart"])
    desk.status_changes.create("1042", "held", by="Ann")
    desk.status_changes.create("1042", "held", by="Ben")
    assert change_of(desk).requested_by == "Ann"
    with pytest.raises(ConflictError, match="being set to 'held'"):
        desk.status_changes.create("1042", "packed", by="Ben")


def test_canceled_is_a_cancellation_and_the_cart_is_not_told_first(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["cart", "mill"])
    made = desk.status_changes.create("1042", "canceled", by="Ann")
    assert made.cancellation is not None
    (case,) = made.cancellation.cases
    assert (case.connection, case.state, made.changes) == ("cart", State.WITHDRAWN, ())
    assert "no cancellation was requested at mill" in (case.message or "")
    assert fake_services.writes == []


def test_a_rule_sets_a_status_once(fake_services_desk: FakeDeskOpener, fake_services: FakeServices) -> None:
    desk = fake_services_desk(at=["cart"], rules=[HOLD])
    desk.orders.move("1042", "Prepared", by="Ann")
    desk.run_due()
    assert fake_services.writes == ["cart held 1042"]
    assert (change_of(desk).requested_by, change_of(desk).caused_by_rules) == (
        "rule Held there, held here",
        ("Held there, held here",),
    )
    (_, execution) = desk.ledger.rule_executions(desk.order_store.get_order("1042").id)[0]
    assert (execution.action, execution.message) == ("Hold Order at Cart", "cart done")
