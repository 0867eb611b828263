"""Made-up services, for tests of what happens between connections: carts, mills, and people on the phone.

    with RawServer(responding(FakeServices())) as server:
        desk = open_fake_desk(path, clock, server.url, [Cart(), Mill()], orders=[...], rules=[...])

A cart and a mill are asked by a button, polled, and let us know by messages; the phone is answered by a person.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Protocol

from orderdesk_devkit.testing.raw_server import http_response
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import Clock, VirtualClock, hours, minutes
from orderdesk_sdk.desk.config import Config, SandboxConfig
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.desk.event_webhooks.config import EventWebhookConfig
from orderdesk_sdk.desk.messages.config import MessageConfig
from orderdesk_sdk.desk.web_config import WebConfig
from orderdesk_sdk.errors import SignatureVerificationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import IdentifierFormat, Integration, NewNumber, SettableStatus
from orderdesk_sdk.plugin.order_numbers import StatedAt
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest, ResubmitRequest, StatusChangeRequest
from orderdesk_sdk.plugin.routes import Button, Polling, Portal, RuleAction
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError, text_at
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.runtime.connection_config import Answering, ConnectionConfig
from orderdesk_sdk.stores.opening import LedgerLocation
from orderdesk_sdk.transport.http.limits import HttpLimits

__all__ = [
    "KEY",
    "FakeCart",
    "FakeFulfillmentService",
    "FakeManualService",
    "FakeServices",
    "FakeDeskOpener",
    "case_at",
    "case_states",
    "fake_webhook",
    "only",
    "open_fake_desk",
    "pass_minutes",
]

KEY = "the-town-crier-4f1d"
"""What a message must carry to be trusted."""
PORTAL = (Portal("Call them."),)
_IDS = IdentifierFormat("[0-9-]+", 12, "they know digits only")


class FakeServices:
    """The services themselves, all behind one URL: `/PLACE/ORDER`. An order that nobody told of is open.

    status: by place and order, the word that a poll is given. writes: what came in, `PLACE VERB ORDER`.
    fates: by place what a cancel leads to, "canceled" if not given; "late" refuses it. deaf: places that act and never
    response. down: places that do nothing and say so.
    """

    def __init__(self) -> None:
        self.status: dict[tuple[str, str], str] = {}
        self.writes: list[str] = []
        self.cancel_outcomes: dict[str, str] = {}
        self.silent: set[str] = set()
        self.down: set[str] = set()

    def __call__(self, request: bytes) -> bytes:
        """The response to a request."""
        head, _, body = request.partition(b"\r\n\r\n")
        method, path, *_ = head.decode().split()
        _, place, number = path.split("/")
        if place in self.down:
            return http_response(503, b"{}")
        if method != "GET":
            verb = str(json.loads(body)["do"])
            self.writes.append(f"{place} {verb} {number}")
            fate = self.cancel_outcomes.get(place, "canceled") if verb == "cancel" else verb
            if fate == "late":
                return http_response(409, b"{}")
            self.status[place, number] = "open" if verb == "make" else fate
        if place in self.silent and method != "GET":
            return b""
        word = self.status.get((place, number), "unknown" if number.count("-") else "open")
        return http_response(200, json.dumps({"number": number, "status": word}).encode())


@settings
class FakeServiceSettings:
    """Where the services are."""

    endpoint: str = url(help="the fake services")


class FakeManualService:
    """Nothing but a person on the phone."""

    slug, role = "phone", ConnectionRole.FULFILLMENT

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        """The declaration."""
        return Integration(slug=self.slug, title="Phone", settings=FakeServiceSettings, cancel=PORTAL)

    @hookimpl
    def orderdesk_parse_webhook(
        self, request: WebhookRequest, service: Service[FakeServiceSettings]
    ) -> Sequence[OrderNotification]:
        """One order a message: number, kind and delivery."""
        if not hmac.compare_digest(request.headers.get("x-key", ""), KEY):
            raise SignatureVerificationError(f"the key is not {service.connection}'s", hint="compare the keys")
        try:
            return [
                OrderNotification(each["number"], NotificationKind(each["kind"]), each.get("delivery"))
                for each in json.loads(request.body)
            ]
        except (ValueError, KeyError, TypeError):
            raise MalformedResponseError("a list of orders was expected") from None


class FakeFulfillmentService(FakeManualService):
    """A service with a button, which only asks, and a poll."""

    slug = "mill"

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        """The declaration."""
        return Integration(
            slug=self.slug,
            title=self.slug.title(),
            settings=FakeServiceSettings,
            base_url="endpoint",
            role=self.role,
            cancel=(Button(Polling(minutes(2), hours(1)), fallback_on=frozenset({Rejection.TOO_LATE})), *PORTAL),
            resubmission=NewNumber(),
            remote_id_format=_IDS,
            identified_by={"*": StatedAt("number")},
            statuses=self.statuses(),
            actions=self.actions(),
        )

    def statuses(self) -> tuple[SettableStatus, ...]:
        """What can be set."""
        return ()

    def actions(self) -> tuple[RuleAction, ...]:
        """What rules may do."""
        return (RuleAction(f"Cancel Order at {self.slug.title()}"),)

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        """Ask."""
        response = yield service.post(f"/{self.slug}", request.remote_id, json={"do": "cancel"})
        if response.status_code == 409:
            return answer.rejected(response, Rejection.TOO_LATE)
        return answer.acknowledged(response) if response.is_success else answer.not_processed(response)

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        """Read."""
        response = yield service.get(f"/{self.slug}", request.remote_id)
        if not response.is_success:
            return answer.unknown(response)
        word = text_at(response, "status")
        if word == "shipped":
            return answer.rejected(response, Rejection.SHIPPED, status=word)
        return answer.canceled(response, status=word) if word == "canceled" else answer.pending(response, status=word)

    @hookimpl
    def orderdesk_resubmit(
        self, request: ResubmitRequest, service: Service[FakeServiceSettings]
    ) -> Flow[Answer | RemoteOrder]:
        """Make it, unless it is there."""
        number = request.order.number
        there = yield service.get(f"/{self.slug}", number)
        if there.is_success and text_at(there, "status") == "unknown":
            there = yield service.post(f"/{self.slug}", number, json={"do": "make"})
        return service.remote_order(number) if there.is_success else answer.not_processed(there)


class FakeCart(FakeFulfillmentService):
    """A cart, whose orders can be held."""

    slug, role = "cart", ConnectionRole.CART

    def statuses(self) -> tuple[SettableStatus, ...]:
        """What can be set."""
        return (SettableStatus("held", "On hold"), SettableStatus("packed", "Packed"))

    def actions(self) -> tuple[RuleAction, ...]:
        """What rules may do."""
        return (RuleAction("Hold Order at Cart", status="held"),)

    @hookimpl
    def orderdesk_change_status(
        self, request: StatusChangeRequest, service: Service[FakeServiceSettings]
    ) -> Flow[Answer]:
        """Read, then set."""
        there = yield service.get("/cart", request.remote_id)
        if not there.is_success:
            return answer.not_processed(there)
        known = text_at(there, "status")
        if known == "canceled":
            return answer.rejected(there, Rejection.NOT_ALLOWED, message="it is canceled", status=known)
        if known == request.status:
            return answer.changed(there, status=known)
        response = yield service.post("/cart", request.remote_id, json={"do": request.status})
        return (
            answer.changed(response, status=request.status) if response.is_success else answer.not_processed(response)
        )


class FakeDeskOpener(Protocol):
    """Opens a desk before the fake services, on the one file of a test, as another process would. at.

    The places of order 1042.
    """

    def __call__(
        self,
        *plugins: FakeManualService,
        at: Sequence[str] = (),
        listeners: Sequence[object] = (),
        rules: Sequence[Mapping[str, object]] = (),
        answering: Answering = Answering.PERSON,
        messages: MessageConfig | None = None,
    ) -> Desk:
        """The desk; without `plugins` there are a cart, a mill and a phone."""


def fake_webhook(number: str, kind: NotificationKind, *, delivery: str | None = None, key: str = KEY) -> WebhookRequest:
    """The message that a fake service sends about an order."""
    told = [{"number": number, "kind": kind.value, "delivery": delivery}]
    return WebhookRequest({"X-Key": key}, json.dumps(told).encode())


def open_fake_desk(
    ledger: LedgerLocation,
    clock: Clock,
    url: str,
    plugins: Sequence[FakeManualService],
    *,
    listeners: Sequence[object] = (),
    rules: Sequence[Mapping[str, object]] = (),
    orders: Sequence[Order] = (),
    answering: Answering = Answering.PERSON,
    messages: MessageConfig | None = None,
    web: WebConfig | None = None,
    events: EventWebhookConfig | None = None,
) -> Desk:
    """A desk with one connection per plugin, named as it is; `orders` are imported.

    events: of a desk that may send events to this machine.
    """
    registry = PluginRegistry(find=lambda group: [])
    for plugin in plugins:
        registry.register(plugin, plugin.slug)
    connections = {
        plugin.slug: ConnectionConfig(
            plugin.slug,
            plugin.slug,
            {"endpoint": url},
            f"[connections.{plugin.slug}]",
            cancel_requests=answering,
        )
        for plugin in plugins
    }
    config = Config(
        ledger,
        connections,
        rules=read_rules(list(rules), "[[rules]]"),
        messages=messages or MessageConfig(),
        web=web or WebConfig(),
        event_webhooks=events,
        sandbox=SandboxConfig() if events is not None else None,
    )
    desk = Desk(
        config,
        clock=clock,
        registry=registry,
        listeners=listeners,
        limits=DeskLimits(HttpLimits(read_timeout=60, timeout=60)),
    )
    desk.orders.import_orders(orders, by="a test")
    return desk


def case_states(desk: Desk, order: str = "1042") -> Mapping[str, State]:
    """The states of the cancel cases of an order, by connection."""
    return {case.connection: case.state for case in desk.cases.list(order=order)}


def case_at(desk: Desk, connection: str) -> CancelCase:
    """The newest cancel case at a connection."""
    return [case for case in desk.cases.list() if case.connection == connection][-1]


def only(cases: Sequence[CancelCase]) -> CancelCase:
    """The one case that there is."""
    (case,) = cases
    return case


def pass_minutes(desk: Desk, clock: VirtualClock, count: int = 6) -> None:
    """Let minutes pass, and do what is due after each."""
    for _ in range(count):
        clock.advance(minutes(1))
        desk.run_due()
