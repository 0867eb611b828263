"""One wish and many places: the cart last, places that come later reached, who follows whom said by rules, no echo."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InputError, NotAllowedError, UnderWayError
from orderdesk_sdk.orders.order import Placement
from orderdesk_sdk.plugin.webhooks import HintKind
from tests.support.fake_services import Cart, Phone, Village, VillageOpener, note

FOLLOW = {
    "name": "The mill and the phone follow the cart",
    "event": "canceled elsewhere",
    "when": "connection == 'cart'",
    "do": [{"action": "Cancel Order", "at": ["mill", "phone"], "reason": "canceled at the cart"}],
}
FILE = {
    "name": "What is canceled is filed",
    "event": "order canceled",
    "do": [{"action": "Move Order to Folder", "folder": "Canceled"}],
}


def states(desk: Desk, order: str = "1042") -> Mapping[str, State]:
    return {case.connection: case.state for case in desk.cases(order=order)}


def case_at(desk: Desk, connection: str) -> Case:
    return [case for case in desk.cases() if case.connection == connection][-1]


def later(desk: Desk, clock: VirtualClock, minutes_: int = 6) -> None:
    for _ in range(minutes_):
        clock.advance(minutes(1))
        desk.run_due()


# Law 8


def test_the_cart_is_told_last(village_desk: VillageOpener, village: Village, clock: VirtualClock) -> None:
    desk = village_desk(at=["cart", "mill", "phone"])
    desk.cancel("1042", by="Ann")
    later(desk, clock)
    assert village.writes == ["mill cancel 1042"]
    desk.confirm(case_at(desk, "phone").id, by="Ben")
    later(desk, clock)
    assert (village.writes[1:], states(desk)["cart"]) == (["cart cancel 1042"], State.CANCELED)


def test_a_person_cannot_have_the_cart_told_first_either(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["cart", "phone"])
    desk.cancel("1042", by="Ann")
    with pytest.raises(NotAllowedError, match="a cart is told last"):
        desk.send_again(case_at(desk, "cart").id, by="Ben")
    assert village.writes == []


def test_a_cart_whose_plugin_is_broken_waits_for_the_others_before_a_person_gets_it(
    village_desk: VillageOpener,
) -> None:
    village_desk(at=["cart", "phone"])

    class Broken(Cart):
        orderdesk_integration = None  # type: ignore[assignment]  # as broken as can be

    desk = village_desk(Broken(), Phone())
    desk.cancel("1042", by="Ann")
    assert states(desk) == {"phone": State.AWAITING_PERSON, "cart": State.REQUESTED}
    assert case_at(desk, "cart").text == "waits for the fulfillment services"


def test_a_part_that_is_canceled_at_a_service_is_no_leave_to_cancel_the_cart(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(at=["cart", "phone"])
    desk.cancel("1042", by="Ann", at=["phone"], lines={"MUG": 1})
    desk.confirm(case_at(desk, "phone").id, by="Ben")
    desk.cancel("1042", by="Ann", at=["cart"])
    assert (states(desk)["cart"], village.writes) == (State.WITHDRAWN, [])
    assert "only a part was canceled at phone" in str(case_at(desk, "cart").text)


# Places that come later


def test_a_place_that_the_order_is_submitted_to_meanwhile_is_reached(
    village_desk: VillageOpener, village: Village
) -> None:
    desk = village_desk(at=["phone"])
    desk.cancel("1042", by="Ann", reason="customer asked")
    desk.place("1042", at="mill", by="the shop")
    assert (states(desk)["mill"], village.writes) == (State.ASKED, ["mill cancel 1042"])
    (_, extended) = desk.receipt("1042").wishes
    assert (extended.cancellation.asked_by, extended.cancellation.reason) == ("Ann", "customer asked")


def test_the_cart_waits_for_a_place_that_came_later(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(at=["cart", "mill"])
    desk.cancel("1042", by="Ann")
    desk.place("1042", at="phone", by="the shop")
    later(desk, clock)
    assert (states(desk)["mill"], "cart cancel 1042" in village.writes) == (State.CANCELED, False)


def test_a_crash_before_the_host_has_the_new_place_loses_no_wish(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(at=["phone"])
    desk.cancel("1042", by="Ann")

    def killed(ref: str, placement: Placement, *, by: str) -> None:
        raise SystemExit(f"killed before {placement.connection} was there for {ref} by {by}")

    desk.host.place = killed  # type: ignore[method-assign]  # the process "dies" here
    with pytest.raises(SystemExit):
        desk.place("1042", at="mill", by="the shop")
    again = village_desk()
    again.run_due()
    assert village.writes == [], "nothing is asked of a place that the host does not know"
    again.place("1042", at="mill", by="the shop")
    assert (village.writes, states(again)["mill"]) == (["mill cancel 1042"], State.ASKED)


def test_a_crash_after_the_host_has_the_new_place_loses_no_wish(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["phone"])
    desk.cancel("1042", by="Ann")
    real = desk.host.place

    def killed(ref: str, placement: Placement, *, by: str) -> None:
        real(ref, placement, by=by)
        raise SystemExit("killed")

    desk.host.place = killed  # type: ignore[method-assign]  # the process "dies" here
    with pytest.raises(SystemExit):
        desk.place("1042", at="mill", by="the shop")
    again = village_desk()
    again.run_due()
    assert (village.writes, states(again)["mill"]) == (["mill cancel 1042"], State.ASKED)


def test_a_place_that_the_host_refuses_is_not_asked(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["phone"])
    other = desk.host.duplicate("1042", by="Ann")
    desk.place(other.number, at="mill", by="Ann", remote_id="77")
    desk.cancel("1042", by="Ann")
    with pytest.raises(InputError, match="belongs to"):
        desk.place("1042", at="mill", by="Ann", remote_id="77")
    assert (states(desk)["mill"], village.writes) == (State.WITHDRAWN, [])


def test_a_wish_for_one_place_does_not_follow_the_order_to_another(
    village_desk: VillageOpener, village: Village
) -> None:
    desk = village_desk(at=["phone"])
    desk.cancel("1042", by="Ann", at=["phone"])
    desk.place("1042", at="mill", by="the shop")
    assert (set(states(desk)), village.writes) == ({"phone"}, [])


def test_a_wish_for_a_part_does_not_follow_either(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["phone"])
    desk.cancel("1042", by="Ann", lines={"MUG": 1})
    desk.place("1042", at="mill", by="the shop")
    assert village.writes == []


def test_to_register_a_place_again_asks_nothing_again(village_desk: VillageOpener, village: Village) -> None:
    village.fates["mill"] = "late"
    desk = village_desk(at=["mill", "phone"])
    desk.cancel("1042", by="Ann")
    desk.refuse(case_at(desk, "mill").id, by="Ben")
    placement = next(known for known in desk.host.placements("id-1042") if known.connection == "mill")
    desk.place("1042", at="mill", by="the shop", submitted_at=placement.submitted_at)
    assert (len(desk.cases()), village.writes) == (2, ["mill cancel 1042"])


def test_what_was_taken_back_does_not_follow(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["cart", "mill"])
    desk.cancel("1042", by="Ann")
    desk.take_back("1042", by="Ann")
    desk.place("1042", at="phone", by="the shop")
    assert "phone" not in states(desk)


# Hosts that submit


@pytest.mark.parametrize("settle", [None, "confirm"])
def test_a_host_is_told_not_to_submit_what_is_canceled_or_being_so(
    village_desk: VillageOpener, settle: str | None
) -> None:
    desk = village_desk(at=["phone"])
    desk.check_submittable("1042")
    desk.cancel("1042", by="Ann")
    if settle is not None:
        desk.confirm(case_at(desk, "phone").id, by="Ben")
    with pytest.raises(NotAllowedError, match="phone"):
        desk.check_submittable("1042")


def test_an_order_whose_cancel_was_refused_may_go_on(village_desk: VillageOpener) -> None:
    desk = village_desk(at=["phone"])
    desk.cancel("1042", by="Ann")
    desk.refuse(case_at(desk, "phone").id, by="Ben")
    desk.check_submittable("1042")


def test_a_duplicate_that_is_being_submitted_can_be_canceled_a_moment_later(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(at=["mill"])
    desk.cancel("1042", by="Ann")
    later(desk, clock)
    village.deaf.add("mill")
    made = desk.resubmit("1042", by="Ann")
    assert made.is_open
    with pytest.raises(UnderWayError, match="being submitted to mill right now"):
        desk.cancel(made.order_number, by="Ann")
    village.deaf.clear()
    later(desk, clock)
    assert desk.cancel(made.order_number, by="Ann").cases[0].state is State.ASKED
    assert village.writes.count("mill make 1042-1") == 1


# Taking back


def test_what_has_sent_nothing_is_taken_back_and_what_was_asked_goes_on(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(at=["cart", "mill", "phone"])
    desk.cancel("1042", by="Ann")
    after = {case.connection: case.state for case in desk.take_back("1042", by="Ben", note="she wants it after all")}
    assert after == {"mill": State.ASKED, "phone": State.WITHDRAWN, "cart": State.WITHDRAWN}
    later(desk, clock)
    assert (states(desk)["mill"], "cart cancel 1042" in village.writes) == (State.CANCELED, False)
    steps = [step.text for step in desk.receipt("1042").wishes[0].cases[0].steps]
    assert any("she wants it after all; but it was asked for already" in str(text) for text in steps)


def test_what_is_sent_while_it_is_taken_back_goes_on(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["mill", "phone"])
    desk.cancel("1042", by="Ann", send=False)
    real = desk.ledger.cases

    def slow(**narrowed: object) -> tuple[Case, ...]:
        found = real(**narrowed)  # type: ignore[arg-type]  # whatever it was called with
        desk.ledger.cases = real  # type: ignore[method-assign]  # only once
        desk.run_due()
        return found

    desk.ledger.cases = slow  # type: ignore[method-assign]  # somebody is faster between read and write
    desk.take_back("1042", by="Ben")
    assert states(desk) == {"mill": State.ASKED, "phone": State.WITHDRAWN}


def test_what_was_heard_of_a_service_is_nobody_s_to_take_back(village_desk: VillageOpener) -> None:
    desk = village_desk(at=["phone"])
    desk.receive("phone", note("1042", HintKind.CANCELED))
    assert desk.take_back("1042", by="Ann") == ()
    assert states(desk) == {"phone": State.AWAITING_PERSON}


# Who follows whom


def test_what_the_cart_canceled_is_canceled_at_those_that_a_rule_names_and_not_sent_back(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(at=["cart", "mill", "phone"], rules=[FOLLOW, FILE])
    village.status["cart", "1042"] = "canceled"
    desk.receive("cart", note("1042", HintKind.CANCELED))
    assert states(desk) == {"cart": State.CANCELED, "mill": State.ASKED, "phone": State.AWAITING_PERSON}
    desk.receive("cart", note("1042", HintKind.CANCELED))
    later(desk, clock)
    assert desk.host.folder("1042") == "New", "the phone still holds it"
    desk.confirm(case_at(desk, "phone").id, by="Ben")
    later(desk, clock)
    assert (village.writes, desk.host.folder("1042")) == (["mill cancel 1042"], "Canceled")
    assert desk.receipt("1042").is_canceled


def test_without_a_rule_nobody_follows(village_desk: VillageOpener, village: Village, clock: VirtualClock) -> None:
    desk = village_desk(at=["cart", "mill"], rules=[FILE])
    village.status["cart", "1042"] = "canceled"
    desk.receive("cart", note("1042", HintKind.CANCELED))
    later(desk, clock)
    assert (set(states(desk)), village.writes, desk.host.folder("1042")) == ({"cart"}, [], "New")


def test_a_rule_for_one_direction_does_not_work_in_the_other(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["cart", "mill"], rules=[FOLLOW])
    village.status["mill", "1042"] = "canceled"
    desk.receive("mill", note("1042", HintKind.CANCELED))
    assert (states(desk), village.writes) == ({"mill": State.CANCELED}, [])


def test_a_rule_reaches_those_of_its_places_that_hold_the_order(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["cart", "mill"], rules=[FOLLOW])
    village.status["cart", "1042"] = "canceled"
    desk.receive("cart", note("1042", HintKind.CANCELED))
    assert village.writes == ["mill cancel 1042"]


def test_what_a_person_confirms_was_canceled_elsewhere_just_the_same(
    village_desk: VillageOpener, village: Village
) -> None:
    rule = {**FOLLOW, "when": "connection == 'phone'"}
    desk = village_desk(at=["phone", "mill"], rules=[rule])
    desk.receive("phone", note("1042", HintKind.CANCELED))
    assert village.writes == []
    desk.confirm(case_at(desk, "phone").id, by="Ben")
    assert village.writes == ["mill cancel 1042"]


def test_what_the_service_denies_is_followed_by_nobody(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["cart", "mill"], rules=[FOLLOW])
    village.status["cart", "1042"] = "shipped"
    desk.receive("cart", note("1042", HintKind.CANCELED))
    assert (states(desk), village.writes) == ({"cart": State.WITHDRAWN}, [])


def test_an_order_is_canceled_once_however_many_places_held_it(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(at=["cart", "mill", "phone"], rules=[FILE])
    desk.cancel("1042", by="Ann")
    desk.confirm(case_at(desk, "phone").id, by="Ben")
    later(desk, clock, 10)
    assert set(states(desk).values()) == {State.CANCELED}
    assert [firing.rule for _, firing in desk.ledger.firings("id-1042")] == [FILE["name"]]


def test_a_part_that_is_canceled_does_not_make_the_order_canceled(village_desk: VillageOpener) -> None:
    desk = village_desk(at=["phone"], rules=[FILE])
    desk.cancel("1042", by="Ann", lines={"MUG": 1})
    desk.confirm(case_at(desk, "phone").id, by="Ben")
    desk.run_due()
    assert (states(desk)["phone"], desk.host.folder("1042")) == (State.CANCELED, "New")


def test_a_follower_s_wish_survives_a_crash_and_is_made_once(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["cart", "mill"], rules=[FOLLOW])
    village.status["cart", "1042"] = "canceled"

    def killed(*_: object) -> bool:
        raise SystemExit("killed")

    desk.ledger.handled = killed  # type: ignore[method-assign, assignment]  # the process "dies" when the rule has done its work
    with pytest.raises(SystemExit):
        desk.receive("cart", note("1042", HintKind.CANCELED))
    again = village_desk(rules=[FOLLOW])
    again.run_due()
    again.run_due()
    assert village.writes == ["mill cancel 1042"]
    assert [firing.rule for _, firing in again.ledger.firings("id-1042")] == [FOLLOW["name"]]


def test_rules_that_would_follow_each_other_end(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    back = {**FOLLOW, "name": "The cart follows the mill", "when": "connection == 'mill'"}
    back["do"] = [{"action": "Cancel Order", "at": ["cart"]}]
    desk = village_desk(at=["cart", "mill"], rules=[FOLLOW, back])
    village.status["cart", "1042"] = village.status["mill", "1042"] = "canceled"
    desk.receive("cart", note("1042", HintKind.CANCELED))
    desk.receive("mill", note("1042", HintKind.CANCELED))
    later(desk, clock)
    assert states(desk) == {"cart": State.CANCELED, "mill": State.CANCELED}
    assert village.writes == ["mill cancel 1042"]
