"""What another site makes a browser send changes nothing."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.desk.web_config import WebConfig
from tests.web.conftest import WebShop, WebShopOpener

SAME = {"Sec-Fetch-Site": "same-origin"}


def post(client: httpx.Client, headers: list[tuple[str, str]]) -> int:
    return client.post("/sign-in", data={"name": "x", "password": "y"}, headers=headers).status_code


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_page_of_ours_may_send_a_form(client: httpx.Client, site: str) -> None:
    assert post(client, [("Sec-Fetch-Site", site), ("Origin", "https://evil.example")]) == 422


@pytest.mark.parametrize(
    "headers",
    [
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
        [("Sec-Fetch-Site", "")],
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
        [("Origin", "https://evil.example")],
        [("Origin", "null")],
        [("Origin", "")],
        [("Origin", "http://[::1")],
        [("Origin", "http://127.0.0.1:1")],
        [],
    ],
)
def test_whatever_another_page_sends_is_refused(client: httpx.Client, headers: list[tuple[str, str]]) -> None:
    assert post(client, headers) == 403


def test_an_older_browser_says_where_by_origin(client: httpx.Client, web_shop: WebShop) -> None:
    assert post(client, [("Origin", web_shop.url)]) == 422
    assert post(client, [("Origin", web_shop.url.replace("http:", "https:"))]) == 403
    assert post(client, [("Origin", web_shop.url), ("Origin", web_shop.url)]) == 403


def test_behind_a_proxy_with_tls_the_origin_is_the_address_of_the_site(open_web_shop: WebShopOpener) -> None:
    with open_web_shop(web=WebConfig(url="https://desk.example.com")).client() as client:
        host = ("Host", "desk.example.com")
        assert post(client, [host, ("Origin", "https://desk.example.com")]) == 422
        assert post(client, [host, ("Origin", "https://desk.example.com:443")]) == 422
        assert post(client, [host, ("Origin", "http://desk.example.com")]) == 403
        assert post(client, [host, ("Origin", "https://desk.example.com.evil.example")]) == 403


def test_what_counts_no_cookie_needs_no_origin(client: httpx.Client) -> None:
    assert client.post("/in/nobody-knows", json={}).status_code == 404
    assert client.post("/answer/junk", data={"by": "Sue"}).status_code == 404
    assert client.post("/api/v1/orders/1042/cancel", json={}).status_code == 401


def test_a_cookie_over_tls_is_for_this_host_alone(open_web_shop: WebShopOpener) -> None:
    shop = open_web_shop(web=WebConfig(url="https://desk.example.com"))
    shop.desk.access.users.add("Ann", role=Role.VIEWER, by="a test")
    link = shop.desk.access.make_sign_in_link("Ann", by="a test").reveal()
    with shop.client() as client:
        answer = client.post(f"/sign-in/{link}", headers=SAME)
    assert answer.headers["set-cookie"].startswith("__Host-orderdesk=")
    assert answer.headers["set-cookie"].endswith("; HttpOnly; Path=/; SameSite=Lax; Secure")
