"""The browser itself: it starts here, sees what is wrong with a page, and says so where it is missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.report_keys import BROWSER_SKIP
from tests.support.browser import VARIABLE, BrowserWatch, chromium, serious_findings

pytestmark = pytest.mark.slow

GOOD = "<!doctype html><html lang=en><title>Orders</title><main><h1>Orders</h1><button>Cancel</button></main>"
BAD = """<!doctype html><html lang=en><title>Orders</title><link rel=icon href="data:,"><main><h1>Orders</h1>
<button></button></main><script>document.body.append("inline")</script><img alt=x src="http://192.0.2.1/pixel.png">"""
POLICY = {"content-security-policy": "default-src 'self'; img-src 'self' data:"}


def page(request: Request) -> HTMLResponse:
    return HTMLResponse({"/good": GOOD, "/bad": BAD}.get(request.url.path, ""), headers=POLICY)


@pytest.fixture
def address() -> Iterator[str]:
    with serve(Starlette(routes=[Route("/{page}", page)])) as served:
        yield served.url


def test_a_clean_page_is_found_clean(address: str, context: BrowserContext, axe: str) -> None:
    watch, opened = BrowserWatch(address), context.new_page()
    watch.watch(opened)
    opened.goto(f"{address}/good")
    assert opened.get_by_role("button", name="Cancel").is_enabled()
    assert serious_findings(opened, axe) == []
    watch.require_clean()


def test_a_nameless_button_an_inline_script_and_a_foreign_request_are_found(
    address: str, context: BrowserContext, axe: str
) -> None:
    watch, opened = BrowserWatch(address), context.new_page()
    watch.watch(opened)
    opened.goto(f"{address}/bad")
    assert [finding.rule for finding in serious_findings(opened, axe)] == ["button-name"]
    assert any("script" in problem and "Content Security Policy" in problem for problem in watch.problems)
    assert any("192.0.2.1" in problem for problem in watch.problems)
    with pytest.raises(AssertionError, match="Content Security Policy"):
        watch.require_clean()


def test_without_a_browser_the_test_is_skipped_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"{BROWSER_SKIP}there is no chromium or"):
        chromium()
    monkeypatch.setenv(VARIABLE, "/no/such/browser")
    with pytest.raises(pytest.skip.Exception, match=f"{BROWSER_SKIP}{VARIABLE} names no program"):
        chromium()
