"""Every page, in both themes, at a desk and on a phone: judged by axe-core, without an error in the console."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.support.browser import serious_findings
from tests.support.console import Console, open_console
from tests.support.console_pages import CONSOLE_PAGES, DESK, PHONE, ConsolePage

pytestmark = pytest.mark.slow
OF_COLOR = ("color-contrast", "link-in-text-block")
"""The rules of axe-core that a theme can break; all others are about the document, which is the same."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One shop for all: nobody changes it, and nobody works."""
    with open_console(tmp_path_factory.mktemp("console"), works=False) as opened:
        yield opened


def require_for_everybody(opened: Page, axe: str) -> None:
    """Raises AssertionError for what axe-core finds in either theme and at either width, and for a page too wide."""
    found = []
    for size in (DESK, PHONE):
        opened.set_viewport_size({"width": size["width"], "height": size["height"]})
        opened.emulate_media(color_scheme="light")
        found += [f"light, {size['width']}: {finding}" for finding in serious_findings(opened, axe)]
        opened.emulate_media(color_scheme="dark")
        found += [f"dark, {size['width']}: {finding}" for finding in serious_findings(opened, axe, OF_COLOR)]
        wider = opened.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"at {size['width']} the page is {wider} too wide"] if wider > 0 else []
    assert not found, "\n".join(found)


@pytest.mark.parametrize("page", CONSOLE_PAGES, ids=lambda page: page.name)
def test_a_page_is_for_everybody(page: ConsolePage, shown: Console, context: BrowserContext, axe: str) -> None:
    if page.who:
        shown.sign_in(context, page.who)
    shown.watch.problems.clear()
    shown.watch.expected[:] = ["404"] if page.name == "not-found" else []
    opened = shown.open(context, page.path(shown))
    assert page.path(shown) in opened.url, f"it was sent on to {opened.url}"
    page.press(opened)
    require_for_everybody(opened, axe)
    assert opened.title()
    assert opened.get_by_role("heading", level=1).count() == 1
    assert opened.locator("html").get_attribute("lang") == "en"
    shown.watch.require_clean()


def test_what_a_press_opens_is_for_everybody(shown: Console, context: BrowserContext, axe: str) -> None:
    """The progress of a bulk, and a receipt that anybody may read."""
    shown.watch.expected.clear()
    shown.watch.problems.clear()
    shown.sign_in(context, "sue")
    page = shown.open(context, "/?q=105")
    page.get_by_label("Choose all on this page").check()
    page.get_by_role("button", name="chosen orders").click()
    expect(page.get_by_role("main")).to_contain_text("Nothing is asked there")
    page.get_by_label("Reason").select_option("customer asked")
    page.get_by_role("button", name="Cancel").last.click()
    expect(page.get_by_label("Recorded")).to_be_visible()
    require_for_everybody(page, axe)
    page.goto(f"{shown.url}/orders/71044/receipt")
    page.get_by_role("button", name="Make a link").click()
    page.goto(page.get_by_text("/r/").first.inner_text().strip())
    expect(page.get_by_role("heading", level=1)).to_contain_text("1044")
    require_for_everybody(page, axe)
    shown.watch.require_clean()


def test_rules_name_the_orders_by_their_numbers(shown: Console, context: BrowserContext) -> None:
    shown.sign_in(context, "vera")
    page = shown.open(context, "/rules")
    expect(page.get_by_role("link", name="1045", exact=True).first).to_have_attribute("href", "/orders/71045")
