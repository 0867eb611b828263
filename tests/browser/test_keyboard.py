"""Everything with the keyboard alone: an order is found, looked at, canceled and followed up."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.support.console import Console

pytestmark = pytest.mark.slow
MOST_PRESSES = 150

_FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return '';
  const label = element.labels && element.labels.length ? element.labels[0].textContent : '';
  return (element.getAttribute('aria-label') || label || element.textContent || '').replace(/\\s+/g, ' ').trim();
}"""
_VISIBLE_FOCUS = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called so has the focus, which must be seen."""
    for _ in range(MOST_PRESSES):
        page.keyboard.press("Tab")
        if str(page.evaluate(_FOCUSED)).startswith(name):
            assert page.evaluate(_VISIBLE_FOCUS), f"the focus on {name!r} is not seen"
            return
    raise AssertionError(f"{name!r} is not reached by Tab")


def test_an_order_is_canceled_from_start_to_end(console: Console, context: BrowserContext) -> None:
    console.sign_in(context, "otto")
    page = console.open(context, "/")
    tab_to(page, "Skip to the content")
    page.keyboard.press("Enter")
    tab_to(page, "Search")
    page.keyboard.type("1059")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="1059")).to_be_visible()
    tab_to(page, "1059")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1059")
    tab_to(page, "Reason")
    page.keyboard.type("customer asked")
    tab_to(page, "Review and confirm")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("link", name="Back")).to_be_focused()  # So that a second Enter presses nothing unawares.
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Review and confirm")).to_be_focused()
    assert console.states("1059") == {}, "Escape cancels nothing"
    page.keyboard.press("Enter")
    tab_to(page, "Cancel the order")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("acknowledged")
    assert set(console.states("1059")) == {"shopify", "shipbob", "hp-site-flow"}
    console.watch.require_clean()
