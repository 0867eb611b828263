"""A status at a cart: read before it is set, set once, and never taken for set unless the cart says so."""

from __future__ import annotations

import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.ledger import Write
from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConflictError, InputError, NotAllowedError
from tests.support.fake_services import Village, VillageOpener

HOLD = {
    "name": "Held there, held here",
    "event": "order moved",
    "when": "folder == 'Prepared'",
    "do": ["Hold Order at Cart"],
}


def change_of(desk: Desk) -> StatusChange:
    (found,) = desk.receipt("1042").status_changes
    return found


def follow(desk: Desk, clock: VirtualClock) -> StatusChange:
    for _ in range(20):
        found = change_of(desk)
        if found.due_at is None:
            return found
        clock.advance(max(found.due_at - clock.now(), minutes(0)))
        desk.run_due()
    raise AssertionError(f"it is {change_of(desk).state.value} for ever")


def test_a_status_is_set_once_the_cart_was_read(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["cart", "mill"])
    made = desk.change_status("1042", "held", by="Ann")
    assert (made.is_settled, change_of(desk).state, change_of(desk).asked_by) == (True, ErrandState.DONE, "Ann")
    assert village.writes == ["cart held 1042"], "the mill is no cart"
    (placement,) = [one for one in desk.host.placements(desk.host.order("1042").id) if one.connection == "cart"]
    assert placement.status == "held"


def test_what_is_set_already_is_not_set_again(village_desk: VillageOpener, village: Village) -> None:
    village.status["cart", "1042"] = "held"
    desk = village_desk(at=["cart"])
    assert desk.change_status("1042", "held", by="Ann").is_settled
    assert village.writes == []


def test_a_lost_reply_is_read_and_the_status_set_only_once(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    village.deaf.add("cart")
    desk = village_desk(at=["cart"])
    assert not desk.change_status("1042", "held", by="Ann").is_settled
    assert change_of(desk).state is ErrandState.UNCLEAR
    assert follow(desk, clock).state is ErrandState.DONE
    assert village.writes == ["cart held 1042"]


def test_a_cart_that_is_down_is_asked_again_later(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    village.down.add("cart")
    desk = village_desk(at=["cart"])
    desk.change_status("1042", "held", by="Ann")
    assert (change_of(desk).state, change_of(desk).due_at is not None) == (ErrandState.REQUESTED, True)
    village.down.clear()
    assert follow(desk, clock).state is ErrandState.DONE


def test_a_death_after_the_request_sets_it_no_second_time(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(at=["cart"])
    write = desk.ledger.write

    def dying(*changes: Write) -> None:
        if any(isinstance(change.after, StatusChange) and not change.after.is_open for change in changes):
            raise SystemExit("killed")
        write(*changes)

    desk.ledger.write = dying  # type: ignore[method-assign]  # the process "dies" at the last commit
    desk.change_status("1042", "held", by="Ann")
    again = village_desk()
    assert change_of(again).state is ErrandState.SENDING
    assert follow(again, clock).state is ErrandState.DONE
    assert village.writes == ["cart held 1042"]


def test_a_cart_that_refuses_is_told_with_its_words(village_desk: VillageOpener, village: Village) -> None:
    village.status["cart", "1042"] = "canceled"
    desk = village_desk(at=["cart"])
    desk.change_status("1042", "held", by="Ann")
    assert (change_of(desk).state, change_of(desk).text) == (ErrandState.REFUSED, "it is canceled")
    assert village.writes == []


@pytest.mark.parametrize("status", ["archived", "Held", ""])
def test_a_status_that_the_cart_has_not_is_refused_with_those_that_it_has(
    village_desk: VillageOpener, village: Village, status: str
) -> None:
    desk = village_desk(at=["cart"])
    with pytest.raises(InputError) as refused:
        desk.change_status("1042", status, by="Ann")
    assert refused.value.remedy == "it can set: canceled, held, packed"
    assert (village.writes, desk.receipt("1042").status_changes) == ([], ())


def test_an_order_at_no_cart_has_no_status(village_desk: VillageOpener) -> None:
    with pytest.raises(NotAllowedError, match="at no cart"):
        village_desk(at=["mill"]).change_status("1042", "held", by="Ann")


def test_a_reason_belongs_to_canceling(village_desk: VillageOpener) -> None:
    with pytest.raises(InputError, match="canceling only"):
        village_desk(at=["cart"]).change_status("1042", "held", by="Ann", reason="customer asked")


def test_the_same_status_again_is_the_same_wish_and_another_has_to_wait(
    village_desk: VillageOpener, village: Village
) -> None:
    village.down.add("cart")
    desk = village_desk(at=["cart"])
    desk.change_status("1042", "held", by="Ann")
    desk.change_status("1042", "held", by="Ben")
    assert change_of(desk).asked_by == "Ann"
    with pytest.raises(ConflictError, match="being set to 'held'"):
        desk.change_status("1042", "packed", by="Ben")


def test_canceled_is_a_cancellation_and_the_cart_is_not_told_first(
    village_desk: VillageOpener, village: Village
) -> None:
    desk = village_desk(at=["cart", "mill"])
    made = desk.change_status("1042", "canceled", by="Ann")
    assert made.canceled is not None
    (case,) = made.canceled.cases
    assert (case.connection, case.state, made.changes) == ("cart", State.WITHDRAWN, ())
    assert "no cancellation was requested at mill" in (case.text or "")
    assert village.writes == []


def test_a_rule_sets_a_status_once(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["cart"], rules=[HOLD])
    desk.move("1042", "Prepared", by="Ann")
    desk.run_due()
    assert village.writes == ["cart held 1042"]
    assert (change_of(desk).asked_by, change_of(desk).chain) == (
        "rule Held there, held here",
        ("Held there, held here",),
    )
    (_, firing) = desk.ledger.firings(desk.host.order("1042").id)[0]
    assert (firing.action, firing.text) == ("Hold Order at Cart", "cart done")
