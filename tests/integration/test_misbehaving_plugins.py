"""Whatever a plugin's or a listener's code does, wherever it is called, hurts its own cases only (law 10).

Every callable of a plugin meets every kind of misdeed: no exception leaves a call of the host's that is about more than
this plugin, `run_due` returns and has no problem to tell, the neighbor's cases settle, and the plugin's own end nowhere
without evidence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, cast

import httpx
import pytest

from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.auth import Token, TokenAuth
from orderdesk_sdk.plugin.connection_settings import custom, secret, settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.order_numbers import NotStated
from orderdesk_sdk.plugin.reasons import ReasonCode, ReasonList
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
from orderdesk_sdk.plugin.routes import Button, Email, FinalResponse, Polling, Route
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.http.limits import HttpLimits
from tests.support.misbehaviors import CANARY, HANGS, MISBEHAVIORS, Misbehavior

pytestmark = pytest.mark.slow

ORDER = sample_order()
UNNAMED = {"*": NotStated("the shop of these tests gives no number back")}
PATIENCE = 0.3
LONGEST = 100.0
"""Seconds that a world may take in which everything hangs; each wait for ever would take longer."""


@settings
class ShopSettings:
    endpoint: str = url(help="the shop's API")
    api_key: Secret = secret(help="the shop's key")


class WellBehavedPlugin:
    """A plugin as it should be."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="good",
            title="WellBehavedPlugin",
            settings=ShopSettings,
            base_url="endpoint",
            cancel=(Button(FinalResponse()),),
            identified_by=UNNAMED,
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        response = yield service.put("/orders", request.remote_id, "cancel")
        return answer.canceled(response)


class BadAuth(TokenAuth):
    """Credentials that go wrong where the plugin says."""

    def __init__(self, plugin: MisbehavingPlugin, url: str) -> None:
        super().__init__()
        self._plugin, self._url = plugin, url

    def token_request(self) -> httpx.Request:
        return self._plugin.at("token_request", httpx.Request("POST", f"{self._url}/token"))

    def parse_token(self, response: httpx.Response) -> Token:
        return self._plugin.at("token", Token(Secret("token-of-a-shop"), hours(1)))

    def sign(self, request: httpx.Request, token: Secret) -> None:
        self._plugin.at("sign", None)
        request.headers["x-token"] = token.reveal()


class BadFlow(httpx.Auth):
    """Credentials of a kind of their own."""

    def __init__(self, plugin: MisbehavingPlugin) -> None:
        self._plugin = plugin

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        yield self._plugin.at("auth_flow", request)


T = TypeVar("T")


class MisbehavingPlugin:
    """A plugin as it should be, but for one callable."""

    def __init__(self, slug: str, where: str, effect_kind: Misbehavior) -> None:
        self._slug, self._where, self._deed = slug, where, effect_kind

    def at(self, where: str, good: T) -> T:
        """What a callable gives: the good thing, where the misbehavior is not its."""
        return cast("T", self._deed()) if where == self._where else good

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return self.at("orderdesk_integration", self._declaration())

    def _declaration(self) -> Integration:
        plugin = self
        codes = (ReasonCode("X", "Anything"),)

        @settings
        class BadSettings(ShopSettings):
            size: str = custom(lambda value, _: plugin.at("parser", str(value)), help="a size", default="none")

            def __attrs_post_init__(self) -> None:
                plugin.at("settings", None)

            @property
            def words(self) -> str:
                return plugin.at("property", "the words of a mail")

            @property
            def to(self) -> str:
                return "ann@example.com"

        button = Button(
            Polling(every=minutes(2), give_up=hours(1)),
            reasons=ReasonList(codes, required=False, codes_for=lambda *_: plugin.at("reasons", codes)),
        )
        routes: tuple[Route, ...] = (button, Email("to", "words", "words"))
        auth: Callable[[BadSettings], httpx.Auth] = lambda its: self.at("auth", BadAuth(self, its.endpoint))  # noqa: E731 - one expression
        if self._where == "auth_flow":
            auth = lambda _: BadFlow(self)  # noqa: E731 - one expression
        return Integration(
            slug=self._slug,
            title="Bad",
            settings=BadSettings,
            base_url="endpoint",
            cancel=routes,
            auth=auth,
            identified_by=lambda _: self.at("identified_by", {"*": self._states}),
            routes_for=lambda _: self.at("configured", routes),
            unavailable_reason=lambda _: self.at("unavailable", None),
            retry_after=lambda _: self.at("throttled", None),
        )

    def _states(self, response: httpx.Response) -> Sequence[str]:
        return self.at("states", [ORDER.number])

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        self.at("orderdesk_cancel", None)
        response = yield self.at("request", service.put("/orders", request.remote_id, "cancel"))
        if self._where == "close":
            yield from self._lost(service)
        return self.at("answer", answer.acknowledged(response))

    def _lost(self, service: Service[ShopSettings]) -> Flow[None]:
        """A call whose response is lost, so that the core closes the flow."""
        try:
            yield service.get("/lost")
        finally:
            self.at("close", None)

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id)
        return self.at("orderdesk_poll", answer.pending(response))

    @hookimpl
    def orderdesk_parse_webhook(
        self, request: WebhookRequest, service: Service[ShopSettings]
    ) -> list[OrderNotification]:
        return self.at("orderdesk_parse_webhook", [OrderNotification(ORDER.number, NotificationKind.CHANGED)])


