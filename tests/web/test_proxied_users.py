"""Users whom a proxy in front of the console has signed in: believed of trusted proxies alone, and of known users."""

from __future__ import annotations

import ipaddress

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.desk.web_config import WebConfig
from tests.support.access import PASSWORD
from tests.web.conftest import WebShop, WebShopOpener

ANN = {"X-Forwarded-User": "Ann"}


def proxied(open_web_shop: WebShopOpener, network: str = "127.0.0.0/8") -> WebShop:
    web = WebConfig(trusted_proxies=(ipaddress.ip_network(network),), user_header="X-Forwarded-User")
    shop = open_web_shop(web=web)
    shop.desk.access.users.add("Ann", role=Role.SUPERVISOR, by="a test")
    return shop


def status(shop: WebShop, headers: dict[str, str] | list[tuple[str, str]]) -> int:
    with shop.client() as client:
        return client.get("/step-up", headers=headers).status_code


def test_a_known_user_is_let_in_with_a_session_of_their_own(open_web_shop: WebShopOpener) -> None:
    shop = proxied(open_web_shop)
    with shop.client() as client:
        answer = client.get("/step-up", headers={**ANN, "X-Forwarded-For": "192.0.2.7"})
        assert answer.status_code == 200
        session = shop.desk.access.find_session(client.cookies["orderdesk"])
        assert session is not None
        assert (session.user, session.role) == ("Ann", Role.SUPERVISOR)
        assert not session.is_stepped_up(shop.desk.access.clock.now()), "when the proxy asked her, nobody knows"
        assert "set-cookie" not in client.get("/step-up", headers=ANN).headers
        form = {"csrf": session.csrf_token, "next": "/cases/c1"}
        done = client.post("/step-up", data=form, headers={**ANN, "Sec-Fetch-Site": "same-origin"})
        assert (done.status_code, done.headers["location"]) == (303, "/cases/c1")
        session = shop.desk.access.find_session(client.cookies["orderdesk"])
        assert session is not None
        assert session.is_stepped_up(shop.desk.access.clock.now())
    assert shop.desk.audit.list()[1].record.address == "192.0.2.7"


def test_who_has_a_password_steps_up_with_it(open_web_shop: WebShopOpener) -> None:
    shop = proxied(open_web_shop)
    shop.desk.access.users.set_password("Ann", PASSWORD, by="a test")
    with shop.client() as client:
        client.get("/step-up", headers=ANN)
        session = shop.desk.access.find_session(client.cookies["orderdesk"])
        assert session is not None
        headers = {**ANN, "Sec-Fetch-Site": "same-origin"}
        assert client.post("/step-up", data={"csrf": session.csrf_token}, headers=headers).status_code == 200
        after = shop.desk.access.find_session(client.cookies["orderdesk"])
        assert after is not None
        assert after.stepped_up_at == session.stepped_up_at


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Forwarded-User": "Eve"},
        {"X-Forwarded-User": ""},
        {"X-Forwarded-User": "x" * 300},
        [("X-Forwarded-User", "Ann"), ("X-Forwarded-User", "Ann")],
    ],
)
def test_whoever_is_not_named_or_not_known_is_nobody(
    open_web_shop: WebShopOpener, headers: dict[str, str] | list[tuple[str, str]]
) -> None:
    assert status(proxied(open_web_shop), headers) == 401


def test_a_disabled_user_is_nobody(open_web_shop: WebShopOpener) -> None:
    shop = proxied(open_web_shop)
    assert status(shop, ANN) == 200
    shop.desk.access.users.disable("Ann", by="a test")
    assert status(shop, ANN) == 401


def test_the_header_of_anybody_else_counts_for_nothing(open_web_shop: WebShopOpener) -> None:
    assert status(proxied(open_web_shop, "10.0.0.7/32"), ANN) == 401


def test_another_user_at_the_proxy_is_another_user_here(open_web_shop: WebShopOpener) -> None:
    shop = proxied(open_web_shop)
    shop.desk.access.users.add("Bob", role=Role.VIEWER, by="a test")
    with shop.client() as client:
        names: list[str] = []
        for name in ("Ann", "Bob", "Ann"):
            client.get("/step-up", headers={"X-Forwarded-User": name})
            session = shop.desk.access.find_session(client.cookies["orderdesk"])
            assert session is not None
            names.append(session.user)
        assert names == ["Ann", "Bob", "Ann"]


def test_who_has_signed_out_at_the_proxy_has_signed_out_here(open_web_shop: WebShopOpener) -> None:
    with proxied(open_web_shop).client() as client:
        assert client.get("/step-up", headers=ANN).status_code == 200
        assert client.get("/step-up").status_code == 401
        assert client.get("/step-up", headers=ANN).status_code == 200


def test_no_proxy_speaks_for_a_program(open_web_shop: WebShopOpener) -> None:
    with proxied(open_web_shop).client() as client:
        answer: httpx.Response = client.get("/api/v1/orders", headers=ANN)
    assert answer.status_code == 401
