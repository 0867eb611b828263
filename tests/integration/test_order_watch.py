"""A store that no message leaves: orders that come into the folder are found by looking, and canceled once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.messages import MessageState
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.messages.config import MessageConfig
from orderdesk_sdk.errors import ConfigurationError
from tests.support.fake_services import FakeServices, case_at, case_states, pass_minutes
from tests.support.order_desk import ORDER_ID, ORDER_NUMBER, LiveStore, open_live_desk

MAPPED = {"Paper Lantern Shop": "cart", "The Mill": "mill"}


class WatchOpener(Protocol):
    """Opens a desk that looks into the simulated store each minute, on the one ledger of a test."""

    def __call__(self, **messages: object) -> Desk: ...


@pytest.fixture
def open_desk(live: LiveStore, services_url: str, tmp_path: Path) -> Iterator[WatchOpener]:
    with ExitStack() as stack:

        def open_(**messages: object) -> Desk:
            told = {"watch_every": 60, **messages}
            opened = open_live_desk(
                tmp_path / "ledger.db", live, services_url, messages=told, changed={"connections": MAPPED}
            )
            return stack.enter_context(opened)

        yield open_


def look(desk: Desk, clock: VirtualClock) -> tuple[str, ...]:
    """Let the next look be due, and take it; the problems."""
    clock.advance(minutes(1))
    return desk.run_due().problems


def cancellations(desk: Desk) -> int:
    return len(desk.ledger.cancellations(ORDER_ID))


def test_an_order_that_comes_into_the_folder_is_canceled_everywhere_once(
    live: LiveStore, open_desk: WatchOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = open_desk()
    assert look(desk, clock) == ()
    live.simulator.move_order(ORDER_ID, "Canceled")
    pass_minutes(desk, clock, 12)
    assert set(case_states(desk).values()) == {State.CANCELED}
    assert fake_services.writes == ["mill cancel 77", "cart cancel 1042"]
    assert cancellations(desk) == 1
    assert [message.state for message in desk.messages.list()] == [MessageState.HANDLED]
    assert any("Canceled everywhere" in entry["note"] for entry in live.simulator.history(ORDER_ID))


def test_our_own_move_and_what_lay_in_the_folder_before_start_nothing(
    live: LiveStore, open_desk: WatchOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    live.simulator.move_order("58102", "Canceled")
    desk = open_desk()
    look(desk, clock)
    live.simulator.edit_order("58102", {"email": "another@example.com"})
    desk.cancel(ORDER_NUMBER, by="Ann")
    pass_minutes(desk, clock, 12)
    assert live.simulator.actual_status(ORDER_ID) == "Canceled"
    assert cancellations(desk) == 1
    assert desk.ledger.cancellations("58102") == ()
    assert fake_services.writes == ["mill cancel 77", "cart cancel 1042"]


def test_an_order_that_went_out_and_came_in_again_is_asked_for_again(
    live: LiveStore, open_desk: WatchOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    fake_services.cancel_outcomes["mill"] = "late"
    desk = open_desk()
    look(desk, clock)
    live.simulator.move_order(ORDER_ID, "Canceled")
    pass_minutes(desk, clock, 3)
    desk.cases.reject(case_at(desk, "mill").id, by="Ann")
    for folder in ("New", "Canceled"):
        live.simulator.move_order(ORDER_ID, folder)
        pass_minutes(desk, clock, 3)
    assert [message.state for message in desk.messages.list()] == [MessageState.HANDLED] * 2
    assert cancellations(desk) == 2


def test_a_rule_of_the_store_may_mark_an_order_by_a_field(
    live: LiveStore, open_desk: WatchOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = open_desk(cancel_folder="", cancel_field="Cancel")
    look(desk, clock)
    live.simulator.edit_order(ORDER_ID, {"checkout_data": {"Cancel": "no"}})
    pass_minutes(desk, clock, 2)
    assert cancellations(desk) == 0
    live.simulator.edit_order(ORDER_ID, {"checkout_data": {"Cancel": "yes"}})
    pass_minutes(desk, clock, 8)
    assert fake_services.writes == ["mill cancel 77", "cart cancel 1042"]
    assert cancellations(desk) == 1


def test_what_a_store_that_was_away_did_is_seen_by_the_next_look(
    live: LiveStore, open_desk: WatchOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = open_desk()
    look(desk, clock)
    live.simulator.move_order(ORDER_ID, "Canceled")
    live.simulator.faults.add(Fault.SERVER_ERROR_HTML, method="GET", path="orders$", times=4)
    told = look(desk, clock)
    assert any("could not be looked at" in problem for problem in told)
    assert cancellations(desk) == 0
    clock.advance(hours(30))
    pass_minutes(desk, clock, 12)
    assert cancellations(desk) == 1
    assert fake_services.writes == ["mill cancel 77", "cart cancel 1042"]


def test_two_processes_look_in_turn_and_a_desk_that_is_opened_again_goes_on(
    live: LiveStore, open_desk: WatchOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    first, second = open_desk(), open_desk()
    look(first, clock)
    second.run_due()
    before = len(live.calls("GET", "/orders"))
    live.simulator.move_order(ORDER_ID, "Canceled")
    clock.advance(minutes(1))
    for desk in (first, second):
        desk.run_due()
    assert len(live.calls("GET", "/orders")) - before == 2, "one look: what is in the folder, and what changed"
    first.close()
    pass_minutes(second, clock, 12)
    assert cancellations(second) == 1
    assert fake_services.writes == ["mill cancel 77", "cart cancel 1042"]


def test_a_store_without_the_folder_and_one_that_cannot_be_watched_are_told_with_the_remedy(
    live: LiveStore, open_desk: WatchOpener, clock: VirtualClock, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="not watched"):
        open_desk(watch_every=0).messages.look()
    desk = open_desk(cancel_folder="Anulados")
    assert any("Anulados" in problem and "Canceled" in problem for problem in look(desk, clock))
    with pytest.raises(ConfigurationError, match="cannot be watched"):
        Desk(Config(tmp_path / "other.db", messages=MessageConfig(watch_every=60)))
    assert desk.ledger.cases(CancelCase) == ()


class ClockBehind:
    """The clock of a store whose time is another than ours."""

    def __init__(self, clock: VirtualClock, behind: timedelta) -> None:
        self._clock = clock
        self._behind = behind

    def now(self) -> datetime:
        return self._clock.now() - self._behind

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep_until(self, moment: float) -> None:
        self._clock.sleep_until(moment)


@pytest.mark.parametrize("behind", [minutes(17), -minutes(17), hours(30)])
def test_a_store_whose_clock_is_another_is_looked_at_by_its_own(
    live: LiveStore, open_desk: WatchOpener, fake_services: FakeServices, clock: VirtualClock, behind: timedelta
) -> None:
    live.simulator.clock = ClockBehind(clock, behind)
    desk = open_desk()
    for _ in range(3):
        assert look(desk, clock) == ()
    live.simulator.move_order(ORDER_ID, "Canceled")
    pass_minutes(desk, clock, 12)
    assert fake_services.writes == ["mill cancel 77", "cart cancel 1042"]
    assert cancellations(desk) == 1


def test_an_order_that_cannot_be_read_hinders_no_other_and_is_told(
    live: LiveStore, open_desk: WatchOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = open_desk()
    look(desk, clock)
    for order_id in ("58102", ORDER_ID):
        live.simulator.move_order(order_id, "Canceled")
    with live.simulator.at_present():
        live.simulator.state.find("58102").record["date_added"] = "yesterday"
    pass_minutes(desk, clock, 12)
    assert fake_services.writes == ["mill cancel 77", "cart cancel 1042"]
    by_order = {message.subject: message for message in desk.messages.list()}
    assert by_order[ORDER_ID].state is MessageState.HANDLED
    assert "the order cannot be read" in str(by_order["58102"].result)


def test_what_lay_in_the_folder_for_long_is_no_request_when_somebody_edits_it(
    live: LiveStore, open_desk: WatchOpener, clock: VirtualClock
) -> None:
    live.simulator.move_order(ORDER_ID, "Canceled")
    live.simulator.edit_order("58102", {"checkout_data": {"Cancel": "yes"}})
    clock.advance(timedelta(days=20))
    live.simulator.move_order("58103", "Canceled")
    clock.advance(timedelta(days=9))
    desk = open_desk(cancel_field="Cancel")
    clock.advance(timedelta(days=100))
    look(desk, clock)
    for order_id in (ORDER_ID, "58103"):
        live.simulator.edit_order(order_id, {"email": "another@example.com"})
    pass_minutes(desk, clock, 3)
    assert desk.messages.list() == ()


def test_a_list_of_many_long_orders_is_read_page_by_page(
    live: LiveStore, open_desk: WatchOpener, clock: VirtualClock
) -> None:
    desk = open_desk()
    look(desk, clock)
    for number in range(450):
        live.simulator.add_order(f"W{number}", lines=[("CARD-A6", 1)])
    with live.simulator.at_present():
        for order in live.simulator.state.orders.values():
            order.record["checkout_data"] = {"Engraving": "x" * 10_000}
    live.simulator.move_order(ORDER_ID, "Canceled")
    assert look(desk, clock) == ()
    assert [message.subject for message in desk.messages.list()] == [ORDER_ID]