CALLABLES = (
    "orderdesk_integration",
    "parser",
    "settings",
    "property",
    "configured",
    "unavailable",
    "reasons",
    "auth",
    "identified_by",
    "states",
    "auth_flow",
    "token_request",
    "token",
    "sign",
    "throttled",
    "orderdesk_cancel",
    "request",
    "answer",
    "close",
    "orderdesk_poll",
    "orderdesk_parse_webhook",
)
"""What a plugin has that the core calls while an order is canceled."""


class Listener:
    """A listener that goes wrong in one of its hooks, or while it is registered."""

    def __init__(self, where: str, effect_kind: Misbehavior) -> None:
        self._where, self._deed = where, effect_kind

    def __getattribute__(self, name: str) -> object:
        if name == "orderdesk_case_changed" and object.__getattribute__(self, "_where") == "import":
            return object.__getattribute__(self, "_deed")()
        return object.__getattribute__(self, name)

    @hookimpl
    def orderdesk_before_cancel(self, request: CancelRequest) -> object:
        return self._deed() if self._where == "before" else None

    @hookimpl
    def orderdesk_case_changed(self, case: CancelCase, event: Event) -> object:
        return self._deed() if self._where == "changed" else None


class DeskWithPlugins:
    """A desk with a good integration and a bad one for every misbehavior, and an order that is at all of them.

    bad: by callable and misbehavior the connection of the integration that does it there. problems: what the host was
    told.
    """

    def __init__(
        self,
        folder: Path,
        url: str,
        misbehaviors: Mapping[tuple[str, str], Misbehavior],
        listeners: Sequence[object] = (),
    ) -> None:
        self.clock = VirtualClock()
        self.problems: list[str] = []
        self.bad = {misbehavior: f"bad-{number}" for number, misbehavior in enumerate(misbehaviors)}
        registry = PluginRegistry(find=lambda group: [], timeout=PATIENCE)
        registry.register(WellBehavedPlugin(), "good")
        for (where, name), slug in self.bad.items():
            registry.register(MisbehavingPlugin(slug, where, misbehaviors[where, name]), slug)
        table = {"endpoint": url, "api_key": {"text": CANARY}}
        connections = {
            slug: ConnectionConfig(slug, slug, table | ({"size": "big"} if slug != "good" else {}), f"[{slug}]")
            for slug in ("good", *self.bad.values())
        }
        config, limits = Config(folder / "desk.db", connections), HttpLimits(max_attempts=1)
        self.desk = Desk(
            config, clock=self.clock, registry=registry, limits=DeskLimits(limits, PATIENCE), listeners=listeners
        )
        self.desk.orders.import_orders([ORDER], by="Ann")
        for slug in connections:
            self.desk.order_store.add_remote_order(
                ORDER.id, RemoteOrder(slug, ORDER.number, self.clock.now(), ConnectionRole.FULFILLMENT), by="Ann"
            )

    def live(self) -> None:
        """Plan, cancel, follow up for half an hour, hear of it, prove. Nothing of it may raise."""
        desk = self.desk
        desk.cancellations.plan(ORDER.id)
        desk.cancel(ORDER.id, by="Ann")
        for _ in range(6):
            self.problems += desk.run_due().problems
            self.clock.advance(minutes(5))
        for slug in self.bad.values():
            with suppress(OrderDeskError):  # It is about this plugin alone, and the sender of the message hears of it.
                desk.notifications.handle_webhook(slug, WebhookRequest({}, b"{}"))
        desk.cancellations.plan(ORDER.id)
        desk.cancellations.receipt(ORDER.id)
        self.cases = {case.connection: case for case in desk.cases.list(order=ORDER.id)}
        desk.close()


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    def response(request: bytes) -> bytes:
        token = b'{"status": "New", "access_token": "token-of-a-shop", "expires_in": 3600}'
        return b"" if b"/lost" in request else http_response(200, token)

    with RawServer(responding(response)) as server:
        yield server.url


