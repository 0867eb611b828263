"""The made-up services of the ledger in tests/data: what each connection is, and what it answers, call by call.

    with answered_by(Services(scripts)) as services, open_ledger_desk(path, clock, mail) as desk:
        ...

No socket is opened: the transport's calls are answered in the process, so that URLs are the same on every machine.
"""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import httpx

from orderdesk_sdk.clock import Clock, hours, minutes, seconds
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, LineAnswer, Rejection
from orderdesk_sdk.plugin.auth import HeaderAuth
from orderdesk_sdk.plugin.connection_settings import custom, secret, setting, settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, NewNumber, NoResubmission, SettableStatus
from orderdesk_sdk.plugin.order_numbers import Identity, NotStated, StatedAt
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest, ResubmitRequest, StatusChangeRequest
from orderdesk_sdk.plugin.routes import (
    Batch,
    Button,
    Email,
    FinalResponse,
    ManualConfirmation,
    Polling,
    Portal,
    Route,
    RuleAction,
    Scope,
    WithinTime,
)
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import json_object
from orderdesk_sdk.plugin.toolkit.templates import read_template
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.email.config import EmailConfig

__all__ = ["NO_POLL", "KEY", "RULES", "VETOED", "Services", "answered_by", "open_ledger_desk"]

KEY = "made-up-key-58b1c7"
"""The services' key. They repeat it in each response, so that it would stand in the ledger if it were not taken out."""
NO_POLL = frozenset({"1003-4", "1005-7", "1005-9", "1005-10", "1015", "1016", "1020"})
"""Orders that no flow of a status change or a resubmission can find out anything about."""
VETOED = "1011"
"""An order that must not be canceled, as a listener says."""
RULES: tuple[Mapping[str, object], ...] = (
    {
        "name": "Canceled cancels everywhere",
        "event": "order moved",
        "when": "folder == 'Canceled'",
        "do": [{"action": "Cancel Order", "reason": "moved to Canceled"}],
    },
    {"name": "Prepared holds", "event": "order moved", "when": "folder == 'Prepared'", "do": ["Hold Order at Cart"]},
    {
        "name": "What is canceled is closed",
        "event": "order canceled",
        "do": [{"action": "Move Order to Folder", "folder": "Closed"}],
    },
)
_POLLED = Polling(minutes(2), hours(1))
_CALL_THEM = Portal("Call them.")
_BY_MAIL = Email("to", "subject", "body", ManualConfirmation(hours(4)))


class Services:
    """All services behind one URL, by `METHOD /CONNECTION/NUMBER`.

    scripts: what a call is answered with, one after the other, the last one again and again: "200 open" is a status
    and a word, "200 counted MUG=2/2" tells of lines too. "lost" loses the response, "boom" is a response that its
    plugin fails on, "dies" ends the process. A call without a script: "404 missing" for a GET of a duplicate's number,
    which has a hyphen, else "200 open"; "202 requested" for what may change something. calls: how often each call was
    made.
    """

    def __init__(self, scripts: Mapping[str, Sequence[str]]) -> None:
        self.scripts = {call: list(words) for call, words in scripts.items()}
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, _transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        """The response to a request."""
        call = f"{request.method} {request.url.path}"
        number = request.url.path.rpartition("/")[2]
        with self._lock:
            self.calls[call] += 1
            script = self.scripts.get(call) or [_unscripted(request.method, number)]
            said = script.pop(0) if len(script) > 1 else script[0]
        if said == "dies":
            os._exit(9)
        if said == "lost":
            raise httpx.ReadError("the connection was reset", request=request)
        if said == "boom":
            return _reply(200, {"number": number, "status": 7})
        status, word, *counted = said.split()
        if number == "cancellations":
            return _reply(int(status), {"list": "L1"})
        told: dict[str, object] = {"number": number, "status": word, "email": "robin@example.com", "key": KEY}
        if counted:
            told["lines"] = dict(one.split("=") for one in counted)
        return _reply(int(status), told)


def _unscripted(method: str, number: str) -> str:
    if method != "GET":
        return "202 requested"
    return "404 missing" if "-" in number else "200 open"


def _reply(status: int, told: Mapping[str, object]) -> httpx.Response:
    return httpx.Response(
        status, headers={"content-type": "application/json"}, stream=httpx.ByteStream(json.dumps(told).encode())
    )


