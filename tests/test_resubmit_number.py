"""The number of a resubmission: nobody else's, here or there, before and while it goes out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orderdesk_devkit.testing.request_recorder import SeenRequest
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InputError, NotAllowedError, UnderWayError
from orderdesk_sdk.orders.order import Order, Placement
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.requests import ResubmitRequest
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.stores.sqlite.orders import LocalHost
from tests.support.scripted_shop import ScriptedShop as Shop
from tests.support.scripted_shop import ShopSettings, absent, sends
from tests.support.scripted_shop import idle_errand as idle
from tests.support.scripted_shop import shop_desk as opened


def test_an_order_that_was_there_before_anything_was_sent_is_not_ours(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), lambda seen: (200, '{"status": "canceled"}')) as (desk, tap):
        made = desk.resubmit("1042", by="Ann")
        assert (made.state, sends(tap)) == (ErrandState.REFUSED, [])
        assert "the number 1042-1 is taken" in str(made.text)
        assert desk.host.placed_as("shop", "1042-1") is None


def test_a_create_that_provably_did_nothing_makes_nothing_ours(tmp_path: Path) -> None:
    there: list[bool] = []

    def replies(seen: SeenRequest) -> tuple[int, str]:
        if seen.method == "GET":
            return (200, "{}") if there else (404, "{}")
        there.append(True)
        return 401, "{}"

    with opened(tmp_path, Shop(), replies) as (desk, tap):
        desk.resubmit("1042", by="Ann")
        work = idle(desk)
        assert (work.state, sends(tap)) == (ErrandState.REFUSED, ["POST"])


def another_order_there(desk: Desk) -> None:
    desk.place("2000", at="shop", by="Ann", remote_id="1042-1")


def another_order_here(desk: Desk) -> None:
    assert isinstance(desk.host, LocalHost)
    desk.host.import_orders([Order("id-9", "1042-1")], by="Ann")


@pytest.mark.parametrize(
    ("prepare", "why"),
    [(another_order_there, "another order's at shop"), (another_order_here, "belongs to another order")],
)
def test_a_number_that_another_order_has_is_refused_before_anything_is_recorded(
    tmp_path: Path, prepare: Callable[[Desk], None], why: str
) -> None:
    with opened(tmp_path, Shop(), absent((201, "{}"))) as (desk, tap):
        prepare(desk)
        with pytest.raises(InputError, match=why):
            desk.resubmit("1042", by="Ann", number="1042-1")
        assert (desk.errands(), sends(tap)) == ((), [])


def test_a_number_that_another_order_came_to_have_there_is_sent_no_more(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((401, "{}"))) as (desk, tap):
        assert desk.resubmit("1042", by="Ann").state is ErrandState.REQUESTED
        another_order_there(desk)
        work = idle(desk)
        assert (work.state, len(sends(tap))) == (ErrandState.REFUSED, 1)
        assert "another order's at shop" in str(work.text)


def test_a_create_that_was_refused_makes_what_is_there_nobody_s_but_its_maker_s(tmp_path: Path) -> None:
    """Somebody was faster between our look and our create."""

    class Reading(Shop):
        @hookimpl
        def orderdesk_resubmit(
            self, request: ResubmitRequest, service: Service[ShopSettings]
        ) -> Flow[Answer | Placement]:
            yield service.post("/orders", request.order.number)
            there = yield service.get("/orders", request.order.number)
            return service.placement(request.order.number) if there.is_success else answer.unclear(there)

    with opened(tmp_path, Reading(), lambda seen: (200, "{}") if seen.method == "GET" else (409, "{}")) as (desk, tap):
        made = desk.resubmit("1042", by="Ann")
        assert (made.state, sends(tap)) == (ErrandState.REFUSED, ["POST"])
        assert "is taken" in str(made.text)


def test_a_duplicate_whose_submission_a_person_has_says_so_to_whoever_wants_it_canceled(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((500, "{}"))) as (desk, _):
        made = desk.resubmit("1042", by="Ann")
        assert idle(desk).state is ErrandState.AWAITING_PERSON
        with pytest.raises(UnderWayError) as refused:
            desk.cancel("1042-1", by="Ann")
        assert f"`orderdesk confirm` or `refuse` {made.id}" in str(refused.value.remedy)


def test_a_number_that_is_kept_for_another_order_s_duplicate_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((401, "{}"))) as (desk, _):
        desk.resubmit("1042", by="Ann", number="77")
        desk.place("2000", at="shop", by="Ann")
        (case,) = desk.cancel("2000", by="Ann").cases
        desk.confirm(case.id, by="Ann")
        with pytest.raises((InputError, NotAllowedError), match="77"):
            desk.resubmit("2000", by="Ann", number="77")


def test_what_is_there_and_cannot_be_registered_is_a_person_s_and_is_not_made_again(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((201, "{}"))) as (desk, tap):

        def full(ref: str, placement: Placement, *, by: str) -> None:
            raise InputError("the host is closed", remedy="open it")

        place = desk.host.place
        desk.host.place = full  # type: ignore[method-assign]  # whatever keeps the host from it
        made = desk.resubmit("1042", by="Ann")
        assert (made.state, sends(tap)) == (ErrandState.AWAITING_PERSON, ["POST"])
        assert ("the host is closed" in str(made.text), made.remedy) == (True, "open it")
        with pytest.raises(InputError, match="the host is closed"):
            desk.confirm(made.id, by="Ben")
        desk.host.place = place  # type: ignore[method-assign]
        assert desk.confirm(made.id, by="Ben").state is ErrandState.DONE
        assert sends(tap) == ["POST"]
