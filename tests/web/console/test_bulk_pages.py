"""Many orders at once: chosen, looked at in sums, pressed once, followed, and gone on with after a cut."""

from __future__ import annotations

import time

import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.bulk_lists import BulkList
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.desk.bulk.lists import MAX_LISTED
from orderdesk_sdk.orders.order import Order, OrderLine
from tests.support.html_pages import Element, read_page
from tests.web.conftest import WebShop, WebShopOpener
from tests.web.console.conftest import page_of, press

ORDERS = tuple(Order(f"id-{number}", str(number), lines=(OrderLine(1, code="MUG"),)) for number in range(20))


@pytest.fixture
def shop(open_web_shop: WebShopOpener) -> WebShop:
    return open_web_shop(orders=ORDERS)


def recorded(shop: WebShop, key: str) -> None:
    """Wait until nobody records a bulk any more."""
    for _ in range(500):
        if not shop.desk.bulks.progress(key).is_recording:
            return
        time.sleep(0.02)
    raise AssertionError("it is still being recorded")


def figures(page: Element) -> dict[str, str]:
    names = page.one("dl", class_="figures")
    return {one.one("dt").text: one.one("dd").text for one in names.all("div")}


def test_chosen_orders_are_canceled_by_one_press_without_a_script(shop: WebShop) -> None:
    with shop.signed_in(Role.OPERATOR) as ann:
        page = page_of(ann, "/")
        sent = page.form("/bulk").sent()
        sent["order"] = ["id-1", "id-2", "id-3"]
        looked = ann.post("/bulk", data=sent)
        assert looked.status_code == 200
        preview = read_page(looked.text)
        assert "Cancel 3 orders?" in preview.text
        assert not shop.desk.ledger.cases(CancelCase), "so far a person has only looked"
        done = [press(ann, preview, "/bulk/start") for _ in range(3)]
        (address,) = {answer.headers["location"] for answer in done}
        recorded(shop, address.removeprefix("/bulk/"))
        assert len(shop.desk.ledger.cases(CancelCase)) == 3, "the same form is the same bulk"
        assert figures(page_of(ann, address))["Recorded"] == "3"
        shop.desk.run_due()
        assert figures(page_of(ann, address))["Sent"] == "3"
        live = ann.get(f"{address}/live")
        assert read_page(live.text).all("div", data_live_part="bulk")


def test_all_on_a_page_are_chosen_by_one_button(shop: WebShop) -> None:
    with shop.signed_in(Role.OPERATOR) as ann:
        sent = page_of(ann, "/").form("/bulk").sent(whole="yes")
        assert "Cancel 20 orders?" in read_page(ann.post("/bulk", data=sent).text).text


def test_what_nothing_is_asked_for_is_told_before_the_press(shop: WebShop) -> None:
    shop.desk.cancel("id:id-1", by="Ben", send_now=False)
    with shop.signed_in(Role.OPERATOR) as ann:
        sent = page_of(ann, "/").form("/bulk").sent()
        page = read_page(ann.post("/bulk", data={**sent, "order": ["id-1", "id-2"]}).text)
        assert "being canceled, already" in page.text
        alone = read_page(ann.post("/bulk", data={**sent, "order": ["id-1"]}).text)
        assert "nothing is left to be asked of anybody" in alone.text
        assert not alone.all("form", action="/bulk/start")


@pytest.mark.parametrize("count", [0, MAX_LISTED + 1])
def test_none_and_too_many_are_refused(shop: WebShop, count: int) -> None:
    with shop.signed_in(Role.OPERATOR) as ann:
        sent = page_of(ann, "/").form("/bulk").sent()
        refused = ann.post("/bulk", data={**sent, "order": [f"id-{number}" for number in range(count)]})
        assert refused.status_code == 422
        assert f"choose 1 to {MAX_LISTED} orders" in read_page(refused.text).text


@pytest.mark.parametrize("changed", [{"reason": "my neighbor wants it"}, {"key": "../../orders"}, {"key": ""}])
def test_what_no_form_of_ours_sends_is_refused(shop: WebShop, changed: dict[str, str]) -> None:
    with shop.signed_in(Role.OPERATOR) as ann:
        sent = page_of(ann, "/").form("/bulk").sent()
        preview = read_page(ann.post("/bulk", data={**sent, "order": ["id-1"]}).text)
        assert press(ann, preview, "/bulk/start", **changed).status_code == 422
    assert not shop.desk.bulks.recent()


def test_a_bulk_that_was_cut_off_says_so_and_is_gone_on_with_by_a_button(shop: WebShop) -> None:
    cut_off = BulkList(
        key="cut",
        requested_by="Ann",
        reason=None,
        requested_at=shop.desk.clock.now(),
        order_ids=("id-1", "id-2", "gone"),
    )
    shop.desk.ledger.add_bulk_list(cut_off)  # As a server leaves it that is killed at this moment.
    with shop.signed_in(Role.OPERATOR) as ann:
        assert page_of(ann, "/").all("a", href="/bulk/cut"), "the list of orders leads there"
        page = page_of(ann, "/bulk/cut")
        assert "Recording was cut off: 3 of 3 orders are not recorded yet." in page.text
        assert press(ann, page, "/bulk/cut/resume").headers["location"] == "/bulk/cut?notice=resumed"
        recorded(shop, "cut")
        after = page_of(ann, "/bulk/cut")
        assert (figures(after)["Recorded"], figures(after)["Not recorded"]) == ("2", "1")
        assert "gone" in after.text


def test_a_viewer_may_follow_a_bulk_and_start_none(shop: WebShop) -> None:
    shop.desk.bulks.start(["id-1"], by="Ann", reason=None, key="k")
    recorded(shop, "k")
    with shop.signed_in(Role.VIEWER) as viewer:
        assert figures(page_of(viewer, "/bulk/k"))["Recorded"] == "1"
        page = page_of(viewer, "/")
        assert "an operator may do this; your role is viewer" in page.text
        csrf = page.all("input", name="csrf")[0].attributes["value"]
        for path in ("/bulk", "/bulk/start", "/bulk/k/resume"):
            assert viewer.post(path, data={"csrf": csrf}).status_code == 403
        assert viewer.get("/bulk/none").status_code == 404


def test_what_was_not_canceled_is_listed_with_its_reason_and_found_again_from_the_orders(shop: WebShop) -> None:
    shop.desk.bulks.start(["id-4", "id-5"], by="Ann", reason=None, key="two")
    recorded(shop, "two")
    shop.services.cancel_outcomes["mill"] = "unknown"
    shop.desk.run_due()
    (kept,) = shop.desk.ledger.cases(CancelCase, order_id="id-4")
    shop.desk.cases.reject(kept.id, by="Ben")
    with shop.signed_in(Role.VIEWER) as viewer:
        (link,) = page_of(viewer, "/").all("a", href="/bulk/two")
        page = page_of(viewer, link.attributes["href"])
    assert "4: rejected: too late at mill" in page.text
    assert [one.text for one in page.one("ul", class_="plain-list").all("a")] == ["4"]
