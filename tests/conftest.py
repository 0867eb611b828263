"""What several test modules stand on: clients, mail servers, a order store, an order at any service."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import httpx
import hypothesis
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from attrs import evolve, frozen

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.simulator import Effect, Simulator
from orderdesk_devkit.testing.canary import Finder
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest, sample_order
from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_devkit.testing.request_recorder import RecordedRequest, RequestRecorder
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import Clock, VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.messages.config import MessageConfig
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin.connection_settings import secret, settings, url
from orderdesk_sdk.plugin.integration import Integration, Limit
from orderdesk_sdk.plugin.routes import Button, FinalResponse, Route
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.runtime.connection_config import Answering
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from orderdesk_sdk.transport.email.config import EmailConfig
from orderdesk_sdk.transport.http.client import HttpClient
from orderdesk_sdk.transport.http.limits import HttpLimits
from orderdesk_sdk.transport.redaction import Redactor
from tests.support.email_child import EMAIL_ONLY, EMAIL_ROUTES, open_email_desk
from tests.support.every_test import quick_passwords, screen_of_no_width, unchanged_log_levels
from tests.support.fake_services import (
    FakeCart,
    FakeDeskOpener,
    FakeFulfillmentService,
    FakeManualService,
    FakeServices,
    open_fake_desk,
)
from tests.support.postgres_fixtures import missing_versions, postgres_server, postgres_url

__all__ = [
    "postgres_server",
    "postgres_url",
    "quick_passwords",
    "screen_of_no_width",
    "unchanged_log_levels",
]  # Fixtures, too.

hypothesis.settings.register_profile("orderdesk", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("orderdesk")
# An example may take as long as it does, for it may write a ledger. CI judges a change by the same examples each time.

collect_ignore = ["distributions"]
"""Plugins of their own, with tests of their own; test_distributions.py installs them and runs these."""


def pytest_report_header() -> list[str]:
    """What this run cannot judge."""
    return missing_versions()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What thousands of collected tests consist of stays to the end: no collection of garbage looks at it again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests come first, so that no processor works on one of them alone at the end."""

    def turn(item: pytest.Item) -> int:
        if item.get_closest_marker("crash"):
            return 0
        return 1 if item.get_closest_marker("slow") else 2

    items.sort(key=turn)


@settings
class AcmeSettings:
    endpoint: str = url(help="Acme's API")
    api_key: Secret = secret(help="Acme > Account", default=Secret("acme-api-key"))


class ClientMaker(Protocol):
    """Makes a client of the connection to `url`; `rates` and `declared` are arguments of its Integration."""

    def __call__(
        self,
        url: str,
        limits: HttpLimits | None = None,
        clock: Clock | None = None,
        auth: Callable[..., httpx.Auth] | None = None,
        rates: Mapping[str, Limit] | None = None,
        **declared: object,
    ) -> HttpClient: ...


@pytest.fixture
def client_of() -> Iterator[ClientMaker]:
    made: list[HttpClient] = []

    def make(
        url: str,
        limits: HttpLimits | None = None,
        clock: Clock | None = None,
        auth: Callable[..., httpx.Auth] | None = None,
        rates: Mapping[str, Limit] | None = None,
        **declared: object,
    ) -> HttpClient:
        integration = Integration(
            slug="acme",
            title="Acme",
            settings=AcmeSettings,
            base_url="endpoint",
            cancel=(Button(FinalResponse()),),
            auth=auth,
            limits=rates or {},
            **declared,  # type: ignore[arg-type]  # each test names what it is about
        )
        its = AcmeSettings(endpoint=url)
        redactor = Redactor.of_settings(integration.redact_fields, its)
        client = HttpClient(integration, its, redactor, clock or VirtualClock(), limits)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def finder() -> type[Finder]:
    return Finder


