"""The same without JavaScript: every step is a page and a form."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from orderdesk_sdk.clock import minutes
from tests.support.console import PASSWORD, Console
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow


@pytest.fixture
def plain(browser: Browser) -> Iterator[BrowserContext]:
    """A browser in which no script runs."""
    made = browser.new_context(java_script_enabled=False)
    made.set_default_timeout(120_000)
    yield made
    made.close()


def test_an_order_is_canceled_from_signing_in_to_its_receipt(console: Console, plain: BrowserContext) -> None:
    console.shop.desk.access.users.set_password("otto", PASSWORD, by="a test")
    page = console.open(plain, "/sign-in")
    page.get_by_label("Name").fill("otto")
    page.get_by_label("Password").fill(PASSWORD.reveal())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("searchbox", name="Search").fill("1058")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="1058").click()
    page.get_by_role("button", name="Review and confirm").click()
    expect(page.get_by_role("heading", name="Cancel order 1058?")).to_be_visible()
    page.get_by_role("button", name="Cancel the order").click()
    eventually(lambda: console.states("1058") == {"lulu": "canceled"}, "the printer has canceled it")
    page.reload()
    expect(page.get_by_role("main")).to_contain_text(re.compile("canceled", re.IGNORECASE))
    page.get_by_role("link", name="Receipt").click()
    expect(page.get_by_role("main")).to_contain_text("otto")
    console.watch.require_clean()


def test_times_are_in_utc_and_a_window_says_when_it_closes(console: Console, plain: BrowserContext) -> None:
    console.sign_in(plain, "vera")
    closes = console.shop.desk.cancellations.plan("1056").entries[0].steps[0].window.closes_at
    assert closes is not None
    assert closes < console.shop.clock.now() + minutes(2)
    page = console.open(plain, "/orders/71056")
    expect(page.locator(".countdown").first).to_contain_text(f"{closes:%H:%M:%S}")
    expect(page.locator(".countdown").first).to_contain_text("UTC")
