"""Connections in the console: made from the declaration's form, with secrets that go in and never come out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.web import step_up
from orderdesk_sdk.web.server import serving
from tests.support.fake_services import FakeServices
from tests.support.stored_connections import CANARY, open_toy_desk
from tests.web.conftest import WebShop
from tests.web.console.conftest import page_of, press

PAGES = (
    "/connections",
    "/connections/new",
    "/connections/new?integration=toy",
    "/connections/toys",
    "/health",
    "/audit",
)
NEW = "/connections/new?integration=toy"


@pytest.fixture
def shop(tmp_path: Path, clock: VirtualClock) -> Iterator[WebShop]:
    """A desk without a connection."""
    with (
        open_toy_desk(tmp_path / "desk.db", tmp_path / "orders.db", clock) as desk,
        serving(desk, works=False) as server,
    ):
        yield WebShop(desk, server.url, FakeServices())


@pytest.fixture
def ada(shop: WebShop) -> Iterator[httpx.Client]:
    with shop.signed_in(Role.ADMIN, "Ada") as client:
        yield client


def make(ada: httpx.Client, **given: str) -> httpx.Response:
    filled = {"connection": "toys", "setting.endpoint": "https://api.toys.example", "secret.api_key": CANARY} | given
    return press(ada, page_of(ada, NEW), "/connections/save", **filled)


def secret_of(desk: Desk, name: str = "toys") -> object:
    """The secret that a connection has."""
    return desk.connections.get(name).settings.api_key.reveal()  # type: ignore[attr-defined]  # the toy's settings


def test_a_service_is_connected_by_the_form_of_its_declaration(shop: WebShop, ada: httpx.Client) -> None:
    assert "No service is connected" in page_of(ada, "/connections").text
    assert page_of(ada, "/connections/new").all("a", href=NEW)
    made = make(ada)
    assert (made.status_code, made.headers["location"]) == (303, "/connections?notice=connection-saved")
    assert secret_of(shop.desk) == CANARY
    assert shop.desk.connection_admin.get("toys").by == "Ada"
    assert "can be used" in page_of(ada, "/connections").text


def test_a_further_connection_to_a_service_begins_with_a_name_that_is_free(ada: httpx.Client) -> None:
    names = []
    for _ in range(3):
        names.append(page_of(ada, NEW).form("/connections/save").sent()["connection"][0])
        make(ada, connection=names[-1])
    assert names == ["toy", "toy-2", "toy-3"]


def test_no_secret_stands_on_any_page(shop: WebShop, ada: httpx.Client) -> None:
    make(ada)
    refused = make(ada, connection="other", **{"setting.endpoint": "ftp://x"})
    assert refused.status_code == 422
    assert CANARY not in refused.text
    for path in PAGES:
        assert CANARY not in ada.get(path).text, path
    assert CANARY not in ada.get("/audit/export").text
    assert "left empty, it stays" in page_of(ada, "/connections/toys").text


def test_a_change_keeps_the_secrets_that_are_left_empty(shop: WebShop, ada: httpx.Client) -> None:
    make(ada)
    page = page_of(ada, "/connections/toys")
    assert page.one("input", name="secret.api_key").attributes["value"] == ""
    assert press(ada, page, "/connections/save", cancel_requests="automatic").status_code == 303
    assert secret_of(shop.desk) == CANARY
    moved = press(
        ada, page_of(ada, "/connections/toys"), "/connections/save", **{"setting.endpoint": "https://evil.example"}
    )
    assert moved.status_code == 422, "a secret is not sent to another host"
    assert secret_of(shop.desk) == CANARY


def test_what_is_wrong_is_said_beside_what_was_filled_in(ada: httpx.Client) -> None:
    refused = make(ada, connection="../up", **{"setting.endpoint": "https://typed.toys.example"})
    assert refused.status_code == 422
    assert "https://typed.toys.example" in refused.text
    assert make(ada, cancel_requests="sometimes").status_code == 422
    page = page_of(ada, NEW)
    token = page.form("/connections/save").sent()["csrf"][0]
    stray = {
        "csrf": token,
        "integration": "toy",
        "connection": "toys",
        "setting.no_such": "x",
        "cancel_requests": "person",
    }
    assert ada.post("/connections/save", data=stray).status_code == 422
    assert ada.post("/connections/save", data=stray | {"integration": "no-such"}).status_code in (404, 422)


def test_a_connection_is_disabled_enabled_and_tested(shop: WebShop, ada: httpx.Client) -> None:
    make(ada)
    page = page_of(ada, "/connections")
    assert press(ada, page, "/connections/toys/disable").status_code == 303
    assert not shop.desk.connection_admin.get("toys").is_enabled
    assert press(ada, page_of(ada, "/connections"), "/connections/toys/enable").status_code == 303
    tested = press(ada, page_of(ada, "/connections"), "/connections/toys/test")
    assert tested.status_code == 200
    assert "Test of toys" in tested.text
    assert CANARY not in tested.text


def test_credentials_take_a_fresh_sign_in(shop: WebShop, ada: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of(ada, NEW)
    monkeypatch.setattr(step_up, "is_stepped_up", lambda _: False)
    led = press(ada, page, "/connections/save", connection="toys", **{"secret.api_key": CANARY})
    assert led.headers["location"] == "/step-up?next=%2Fconnections%2Fnew%3Fintegration%3Dtoy"
    assert CANARY not in led.text
    assert shop.desk.connection_admin.list() == ()
