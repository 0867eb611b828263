"""A connection that is switched off loses its webhook at the service: after that is written down, or told and left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.clock import Clock, VirtualClock
from orderdesk_sdk.desk.config import Config, SandboxConfig
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.stored_connection_config import StoredConnectionConfig
from orderdesk_sdk.desk.web_config import WebConfig
from orderdesk_sdk.errors import NotFoundError, PluginError
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.runtime.webhook_setups import WebhookState
from orderdesk_sdk.secret import Secret
from tests.support.stored_connections import KEY, toy_change
from tests.support.toy_simulators import KEY as SHOP_KEY
from tests.support.toy_webhooks import RegistersBlindly, WebhookShop


class WatchedShop(WebhookShop):
    """Calls `on_delete` before a removal, removes none while it is `down`, and lists none while `is_silent`."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.down = False
        self.is_silent = False
        self.on_delete: Callable[[], object] = lambda: None

    def respond(self, request: Request, body: bytes) -> Response:
        if self.is_silent:
            return JSONResponse({"error": "later"}, 500)
        if request.method == "DELETE":
            self.on_delete()
            if self.down:
                return JSONResponse({"error": "later"}, 500)
        return super().respond(request, body)


@pytest.fixture
def shop(clock: VirtualClock) -> WatchedShop:
    return WatchedShop(clock)


@pytest.fixture
def desk(shop: WatchedShop, tmp_path: Path, clock: VirtualClock) -> Iterator[Desk]:
    """With a connection that was made at run time, whose webhook is registered."""
    registry = PluginRegistry()
    registry.register(RegistersBlindly(), "toy")
    config = Config(
        tmp_path / "desk.db",
        sandbox=SandboxConfig(),
        stored_connections=StoredConnectionConfig(key=Secret(KEY), previous_key=Secret("")),
        web=WebConfig(url="https://desk.example.com", message_secret=Secret("of-thirty-two-characters-or-more-now")),
    )
    with serve(shop.app) as served, Desk(config, clock=clock, registry=registry) as opened:
        opened.connection_admin.save(toy_change(endpoint=served.url, secret=SHOP_KEY), by="Ann")
        assert opened.connection_admin.set_webhook("toys", registered=True, by="Ann").state is WebhookState.REGISTERED
        yield opened


def details(desk: Desk) -> list[str]:
    """What the audit log says, the newest first."""
    return [entry.record.detail for entry in desk.audit.list()]


def test_what_is_removed_was_switched_off_and_written_down_before(desk: Desk, shop: WatchedShop) -> None:
    """A process that ends in between leaves no connection in use that hears nothing."""
    seen: list[tuple[bool, str]] = []
    shop.on_delete = lambda: seen.append((desk.connection_admin.get("toys").is_enabled, details(desk)[0]))
    view = desk.connection_admin.set_enabled("toys", enabled=False, by="Ann")
    assert (view.is_enabled, view.problem, shop.registered_webhooks()) == (False, None, ())
    assert seen == [(False, "disabled; its webhook is to be removed")]
    assert details(desk)[0] == "its webhook was removed"


def test_what_could_not_be_removed_is_told_and_can_be_tried_again(desk: Desk, shop: WatchedShop) -> None:
    admin = desk.connection_admin
    shop.down = True
    view = admin.set_enabled("toys", enabled=False, by="Ann")
    assert not view.is_enabled
    assert view.problem == (
        "its webhook is still registered at the service; run `orderdesk connections webhook toys --remove`"
    )
    assert details(desk)[0] == "its webhook is still registered at the service"
    with pytest.raises(NotFoundError, match="switched off"):
        admin.set_webhook("toys", registered=True, by="Ann")
    shop.down = False
    assert admin.set_webhook("toys", registered=False, by="Ann").state is WebhookState.MISSING
    assert desk.connections.names() == (), "it is not used for anything else"


def test_a_service_that_does_not_do_it_is_a_fault_outside_the_host_app(desk: Desk, shop: WatchedShop) -> None:
    shop.is_silent = True
    with pytest.raises(PluginError, match="the webhooks cannot be listed"):
        desk.connection_admin.set_webhook("toys", registered=False, by="Ann")
