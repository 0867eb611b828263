"""Every page, in both themes, at a desk and on a phone: judged by axe-core, without an error in the console."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext

from tests.support.browser import serious_findings
from tests.support.console import Console, open_console
from tests.support.console_pages import CONSOLE_PAGES, DESK, PHONE, ConsolePage

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One shop for all: nobody changes it, and nobody works."""
    with open_console(tmp_path_factory.mktemp("console"), works=False) as opened:
        yield opened


@pytest.mark.parametrize("page", CONSOLE_PAGES, ids=lambda page: page.name)
def test_a_page_is_for_everybody(page: ConsolePage, shown: Console, context: BrowserContext, axe: str) -> None:
    if page.who:
        shown.sign_in(context, page.who)
    shown.watch.problems.clear()
    opened = shown.open(context, page.path(shown))
    assert page.path(shown) in opened.url, f"it was sent on to {opened.url}"
    found = []
    for size in (DESK, PHONE):
        opened.set_viewport_size({"width": size["width"], "height": size["height"]})
        for scheme in ("light", "dark"):
            opened.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            found += [f"{scheme}, {size['width']}: {finding}" for finding in serious_findings(opened, axe)]
        wider = opened.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"at {size['width']} the page is {wider} too wide"] if wider > 0 else []
    assert not found, "\n".join(found)
    assert opened.title()
    assert opened.get_by_role("heading", level=1).count() == 1
    assert opened.locator("html").get_attribute("lang") == "en"
    shown.watch.require_clean()
