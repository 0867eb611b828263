"""An order is its id; a number is what people call it, and two orders may have the same."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cli.session import find_case
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import AmbiguousError, NaiveTimeError, NotFoundError, ValidationError
from orderdesk_sdk.orders.order import Order, OrderLine, RemoteOrder
from orderdesk_sdk.orders.references import OrderId, OrderNumber, order_ref
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, NewNumber, SameNumber
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import ResubmitRequest
from orderdesk_sdk.plugin.routes import Portal
from orderdesk_sdk.plugin.service import Flow
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.stores.sqlite import order_database
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

LINES = (OrderLine(1, id="1", code="MUG"),)
FIRST = Order("58101", "1001", source_name="Mugs", lines=LINES)
SECOND = Order("7", "1001", source_name="Caps", lines=LINES)
TRAP = Order("99", "58101", source_name="Mugs", lines=LINES)
"""Its number is the id of the first."""


@settings
class PhoneSettings:
    url: str = url(help="where it is", default="https://phone.example")


class Phone:
    """A person cancels there; it refuses every new order, and tells which it was asked for."""

    def __init__(self, slug: str, rule: NewNumber | SameNumber) -> None:
        self._declared = Integration(
            slug=slug, title=slug, settings=PhoneSettings, base_url="url", cancel=(Portal("Call."),), resubmission=rule
        )

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return self._declared

    @hookimpl
    def orderdesk_resubmit(self, request: ResubmitRequest) -> Flow[Answer | RemoteOrder]:
        yield from ()
        return answer.rejected(
            None, Rejection.NOT_ALLOWED, message=f"asked for {request.order.number} of {request.order.id}"
        )


@pytest.fixture
def desk(path: Path) -> Iterator[Desk]:
    registry = PluginRegistry()
    registry.register(Phone("phone", NewNumber()), "phone")
    registry.register(Phone("again", SameNumber()), "again")
    config = Config(path, {name: ConnectionConfig(name, name, {}, name) for name in ("phone", "again")})
    with Desk(config, clock=VirtualClock(), registry=registry) as made:
        yield made


# Names


def test_a_text_says_which_it_is_or_leaves_it_open() -> None:
    assert type(order_ref("id:5")) is OrderId
    assert type(order_ref("number:5")) is OrderNumber
    assert type(order_ref("5")) is str
    assert type(order_ref(OrderId("id:5"))) is OrderId
    assert (order_ref("id:5"), order_ref(OrderId("id:5")), order_ref("number:id:5")) == ("5", "id:5", "id:5")


def test_two_shops_with_one_number_are_both_imported_and_told_apart(desk: Desk) -> None:
    report = desk.orders.import_orders([FIRST, SECOND, TRAP], by="Ann")
    assert report.added == ("1001", "1001", "58101")
    assert [clash.ids for clash in report.conflicts] == [("7", "58101"), ("99", "58101")]
    with pytest.raises(AmbiguousError, match=r"2 orders have the number '1001' - say which: id:") as caught:
        desk.orders.get("1001")
    assert set(caught.value.ids) == {"58101", "7"}
    assert "id:7 (1001 of Caps)" in str(caught.value)
    assert (desk.orders.get("id:7"), desk.orders.get("7")) == (desk.orders.get("7"), evolve(SECOND, folder_id=1))


def test_an_id_that_is_another_orders_number_is_asked_about(desk: Desk) -> None:
    desk.orders.import_orders([FIRST, TRAP], by="Ann")
    with pytest.raises(AmbiguousError, match="'58101' is the id of one order and the number of another") as caught:
        desk.cancel("58101", by="Ann")
    assert "id:58101 (1001 of Mugs)" in str(caught.value)
    assert "id:99 (58101 of Mugs)" in str(caught.value)
    assert (desk.orders.get("id:58101").number, desk.orders.get("number:58101").id, desk.orders.get("1001").id) == (
        "1001",
        "99",
        "58101",
    )
    with pytest.raises(NotFoundError):
        desk.orders.get("id:1001")


# Inside, only ids


def test_a_case_goes_on_when_an_order_with_its_orders_id_as_number_is_imported(desk: Desk) -> None:
    desk.orders.import_orders([FIRST], by="Ann")
    desk.orders.register("1001", connection="phone", by="Ann")
    made = desk.cancel("1001", by="Ann", send_now=False)
    desk.orders.import_orders([TRAP], by="Ann")
    assert desk.run_due().problems == ()
    (case,) = desk.cases.list(order="id:58101")
    assert (case.id, case.state) == (made.cases[0].id, State.ACTION_REQUIRED)
    assert desk.cases.list(order="number:58101") == ()
    desk.cases.confirm(case.id, by="Ben")
    assert desk.cancellations.receipt("id:58101").is_canceled
    assert not desk.cancellations.receipt("id:99").is_canceled
    desk.orders.ensure_submittable("id:99")
    again = desk.resubmissions.create("id:58101", by="Ann")
    assert (again.order_id, again.message) == ("58101", "asked for 1001-1 of 58101-1")
    assert desk.run_due().problems == ()


def test_places_moves_and_duplicates_go_to_the_order_that_is_meant(desk: Desk) -> None:
    desk.orders.import_orders([FIRST, TRAP], by="Ann")
    desk.orders.register("id:58101", connection="phone", by="Ann")
    desk.orders.register("id:99", connection="phone", by="Ann")
    assert [found.remote_id for found in desk.order_store.remote_orders("58101")] == ["1001"]
    assert [found.remote_id for found in desk.order_store.remote_orders("99")] == ["58101"]
    assert desk.orders.move("id:58101", "Closed", by="Ann").order_id == "58101"
    assert (desk.order_store.folder_of(OrderId("58101")), desk.order_store.folder_of(OrderId("99"))) == (
        "Closed",
        "New",
    )


def test_an_order_is_resubmitted_under_its_number_though_another_shop_has_it_too(desk: Desk) -> None:
    desk.orders.import_orders([FIRST, SECOND], by="Ann")
    desk.orders.register("id:7", connection="again", by="Ann")
    (case,) = desk.cancel("id:7", by="Ann").cases
    desk.cases.confirm(case.id, by="Ben")
    again = desk.resubmissions.create("id:7", by="Ann")
    assert (again.order_id, again.message) == ("7", "asked for 1001 of 7")


def test_a_new_number_that_two_orders_have_is_taken(desk: Desk) -> None:
    desk.orders.import_orders([FIRST, evolve(SECOND, number="N"), evolve(TRAP, number="N")], by="Ann")
    desk.orders.register("1001", connection="phone", by="Ann")
    (case,) = desk.cancel("1001", by="Ann").cases
    desk.cases.confirm(case.id, by="Ben")
    with pytest.raises(ValidationError, match="the number 'N' belongs to another order"):
        desk.resubmissions.create("1001", by="Ann", number="N")


# When it was submitted


@pytest.mark.parametrize("ahead", [minutes(6), timedelta(days=1500)])
def test_a_time_still_to_come_is_no_time_of_submission(desk: Desk, ahead: timedelta) -> None:
    desk.orders.import_orders([FIRST], by="Ann")
    with pytest.raises(ValidationError, match=r"the time of submission .* lies in the future - give the time"):
        desk.orders.register("1001", connection="phone", by="Ann", submitted_at=desk.clock.now() + ahead)
    assert desk.order_store.remote_orders("58101") == ()
    desk.orders.register("1001", connection="phone", by="Ann", submitted_at=desk.clock.now() + minutes(4))


def test_a_time_without_a_zone_is_refused_with_the_remedy(desk: Desk) -> None:
    desk.orders.import_orders([FIRST], by="Ann")
    naive = desk.clock.now().replace(tzinfo=None)
    with pytest.raises(NaiveTimeError, match="has no time zone - give an aware datetime"):
        desk.orders.register("1001", connection="phone", by="Ann", submitted_at=naive)
    assert desk.order_store.remote_orders("58101") == ()


# Taking a number over


def test_an_order_that_was_made_anew_takes_the_number_over_when_a_person_says_so(desk: Desk) -> None:
    desk.orders.import_orders([FIRST], by="Ann")
    desk.orders.register("1001", connection="phone", by="Ann")
    made = desk.cancel("1001", by="Ann", send_now=False)
    report = desk.orders.import_orders([evolve(FIRST, id="58200")], by="Ann")
    assert "`orderdesk claim-number id:58200`" in report.conflicts[0].message
    assert desk.orders.claim_number("id:58200", by="Ben") == ("58101",)
    assert desk.orders.get("1001").id == "58200"
    assert desk.orders.get("id:58101").number == "1001"
    assert desk.run_due().problems == ()
    assert desk.cancellations.get_case(made.cases[0].id).state is State.ACTION_REQUIRED, (
        "what is under way for the old one goes on"
    )
    assert isinstance(desk.order_store, SqliteOrderStore)
    assert desk.order_store.history(OrderId("58101"))[-1].text == "The number 1001 was taken over by order id 58200"
    assert desk.order_store.history(OrderId("58200"))[-1].by == "Ben"
    assert desk.orders.claim_number("id:58101", by="Ben") == ("58200",), "and back again"
    assert desk.orders.get("1001").id == "58101"


def test_an_order_that_gave_its_number_away_is_found_by_a_number_of_its_own(desk: Desk) -> None:
    new = evolve(FIRST, id="58200")
    desk.orders.import_orders([FIRST, new], by="Ann")
    desk.orders.claim_number("id:58200", by="Ben")
    desk.orders.import_orders([evolve(FIRST, email="new@example.com")], by="Ann")
    assert desk.orders.get("1001").id == "58200", "an update gives nothing back"
    desk.orders.import_orders([evolve(FIRST, number="1001-OLD")], by="Ann")
    assert desk.orders.get("1001-OLD").id == "58101"
    desk.orders.import_orders([FIRST, evolve(new, number="2002")], by="Ann")
    assert desk.orders.get("1001").id == "58101", "nobody else has the number any more"


def test_an_order_whose_taker_was_renamed_goes_by_its_number_again(desk: Desk) -> None:
    new = evolve(FIRST, id="58200")
    desk.orders.import_orders([FIRST, new], by="Ann")
    desk.orders.claim_number("id:58200", by="Ben")
    desk.orders.import_orders([evolve(new, number="2002")], by="Ann")
    assert (desk.orders.get("1001").id, desk.orders.get("2002").id) == ("58101", "58200")


def test_a_third_one_takes_the_number_from_all_that_go_by_it(desk: Desk) -> None:
    second, third = evolve(FIRST, id="58200"), evolve(FIRST, id="58300")
    desk.orders.import_orders([FIRST, second], by="Ann")
    desk.orders.claim_number("id:58200", by="Ben")
    desk.orders.import_orders([evolve(second, number="2002"), third], by="Ann")
    assert desk.orders.claim_number("id:58300", by="Ben") == ("58101",)
    assert desk.orders.get("1001").id == "58300"


def test_taking_over_a_number_that_nobody_else_has_changes_nothing(desk: Desk) -> None:
    desk.orders.import_orders([FIRST], by="Ann")
    assert desk.orders.claim_number("1001", by="Ben") == ()
    assert isinstance(desk.order_store, SqliteOrderStore)
    assert [entry.text for entry in desk.order_store.history("1001")] == ["Imported"]


def test_a_file_in_which_numbers_were_unique_is_migrated_with_everything(
    path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = json.dumps({"id": "58101", "source_id": "1001", "source_name": "Mugs", "order_items": []})
    with monkeypatch.context() as patch:
        patch.setattr(order_database, "MIGRATIONS", order_database.MIGRATIONS[:1])
        order_database.SqliteOrderDatabase(path).close()
    with sqlite3.connect(path) as db:
        db.execute(
            "INSERT INTO host_orders (id, number, folder_id, document) VALUES ('58101', '1001', 3, ?)", (document,)
        )
        db.execute(
            "INSERT INTO host_placements (order_id, connection, remote_id, role, submitted_at) "
            "VALUES ('58101', 'phone', '1001', 'fulfillment', '2026-01-05T09:00:00.000000+00:00')"
        )
        db.execute(
            "INSERT INTO host_history (order_id, at, by, text) VALUES ('58101', '2026-01-05', 'Ann', 'Imported')"
        )
    db.close()
    with SqliteOrderStore(path, clock=clock) as opened:
        assert (opened.folder_of("1001"), len(opened.remote_orders("58101"))) == ("Closed", 1)
        opened.import_orders([SECOND], by="Ann")
        assert len(opened.search_orders().orders) == 2
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()


def test_a_case_is_named_by_an_order_that_is_meant_and_its_place(desk: Desk) -> None:
    desk.orders.import_orders([FIRST, SECOND, TRAP], by="Ann")
    desk.orders.register("id:58101", connection="phone", by="Ann")
    desk.orders.register("id:7", connection="phone", by="Ann", remote_id="caps-1001")
    made = {name: desk.cancel(name, by="Ann").cases[0].id for name in ("id:58101", "id:7")}
    assert {name: find_case(desk, f"{name}@phone").id for name in made} == made
    for text in ("1001@phone", "58101@phone"):
        with pytest.raises(AmbiguousError, match="say which"):
            find_case(desk, text)
    with pytest.raises(NotFoundError):
        find_case(desk, "id:99@phone")
