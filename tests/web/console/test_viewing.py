"""Who looked at an order is written down, also where only the live part of its page was fetched."""

from __future__ import annotations

import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.web.console import viewing
from orderdesk_sdk.web.console.viewing import KEPT_FOR, RecentViews
from tests.web.conftest import WebShop
from tests.web.console.conftest import Visitor


def views(shop: WebShop) -> int:
    return sum(entry.record.action is AuditAction.ORDER_VIEWED for entry in shop.desk.audit.list(100))


def test_the_live_part_of_a_page_alone_is_a_look_at_it(web_shop: WebShop, visit: Visitor) -> None:
    (case,) = web_shop.desk.cancel("1042", by="Ann").cases
    viewer, operator = visit(Role.VIEWER), visit(Role.OPERATOR)
    for count, (person, path) in enumerate(
        [
            (viewer, "/orders/id-1042/live"),
            (viewer, f"/cases/{case.id}/live"),
            (operator, "/orders/id-1042"),
            (operator, "/orders/id-1042"),
        ],
        1,
    ):
        assert person.get(path).status_code == 200
        assert views(web_shop) == count
    for person in (viewer, operator):
        assert person.get("/orders/id-1042/live").status_code == 200
    assert views(web_shop) == count, "an open page is looked at once"


def test_an_open_page_is_a_look_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    seen = RecentViews(lambda: now[0])
    assert [seen.add("Ann", "order 1"), seen.add("Ann", "order 1"), seen.add("Bob", "order 1")] == [True, False, True]
    now[0] = KEPT_FOR
    assert seen.add("Ann", "order 1")
    monkeypatch.setattr(viewing, "MAX_KEPT", 1)
    assert seen.add("Ann", "order 2")
    assert seen.add("Bob", "order 1"), "what is remembered is bounded"