class MailServer:
    """A real SMTP server on loopback, until its fixture ends.

    arrived: the mails that it took. responses: to RCPT and to DATA, in order; the last one is given again and again.
    "drop" hangs up in place of a response, "silence" never comes to one. A mail is taken where the response is no
    rejection.
    """

    def __init__(self, **options: object) -> None:
        self.arrived: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.responses = {"RCPT": ["250 OK"], "DATA": ["250 taken"]}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)  # type: ignore[arg-type]  # each test names what it is about
        self.controller.start()

    def config(self, **changed: object) -> EmailConfig:
        """The `[email]` table for this server."""
        known: dict[str, object] = {"sender": "Shop <orders@example.com>", "host": "127.0.0.1", "timeout": 5}
        return EmailConfig(**{**known, "port": self.port, **changed})  # type: ignore[arg-type]  # as above

    def recipients(self) -> list[list[str]]:
        """Whom the mails went to, by their envelopes."""
        return [envelope.rcpt_tos for envelope in self.arrived]

    def texts(self) -> list[str]:
        """The mails as they came, which are plain ASCII."""
        return [(envelope.original_content or b"").decode("ascii") for envelope in self.arrived]

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return await self._reply("RCPT", server)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        if not self.responses["DATA"][0].startswith(("4", "5")):
            self.arrived.append(envelope)
            self.encrypted.append(session.ssl is not None)
        return await self._reply("DATA", server)

    async def _reply(self, command: str, server: SMTP) -> str:
        responses = self.responses[command]
        response = responses.pop(0) if len(responses) > 1 else responses[0]
        if response == "drop":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if response == "silence":
            await asyncio.Event().wait()
        return response


@pytest.fixture
def mail_servers() -> Iterator[Callable[..., MailServer]]:
    """Starts mail servers; keywords are options of aiosmtpd's SMTP."""
    with ExitStack() as stack:

        def start(**options: object) -> MailServer:
            server = MailServer(**options)
            stack.callback(server.controller.stop)
            return server

        yield start


@pytest.fixture
def mail_server(mail_servers: Callable[..., MailServer]) -> MailServer:
    return mail_servers()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.sqlite"


@pytest.fixture
def order_store(path: Path, clock: VirtualClock) -> Iterator[SqliteOrderStore]:
    with SqliteOrderStore(path, clock=clock) as opened:
        opened.import_orders(read_order_text(SAMPLE_ORDERS, location="samples"), by="mara")
        yield opened


class RulesOpener(Protocol):
    """Opens a desk with these rules on the one file of a test, as another process would."""

    def __call__(self, *rules: Mapping[str, object], routes: tuple[Route, ...] = EMAIL_ROUTES) -> Desk: ...


@pytest.fixture
def rules_desk(tmp_path: Path, clock: VirtualClock) -> Iterator[RulesOpener]:
    with ExitStack() as stack:

        def open_(*rules: Mapping[str, object], routes: tuple[Route, ...] = EMAIL_ROUTES) -> Desk:
            return stack.enter_context(open_email_desk(tmp_path / "desk.db", clock, rules=rules, routes=routes))

        yield open_


@pytest.fixture
def desk_with_order(rules_desk: RulesOpener) -> RulesOpener:
    """Opens a desk with rules; the order came in and was submitted before there were any."""
    before = rules_desk()
    before.orders.import_orders([sample_order()], by="a test")
    before.orders.register(sample_order().number, connection=EMAIL_ONLY, by="a test")
    return rules_desk


@pytest.fixture
def fake_services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def fake_services_desk(fake_services: FakeServices, tmp_path: Path, clock: VirtualClock) -> Iterator[FakeDeskOpener]:
    with ExitStack() as stack:
        url = stack.enter_context(RawServer(responding(fake_services))).url

        def open_(
            *plugins: FakeManualService,
            at: Sequence[str] = (),
            listeners: Sequence[object] = (),
            rules: Sequence[Mapping[str, object]] = (),
            answering: Answering = Answering.PERSON,
            messages: MessageConfig | None = None,
        ) -> Desk:
            order = Order("id-1042", "1042", lines=(OrderLine(1, code="MUG"), OrderLine(2, code="TEE")))
            made = open_fake_desk(
                tmp_path / "desk.db",
                clock,
                url,
                plugins or (FakeCart(), FakeFulfillmentService(), FakeManualService()),
                listeners=listeners,
                rules=rules,
                orders=[order],
                answering=answering,
                messages=messages,
            )
            for connection in at:
                made.orders.register("1042", connection=connection, by="a test")
            return stack.enter_context(made)

        yield open_


