"""The webhook of a connection in the console: listed, registered and removed, where its plugin does that itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.web_config import WebConfig
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.webhooks import WebhookList, WebhookSetup
from orderdesk_sdk.web import step_up
from orderdesk_sdk.web.server import serving
from tests.support.fake_services import FakeServices
from tests.support.stored_connections import open_toy_desk, toy_change
from tests.support.toy_plugin import Toy, ToySettings
from tests.support.toy_webhooks import RegistersBlindly, WebhookShop, webhook_list
from tests.web.conftest import MESSAGE_SECRET, WebShop
from tests.web.console.conftest import page_of, press

SHOW, REGISTER, REMOVE = (f"/connections/toys/webhook{what}" for what in ("", "/register", "/remove"))
REACHED = WebConfig(url="http://desk.example.com", message_secret=MESSAGE_SECRET)


class DoesNothing(RegistersBlindly):
    """Lists what there is, whatever is wanted."""

    @hookimpl
    def orderdesk_webhooks(self, request: WebhookSetup, service: Service[ToySettings]) -> Flow[WebhookList]:
        return webhook_list((yield service.get("/webhooks")))


class Desk:
    """A desk with one connection, to a shop that sends its messages to whoever is registered."""

    def __init__(self, shop: WebShop, service: WebhookShop, ada: httpx.Client) -> None:
        self.shop, self.service, self.ada = shop, service, ada

    def changes(self) -> list[str]:
        """What the audit log says of the connection, and by whom."""
        records = [one.record for one in self.shop.desk.audit.list(subject="connection toys")]
        return [f"{one.actor}: {one.detail}" for one in records]


@pytest.fixture
def plugin() -> Toy:
    return RegistersBlindly()


@pytest.fixture
def web() -> WebConfig:
    return REACHED


@pytest.fixture
def opened(tmp_path: Path, clock: VirtualClock, plugin: Toy, web: WebConfig) -> Iterator[Desk]:
    service = WebhookShop(clock)
    with (
        serve(service.app) as site,
        open_toy_desk(tmp_path / "desk.db", tmp_path / "orders.db", clock, plugin=plugin, web=web) as desk,
        serving(desk, works=False) as server,
    ):
        shop = WebShop(desk, server.url, FakeServices())
        desk.connection_admin.save(toy_change(endpoint=site.url), by="a test")
        with shop.signed_in(Role.ADMIN, "Ada") as ada:
            yield Desk(shop, service, ada)


def test_a_webhook_is_listed_registered_and_removed(opened: Desk) -> None:
    ada, before = opened.ada, opened.changes()
    shown = press(ada, page_of(ada, "/connections"), SHOW)
    assert (shown.status_code, "not registered" in shown.text) == (200, True)
    assert opened.changes() == before, "to look changes nothing"
    made = ada.post(REGISTER, data=page_of(ada, "/connections").form(SHOW).sent())
    assert (made.status_code, made.headers["location"]) == (303, "/connections?notice=webhook-registered")
    (address,) = opened.service.registered_webhooks()
    assert address.startswith("http://desk.example.com/in/")
    shown = press(ada, page_of(ada, "/connections"), SHOW)
    assert "The service sends its messages to this desk." in shown.text
    assert address not in shown.text, "whoever knows it may send messages"
    gone = ada.post(REMOVE, data=page_of(ada, "/connections").form(SHOW).sent())
    assert (gone.status_code, gone.headers["location"]) == (303, "/connections?notice=webhook-removed")
    assert opened.service.registered_webhooks() == ()
    assert [one for one in opened.changes() if one not in before] == [
        "Ada: webhook to be removed",
        "Ada: webhook to be registered",
    ]


def test_webhooks_of_others_are_told(opened: Desk) -> None:
    opened.service._webhooks["w9"] = {"to": "https://elsewhere.example/in/old"}
    shown = press(opened.ada, page_of(opened.ada, "/connections"), SHOW)
    assert "1 webhook leads to other addresses" in shown.text
    assert "elsewhere.example" not in shown.text


def test_registering_takes_a_fresh_sign_in(opened: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = page_of(opened.ada, "/connections").form(SHOW).sent()
    monkeypatch.setattr(step_up, "is_stepped_up", lambda _: False)
    for path in (REGISTER, REMOVE):
        assert opened.ada.post(path, data=sent).headers["location"] == "/step-up?next=%2Fconnections"
    assert opened.service.registered_webhooks() == ()


@pytest.mark.parametrize("plugin", [DoesNothing()])
def test_a_service_that_does_not_do_it_is_not_believed(opened: Desk) -> None:
    refused = opened.ada.post(REGISTER, data=page_of(opened.ada, "/connections").form(SHOW).sent())
    assert (refused.status_code, "not registered" in refused.text) == (409, True)


@pytest.mark.parametrize("web", [WebConfig()])
def test_a_desk_without_an_address_says_what_to_set(opened: Desk) -> None:
    sent = page_of(opened.ada, "/connections").form(SHOW).sent()
    for path in (SHOW, REGISTER, REMOVE):
        refused = opened.ada.post(path, data=sent)
        assert (refused.status_code, "this desk has no address" in refused.text.lower()) == (409, True)


@pytest.mark.parametrize("plugin", [Toy()])
def test_only_where_the_plugin_registers_it_itself(opened: Desk) -> None:
    page = page_of(opened.ada, "/connections")
    assert page.all("form", action=SHOW) == []
    refused = opened.ada.post(REGISTER, data=page.form("/connections/toys/test").sent())
    assert (refused.status_code, "registers no webhook itself" in refused.text) == (409, True)


def test_of_a_disabled_connection_it_can_only_be_removed(opened: Desk) -> None:
    assert opened.ada.post(REGISTER, data=page_of(opened.ada, "/connections").form(SHOW).sent()).status_code == 303
    (address,) = opened.service.registered_webhooks()
    opened.shop.desk.connection_admin.set_enabled("toys", enabled=False, by="Ada")
    page = page_of(opened.ada, "/connections")
    assert page.all("form", action=SHOW) == []
    opened.service._webhooks["w9"] = {"to": address}  # It was not to be reached when that was done.
    gone = press(opened.ada, page, REMOVE)
    assert (gone.status_code, opened.service.registered_webhooks()) == (303, ())
    assert opened.ada.post("/connections/other/webhook", data=page.form(REMOVE).sent()).status_code == 409
