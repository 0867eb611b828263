"""The line is lost and comes back, or the server is restarted: the page says so, and misses nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from orderdesk_sdk.clock import minutes
from tests.support.console import Console
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow


def open_acknowledged(console: Console, context: BrowserContext) -> Page:
    """The page of 1050, which its service acknowledged a while ago and has not decided."""
    console.sign_in(context, "otto")
    page = console.open(context, "/orders/71050")
    expect(page.locator("[data-live-part=places]")).to_contain_text("acknowledged")
    page.evaluate("window.stays = true")
    return page


def settle(console: Console) -> None:
    """The service cancels it, while the page cannot hear of it."""
    console.shop.clock.advance(minutes(30))
    eventually(lambda: console.states("1050") == {"progressive-solutions": "canceled"}, "it is canceled")


@pytest.mark.parametrize("how", ["offline", "restart"])
def test_what_happened_meanwhile_is_there_when_the_line_is_back(
    how: str, console: Console, context: BrowserContext
) -> None:
    page = open_acknowledged(console, context)
    state = page.locator("[data-connection-state]")
    if how == "offline":
        console.watch.expected += ["ERR_INTERNET_DISCONNECTED", "Failed to fetch"]
        context.set_offline(True)
    else:
        console.watch.expected += ["ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET"]
        console.stop()
    expect(state).not_to_be_empty(timeout=120_000)
    if how == "offline":
        settle(console)
        context.set_offline(False)
    else:
        console.shop.clock.advance(minutes(30))
        console.shop.desk.run_due()
        console.start_again()
    expect(page.locator("[data-live-part=places]")).to_contain_text("canceled", timeout=120_000)
    expect(state).to_be_empty(timeout=120_000)
    assert page.evaluate("window.stays"), "the page was not loaded again"
    console.watch.require_clean()