@pytest.fixture(scope="module")
def world_of(shop: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], DeskWithPlugins]:
    """The world in which a callable does every misdeed, when everything has happened there."""
    made: dict[str, DeskWithPlugins] = {}

    def world(where: str) -> DeskWithPlugins:
        if where not in made:
            misbehaviors = {(where, name): misbehavior for name, misbehavior in MISBEHAVIORS.items()}
            made[where] = DeskWithPlugins(tmp_path_factory.mktemp(where), shop, misbehaviors)
            made[where].live()
        return made[where]

    return world


def judge(world: DeskWithPlugins, where: str, name: str) -> None:
    """The neighbor is canceled, and what the bad one did is its own: not canceled, with an end, and no secret told."""
    case = world.cases[world.bad[where, name]]
    assert world.cases["good"].state is State.CANCELED
    assert world.problems == []
    assert case.state is not State.CANCELED
    assert not case.is_open or case.due_at is not None, "law 7"
    # A declaration is made before there are settings, so it has no secret to tell.
    assert CANARY not in repr(case) or where == "orderdesk_integration"


@pytest.mark.parametrize("misdeed", MISBEHAVIORS)
@pytest.mark.parametrize("where", CALLABLES)
def test_a_misdeed_of_a_callable_hurts_its_own_case_only(
    where: str, misdeed: str, world_of: Callable[[str], DeskWithPlugins]
) -> None:
    judge(world_of(where), where, misdeed)


@pytest.fixture(scope="module")
def hanging(shop: str, tmp_path_factory: pytest.TempPathFactory) -> DeskWithPlugins:
    """A world in which every callable hangs in every way, all at once."""
    misbehaviors = {(where, name): misbehavior for where in CALLABLES for name, misbehavior in HANGS.items()}
    world = DeskWithPlugins(tmp_path_factory.mktemp("hanging"), shop, misbehaviors)
    began = time.monotonic()
    world.live()
    assert time.monotonic() - began < LONGEST, "nobody waits for them"
    return world


@pytest.mark.parametrize("hang", HANGS)
@pytest.mark.parametrize("where", CALLABLES)
def test_a_callable_that_hangs_is_left_behind(where: str, hang: str, hanging: DeskWithPlugins) -> None:
    judge(hanging, where, hang)


@pytest.mark.parametrize("where", ["before", "changed", "import"])
def test_listeners_do_what_they_want_and_nobody_stops(where: str, shop: str, tmp_path: Path) -> None:
    misbehaviors = {**MISBEHAVIORS, **HANGS}
    if where == "before":
        del misbehaviors["gives a text that lies"]  # A text is a reason, and a reason is a veto.
    world = DeskWithPlugins(tmp_path, shop, {}, [Listener(where, misbehavior) for misbehavior in misbehaviors.values()])
    world.live()
    assert world.cases["good"].state is State.CANCELED
    assert world.problems == []


def test_there_are_enough_of_them() -> None:
    """What law 10 was held against when this was written, so that no later list is shorter unawares."""
    assert len(CALLABLES) * len(MISBEHAVIORS) >= 11 * 10
    assert len(CALLABLES) * len(HANGS) >= 12