@contextmanager
def answered_by(services: Services) -> Iterator[Services]:
    """Within the block every call over HTTP is answered by these services."""

    def handle_request(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        return services(transport, request)

    with patch.object(httpx.HTTPTransport, "handle_request", handle_request):
        yield services


@settings
class LedgerSettings:
    """Where a service is, and what is mailed to it."""

    endpoint: str = url(help="the services", default="https://services.example")
    api_key: Secret = secret(help="the key", default=Secret(KEY))
    to: str = setting(str, help="where cancellations go", default="desk@example.net")
    subject: str = custom(read_template, help="of the mail", default="Cancel {order_number}")
    body: str = custom(read_template, help="of the mail", default="Please cancel {remote_id}: {reason}\n{lines}")


class ManualService:
    """A service that no call is made to: its routes are for people."""

    def __init__(self, slug: str, *routes: Route, role: ConnectionRole = ConnectionRole.FULFILLMENT) -> None:
        self.slug, self.routes, self.role = slug, routes, role
        self.identity: Identity = StatedAt("number")
        self.again: NewNumber | NoResubmission = NoResubmission("call them")
        self.statuses: tuple[SettableStatus, ...] = ()
        self.actions: tuple[RuleAction, ...] = ()

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug=self.slug,
            title=self.slug.title(),
            settings=LedgerSettings,
            base_url="endpoint",
            role=self.role,
            cancel=self.routes,
            resubmission=self.again,
            identified_by={"*": self.identity},
            redact_fields=frozenset({"email"}),
            auth=lambda its: HeaderAuth({"x-api-key": its.api_key}),
            statuses=self.statuses,
            actions=self.actions,
        )


class Shop(ManualService):
    """A service that is asked by a call and polled. repeatable: it looks first, and its request may be sent twice."""

    def __init__(
        self,
        slug: str,
        *routes: Route,
        role: ConnectionRole = ConnectionRole.FULFILLMENT,
        idempotent: bool = False,
        final: bool = False,
    ) -> None:
        super().__init__(slug, *routes, role=role)
        self._repeatable = idempotent
        self.again = NewNumber()
        if final:
            self.identity = NotStated("its responses do not name the order")
        if role is ConnectionRole.CART:
            self.statuses = (SettableStatus("held", "On hold"), SettableStatus("packed", "Packed"))
            self.actions = (RuleAction("Hold Order at Cart", status="held"),)

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[LedgerSettings]) -> Flow[Answer]:
        if self._repeatable:
            yield service.get(f"/{self.slug}", request.remote_id, redact_response=True)
        response = yield service.request(
            "PUT" if self._repeatable else "POST",
            f"/{self.slug}",
            request.remote_id,
            idempotent=self._repeatable,
            json={"do": "cancel", "lines": dict(request.lines), "reason": request.reason.text},
        )
        if response.status_code == 401:
            return answer.not_processed(response, message="not let in")
        if response.status_code == 409:
            return answer.rejected(response, Rejection.TOO_LATE)
        if not response.is_success:
            return answer.unknown(response)
        word = _status_word(response)
        return (
            answer.canceled(response, status=word)
            if word == "canceled"
            else answer.acknowledged(response, request_reference="T1")
        )

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[LedgerSettings]) -> Flow[Answer]:
        response = yield service.get(f"/{self.slug}", request.remote_id)
        if not response.is_success:
            return answer.unknown(response)
        word = _status_word(response)
        lines = _lines(response)
        match word:
            case "canceled":
                return answer.canceled(response, status="canceled")
            case "counted":
                return answer.canceled(response, lines=lines)
            case "partly":
                return answer.partially_canceled(response, lines, status="closed")
            case "shipped":
                return answer.rejected(response, Rejection.SHIPPED, status="shipped")
            case _:
                return answer.pending(response, status=word)

    @hookimpl
    def orderdesk_resubmit(
        self, request: ResubmitRequest, service: Service[LedgerSettings]
    ) -> Flow[Answer | RemoteOrder]:
        if request.order.number in NO_POLL:
            return answer.unknown(None, message="it cannot be read whether the order is there")
        number = request.order.number
        there = yield service.get(f"/{self.slug}", number)
        if there.status_code == 404:
            there = yield service.post(f"/{self.slug}", number, json={"do": "make"})
        return service.remote_order(number) if there.is_success else _answer_of_status(there)

    @hookimpl
    def orderdesk_change_status(self, request: StatusChangeRequest, service: Service[LedgerSettings]) -> Flow[Answer]:
        if request.order.number in NO_POLL:
            return answer.unknown(None, message="it cannot be read which status the order has")
        there = yield service.get(f"/{self.slug}", request.remote_id)
        if not there.is_success:
            return _answer_of_status(there)
        word = _status_word(there)
        if word == "canceled":
            return answer.rejected(there, Rejection.NOT_ALLOWED, message="it is canceled", status=word)
        if word == request.status:
            return answer.changed(there, status=word)
        response = yield service.put(f"/{self.slug}", request.remote_id, json={"do": request.status})
        return answer.changed(response, status=request.status) if response.is_success else _answer_of_status(response)

    @hookimpl
    def orderdesk_parse_webhook(
        self, request: WebhookRequest, service: Service[LedgerSettings]
    ) -> Sequence[OrderNotification]:
        return [
            OrderNotification(each["number"], NotificationKind(each["kind"]), each["delivery"])
            for each in json.loads(request.body)
        ]


