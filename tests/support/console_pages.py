"""The main pages of the console on the shop to look at: what is judged, and pictured for the docs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import frozen
from playwright.sync_api import Page

from tests.support.console import Console

__all__ = ["CONSOLE_PAGES", "PHONE", "DESK", "ConsolePage"]

DESK: Final = {"width": 1280, "height": 860}
PHONE: Final = {"width": 390, "height": 780}


@frozen
class ConsolePage:
    """One page.

    Args:
        path: of a shop that is open.
        who: signed in; "" for nobody.
        is_pictured: whether the docs show it.
        press: what is done on it before it is looked at.
    """

    name: str
    path: Callable[[Console], str]
    who: str = "ada"
    is_pictured: bool = True
    press: Callable[[Page], object] = lambda _: None


def _unpictured(name: str, path: str, who: str = "ada") -> ConsolePage:
    return ConsolePage(name, _at(path), who, is_pictured=False)


def _at(path: str) -> Callable[[Console], str]:
    return lambda _: path


def _case(number: str, connection: str) -> Callable[[Console], str]:
    def path(console: Console) -> str:
        desk = console.shop.desk
        cases = (*desk.cases.list(order=number), *desk.cases.list_others(order=number))
        return f"/cases/{next(case.id for case in cases if case.connection == connection)}"

    return path


def _review(page: Page) -> None:
    page.get_by_label("Reason").first.select_option("customer asked")
    page.get_by_role("button", name="Review and confirm").click()
    page.get_by_role("dialog").wait_for()


def _review_all(page: Page) -> None:
    page.get_by_label("Choose all on this page").check()
    page.get_by_role("button", name="chosen orders").click()
    page.get_by_role("button", name="Back").or_(page.get_by_role("link", name="Back")).first.wait_for()


CONSOLE_PAGES: Final = (
    ConsolePage("sign-in", _at("/sign-in"), who=""),
    ConsolePage("orders", _at("/?q=104")),
    ConsolePage("order", _at("/orders/71063")),
    ConsolePage("confirmation", _at("/orders/71063"), press=_review),
    ConsolePage("bulk", _at("/?q=105"), press=_review_all),
    ConsolePage("order-settled", _at("/orders/71046")),
    ConsolePage("receipt", _at("/orders/71044/receipt")),
    ConsolePage("inbox", _at("/inbox")),
    ConsolePage("case", _case("1043", "mww")),
    ConsolePage("request", _case("1061", "commercehub"), is_pictured=False),
    ConsolePage("alarm", _case("1049", "hp-site-flow"), is_pictured=False),
    ConsolePage("rules", _at("/rules")),
    ConsolePage("matrix", _at("/matrix")),
    ConsolePage("health", _at("/health")),
    ConsolePage("audit", _at("/audit")),
    ConsolePage("connections", _at("/connections")),
    ConsolePage("users", _at("/users")),
    ConsolePage("tokens", _at("/tokens")),
    _unpictured("sign-in-link", "/sign-in/a-link-of-an-admin", who=""),
    _unpictured("step-up", "/step-up?next=/inbox"),
    _unpictured("password", "/password"),
    _unpictured("all-orders", "/"),
    _unpictured("no-orders", "/?q=nothing-is-like-that"),
    _unpictured("unsubmitted-order", "/orders/71062"),
    _unpictured("window", "/orders/71056", who="otto"),
    _unpictured("as-a-viewer", "/orders/71059", who="vera"),
    _unpictured("messages", "/messages"),
    _unpictured("new-rule", "/rules/new"),
    _unpictured("new-connection", "/connections/new"),
    _unpictured("audit-verified", "/audit/verify"),
    _unpictured("not-found", "/orders/nothing-is-called-so"),
)
