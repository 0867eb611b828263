"""A plugin that cannot be made ready (imported, declared, given settings and credentials) hurts nobody else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import httpx
import pytest

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.auth import Token, TokenAuth
from orderdesk_sdk.plugin.connection_settings import secret, settings, url
from orderdesk_sdk.plugin.hookspecs import INTEGRATIONS, hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.order_numbers import NotStated
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Button, FinalResponse
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

CANARY = "canary-of-a-plugin"


@settings
class ShopSettings:
    endpoint: str = url(help="the shop's API")
    api_key: Secret = secret(help="the shop's key")


@settings
class PickySettings:
    """Settings whose own check raises what no check should, and quotes the secret."""

    endpoint: str = url(help="the shop's API")
    api_key: Secret = secret(help="the shop's key")

    def __attrs_post_init__(self) -> None:
        raise LookupError(f"no shop has the key {self.api_key.reveal()}")


class ShopAuth(TokenAuth):
    """Credentials that go wrong at `step`."""

    def __init__(self, settings: ShopSettings, step: str, error: BaseException) -> None:
        super().__init__()
        self._settings, self._step, self._error = settings, step, error
        self._go("init")

    def token_request(self) -> httpx.Request:
        self._go("token_request")
        return httpx.Request("POST", f"{self._settings.endpoint}/token")

    def parse_token(self, response: httpx.Response) -> Token:
        self._go("token")
        raise AssertionError("it goes wrong before")

    def sign(self, request: httpx.Request, token: Secret) -> None:
        raise AssertionError("there is no token")

    def _go(self, step: str) -> None:
        if step == self._step:
            raise self._error


class Shop:
    """A plugin of the shop; a subclass breaks one thing."""

    slug = "good"
    settings: type = ShopSettings
    step = "nowhere"
    error: BaseException = KeyError("region")

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        auth = None if self.step == "nowhere" else lambda settings: ShopAuth(settings, self.step, self.error)
        return Integration(
            slug=self.slug,
            title=self.slug.title(),
            settings=self.settings,
            base_url="endpoint",
            cancel=(Button(FinalResponse()),),
            auth=auth,
            identified_by={"*": NotStated("a test's service states none")},
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        response = yield service.put("/cancel", request.remote_id)
        return answer.canceled(response)


class Bad(Shop):
    slug = "bad"


def broken(step: str, error: BaseException) -> Shop:
    plugin = Bad()
    plugin.step, plugin.error = step, error
    return plugin


class PickyBad(Bad):
    settings = PickySettings


class NoDeclaration(Bad):
    @hookimpl
    def orderdesk_integration(self) -> Integration:
        raise KeyError("declaration")


class JunkDeclaration(Bad):
    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return {"slug": "bad"}  # type: ignore[return-value]  # junk is what this test is about


IMPORTS = {
    "module that is not there": None,
    "import that raises": "raise KeyError('at import')",
    "import that exits": "import sys; sys.exit(4)",
    "syntax error": "def orderdesk_integration(:",
}

PLUGINS: dict[str, tuple[Shop, State, str]] = {
    "declaration raises": (NoDeclaration(), State.ACTION_REQUIRED, "KeyError"),
    "declaration is junk": (JunkDeclaration(), State.ACTION_REQUIRED, "gave dict, not an Integration"),
    "settings raise": (PickyBad(), State.ACTION_REQUIRED, "LookupError"),
    "credentials raise": (broken("init", KeyError(CANARY)), State.ACTION_REQUIRED, "KeyError"),
    "credentials exit": (broken("init", SystemExit(CANARY)), State.ACTION_REQUIRED, "SystemExit"),
    "token request raises": (broken("token_request", KeyError(CANARY)), State.UNKNOWN, "KeyError: '[hidden]'"),
    "token request exits": (broken("token_request", SystemExit(CANARY)), State.UNKNOWN, "SystemExit: [hidden]"),
    "token raises": (broken("token", KeyError(CANARY)), State.UNKNOWN, "KeyError: '[hidden]'"),
}


class DeskMaker:
    """A desk with a good connection and a bad one, and an order that is at both."""

    def __init__(self, folder: Path, server: RawServer) -> None:
        self.server = server
        self._folder = folder

    def desk(self, registry: PluginRegistry) -> Desk:
        registry.register(Shop(), "good")
        clock = VirtualClock()
        path = self._folder / "desk.db"
        connections = {
            slug: ConnectionConfig(
                slug, slug, {"endpoint": self.server.url, "api_key": {"text": CANARY}}, f"[connections.{slug}]"
            )
            for slug in ("bad", "good")
        }
        host = SqliteOrderStore(path, clock=clock)
        host.import_orders(read_order_text(SAMPLE_ORDERS, location="samples"), by="Ann")
        for connection in connections:
            host.add_remote_order(
                host.get_order("1042").id,
                RemoteOrder(connection, "1042", clock.now(), ConnectionRole.FULFILLMENT),
                by="Ann",
            )
        return Desk(Config(path, connections), clock=clock, registry=registry, order_store=host)


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[DeskMaker]:
    with RawServer(responding(lambda _: http_response(200, b'{"status": "New"}'))) as server:
        yield DeskMaker(tmp_path, server)


def judge(desk: Desk, state: State, said: str) -> None:
    """The bad connection's own case ends in `state` and names what was wrong; everything else goes on as ever."""
    with desk:
        plan = repr(desk.cancellations.plan("1042"))
        standing = desk.cancel("1042", by="Ann")
        cases = {case.connection: case for case in standing.cases}
        report = desk.run_due()
        receipt = desk.cancellations.receipt("1042")
    assert cases["good"].state is State.CANCELED
    assert cases["bad"].state is state
    assert said in (cases["bad"].plugin_error or "")
    assert cases["bad"].evidence is None
    assert not receipt.is_canceled
    assert CANARY not in f"{plan}{standing}{report}{receipt}"


@pytest.mark.parametrize("name", IMPORTS)
def test_a_plugin_that_cannot_be_imported(
    name: str, harness: DeskMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"orderdesk_bad_{len(name)}"
    text = IMPORTS[name]
    if text is not None:
        (tmp_path / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("bad", module, INTEGRATIONS)
    registry = PluginRegistry(find=lambda group: [point] if group == INTEGRATIONS else [])
    judge(harness.desk(registry), State.ACTION_REQUIRED, "the plugin cannot be used: ")
    sys.modules.pop(module, None)


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_that_cannot_be_made_ready(name: str, harness: DeskMaker) -> None:
    plugin, state, said = PLUGINS[name]
    registry = PluginRegistry(find=lambda group: [])
    registry.register(plugin, "bad")
    judge(harness.desk(registry), state, said)
    assert harness.server.received.count(b"PUT ") == 1, "the good one's"


def test_a_fault_that_is_told_again_and_again_does_not_grow(harness: DeskMaker) -> None:
    """One exception, kept and raised for every case of a broken plugin, would collect the frames of all of them."""
    registry = PluginRegistry(find=lambda group: [])
    registry.register(NoDeclaration(), "bad")

    def frames() -> int:
        with pytest.raises(Exception, match="cannot be used") as caught:
            registry.load("bad")
        return len(caught.traceback)

    frames()
    assert frames() == frames()