class BatchShop(Shop):
    """A service that takes several orders in one call."""

    @hookimpl
    def orderdesk_cancel_many(
        self, requests: Sequence[CancelRequest], service: Service[LedgerSettings]
    ) -> Flow[Sequence[Answer]]:
        numbers = [request.remote_id for request in requests]
        response = yield service.post(f"/{self.slug}/cancellations", json={"orders": numbers})
        return [answer.acknowledged(response, request_reference=f"L1/{number}") for number in numbers]


class Veto:
    """A listener that forbids what is marked so."""

    @hookimpl
    def orderdesk_before_cancel(self, request: CancelRequest) -> str | None:
        return "not without the owner" if request.order.number == VETOED else None


def _answer_of_status(response: httpx.Response) -> Answer:
    if response.status_code == 401:
        return answer.not_processed(response, message="not let in")
    if response.status_code == 409:
        return answer.rejected(response, Rejection.NOT_ALLOWED, message="that is not possible")
    return answer.unknown(response)


def _status_word(response: httpx.Response) -> str:
    word = json_object(response)["status"]
    if not isinstance(word, str):  # A fault of the plugin, as the core sees it.
        raise TypeError("the status is no text")
    return word


def _lines(response: httpx.Response) -> tuple[LineAnswer, ...]:
    """What a response tells of lines: "2/3" of a code is two of three canceled."""
    told: dict[str, str] = response.json().get("lines", {})
    counts = {code: counted.split("/") for code, counted in told.items()}
    return tuple(LineAnswer(code, int(ordered), int(canceled)) for code, (canceled, ordered) in counts.items())


def _plugins() -> tuple[ManualService, ...]:
    fallback_on = frozenset({Rejection.TOO_LATE})
    return (
        Shop("cart", Button(_POLLED), role=ConnectionRole.CART),
        Shop("mill", Button(_POLLED, fallback_on=fallback_on, scope=Scope.QUANTITIES), _CALL_THEM),
        Shop("press", Button(FinalResponse()), final=True),
        Shop("loom", Button(_POLLED), idempotent=True),
        Shop("relay", Button(_POLLED, fallback_on=fallback_on), _BY_MAIL),
        BatchShop("list", Button(_POLLED, batch=Batch(seconds(30), 50))),
        ManualService("post", _BY_MAIL),
        ManualService("phone", _CALL_THEM),
        ManualService("kiln", Portal("Call them.", window=WithinTime(minutes(5)))),
    )


def open_ledger_desk(
    path: Path, clock: Clock, mail: EmailConfig, rules: Sequence[Mapping[str, object]] = RULES
) -> Desk:
    """A desk on a file, with a connection to each service, named as it is."""
    registry = PluginRegistry(find=lambda group: [])
    connections = {}
    for plugin in _plugins():
        registry.register(plugin, plugin.slug)
        connections[plugin.slug] = ConnectionConfig(plugin.slug, plugin.slug, {}, f"[connections.{plugin.slug}]")
    config = Config(path, connections, email=mail, rules=read_rules(list(rules), "[[rules]]"))
    return Desk(config, clock=clock, registry=registry, listeners=[Veto()])
