"""What services let us know by themselves: read back, never believed, never echoed, and never lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.cases.state_machine import IllegalTransition
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InputError, LedgerError, NotAllowedError, PluginFault, UntrustedMessage
from orderdesk_sdk.orders.order import Placement, Shipment
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.requests import CheckRequest
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import MalformedReply
from orderdesk_sdk.plugin.webhooks import Hint, HintKind, Message
from tests.support.fake_services import KEY, Cart, Mill, TownSettings, Village, VillageOpener, note

CANCELED, SHIPPED, CHANGED = HintKind.CANCELED, HintKind.SHIPPED, HintKind.CHANGED


def only(cases: Sequence[Case]) -> Case:
    (case,) = cases
    return case


# Trust


def test_a_message_without_the_agreed_key_changes_nothing(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["cart"])
    village.status["cart", "1042"] = "canceled"
    with pytest.raises(UntrustedMessage):
        desk.receive("cart", note("1042", CANCELED, key="guessed"))
    assert desk.cases() == ()


def test_a_message_that_cannot_be_read_is_refused_as_such(village_desk: VillageOpener) -> None:
    with pytest.raises(MalformedReply):
        village_desk(at=["cart"]).receive("cart", Message({"x-key": KEY}, b"<html>"))


def test_an_integration_that_takes_no_messages_says_so(village_desk: VillageOpener) -> None:
    class Deaf(Cart):
        orderdesk_receive = None  # type: ignore[assignment]  # not implemented

    with pytest.raises(NotAllowedError, match="takes no messages"):
        village_desk(Deaf()).receive("cart", note("1042", CANCELED))


class Says(Cart):
    """A cart whose plugin does what a test gives it, in place of reading a message."""

    def __init__(self, said: object) -> None:
        self.said = said

    @hookimpl
    def orderdesk_receive(self, message: Message, service: Service[TownSettings]) -> Sequence[Hint]:
        if isinstance(self.said, BaseException):
            raise self.said
        return self.said  # type: ignore[return-value]  # junk is what is tested


@pytest.mark.parametrize(
    "said",
    [
        None,
        "1042",
        [("1042", "canceled")],
        ValueError("x"),
        SystemExit(2),
        [Hint("1042", CANCELED)] + [Hint(str(number), CANCELED) for number in range(1001)],
    ],
    ids=["nothing", "a text", "tuples", "error", "exit", "a flood"],
)
def test_a_plugin_that_fails_on_a_message_is_told_as_its_fault(village_desk: VillageOpener, said: object) -> None:
    desk = village_desk(Says(said))
    with pytest.raises(PluginFault):
        desk.receive("cart", note("1042", CANCELED))
    assert desk.cases() == ()


def test_an_order_that_nobody_knows_is_told_and_keeps_no_other_from_being_heard(
    village_desk: VillageOpener, village: Village
) -> None:
    desk = village_desk(Says([Hint("9999", CANCELED), Hint("1042", CANCELED)]), at=["cart"])
    village.status["cart", "1042"] = "canceled"
    foreign, ours = desk.receive("cart", note("1042", CANCELED))
    assert (foreign.order_number, foreign.case) == (None, None)
    assert ours.case is not None
    assert ours.case.state is State.CANCELED


def test_one_order_s_trouble_keeps_no_other_from_being_heard(village_desk: VillageOpener) -> None:
    desk = village_desk(Says([Hint("1042", CANCELED), Hint("9999", CHANGED)]), at=["cart"])

    def troubled(order_id: str) -> tuple[Placement, ...]:
        raise InputError(f"{order_id} is locked")

    desk.host.placements = troubled  # type: ignore[method-assign]  # trouble of whatever kind
    first, second = desk.receive("cart", note("1042", CANCELED))
    assert first.text == "not looked into: id-1042 is locked"
    assert second.text == "no order is registered there under this number"


def test_a_ledger_that_fails_is_told_to_the_sender(village_desk: VillageOpener) -> None:
    desk = village_desk(at=["cart"])

    def full(*_: object) -> None:
        raise LedgerError("the disk is full")

    desk.ledger.open = full  # type: ignore[assignment]  # so that the sender sends it again
    with pytest.raises(LedgerError):
        desk.receive("cart", note("1042", CANCELED))


# Canceled there


def test_a_hint_is_no_evidence_the_read_back_is(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["cart"])
    village.status["cart", "1042"] = "canceled"
    desk.receive("cart", note("1042", CANCELED))
    found = desk.receipt("1042").wishes[0].cases[0]
    assert (found.case.state, village.writes) == (State.CANCELED, [])
    assert found.proof is not None
    assert (found.proof.kind, found.proof.exchange is not None) == (ProofKind.READ_BACK, True)


def test_what_the_service_denies_is_withdrawn(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["cart"])
    village.status["cart", "1042"] = "shipped"
    desk.receive("cart", note("1042", CANCELED))
    case = only(desk.cases())
    assert (case.state, case.proof, village.writes) == (State.WITHDRAWN, None, [])
    assert ("the service says otherwise" in str(case.text), case.status) == (True, "shipped")


def test_a_message_that_comes_before_the_service_shows_it_is_read_until_it_does(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(at=["cart"])
    desk.receive("cart", note("1042", CANCELED))
    case = only(desk.cases())
    assert (case.state, case.due_at, case.status) == (State.HEARD, clock.now() + minutes(2), "open")
    assert "does not show it yet" in str(case.text)
    village.status["cart", "1042"] = "canceled"
    clock.advance(minutes(2))
    desk.run_due()
    case = only(desk.cases())
    assert (case.state, village.writes) == (State.CANCELED, [])
    assert case.proof is not None
    assert case.proof.kind is ProofKind.READ_BACK


def test_what_the_service_never_shows_is_a_person_s_after_the_declared_while(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(at=["cart"])
    desk.receive("cart", note("1042", CANCELED))
    for _ in range(32):
        clock.advance(minutes(2))
        desk.run_due()
    case = only(desk.cases())
    assert (case.state, village.writes) == (State.AWAITING_PERSON, [])
    assert "says otherwise" in str(case.text)
    assert desk.refuse(case.id, by="Ann").state is State.REFUSED


def test_what_cannot_be_read_is_a_person_s_to_find_out(village_desk: VillageOpener) -> None:
    desk = village_desk(at=["phone"])
    desk.receive("phone", note("1042", CANCELED))
    case = only(desk.cases())
    assert (case.state, case.is_open) == (State.AWAITING_PERSON, True)
    assert "said to be canceled there" in str(case.text)


def test_a_service_that_is_down_is_read_again_until_it_says(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(at=["cart"])
    village.down.add("cart")
    desk.receive("cart", note("1042", CANCELED))
    assert only(desk.cases()).state is State.HEARD
    village.down.clear()
    village.status["cart", "1042"] = "canceled"
    clock.advance(minutes(1))
    desk.run_due()
    assert only(desk.cases()).state is State.CANCELED


def test_a_service_that_never_says_leaves_it_to_a_person_who_is_reminded_and_nothing_is_asked(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(at=["cart"])
    village.down.add("cart")
    desk.receive("cart", note("1042", CANCELED))
    for _ in range(400):
        clock.advance(minutes(10))
        desk.run_due()
    case = only(desk.cases())
    assert (case.state, case.route, village.writes) == (State.AWAITING_PERSON, 0, [])
    assert "reminder" in str(case.text)


def test_what_was_heard_is_not_asked_by_a_person_either(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["phone"])
    desk.receive("phone", note("1042", CANCELED))
    with pytest.raises(IllegalTransition, match="heard"):
        desk.send_again(only(desk.cases()).id, by="Ann")
    assert village.writes == []


def test_a_late_read_back_settles_what_a_person_had(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(at=["cart"])
    village.down.add("cart")
    desk.receive("cart", note("1042", CANCELED))
    clock.advance(hours(25))
    desk.run_due()
    assert only(desk.cases()).state is State.AWAITING_PERSON
    village.down.clear()
    village.status["cart", "1042"] = "shipped"
    assert desk.check(only(desk.cases()).id).state is State.WITHDRAWN
    assert village.writes == []


def test_a_message_that_comes_again_makes_no_second_case_and_is_told_once(
    village_desk: VillageOpener, village: Village
) -> None:
    desk = village_desk(at=["cart"])
    village.status["cart", "1042"] = "canceled"
    desk.receive("cart", note("1042", CANCELED, delivery="the same again"))
    case = only(desk.cases())
    told = desk.ledger.history(case.id)
    for _ in range(3):
        desk.receive("cart", note("1042", CANCELED, delivery="the same again"))
    assert (only(desk.cases()), desk.ledger.history(case.id)) == (case, told)
    (wish,) = desk.ledger.cancellations(case.order_id)
    assert (case.state, wish.asked_by) == (State.CANCELED, "a message from cart, delivery the same again")


def test_after_a_refusal_a_cancel_that_comes_from_there_is_taken_up(
    village_desk: VillageOpener, village: Village
) -> None:
    desk = village_desk(at=["phone"])
    desk.refuse(only(desk.cancel("1042", by="Ann").cases).id, by="Ann")
    heard = desk.canceled_elsewhere("1042", at="phone", by="Ben")
    assert heard is not None
    assert [case.state for case in desk.cases()] == [State.REFUSED, State.AWAITING_PERSON]


def test_after_a_part_was_canceled_a_cancel_of_the_whole_is_heard(
    village_desk: VillageOpener, village: Village
) -> None:
    desk = village_desk(at=["phone"])
    desk.confirm(only(desk.cancel("1042", by="Ann", lines={"MUG": 1}).cases).id, by="Ann")
    heard = desk.canceled_elsewhere("1042", at="phone", by="Ben")
    assert heard is not None
    assert (heard.heard, len(desk.cases())) == (True, 2)


def test_a_hint_at_what_was_asked_makes_us_read_back_at_once(village_desk: VillageOpener, village: Village) -> None:
    desk = village_desk(at=["mill"])
    assert only(desk.cancel("1042", by="Ann").cases).state is State.ASKED
    (heard,) = desk.receive("mill", note("1042", CHANGED))
    assert heard.case is not None
    assert heard.case.state is State.CANCELED


def test_a_place_that_the_order_was_never_at_is_refused(village_desk: VillageOpener) -> None:
    with pytest.raises(NotAllowedError, match="mill"):
        village_desk(at=["cart"]).canceled_elsewhere("1042", at="mill", by="Ann")


# Shipped


def canceled(village_desk: VillageOpener, clock: VirtualClock, at: str) -> Desk:
    """A desk whose order was canceled at a place."""
    desk = village_desk(at=[at])
    case = only(desk.cancel("1042", by="Ann").cases)
    if at == "phone":
        desk.confirm(case.id, by="Ben")
    clock.advance(minutes(2))
    desk.run_due()
    assert only(desk.cases()).state is State.CANCELED
    return desk


def test_a_shipment_of_a_canceled_order_is_an_alarm_once_it_is_read_back(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = canceled(village_desk, clock, "mill")
    desk.receive("mill", note("1042", SHIPPED))
    assert only(desk.cases()).state is State.CANCELED, "the service says that it is canceled"
    village.status["mill", "1042"] = "shipped"
    desk.receive("mill", note("1042", SHIPPED, delivery="a second one"))
    case = only(desk.cases())
    assert (case.state, case.remedy) == (
        State.SHIPPED_ANYWAY,
        "stop the parcel at the service or the carrier, and tell the customer",
    )


def test_where_nothing_can_be_read_the_message_is_alarm_enough(
    village_desk: VillageOpener, clock: VirtualClock
) -> None:
    desk = canceled(village_desk, clock, "phone")
    (heard,) = desk.receive("phone", note("1042", SHIPPED))
    assert (heard.text, only(desk.cases()).state) == ("alarm", State.SHIPPED_ANYWAY)


def test_a_shipment_that_cannot_be_read_back_just_now_is_not_forgotten(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = canceled(village_desk, clock, "mill")
    village.down.add("mill")
    desk.receive("mill", note("1042", SHIPPED))
    assert only(desk.cases()).state is State.SHIPPED_ANYWAY


def test_what_a_plugin_cannot_read_for_want_of_settings_is_alarm_enough(
    village_desk: VillageOpener, clock: VirtualClock
) -> None:
    class Blind(Mill):
        @hookimpl
        def orderdesk_check(self, request: CheckRequest, service: Service[TownSettings]) -> Flow[Answer]:
            yield from ()
            return answer.unclear(None, text="no read-back is configured")

    desk = village_desk(Blind(), at=["mill"])
    case = only(desk.cancel("1042", by="Ann").cases)
    clock.advance(minutes(2))
    desk.run_due()
    desk.confirm(case.id, by="Ben")
    desk.receive("mill", note("1042", SHIPPED))
    assert only(desk.cases()).state is State.SHIPPED_ANYWAY


def test_a_shipment_of_an_order_that_nobody_canceled_is_none_of_our_business(village_desk: VillageOpener) -> None:
    desk = village_desk(at=["mill"])
    (heard,) = desk.receive("mill", note("1042", SHIPPED))
    assert (heard.case, desk.cases()) == (None, ())


def test_the_rest_of_an_order_of_which_a_part_was_canceled_ships_without_alarm(
    village_desk: VillageOpener, clock: VirtualClock
) -> None:
    desk = village_desk(at=["phone"])
    desk.confirm(only(desk.cancel("1042", by="Ann", lines={"MUG": 1}).cases).id, by="Ben")
    desk.receive("phone", note("1042", SHIPPED))
    assert desk.shipped("1042", by="the warehouse") == ()
    assert only(desk.cases()).state is State.CANCELED


def test_a_person_s_word_that_it_shipped_is_an_alarm_with_a_name(
    village_desk: VillageOpener, clock: VirtualClock
) -> None:
    desk = canceled(village_desk, clock, "mill")
    case = only(desk.shipped("1042", by="Kim", note="seen on the truck"))
    assert (case.state, case.text) == (State.SHIPPED_ANYWAY, "seen on the truck")
    assert desk.receipt("1042").wishes[0].cases[0].steps[-1].person == "Kim"


def test_shipped_at_a_place_that_the_order_was_never_at_is_refused(
    village_desk: VillageOpener, clock: VirtualClock
) -> None:
    with pytest.raises(NotAllowedError, match="cart"):
        canceled(village_desk, clock, "mill").shipped("1042", by="Kim", at=["cart"])


def test_a_new_shipment_at_an_import_is_an_alarm_and_an_old_one_is_not(
    village_desk: VillageOpener, clock: VirtualClock
) -> None:
    desk = canceled(village_desk, clock, "phone")
    order = desk.host.order("1042")
    shipped = evolve(order, shipments=(Shipment(id="s1", tracking_number="1Z"),))
    desk.import_orders([shipped], by="the feed")
    case = only(desk.cases())
    assert (case.state, case.text) == (State.SHIPPED_ANYWAY, "the host has a new shipment of it: 1Z")


def test_an_order_that_had_shipped_before_it_was_canceled_raises_no_alarm_at_each_import(
    village_desk: VillageOpener, clock: VirtualClock
) -> None:
    desk = village_desk(at=["phone"])
    shipped = evolve(desk.host.order("1042"), shipments=(Shipment(id="s1", tracking_number="1Z"),))
    desk.import_orders([shipped], by="the feed")
    desk.confirm(only(desk.cancel("1042", by="Ann").cases).id, by="Ben")
    desk.import_orders([evolve(shipped, email="new@example.com")], by="the feed")
    assert only(desk.cases()).state is State.CANCELED
