"""A person gives themselves another password: the old one is needed, and every other session ends."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from orderdesk_sdk.cases.access import Role, UserSession
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.desk.access import sessions
from orderdesk_sdk.secret import Secret
from tests.support.access import PASSWORD, WRONG
from tests.web.conftest import WebShop

NEW = "another battery"


@pytest.fixture
def browser(web_shop: WebShop) -> Iterator[httpx.Client]:
    """Ann's, who has come by a link and has no password."""
    with web_shop.signed_in(Role.VIEWER) as client:
        yield client


def session_in(shop: WebShop, browser: httpx.Client) -> UserSession | None:
    found = [cookie.value or "" for cookie in browser.cookies.jar if cookie.name == "orderdesk"]
    live = [session for token in found if (session := shop.desk.access.find_session(token)) is not None]
    return live[0] if live else None


def change(shop: WebShop, browser: httpx.Client, new: str = NEW, **fields: str) -> httpx.Response:
    session = session_in(shop, browser)
    assert session is not None
    return browser.post("/password", data={"csrf": session.csrf_token, "new": new, "again": new, **fields})


def test_who_came_by_a_link_gives_themselves_a_first_password(browser: httpx.Client, web_shop: WebShop) -> None:
    assert "Present password" not in browser.get("/password").text
    before = session_in(web_shop, browser)
    answer = change(web_shop, browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?notice=password-changed")
    after = session_in(web_shop, browser)
    assert before is not None
    assert after is not None
    assert before.id != after.id
    assert web_shop.desk.access.sign_in("Ann", Secret(NEW)).session.user == "Ann"
    assert "Present password" in browser.get("/password").text


def test_another_password_needs_the_present_one_and_ends_other_sessions(
    browser: httpx.Client, web_shop: WebShop
) -> None:
    access = web_shop.desk.access
    change(web_shop, browser, PASSWORD.reveal())
    elsewhere = access.sign_in("Ann", PASSWORD).token.reveal()
    refused = change(web_shop, browser, current=WRONG.reveal())
    assert refused.status_code == 422
    assert change(web_shop, browser).status_code == 422, "and without it"
    assert access.find_session(elsewhere) is not None
    assert change(web_shop, browser, current=PASSWORD.reveal()).status_code == 303
    assert access.find_session(elsewhere) is None
    assert session_in(web_shop, browser) is not None


@pytest.mark.parametrize(("new", "again"), [("short", "short"), (NEW, "another one"), ("x" * 201, "x" * 201)])
def test_a_password_that_may_not_be_changes_nothing(
    browser: httpx.Client, web_shop: WebShop, new: str, again: str
) -> None:
    before = session_in(web_shop, browser)
    assert change(web_shop, browser, new, again=again).status_code == 422
    assert session_in(web_shop, browser) == before
    assert not web_shop.desk.access.users.get("Ann").has_password


def test_nobody_gets_a_password_by_guessing_the_present_one(browser: httpx.Client, web_shop: WebShop) -> None:
    change(web_shop, browser, PASSWORD.reveal())
    for _ in range(sessions.FREE_PER_ACCOUNT + 1):
        change(web_shop, browser, current=WRONG.reveal())
    answer = change(web_shop, browser, current=PASSWORD.reveal())
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


def test_a_first_password_needs_a_sign_in_of_a_short_while_ago(
    browser: httpx.Client, web_shop: WebShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orderdesk_sdk.cases.access.STEP_UP_LIFETIME", minutes(0))
    answer = change(web_shop, browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/step-up?next=%2Fpassword")
    assert not web_shop.desk.access.users.get("Ann").has_password


def test_a_form_of_another_session_changes_nothing(browser: httpx.Client, web_shop: WebShop) -> None:
    answer = browser.post("/password", data={"csrf": "x", "new": NEW, "again": NEW})
    assert answer.status_code == 403
    assert not web_shop.desk.access.users.get("Ann").has_password
