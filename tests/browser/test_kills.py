"""A server, a worker and a browser are killed while 200 orders are canceled: nothing is lost, nothing is doubled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.browser import BrowserWatch
from tests.support.killed_console import ORDERS, KilledConsole, killed_console
from tests.support.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.crash]
SOME = 40
"""So many orders are canceled when the kill comes, and the others are not."""


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[KilledConsole]:
    with killed_console(tmp_path) as opened:
        yield opened


def signed_in(context: BrowserContext, killed: KilledConsole) -> Page:
    context.add_cookies([{"name": "orderdesk", "value": killed.tokens["otto"], "url": killed.url}])
    return context.new_page()


def cancel_all(page: Page, killed: KilledConsole) -> None:
    page.goto(f"{killed.url}/?limit=200")
    page.get_by_label("Choose all on this page").check()
    page.get_by_role("button", name=f"Cancel {ORDERS} chosen orders").click()
    page.get_by_role("button", name=f"Cancel {ORDERS} orders").click()
    expect(page.get_by_label("Settled")).to_be_visible()
    eventually(lambda: len(killed.canceled()) >= SOME, "some are canceled")


def require_page_to_tell_the_end(page: Page) -> None:
    expect(page.get_by_label("Settled")).to_have_attribute("value", str(ORDERS), timeout=120_000)
    expect(page.locator("[data-connection-state]")).to_be_empty()


def test_a_server_that_is_killed_goes_on_where_it_was_and_the_page_says_so(
    killed: KilledConsole, context: BrowserContext
) -> None:
    server = killed.serve()
    page = signed_in(context, killed)
    cancel_all(page, killed)
    server.kill()
    server.wait()
    assert len(killed.canceled()) < ORDERS, "the kill came in the middle"
    expect(page.locator("[data-connection-state]")).not_to_be_empty(timeout=120_000)
    killed.serve()
    killed.let_leases_end()
    resume = page.get_by_role("button", name="Go on with the rest")
    done = page.get_by_label("Recorded").and_(page.locator(f"[value='{ORDERS}']"))
    expect(resume.or_(done).first).to_be_visible(timeout=120_000)
    if resume.is_visible():
        resume.click()
    require_page_to_tell_the_end(page)
    killed.require_each_once()


def test_a_worker_that_is_killed_is_followed_by_the_next_one(killed: KilledConsole, context: BrowserContext) -> None:
    killed.serve(works=False)
    worker = killed.work()
    page = signed_in(context, killed)
    cancel_all(page, killed)
    worker.kill()
    worker.wait()
    stopped_at = len(killed.canceled())
    assert stopped_at < ORDERS, "the kill came in the middle"
    killed.work()
    killed.let_leases_end()
    require_page_to_tell_the_end(page)
    killed.require_each_once()


def test_a_browser_that_is_gone_finds_the_bulk_again(killed: KilledConsole, browser: Browser) -> None:
    killed.serve()
    first = browser.new_context()
    page = signed_in(first, killed)
    cancel_all(page, killed)
    address = page.url
    first.close()
    assert len(killed.canceled()) < ORDERS, "it was gone in the middle"
    second = browser.new_context()
    watch = BrowserWatch(killed.url)
    again = signed_in(second, killed)
    watch.watch(again)
    again.goto(address)
    require_page_to_tell_the_end(again)
    watch.require_clean()
    second.close()
    killed.require_each_once()
