"""Two hundred orders, chosen and canceled at once, with their progress."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from orderdesk_devkit.cli.demo_shop.catalog import BULK, BULK_FAMILY, bulk_orders
from tests.support.console import Console, open_console

pytestmark = pytest.mark.slow


@pytest.fixture
def bulk_console(tmp_path: Path) -> Iterator[Console]:
    """The shop with the orders of the misprinted calendar."""
    with open_console(tmp_path, with_bulk=True) as opened:
        yield opened


def choose_them_all(page: Page) -> None:
    page.get_by_label("Choose all on this page").check()
    page.get_by_role("button", name=f"Cancel {BULK} chosen orders").click()


def test_two_hundred_chosen_orders_are_canceled_with_progress(bulk_console: Console, context: BrowserContext) -> None:
    bulk_console.sign_in(context, "otto")
    page = bulk_console.open(context, f"/?q={BULK_FAMILY}&limit=200")
    choose_them_all(page)
    expect(page.get_by_role("main")).to_contain_text("ShipBob")
    page.get_by_role("button", name=f"Cancel {BULK} orders").click()
    expect(page.get_by_label("Recorded")).to_have_attribute("value", str(BULK), timeout=120_000)
    page.evaluate("window.stays = true")
    assert page.get_by_label("Settled").get_attribute("value") != str(BULK), "most is still to be polled"
    bulk_console.shop.clock.run(120)
    expect(page.get_by_label("Settled")).to_have_attribute("value", str(BULK), timeout=120_000)
    assert page.evaluate("window.stays"), "the page was not loaded again"
    for order in bulk_orders():
        assert set(bulk_console.states(order.number).values()) == {"canceled"}, order.number
    bulk_console.watch.require_clean()
