"""The frame of every page: where one can go by role, where one is, what waits, who is there."""

from __future__ import annotations

import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.web.console.frame import navigation
from tests.web.conftest import WebShop
from tests.web.console.conftest import Visitor, page_of

FOR_ADMINS = {"/connections", "/users", "/tokens", "/audit"}


@pytest.mark.parametrize("role", list(Role))
def test_only_an_admin_is_led_to_what_is_for_admins(role: Role) -> None:
    places = {item.href for group in navigation("/", role, 0) for item in group}
    assert bool(places & FOR_ADMINS) is (role is Role.ADMIN)
    assert {"/", "/inbox", "/rules", "/matrix", "/health"} <= places


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", "/"),
        ("/orders/1042/receipt", "/"),
        ("/bulk/k", "/"),
        ("/inbox", "/inbox"),
        ("/cases/c1", "/inbox"),
        ("/rules/one", "/rules"),
        ("/audit", "/audit"),
        ("/rulesx", None),
    ],
)
def test_a_page_says_where_one_is(path: str, place: str | None) -> None:
    current = [item.href for group in navigation(path, Role.ADMIN, 0) for item in group if item.is_current]
    assert current == ([] if place is None else [place])


def test_what_waits_stands_beside_the_inbox_and_is_read_out(web_shop: WebShop, visit: Visitor) -> None:
    ann = visit(Role.VIEWER)
    assert not page_of(ann, "/").all("span", class_="badge-count")
    web_shop.desk.orders.register("1042", connection="phone", by="a test")
    web_shop.desk.cancel("1042", by="Ben", connections=["phone"])
    inbox = page_of(ann, "/").one("a", href="/inbox")
    assert inbox.text == "Inbox1, 1 waiting for a person"
    assert "Ann the viewer" in page_of(ann, "/").one("p", class_="who-name").text


def test_a_page_does_not_fail_for_the_number_beside_it(
    web_shop: WebShop, visit: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise StorageError("the database is locked")

    ann = visit(Role.VIEWER)
    monkeypatch.setattr(web_shop.desk.ledger, "count_waiting", broken)
    assert page_of(ann, "/nothing-here", 404).all("nav", aria_label="Main")


def test_every_page_has_one_heading_and_a_way_to_skip_to_it(visit: Visitor) -> None:
    ann = visit(Role.ADMIN)
    for path in ("/", "/orders/id-1042", "/orders/id-1042/receipt", "/inbox", "/audit"):
        page = page_of(ann, path)
        assert len(page.all("h1")) == 1, path
        assert page.one("a", class_="skip").attributes["href"] == "#main"
        assert page.one("main").attributes["id"] == "main"
