"""An order of which a part is canceled: what its receipt says, what it is kept from, and how its lines are named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.validation import open_cancel_cases
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConflictError, InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from tests.support.phone import Phone

NOW = datetime(2026, 1, 5, tzinfo=UTC)
ORDER = Order("id-1042", "1042", lines=(OrderLine(2, code="MUG"), OrderLine(1, code="CAP")))


@pytest.fixture
def desk(path: Path) -> Iterator[Desk]:
    registry = PluginRegistry()
    registry.register(Phone(), "phone")
    config = Config(path, {name: ConnectionConfig(name, "phone", {}, name) for name in ("phone", "other")})
    with Desk(config, clock=VirtualClock(), registry=registry) as made:
        made.orders.import_orders([ORDER], by="Ann")
        made.orders.register("1042", connection="phone", by="Ann")
        yield made


def test_an_order_of_which_a_part_is_canceled_is_not_canceled_and_not_made_again(desk: Desk) -> None:
    (opened,) = desk.cancel("1042", by="Ann", lines={"MUG": 1}).cases
    desk.cases.confirm(opened.id, by="Ann")
    receipt = desk.cancellations.receipt("1042")
    assert (receipt.is_settled, receipt.is_canceled) == (True, False)
    assert receipt.still_active == ("phone (only a part was canceled)",)
    with pytest.raises(InvalidStateError, match="only a part was canceled"):
        desk.resubmissions.create("1042", by="Ann")


def test_a_wish_is_recorded_by_the_ids_of_lines_and_told_by_what_people_call_them(desk: Desk) -> None:
    desk.orders.import_orders(
        [Order("77", "77", lines=(OrderLine(2, id="1", code="MUG"), OrderLine(1, id="2", code="MUG")))], by="Ann"
    )
    desk.orders.register("77", connection="phone", by="Ann")
    with pytest.raises(
        ValidationError, match=r"2 lines are called 'MUG' - name one of id:1:2 \(MUG \(line 1\)\), id:2:1"
    ):
        desk.cancel("77", by="Ann", lines={"MUG": 1})
    assert desk.ledger.cancellations("77") == ()
    made = desk.cancel("77", by="Ann", lines={"id:2": 1})
    assert (made.cancellation.lines, made.cancellation.lines_by_name) == ({"2": 1}, {"MUG (line 2)": 1})
    assert desk.cases.request_for(made.cases[0].id).lines == {"2": 1}


def test_a_key_names_the_same_wish_however_its_lines_are_named(desk: Desk) -> None:
    desk.orders.import_orders(
        [Order("77", "77", lines=(OrderLine(2, id="1", code="MUG"), OrderLine(1, id="2", code="CAP")))], by="Ann"
    )
    desk.orders.register("77", connection="phone", by="Ann")
    first = desk.cancel("77", by="Ann", lines={"MUG": 1}, idempotency_key="k")
    for lines in ({"MUG": 1}, {"1": 1}, {"id:1": 1}, {"code:MUG": 1}):
        assert desk.cancel("77", by="Ann", lines=lines, idempotency_key="k").cancellation == first.cancellation
    for other in ({"MUG": 2}, {"CAP": 1}, {}):
        with pytest.raises(ConflictError):
            desk.cancel("77", by="Ann", lines=other, idempotency_key="k")


def test_a_wish_under_way_that_an_early_version_recorded_by_code_is_about_the_same_lines(desk: Desk) -> None:
    order = Order("77", "77", lines=(OrderLine(2, id="1", code="MUG"), OrderLine(1, id="2", code="CAP")))
    desk.orders.import_orders([order], by="Ann")
    remote_order = desk.orders.register("77", connection="phone", by="Ann")
    early = Cancellation("c-early", "key", "77", "77", "Ann", None, NOW, {"MUG": 1})
    (opened,) = open_cancel_cases(early, [remote_order], str)
    desk.ledger.open_cancellation(early, "", [opened])
    assert desk.cases.request_for(opened.id).lines == {"1": 1}
    assert desk.cancel("77", by="Ann", lines={"id:1": 1}).cases == (opened,), "the same part is asked for once"


def test_an_order_that_one_of_its_places_was_never_asked_for_is_not_canceled(desk: Desk) -> None:
    desk.orders.register("1042", connection="other", by="Ann")
    (opened,) = desk.cancel("1042", by="Ann", connections=["phone"]).cases
    desk.cases.confirm(opened.id, by="Ann")
    assert not desk.cancellations.receipt("1042").is_canceled
    assert desk.cancellations.receipt("1042").still_active == ("other (cancellation never requested)",)
    (rest,) = desk.cancel("1042", by="Ann").cases
    desk.cases.confirm(rest.id, by="Ann")
    assert desk.cancellations.receipt("1042").is_canceled
