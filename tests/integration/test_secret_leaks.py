"""Canary secrets in the hands of a careless plugin, and in the errors that reach the host app (law 11)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from attrs import evolve

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.testing.canary import as_reported
from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.config import Config, read_config
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError, PluginError, StorageError
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER, Answer, LineAnswer, Outcome, Rejection
from orderdesk_sdk.plugin.connection_settings import secret, settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.oauth import RefreshTokenAuth
from orderdesk_sdk.plugin.order_numbers import NotStated
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
from orderdesk_sdk.plugin.routes import Button, ManualConfirmation, Polling
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from orderdesk_sdk.transport.http.limits import HttpLimits

if TYPE_CHECKING:
    from orderdesk_devkit.testing.canary import Finder
    from tests.conftest import ClientMaker

pytestmark = pytest.mark.slow

KEY = "c4n4ry/4p1.k3y+&=8d2f6a1b9c07"
ENVIRONMENT = "c4n4ry-0f-th3-3nv1r0nm3nt-51be"


@settings
class ShopSettings:
    endpoint: str = url(help="the shop's API")
    api_key: Secret = secret(help="the shop's key")


Step = Callable[[Service[ShopSettings], str], Flow[object]]


def raising(error: Callable[[str], BaseException]) -> Step:
    def step(service: Service[ShopSettings], key: str) -> Flow[object]:
        yield service.get("/orders")
        raise error(key)

    return step


def answering_with(said: Callable[[str], object]) -> Step:
    def step(service: Service[ShopSettings], key: str) -> Flow[object]:
        response = yield service.put("/cancel")
        told = said(key)
        return evolve(told, exchange=response.extensions[EXCHANGE_NUMBER]) if isinstance(told, Answer) else told

    return step


def calling(request: Callable[[Service[ShopSettings], str], object]) -> Step:
    def step(service: Service[ShopSettings], key: str) -> Flow[object]:
        yield request(service, key)  # type: ignore[misc]  # some of it is junk
        return Answer(Outcome.UNKNOWN)

    return step


def chained(key: str) -> BaseException:
    error = ValueError(f"outer {key}")
    error.__cause__ = KeyError(key)
    error.add_note(f"note {key}")
    return error


STEPS: dict[str, Step] = {
    "raises": raising(lambda key: ValueError(f"bad key {key}")),
    "raises its repr": raising(lambda key: KeyError(key)),
    "raises a chain": raising(chained),
    "exits": raising(lambda key: SystemExit(f"bad key {key}")),
    "malformed": raising(lambda key: MalformedResponseError(f"bad {key}", location=key, hint=key)),
    "misconfigured": raising(lambda key: ConfigurationError(f"bad {key}", location=key, hint=key)),
    "fault": raising(lambda key: PluginError(f"bad {key}", location=key, hint=key)),
    "refusal": answering_with(
        lambda key: Answer(Outcome.REJECTED, Rejection.TOO_LATE, key, key, key, (LineAnswer(key, 1, 1),))
    ),
    "not done": answering_with(lambda key: Answer(Outcome.NOT_PROCESSED, None, key, key, key)),
    "asked": answering_with(lambda key: Answer(Outcome.ACKNOWLEDGED, None, key, key, key)),
    "unclear": answering_with(lambda key: Answer(Outcome.UNKNOWN, None, key, f"cut {key}"[:25], key)),
    "canceled": answering_with(lambda key: Answer(Outcome.CANCELED, None, key, lines=(LineAnswer(key, 1, 1),))),
    "junk": answering_with(lambda key: key),
    "junk answer": answering_with(lambda key: Answer(Outcome.ACKNOWLEDGED, message=key, lines=(key,))),  # type: ignore[arg-type]
    "in the query": calling(lambda service, key: service.get("/orders", params={"key": key, "q": "1"})),
    "in the path": calling(lambda service, key: service.get("/orders", key)),
    "in the path, unquoted": calling(lambda service, key: httpx.Request("GET", f"{service.base_url}/{key}")),
    "as a user": calling(lambda service, key: httpx.Request("GET", service.base_url.replace("//", "//ann:ann@"))),
    "in a header": calling(lambda service, key: service.request("GET", "/", headers={"x-note": key})),
    "in an illegal header": calling(lambda service, key: service.request("GET", "/", headers={"x-note": f"{key}\n"})),
    "in the body": calling(lambda service, key: service.put("/orders", json={"note": key})),
    "to a stranger": calling(lambda service, key: httpx.Request("GET", f"http://stranger.invalid/?key={key}")),
    "to nobody": calling(lambda service, key: httpx.Request("GET", f"mailto:{key}")),
    "as the method": calling(lambda service, key: httpx.Request(key, service.base_url)),
    "no request": calling(lambda service, key: key),
}


class LeakingPlugin:
    """A plugin that shows its key wherever it can."""

    def __init__(self, cancel: Step, check: Step) -> None:
        self._cancel, self._check = cancel, check

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="shop",
            title="Shop",
            settings=ShopSettings,
            base_url="endpoint",
            cancel=(Button(Polling(every=minutes(2), give_up=hours(1))),),
            evidence_headers=["x-echo"],
            identified_by={"*": NotStated("a test's service states none")},
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[object]:
        return (yield from self._cancel(service, service.settings.api_key.reveal()))

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ShopSettings]) -> Flow[object]:
        return (yield from self._check(service, service.settings.api_key.reveal()))


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    for name in (None, "httpx", "httpcore", "orderdesk_sdk"):
        caplog.set_level(logging.DEBUG, logger=name)


@pytest.fixture
def server() -> Iterator[RawServer]:
    """A service that sends every request back, in its body and in a header."""

    def echo(request: bytes) -> bytes:
        line = request.partition(b"\r\n")[0].decode("latin-1")
        return http_response(200, request, x_echo=line, location=f"/again?{line}", content_type="text/plain")

    with RawServer(responding(echo)) as made:
        yield made


def a_desk(folder: Path, url: str, plugin: object, api_key: object = None) -> Desk:
    given = {"endpoint": url, "api_key": {"text": KEY} if api_key is None else api_key}
    config = Config(folder / "desk.db", {"shop": ConnectionConfig("shop", "shop", given, "[connections.shop]")})
    registry = PluginRegistry(find=lambda group: [])
    registry.register(plugin, "shop")
    desk = Desk(
        config, clock=VirtualClock(), registry=registry, limits=DeskLimits(HttpLimits(max_attempts=2), plugin_timeout=5)
    )
    assert isinstance(desk.order_store, SqliteOrderStore)
    desk.order_store.import_orders(read_order_text(SAMPLE_ORDERS, location="samples"), by="Ann")
    return desk


def follow_up(desk: Desk, rounds: int = 4) -> CancelCase:
    assert isinstance(desk.clock, VirtualClock)
    for _ in range(rounds):
        desk.clock.advance(minutes(3))
        assert desk.run_due().problems == ()
    return desk.cases.list()[-1]


@pytest.mark.parametrize("where", ["cancel", "check"])
@pytest.mark.parametrize("name", STEPS)
def test_a_plugin_that_shows_its_key(
    name: str, where: str, server: RawServer, tmp_path: Path, finder: type[Finder], caplog: pytest.LogCaptureFixture
) -> None:
    asked = answering_with(lambda key: Answer(Outcome.ACKNOWLEDGED))
    plugin = LeakingPlugin(STEPS[name], STEPS["unclear"]) if where == "cancel" else LeakingPlugin(asked, STEPS[name])
    with a_desk(tmp_path, server.url, plugin) as desk:
        desk.orders.register("1042", connection="shop", by="Ann")
        shown: list[object] = [desk.cancel("1042", by="Ann"), follow_up(desk)]
        order = desk.order_store.get_order("1042")
        shown += [
            desk.cancellations.receipt("1042"),
            desk.cancellations.plan("1042"),
            desk.order_store.remote_orders(order.id),
        ]
        shown += [path.read_bytes() for path in tmp_path.iterdir()]
        if where == "cancel":
            assert desk.cases.list()[-1].state is not State.CANCELED
    shown += [path.read_bytes() for path in tmp_path.iterdir()]
    if server.connections:
        assert any(record.name == "orderdesk_sdk.transport.http" for record in caplog.records)
    assert finder(KEY).found(caplog.text, *shown) == set()


# Errors that reach the host app, as a logging tool shows them: with causes, notes and the variables of each frame


TOML = f"""
[connections.shop]
integration = "shop"
[connections.shop.settings]
api_key = {{ text = "{KEY}" }}
"""


@pytest.mark.parametrize(
    "mistake",
    [
        '[ledger]\nurl = "nonsense"\n',
        '[orders]\ntimezone = "Moon"\n',
        "[unknown]\n",
        "no TOML at all",
        f'[connections.other]\napi_key = "{KEY}"\n',
        f'[connections.other]\nintegration = "shop"\nsettings = "{KEY}"\n',
    ],
)
def test_a_configuration_with_a_mistake(mistake: str, tmp_path: Path, finder: type[Finder]) -> None:
    path = tmp_path / "orderdesk.toml"
    path.write_text(TOML + mistake)
    with pytest.raises(ConfigurationError) as caught:
        read_config(path)
    assert finder(KEY).found(as_reported(caught.value)) == set()


def test_a_configuration_does_not_show_what_is_in_it(tmp_path: Path, finder: type[Finder]) -> None:
    path = tmp_path / "orderdesk.toml"
    path.write_text(TOML)
    config = read_config(path)
    assert config.connections["shop"].settings == {"api_key": {"text": KEY}}
    assert finder(KEY).found(config, config.connections) == set()


@settings
class PickySettings(ShopSettings):
    def __attrs_post_init__(self) -> None:
        raise ValueError(f"no shop has the key {self.api_key.reveal()}")


class Picky(LeakingPlugin):
    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(slug="shop", title="Shop", settings=PickySettings, base_url="endpoint", cancel=())


@pytest.mark.parametrize(
    ("plugin", "api_key"),
    [
        (LeakingPlugin, KEY),
        (LeakingPlugin, [KEY]),
        (LeakingPlugin, {"env": KEY}),
        (LeakingPlugin, {"env": "NOT_SET", "text": KEY}),
        (LeakingPlugin, {"env": "NOT_SET"}),
        (Picky, {"text": KEY}),
    ],
)
def test_settings_with_a_mistake(
    plugin: type[LeakingPlugin],
    api_key: object,
    tmp_path: Path,
    finder: type[Finder],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOMETHING_ELSE", ENVIRONMENT)
    look = finder(KEY, ENVIRONMENT)
    with a_desk(tmp_path, "http://127.0.0.1:1", plugin(STEPS["asked"], STEPS["asked"]), api_key) as desk:
        with pytest.raises(ConfigurationError) as caught:
            desk.orders.register("1042", connection="shop", by="Ann")
        assert look.found(as_reported(caught.value), desk.config) == set()


def test_a_read_back_that_fails_in_the_callers_hands(server: RawServer, tmp_path: Path, finder: type[Finder]) -> None:
    class NoCheck(LeakingPlugin):
        orderdesk_poll = None  # type: ignore[assignment]  # it has none

        @hookimpl
        def orderdesk_integration(self) -> Integration:
            return Integration(
                slug="shop",
                title="Shop",
                settings=ShopSettings,
                base_url="endpoint",
                cancel=(Button(ManualConfirmation()),),
                identified_by={"*": NotStated("it echoes")},
            )

    with a_desk(tmp_path, server.url, NoCheck(STEPS["asked"], STEPS["asked"])) as desk:
        desk.orders.register("1042", connection="shop", by="Ann")
        (case,) = desk.cancel("1042", by="Ann").cases
        with pytest.raises(OrderDeskError) as caught:
            desk.cases.poll(case.id)
        assert finder(KEY).found(as_reported(caught.value)) == set()


@pytest.mark.parametrize("name", ["in the query", "in the path", "in a header", "in the body"])
def test_a_ledger_that_fails_while_a_request_is_about_to_leave(
    name: str, server: RawServer, tmp_path: Path, finder: type[Finder], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_intents(changes: Sequence[CaseUpdate]) -> None:
        if any(isinstance(entry, Intent) for change in changes for entry in change.entries):
            raise StorageError("no room on the disk")

    def full(*changes: CaseUpdate) -> None:
        refuse_intents(changes)
        commit(*changes)

    def full_at_opening(
        wanted: Cancellation, fingerprint: str, cases: Sequence[CancelCase], changes: Sequence[CaseUpdate] = ()
    ) -> tuple[Cancellation, bool]:
        refuse_intents(changes)
        return open_cancellation(wanted, fingerprint, cases, changes)

    with a_desk(tmp_path, server.url, LeakingPlugin(STEPS[name], STEPS["unclear"])) as desk:
        desk.orders.register("1042", connection="shop", by="Ann")
        commit, open_cancellation = desk.ledger.write, desk.ledger.open_cancellation
        monkeypatch.setattr(desk.ledger, "write", full)
        monkeypatch.setattr(desk.ledger, "open_cancellation", full_at_opening)
        with pytest.raises(StorageError) as caught:
            desk.cancel("1042", by="Ann")
        assert finder(KEY).found(as_reported(caught.value)) == set()


def test_credentials_that_are_refused_in_the_callers_hands(client_of: ClientMaker, finder: type[Finder]) -> None:
    class ShopAuth(RefreshTokenAuth):
        def __init__(self, settings: ShopSettings) -> None:
            super().__init__(f"{settings.endpoint}/token", Secret(KEY), Secret(f"{KEY}-1"), Secret(f"{KEY}-2"))

        def sign(self, request: httpx.Request, token: Secret) -> None:
            raise AssertionError("there is no token")

    rejection = f'{{"error": "{KEY}", "error_description": "no {KEY}"}}'.encode()
    with RawServer(responding(lambda _: http_response(400, rejection))) as service:
        client = client_of(service.url, auth=ShopAuth)
        client.redactor.add_secret(Secret(KEY))
        with pytest.raises(ConfigurationError) as caught:
            client.call(httpx.Request("PUT", service.url), 1, lambda _: None)
        assert KEY.split("/")[0] in service.received.decode()
    assert finder(KEY).found(as_reported(caught.value)) == set()
