"""Who only looks: the buttons are off and say why, and a forged form is refused."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import APIResponse, BrowserContext, Page, expect

from tests.support.console import Console

pytestmark = pytest.mark.slow
ORDER = "/orders/71059"


def csrf(page: Page) -> str:
    return page.locator("input[name=csrf]").first.get_attribute("value") or ""


def post(page: Page, console: Console, path: str, **fields: str) -> APIResponse:
    """A form as a page of the console would post it."""
    headers = {"origin": console.url, "sec-fetch-site": "same-origin"}
    return page.request.post(console.url + path, form=dict(fields), headers=headers, max_redirects=0)


def test_a_viewer_sees_why_nothing_can_be_pressed(console: Console, context: BrowserContext) -> None:
    console.sign_in(context, "vera")
    page = console.open(context, ORDER)
    panel = page.locator("#cancel")
    expect(panel.get_by_role("button", name="Cancel the order")).to_be_disabled()
    expect(panel).to_contain_text(re.compile("operator"))
    page.goto(f"{console.url}/")
    expect(page.get_by_role("button", name="Cancel the chosen orders")).to_be_disabled()
    console.watch.require_clean()


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (f"{ORDER}/cancel", {"reason": "customer asked", "key": "a-key-of-a-forger"}),
        (f"{ORDER}/withdraw", {}),
        ("/bulk/start", {"orders": "71059", "key": "a-key-of-a-forger"}),
    ],
)
def test_a_form_that_a_viewer_forges_is_refused_and_nothing_is_recorded(
    console: Console, context: BrowserContext, path: str, fields: dict[str, str]
) -> None:
    console.sign_in(context, "vera")
    page = console.open(context, ORDER)
    answer = post(page, console, path, csrf=csrf(page), **fields)
    assert answer.status == 403
    assert console.states("1059") == {}


def test_a_form_without_its_token_or_from_elsewhere_is_refused(console: Console, context: BrowserContext) -> None:
    console.sign_in(context, "otto")
    page = console.open(context, ORDER)
    fields = {"reason": "customer asked", "key": "a-key-of-a-forger"}
    assert post(page, console, f"{ORDER}/cancel", **fields).status == 403
    assert post(page, console, f"{ORDER}/cancel", csrf="guessed", **fields).status == 403
    foreign = page.request.post(
        f"{console.url}{ORDER}/cancel",
        form={**fields, "csrf": csrf(page)},
        headers={"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"},
        max_redirects=0,
    )
    assert foreign.status == 403
    assert console.states("1059") == {}


@pytest.mark.parametrize(
    ("name", "path"), [("vera", "/users"), ("otto", "/connections"), ("sue", "/tokens"), ("sue", "/audit")]
)
def test_a_page_that_is_not_for_a_role_is_refused(
    console: Console, context: BrowserContext, name: str, path: str
) -> None:
    console.sign_in(context, name)
    console.watch.expected.append("403")
    page = context.new_page()
    answer = page.goto(console.url + path)
    assert answer is not None
    assert answer.status == 403
