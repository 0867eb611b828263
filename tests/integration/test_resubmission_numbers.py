"""The number of a resubmission: nobody else's, here or there, before and while it goes out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orderdesk_devkit.testing.request_recorder import RecordedRequest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InProgressError, InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.requests import ResubmitRequest
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.scripted_shop import ScriptedShop as Shop
from tests.support.scripted_shop import ShopSettings, absent, sends
from tests.support.scripted_shop import idle_case as idle
from tests.support.scripted_shop import shop_desk as opened


def test_an_order_that_was_there_before_anything_was_sent_is_not_ours(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), lambda seen: (200, '{"status": "canceled"}')) as (desk, tap):
        made = desk.resubmissions.create("1042", by="Ann")
        assert (made.state, sends(tap)) == (State.REJECTED, [])
        assert "the number 1042-1 is taken" in str(made.message)
        assert desk.order_store.find_by_remote_id("shop", "1042-1") is None


def test_a_create_that_provably_did_nothing_makes_nothing_ours(tmp_path: Path) -> None:
    there: list[bool] = []

    def responses(seen: RecordedRequest) -> tuple[int, str]:
        if seen.method == "GET":
            return (200, "{}") if there else (404, "{}")
        there.append(True)
        return 401, "{}"

    with opened(tmp_path, Shop(), responses) as (desk, tap):
        desk.resubmissions.create("1042", by="Ann")
        work = idle(desk)
        assert (work.state, sends(tap)) == (State.REJECTED, ["POST"])


def another_order_there(desk: Desk) -> None:
    desk.orders.register("2000", connection="shop", by="Ann", remote_id="1042-1")


def another_order_here(desk: Desk) -> None:
    assert isinstance(desk.order_store, SqliteOrderStore)
    desk.order_store.import_orders([Order("id-9", "1042-1")], by="Ann")


@pytest.mark.parametrize(
    ("prepare", "why"),
    [(another_order_there, "another order's at shop"), (another_order_here, "belongs to another order")],
)
def test_a_number_that_another_order_has_is_refused_before_anything_is_recorded(
    tmp_path: Path, prepare: Callable[[Desk], None], why: str
) -> None:
    with opened(tmp_path, Shop(), absent((201, "{}"))) as (desk, tap):
        prepare(desk)
        with pytest.raises(ValidationError, match=why):
            desk.resubmissions.create("1042", by="Ann", number="1042-1")
        assert (desk.cases.list_others(), sends(tap)) == ((), [])


def test_a_number_that_another_order_came_to_have_there_is_sent_no_more(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((401, "{}"))) as (desk, tap):
        assert desk.resubmissions.create("1042", by="Ann").state is State.PENDING
        another_order_there(desk)
        work = idle(desk)
        assert (work.state, len(sends(tap))) == (State.REJECTED, 1)
        assert "another order's at shop" in str(work.message)


def test_a_create_that_was_refused_makes_what_is_there_nobody_s_but_its_maker_s(tmp_path: Path) -> None:
    """Somebody was faster between our look and our create."""

    class Reading(Shop):
        @hookimpl
        def orderdesk_resubmit(
            self, request: ResubmitRequest, service: Service[ShopSettings]
        ) -> Flow[Answer | RemoteOrder]:
            yield service.post("/orders", request.order.number)
            there = yield service.get("/orders", request.order.number)
            return service.remote_order(request.order.number) if there.is_success else answer.unknown(there)

    with opened(tmp_path, Reading(), lambda seen: (200, "{}") if seen.method == "GET" else (409, "{}")) as (desk, tap):
        made = desk.resubmissions.create("1042", by="Ann")
        assert (made.state, sends(tap)) == (State.REJECTED, ["POST"])
        assert "is taken" in str(made.message)


def test_a_duplicate_whose_submission_a_person_has_says_so_to_whoever_wants_it_canceled(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((500, "{}"))) as (desk, _):
        made = desk.resubmissions.create("1042", by="Ann")
        assert idle(desk).state is State.ACTION_REQUIRED
        with pytest.raises(InProgressError) as refused:
            desk.cancel("1042-1", by="Ann")
        assert f"`orderdesk confirm` or `orderdesk reject` {made.id}" in str(refused.value.hint)


def test_a_number_that_is_kept_for_another_order_s_duplicate_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((401, "{}"))) as (desk, _):
        desk.resubmissions.create("1042", by="Ann", number="77")
        desk.orders.register("2000", connection="shop", by="Ann")
        (case,) = desk.cancel("2000", by="Ann").cases
        desk.cases.confirm(case.id, by="Ann")
        with pytest.raises((ValidationError, InvalidStateError), match="77"):
            desk.resubmissions.create("2000", by="Ann", number="77")


def test_what_is_there_and_cannot_be_registered_is_a_person_s_and_is_not_made_again(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((201, "{}"))) as (desk, tap):

        def full(ref: str, remote_order: RemoteOrder, *, by: str) -> None:
            raise ValidationError("the host is closed", hint="open it")

        place = desk.order_store.add_remote_order
        desk.order_store.add_remote_order = full  # type: ignore[method-assign]  # whatever keeps the host from it
        made = desk.resubmissions.create("1042", by="Ann")
        assert (made.state, sends(tap)) == (State.ACTION_REQUIRED, ["POST"])
        assert ("the host is closed" in str(made.message), made.hint) == (True, "open it")
        with pytest.raises(ValidationError, match="the host is closed"):
            desk.cases.confirm(made.id, by="Ben")
        desk.order_store.add_remote_order = place  # type: ignore[method-assign]
        assert desk.cases.confirm(made.id, by="Ben").state is State.DONE
        assert sends(tap) == ["POST"]
