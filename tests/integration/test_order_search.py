"""`desk.orders.search`: orders with where their cancellation stands, by words, folder and state, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.order_states import OrderState
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk import order_search
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.order_search import OrderPage, OrderSummary
from orderdesk_sdk.errors import InvalidStateError, NotFoundError, ValidationError
from orderdesk_sdk.orders.order import Address, Order, OrderLine
from orderdesk_sdk.orders.store import OrderStore
from tests.support.fake_services import (
    FakeCart,
    FakeFulfillmentService,
    FakeManualService,
    FakeServices,
    open_fake_desk,
    pass_minutes,
)

COUNT = 7


@pytest.fixture
def desk(tmp_path: Path, clock: VirtualClock, fake_services: FakeServices) -> Iterator[Desk]:
    """Orders 1 to 7 are at the mill, the even ones at the phone too; the third cannot be canceled any more."""
    orders = [
        Order(
            f"id-{number}", f"{number}", lines=(OrderLine(1, code="MUG"),), customer=Address(first_name=f"Ann{number}")
        )
        for number in range(1, COUNT + 1)
    ]
    plugins = [FakeCart(), FakeFulfillmentService(), FakeManualService()]
    with (
        RawServer(responding(fake_services)) as server,
        open_fake_desk(tmp_path / "desk.db", clock, server.url, plugins, orders=orders) as desk,
    ):
        for number in range(1, COUNT + 1):
            desk.orders.register(f"{number}", connection="mill", by="import")
            if number % 2 == 0:
                desk.orders.register(f"{number}", connection="phone", by="import")
        fake_services.status["mill", "3"] = "shipped"
        fake_services.cancel_outcomes["mill"] = "canceled"
        yield desk


def numbers(page: OrderPage) -> str:
    return " ".join(summary.order.number for summary in page.orders)


def of(desk: Desk, number: str) -> OrderSummary:
    (summary,) = [one for one in desk.orders.search().orders if one.order.number == number]
    return summary


def cancel(desk: Desk, clock: VirtualClock, *wanted: str) -> None:
    for number in wanted:
        desk.cancel(number, by="Ann")
    pass_minutes(desk, clock, 10)


def confirm(desk: Desk, number: str) -> None:
    (case,) = [one for one in desk.cases.list(order=number) if one.connection == "phone"]
    desk.cases.confirm(case.id, by="Ben", note="by phone")


def test_orders_say_where_their_cancellation_stands(desk: Desk, clock: VirtualClock) -> None:
    one = of(desk, "2")
    assert (one.worst_state, one.open_states, one.needs_person, one.canceled_at) == (None, (), False, 0)
    assert [remote.connection for remote in one.remote_orders] == ["mill", "phone"]
    cancel(desk, clock, "2")
    one = of(desk, "2")
    assert (one.worst_state, one.open_states) == (State.ACTION_REQUIRED, (State.ACTION_REQUIRED,))
    assert (one.needs_person, one.canceled_at, one.folder) == (True, 1, "New")
    confirm(desk, "2")
    one = of(desk, "2")
    assert (one.worst_state, one.open_states, one.needs_person, one.canceled_at) == (State.CANCELED, (), False, 2)


def test_orders_are_found_by_state(desk: Desk, clock: VirtualClock, fake_services: FakeServices) -> None:
    cancel(desk, clock, "1", "2", "4")
    fake_services.cancel_outcomes["mill"] = "shipped"
    cancel(desk, clock, "5")
    confirm(desk, "4")
    found = {state: numbers(desk.orders.search(state=state)) for state in OrderState}
    assert found == {
        OrderState.OPEN: "2",
        OrderState.CANCELED: "4 1",
        OrderState.REJECTED: "5",
        OrderState.ALARM: "",
    }
    assert numbers(desk.orders.search(needs_person=True)) == "2"
    desk.notifications.report_shipped("1", by="Ben", note="at the dock")
    assert numbers(desk.orders.search(state=OrderState.ALARM)) == "1"
    assert numbers(desk.orders.search(needs_person=True)) == "2 1"
    assert numbers(desk.orders.search(state=OrderState.ALARM, needs_person=True)) == "1"


def test_words_folder_and_state_narrow_together(desk: Desk, clock: VirtualClock) -> None:
    cancel(desk, clock, "1", "2", "4", "6")
    desk.orders.move("4", "Canceled", by="Ann")
    assert numbers(desk.orders.search("ann2")) == "2"
    assert numbers(desk.orders.search("ann", needs_person=True)) == "6 4 2"
    assert numbers(desk.orders.search("ann", needs_person=True, folder="canceled")) == "4"
    assert numbers(desk.orders.search(needs_person=True, folder="canceled")) == "4"
    assert numbers(desk.orders.search(folder="Canceled")) == "4"
    assert numbers(desk.orders.search("ann2", state=OrderState.CANCELED)) == ""
    with pytest.raises(NotFoundError):
        desk.orders.search(folder="Nowhere")
    with pytest.raises(NotFoundError):
        desk.orders.search(needs_person=True, folder="Nowhere")


@pytest.mark.parametrize("text", [None, "ann"])
@pytest.mark.parametrize("needs_person", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_have_every_order_once(
    desk: Desk, clock: VirtualClock, text: str | None, needs_person: bool, limit: int
) -> None:
    cancel(desk, clock, "2", "4", "6")
    # A second cancel of the same order gives it a newer place in the list, and no second one.
    (case,) = [one for one in desk.cases.list(order="2") if one.connection == "phone"]
    desk.cases.reject(case.id, by="Ben", note="no")
    cancel(desk, clock, "2")
    whole = desk.orders.search(text, needs_person=needs_person)
    assert whole.next_after is None
    paged: list[OrderSummary] = []
    after = None
    for _ in range(20):
        page = desk.orders.search(text, needs_person=needs_person, limit=limit, after=after)
        assert len(page.orders) <= limit
        paged.extend(page.orders)
        after = page.next_after
        if after is None:
            break
    assert paged == list(whole.orders)
    assert len({one.order.id for one in paged}) == (3 if needs_person else COUNT)


def test_a_page_looks_at_a_bounded_number_of_orders(
    desk: Desk, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel(desk, clock, *(f"{number}" for number in range(1, COUNT + 1) if number != 3))
    monkeypatch.setattr(order_search, "MAX_LOOKS", 1)
    monkeypatch.setattr(type(desk.order_store), "read_together", 2)
    for text in (None, "ann"):
        found, after, pages = "", None, 0
        while pages == 0 or after is not None:
            page = desk.orders.search(text, state=OrderState.CANCELED, after=after)
            found, after, pages = f"{found} {numbers(page)}", page.next_after, pages + 1
            assert pages < 20
        assert found.split() == ["7", "5", "1"]
        assert pages > 2, "it goes on after short pages"


def test_limits_and_places_are_checked(desk: Desk) -> None:
    for limit in (0, 501):
        for needs_person in (True, False):
            with pytest.raises(ValidationError, match="limit"):
                desk.orders.search(limit=limit, needs_person=needs_person)
    with pytest.raises(NotFoundError):
        desk.orders.search(after="4711")
    with pytest.raises(ValidationError, match="without a case"):
        desk.orders.search(state=OrderState.OPEN, after="1")


def test_folders_are_told(desk: Desk) -> None:
    assert desk.orders.folders() == ("New", "Prepared", "Closed", "Canceled")


def test_a_store_that_lists_nothing_says_so(tmp_path: Path, clock: VirtualClock) -> None:
    finds_only_what_is_named = cast("OrderStore", object())
    config = Config(ledger=tmp_path / "ledger.db")
    with Desk(config, clock=clock, order_store=finds_only_what_is_named) as desk:
        for call in (desk.orders.search, desk.orders.folders, lambda: desk.orders.search(state=OrderState.OPEN)):
            with pytest.raises(InvalidStateError, match="does not list"):
                call()
