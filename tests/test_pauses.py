"""After a pause the service is asked first: no fallback, no mail and no person because of a clock alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.state_machine import EventKind
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Refusal
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.identity import StatedAt
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Button, ByCheck, ByPerson, Portal, SinceSubmission
from orderdesk_sdk.plugin.service import Flow, Service
from tests.support.fake_services import Mill, TownSettings, Village, VillageOpener

CHECKED = ByCheck(minutes(2), hours(1))


class Ladder(Mill):
    """A mill whose button closes after a minute, and is followed by a second one that counts as the mail would."""

    repeatable = True
    first = Button(CHECKED, SinceSubmission(seconds(60)), climbs=frozenset({Refusal.TOO_LATE}))
    second: Button | Portal = Button(ByPerson(hours(4)))

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug=self.slug,
            title="Ladder",
            settings=TownSettings,
            base_url="endpoint",
            role=self.role,
            cancel=(self.first, self.second),
            identified_by={"*": StatedAt("number")},
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[TownSettings]) -> Flow[Answer]:
        reply = yield service.post(
            f"/{self.slug}",
            request.remote_id,
            json={"do": "cancel"},
            repeatable=self.repeatable,
        )
        if reply.status_code == 409:
            return answer.refused(reply, Refusal.TOO_LATE)
        return answer.asked(reply) if reply.is_success else answer.not_done(reply)


class Once(Ladder):
    repeatable = False
    first = Button(CHECKED)


class Long(Ladder):
    first = Button(CHECKED)


@pytest.fixture
def asked_desk(village_desk: VillageOpener, village: Village) -> Desk:
    """A desk whose only case was asked for by its first button, and which the mill leaves open."""
    village.fates["mill"] = "open"
    desk = village_desk(Long(), at=["mill"])
    desk.cancel("1042", by="Ann")
    return desk


def only(desk: Desk) -> Case:
    (case,) = desk.cases()
    return case


def kinds(desk: Desk) -> list[EventKind]:
    entries = [getattr(entry.content, "kind", None) for entry in desk.ledger.history(only(desk).id)]
    return [kind for kind in entries if isinstance(kind, EventKind)]


@pytest.mark.parametrize("pause", [hours(5), hours(30), hours(24 * 30)])
def test_what_was_canceled_while_nobody_worked_is_read_and_nothing_else_is_done(
    asked_desk: Desk, village: Village, clock: VirtualClock, pause: timedelta
) -> None:
    assert only(asked_desk).state is State.ASKED
    village.status["mill", "1042"] = "canceled"
    clock.advance(pause)
    asked_desk.run_due()
    assert (only(asked_desk).state, village.writes) == (State.CANCELED, ["mill cancel 1042"])
    assert not {EventKind.CLIMB, EventKind.HAND_OVER, EventKind.REMIND} & set(kinds(asked_desk))


def test_what_is_still_undecided_after_the_pause_goes_the_next_way_once_it_was_read(
    asked_desk: Desk, village: Village, clock: VirtualClock
) -> None:
    clock.advance(hours(5))
    asked_desk.run_due()
    asked_desk.run_due()
    assert (only(asked_desk).state, only(asked_desk).route, len(village.writes)) == (State.AWAITING_PERSON, 1, 2)
    assert kinds(asked_desk)[-4:-2] == [EventKind.STILL_PENDING, EventKind.CLIMB]


def test_a_service_that_does_not_answer_right_after_the_pause_is_asked_again_before_the_next_way(
    asked_desk: Desk, village: Village, clock: VirtualClock
) -> None:
    clock.advance(hours(5))
    village.down.add("mill")
    asked_desk.run_due()
    case = only(asked_desk)
    assert (case.state, case.route, case.due_at) == (State.ASKED, 0, clock.now() + seconds(15))
    village.down.clear()
    village.status["mill", "1042"] = "canceled"
    clock.advance(seconds(15))
    asked_desk.run_due()
    assert (only(asked_desk).state, len(village.writes)) == (State.CANCELED, 1)


def test_a_service_that_stays_silent_keeps_nobody_from_the_next_way(
    asked_desk: Desk, village: Village, clock: VirtualClock
) -> None:
    clock.advance(hours(5))
    village.down.add("mill")
    for _ in range(4):
        asked_desk.run_due()
        clock.advance(minutes(1))
    assert only(asked_desk).route == 1


def test_a_person_s_portal_is_read_before_they_are_reminded(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    class ByPortal(Ladder):
        first = Button(CHECKED, SinceSubmission(seconds(1)))
        second = Portal("Press it in their portal.")

    desk = village_desk(ByPortal(), at=["mill"])
    clock.advance(minutes(1))
    desk.cancel("1042", by="Ann")
    assert only(desk).state is State.AWAITING_PERSON
    village.status["mill", "1042"] = "canceled"
    clock.advance(hours(5))
    desk.run_due()
    assert (only(desk).state, EventKind.REMIND in kinds(desk)) == (State.CANCELED, False)


def test_a_lost_button_whose_window_has_passed_is_read_before_the_next_way(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(Ladder(), at=["mill"])
    clock.advance(seconds(55))
    village.deaf.add("mill")  # It acts, and the reply is lost.
    desk.cancel("1042", by="Ann")
    assert only(desk).state is State.UNCLEAR
    village.deaf.clear()
    village.fates["mill"] = "late"
    clock.advance(seconds(5))
    desk.run_due()
    assert (only(desk).state, village.writes) == (State.CANCELED, ["mill cancel 1042"])


def test_a_lost_button_that_did_not_arrive_is_not_pressed_after_its_window(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(Ladder(), at=["mill"])
    clock.advance(seconds(55))
    village.deaf.add("mill")
    village.fates["mill"] = "open"  # As if it had not arrived.
    desk.cancel("1042", by="Ann")
    village.deaf.clear()
    clock.advance(seconds(5))
    desk.run_due()
    assert (only(desk).route, village.writes) == (1, ["mill cancel 1042"])
    desk.run_due()
    assert village.writes == ["mill cancel 1042"] * 2, "the second is the next way's"


def test_a_licence_to_send_again_does_not_outlast_a_pause(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(Long(), at=["mill"])
    village.deaf.add("mill")
    village.fates["mill"] = "open"
    desk.cancel("1042", by="Ann")
    village.deaf.clear()
    case = only(desk)
    assert desk.check(case.id).state is State.UNCLEAR
    assert only(desk).resend
    village.status["mill", "1042"] = "canceled"
    clock.advance(minutes(30))
    desk.run_due()
    assert (only(desk).state, village.writes) == (State.CANCELED, ["mill cancel 1042"])


def test_that_the_second_try_was_refused_does_not_send_the_mail_though_the_first_had_worked(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(Long(), at=["mill"])
    village.deaf.add("mill")
    village.fates["mill"] = "open"
    desk.cancel("1042", by="Ann")
    village.deaf.clear()
    village.fates["mill"] = "late"
    clock.advance(seconds(5))
    desk.run_due()  # It is read: open, so it is sent again.
    desk.run_due()  # Refused: the first one had worked.
    assert only(desk).state is State.UNCLEAR
    village.status["mill", "1042"] = "canceled"
    clock.advance(seconds(5))
    desk.run_due()
    assert (only(desk).state, only(desk).route, len(village.writes)) == (State.CANCELED, 0, 2)


def test_a_lost_request_that_is_not_repeatable_and_does_not_show_is_a_person_s_at_once(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(Once(), at=["mill"])
    village.deaf.add("mill")
    village.fates["mill"] = "open"
    desk.cancel("1042", by="Ann")
    village.deaf.clear()
    clock.advance(seconds(5))
    desk.run_due()
    assert (only(desk).state, village.writes) == (State.AWAITING_PERSON, ["mill cancel 1042"])
    village.status["mill", "1042"] = "canceled"
    clock.advance(minutes(2))
    desk.run_due()
    assert only(desk).state is State.CANCELED, "it is read meanwhile"


def test_whoever_was_turned_away_before_a_pause_is_tried_once_more_after_it(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(Long(), at=["mill"])
    village.down.add("mill")
    desk.cancel("1042", by="Ann")
    assert only(desk).state is State.REQUESTED
    village.down.clear()
    clock.advance(hours(30))
    desk.run_due()
    assert (only(desk).state, only(desk).route, village.writes) == (State.ASKED, 0, ["mill cancel 1042"])


def test_a_window_that_closed_in_a_pause_is_no_reason_for_the_next_way_where_it_is_canceled(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(Ladder(), at=["mill"])
    desk.cancel("1042", by="Ann", send=False)
    village.status["mill", "1042"] = "canceled"
    clock.advance(hours(5))
    desk.run_due()
    case = only(desk)
    assert (case.state, case.route, village.writes) == (State.CANCELED, 0, [])
    assert case.proof is not None
    assert case.proof.exchange is not None
    assert EventKind.SEEN in kinds(desk)


def test_a_case_that_slept_between_two_ways_is_read_before_the_second(
    asked_desk: Desk, village: Village, clock: VirtualClock
) -> None:
    clock.advance(hours(5))
    asked_desk.run_due()
    assert (only(asked_desk).state, only(asked_desk).route) == (State.REQUESTED, 1)
    village.status["mill", "1042"] = "canceled"
    clock.advance(hours(5))
    asked_desk.run_due()
    assert (only(asked_desk).state, len(village.writes)) == (State.CANCELED, 1)


def test_what_shipped_in_the_pause_is_not_asked_for_by_another_way(
    village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    desk = village_desk(Ladder(), at=["mill"])
    desk.cancel("1042", by="Ann", send=False)
    village.status["mill", "1042"] = "shipped"
    clock.advance(hours(5))
    desk.run_due()
    assert (only(desk).state, only(desk).refusal, village.writes) == (State.REFUSED, Refusal.SHIPPED, [])
