"""Sign-in, one-time links, step-up and sign-out, in the pages of a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.desk.access import sessions
from orderdesk_sdk.web.own_paths import own_path
from tests.support.access import PASSWORD, WRONG
from tests.web.conftest import WebShop

OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def browser(web_shop: WebShop) -> Iterator[httpx.Client]:
    """A browser in which nobody is signed in, at a shop with the user Ann."""
    web_shop.desk.access.users.add("Ann", role=Role.SUPERVISOR, password=PASSWORD, by="a test")
    with web_shop.client() as client:
        client.headers.update(OWN)
        yield client


def sign_in(browser: httpx.Client, name: str = "Ann", password: str = PASSWORD.reveal(), **more: str) -> httpx.Response:
    return browser.post("/sign-in", data={"name": name, "password": password, **more})


def hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return found[1]


def test_whoever_signs_in_gets_a_session_in_a_cookie_and_is_led_on(browser: httpx.Client, web_shop: WebShop) -> None:
    page = browser.get("/step-up", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2F")
    shown = browser.get("/sign-in?next=/orders/1042%3Ftab%3Dplan")
    assert hidden(shown, "next") == "/orders/1042?tab=plan"
    answer = sign_in(browser, next="/orders/1042?tab=plan")
    assert (answer.status_code, answer.headers["location"]) == (303, "/orders/1042?tab=plan")
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(r"orderdesk=\S{43}; HttpOnly; Path=/; SameSite=Lax", cookie)
    session = web_shop.desk.access.find_session(browser.cookies["orderdesk"])
    assert session is not None
    assert session.user == "Ann"
    (record,) = [entry.record for entry in web_shop.desk.audit.list() if entry.record.action is AuditAction.SIGNED_IN]
    assert (record.actor, record.address) == ("Ann", "127.0.0.1")


def test_every_refusal_is_the_same_page_and_too_many_have_to_wait(browser: httpx.Client) -> None:
    pages = {
        re.sub(r'value="[^"]*"', "", sign_in(browser, name, WRONG.reveal()).text)
        for name in ("Ann", "Nobody", "<script>")
    }
    assert len(pages) == 1
    assert "Name or password is wrong, or there were too many tries." in pages.pop()
    answers = [sign_in(browser, password=WRONG.reveal()) for _ in range(sessions.FREE_PER_ACCOUNT + 1)]
    assert [answer.status_code for answer in answers] == [422] * sessions.FREE_PER_ACCOUNT + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert "set-cookie" not in answers[-1].headers
    assert sign_in(browser).status_code == 429


def test_a_sign_in_begins_another_session_and_ends_the_one_before(browser: httpx.Client, web_shop: WebShop) -> None:
    browser.cookies.set("orderdesk", "planted-by-somebody-else", domain="127.0.0.1")
    sign_in(browser)
    first = web_shop.desk.access.find_session(_cookie(browser))
    sign_in(browser)
    second = web_shop.desk.access.find_session(_cookie(browser))
    assert first is not None
    assert second is not None
    assert first.id != second.id
    assert web_shop.desk.ledger.find_session(first.id) is None


def _cookie(browser: httpx.Client) -> str:
    found = [cookie.value for cookie in browser.cookies.jar if cookie.name == "orderdesk" and cookie.value]
    return next(value for value in reversed(found) if value != "planted-by-somebody-else")


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
        "/sign-out",
        "/sign-in/x",
        "/api/v1/orders",
        "/\u2028x",
        "/a b",
        "/" + "x" * 600,
        "",
    ],
)
def test_nobody_is_led_elsewhere(browser: httpx.Client, path: str) -> None:
    assert own_path(path) == "/"
    assert sign_in(browser, next=path).headers["location"] == "/"


def test_a_one_time_link_shows_a_button_and_counts_once(browser: httpx.Client, web_shop: WebShop) -> None:
    path = f"/sign-in/{web_shop.desk.access.make_sign_in_link('Ann', by='a test').reveal()}"
    for _ in range(3):
        shown = browser.get(path)
        assert shown.status_code == 200
        assert "set-cookie" not in shown.headers, "a mail program that opens it uses nothing up"
    answer = browser.post(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert web_shop.desk.access.find_session(browser.cookies["orderdesk"]) is not None
    again = browser.post(path)
    assert again.status_code == 404
    assert "used already, or has expired" in again.text
    assert browser.post("/sign-in/junk").status_code == 404


def test_a_step_up_needs_the_password_and_the_form_of_the_session(browser: httpx.Client, web_shop: WebShop) -> None:
    assert browser.get("/step-up").status_code == 401
    sign_in(browser)
    shown = browser.get("/step-up?next=/cases/c1")
    form = {"csrf": hidden(shown, "csrf"), "next": hidden(shown, "next")}
    assert browser.post("/step-up", data={**form, "csrf": "x", "password": PASSWORD.reveal()}).status_code == 403
    assert browser.post("/step-up", data={"password": PASSWORD.reveal()}).status_code == 403
    refused = browser.post("/step-up", data={**form, "password": WRONG.reveal()})
    assert refused.status_code == 422
    assert hidden(refused, "next") == "/cases/c1"
    done = browser.post("/step-up", data={**form, "password": PASSWORD.reveal()})
    assert (done.status_code, done.headers["location"]) == (303, "/cases/c1")
    assert web_shop.desk.audit.list(1)[0].record.action is AuditAction.STEPPED_UP


def test_who_has_no_password_is_told_to_get_a_link(web_shop: WebShop) -> None:
    with web_shop.signed_in(Role.ADMIN, "Bob") as browser:
        shown = browser.get("/step-up")
        assert "Ask an admin for a new sign-in link" in shown.text
        session = web_shop.desk.access.find_session(browser.cookies["orderdesk"])
        assert session is not None
        assert browser.post("/step-up", data={"csrf": session.csrf_token, "password": "anything"}).status_code == 422


def test_a_sign_out_ends_the_session_for_good(browser: httpx.Client, web_shop: WebShop) -> None:
    sign_in(browser)
    token = browser.cookies["orderdesk"]
    session = web_shop.desk.access.find_session(token)
    assert session is not None
    assert browser.get("/sign-out").status_code == 405, "no GET changes anything"
    assert browser.post("/sign-out").status_code == 403
    answer = browser.post("/sign-out", data={"csrf": session.csrf_token})
    assert answer.headers["location"] == "/sign-in?notice=signed-out"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert web_shop.desk.access.find_session(token) is None
    assert "You are signed out." in browser.get("/sign-in?notice=signed-out").text
    assert "evil" not in browser.get("/sign-in?notice=evil").text


def test_a_program_has_no_session_to_step_up_or_to_end(web_shop: WebShop, client: httpx.Client) -> None:
    for path in ("/step-up", "/sign-out"):
        assert client.post(path, headers=OWN).status_code == 401
