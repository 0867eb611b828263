"""An order, from its plan to a settled case, as a person at a browser sees it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from orderdesk_sdk.clock import minutes, seconds
from tests.support.console import Console

pytestmark = pytest.mark.slow


def place(page: Page, title: str) -> Locator:
    """The part of the page about one connection, by its integration's title."""
    return page.get_by_role("article").filter(has=page.get_by_role("heading", name=title, exact=True))


def test_a_press_with_a_reason_is_followed_until_each_place_has_settled_without_a_reload(
    console: Console, context: BrowserContext
) -> None:
    console.sign_in(context, "otto")
    page = console.open(context, "/orders/71059")
    page.evaluate("window.stays = true")
    page.get_by_label("Reason", exact=False).first.select_option("customer asked")
    page.get_by_role("button", name="Review and confirm").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Cancel order 1059?")
    expect(dialog).to_contain_text("told last")
    dialog.get_by_role("button", name="Cancel the order").click()
    expect(place(page, "HP Site Flow")).to_contain_text("acknowledged")
    page.evaluate("window.stays = true")
    console.shop.clock.run(60)
    expect(place(page, "ShipBob")).to_contain_text("canceled")
    expect(place(page, "Shopify")).to_contain_text("canceled", timeout=120_000)
    assert page.evaluate("window.stays"), "the page was not loaded again"
    assert set(console.states("1059").values()) == {"canceled"}
    assert {case.requested_by for case in console.shop.desk.cases.list(order="1059")} == {"otto"}
    console.watch.require_clean()


def test_the_countdown_ends_and_the_route_becomes_the_email(console: Console, context: BrowserContext) -> None:
    console.sign_in(context, "otto")
    console.shop.clock.advance(minutes(2) - seconds(25) - seconds(4))
    console.shop.clock.run(1)
    page = console.open(context, "/orders/71056")
    page.evaluate("window.stays = true")
    route = place(page, "MWW On Demand")
    expect(route).to_contain_text(re.compile("button", re.IGNORECASE))
    expect(page.locator("[data-left]").first).to_contain_text(re.compile("[0-4] ?s"))
    expect(page.locator(".route strong").first).to_have_text(re.compile("e-mail", re.IGNORECASE), timeout=120_000)
    assert page.evaluate("window.stays"), "the page was not loaded again"
    console.watch.require_clean()