PRINTED = {"print_sku": "PR-8X10", "print_url": "https://files.example.com/a.pdf"}
_LINES = tuple(evolve(line, metadata={**line.metadata, **PRINTED}) for line in sample_order().lines)
PRINTABLE = evolve(sample_order(), lines=_LINES)
"""An order that every service takes."""
OIA_SETTINGS = {"client_code": "SHOP7", "mode": "production", "cancel_email_to": "cancellations@oia.example"}
EARLY_WINDOW = {"options": {"window": "early"}}
"""MWW as the guide has it: it takes a cancel in the first two minutes."""
_SETTINGS_BY_SERVICE: Mapping[str, Mapping[str, object]] = {
    "amazon-marketplace": {"remote_id": "902-1106328-1059050"},
    "mww": EARLY_WINDOW,
    "mww-europe": EARLY_WINDOW,
    "oia-global": {"settings": OIA_SETTINGS},
    "shopify-fulfillment": {"wait": minutes(11)},  # The service accepts after ten; then it is asked.
}


@frozen
class ServiceTrial:
    """A harness with what reached the service. requests: in order; empty where the service takes no calls."""

    harness: ConformanceHarness
    requests: list[RecordedRequest]

    def cancel(self, reason: str | None = None, lines: Mapping[str, int] | None = None) -> CancelCase:
        """Cancel with this reason, or none, and wait until others were gathered; the case once it was asked."""
        self.harness.desk.cancel(self.harness.order, by="Ann", reason=reason, lines=lines)
        return self.settle()

    def settle(self) -> CancelCase:
        """The case, once it was asked."""
        while self.harness.case.state is State.PENDING and self.harness.case.due_at is not None:
            self.harness.wait_for(self.harness.case.due_at)
            self.harness.run_due()
        return self.harness.case

    @property
    def effects(self) -> list[tuple[Effect, str | None]]:
        """What calls made happen at the service."""
        kept = self.harness.simulator.log if self.harness.simulator is not None else []
        return [(record.effect_kind, record.remote_id) for record in kept if record.effect_kind is not Effect.NOTHING]

    @property
    def messages(self) -> str:
        """All that was told to the service: the bodies of calls, and drafts of mails."""
        entries = [
            entry.content
            for case in self.harness.desk.cases.list(order=self.harness.order)
            for entry in self.harness.desk.ledger.history(case.id)
        ]
        drafts = [entry for entry in entries if isinstance(entry, str) and entry.startswith("draft:")]
        return "\n".join([*(request.body.decode(errors="replace") for request in self.requests), *drafts])

    @property
    def drafts(self) -> bool:
        """Whether a mail to the service was drafted."""
        return "draft:\n" in self.messages

    @contextmanager
    def with_rules(self, *rules: Mapping[str, object]) -> Iterator[Desk]:
        """Another desk on the same ledger, with these rules."""
        config = evolve(self.harness.desk.config, rules=read_rules(list(rules), "[[rules]]"))
        with Desk(config, clock=self.harness.clock) as desk:
            yield desk


class ServiceTrialMaker(Protocol):
    """Places the order at a service of Order Desk's guide; keywords are those of Subject."""

    def __call__(self, slug: str, **changed: object) -> ServiceTrial: ...


@pytest.fixture
def trial_at(tmp_path: Path) -> Iterator[ServiceTrialMaker]:
    with ExitStack() as stack:

        def make(slug: str, **changed: object) -> ServiceTrial:
            taps: list[RequestRecorder] = []

            def tapped(simulator: Simulator) -> RequestRecorder:
                taps.append(RequestRecorder(simulator.app))
                return taps[-1]

            told = {"slug": slug, "order": PRINTABLE, **_SETTINGS_BY_SERVICE.get(slug, {}), **changed}
            subject = PluginUnderTest(**told)  # type: ignore[arg-type]  # each test names what it is about
            folder = tmp_path / f"{slug}-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            harness = stack.enter_context(subject.open_harness(folder, wrap=tapped))
            return ServiceTrial(harness, taps[0].requests if taps else [])

        yield make
