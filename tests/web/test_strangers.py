"""What a stranger is told: no name of a connection or an integration, and nothing of another merchant's desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.web.app import create_app, guarded_routes
from orderdesk_sdk.web.caller import required_role
from orderdesk_sdk.web.server import serving
from tests.support.fake_services import FakeServices
from tests.support.stored_connections import add_order, open_toy_desk, toy_change
from tests.support.waiting import eventually
from tests.web.conftest import WebShop

CONNECTION = "canary-connection-7f3a"
SECRET = "canary-secret-91c2"


@pytest.fixture
def shops(tmp_path: Path, clock: VirtualClock) -> Iterator[tuple[WebShop, WebShop]]:
    """The desks of two merchants, each with a ledger and a process of its own: here two servers."""
    with ExitStack() as stack:
        made = []
        for name in ("one", "other"):
            folder = tmp_path / name
            folder.mkdir()
            desk = stack.enter_context(open_toy_desk(folder / "desk.db", folder / "orders.db", clock))
            server = stack.enter_context(serving(desk, works=False))
            made.append(WebShop(desk, server.url, FakeServices()))
        one, other = made
        one.desk.connection_admin.save(toy_change(CONNECTION, secret=SECRET), by="Ann")
        add_order(one.desk, "1042", CONNECTION)
        one.desk.cancel("1042", by="Ann", send_now=False)
        yield one, other


def paths_of(shop: WebShop) -> list[tuple[str, str]]:
    """Every method and path of a desk's server, with names that exist where a path takes one."""
    found = []
    for route in guarded_routes(create_app(shop.desk).routes[:-1]):
        path = route.path.replace("{name}", CONNECTION).replace("{connection}", CONNECTION)
        path = re.sub(r"\{(ref|order)[^}]*\}", "id-1042", path)
        path = re.sub(r"\{[^}]+\}", "unknown", path)
        required_role(route.endpoint)
        found += [(method, path) for method in sorted(route.methods or ()) if method in ("GET", "POST")]
    return found


def test_no_answer_to_a_stranger_names_a_connection_or_an_integration(shops: tuple[WebShop, WebShop]) -> None:
    shop, _ = shops
    asked = paths_of(shop)
    assert len(asked) > 60
    told = []
    with shop.client() as stranger:
        for method, path in asked:
            if path.endswith("/events"):
                stream = stranger.get(path)
                assert stream.status_code in (303, 401)
                continue
            for headers in ({}, {"Authorization": "Bearer odsk_unknown"}, {"Cookie": "orderdesk=unknown"}):
                answer = stranger.request(method, path, headers=headers)
                shown = answer.text + repr(dict(answer.headers))
                # What the stranger said himself may come back as where to go on after the sign-in.
                shown = shown.replace(path, "").replace(path.replace("/", "%2F"), "")
                if CONNECTION in shown or SECRET in shown or "toy" in shown.lower():
                    told.append((method, path, answer.status_code))
    assert told == []


def test_whoever_is_known_to_one_desk_is_a_stranger_to_another(shops: tuple[WebShop, WebShop]) -> None:
    one, other = shops
    with one.signed_in(Role.ADMIN, "Ada") as ada, one.api(Role.ADMIN) as program:
        assert ada.get("/connections").status_code == 200
        assert program.get("orders").status_code == 200
        session, token = ada.cookies["orderdesk"], program.headers["Authorization"]
    with other.client() as stranger:
        stranger.cookies.set("orderdesk", session)
        assert stranger.get("/connections").status_code in (303, 401)
    answer = httpx.get(f"{other.url}/api/v1/orders", headers={"Authorization": token}, trust_env=False)
    assert answer.status_code == 401
    assert CONNECTION not in answer.text
    assert other.desk.connections.names() == ()


def test_a_server_without_a_worker_takes_up_a_connection_made_elsewhere(
    shops: tuple[WebShop, WebShop], tmp_path: Path, clock: VirtualClock
) -> None:
    one, _ = shops
    folder = tmp_path / "one"
    with open_toy_desk(folder / "desk.db", folder / "orders.db", clock) as elsewhere:
        elsewhere.connection_admin.save(toy_change("another"), by="Bo")
    eventually(lambda: "another" in one.desk.connections.names(), "the server knows the connection", 30.0)
