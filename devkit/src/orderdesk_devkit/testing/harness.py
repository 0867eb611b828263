"""A stage: a desk with one order at one connection, for tests of a plugin and for recording its cassettes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import frozen

from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.request_recorder import RequestRecorder
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.receipt import CaseReceipt, EvidenceReceipt
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.clock import Clock, hours
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.serialization import read_orders, write_order_text
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields
from orderdesk_sdk.plugin.reasons import StandardReason
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.webhooks import WebhookSetup
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings
from orderdesk_sdk.runtime.webhook_setups import WebhookSetups, WebhookStatus
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from orderdesk_sdk.transport.http.limits import HttpLimits

__all__ = [
    "ADDED",
    "LINES",
    "ORDER",
    "PERSON",
    "SimulatedHarness",
    "PluginHarness",
    "connection_config",
    "details_of",
    "open_simulated_harness",
    "open_plugin_harness",
    "harness_order",
]

ORDER = "1042"
LINES = (("MUG", 2), ("CAP", 1))
ADDED = datetime(2026, 1, 5, 8, 41, 7, tzinfo=UTC)
"""The staged order unless told otherwise: its number, (code, quantity) of its lines, and when the host got it."""

_MAX_STEPS = 2_000
_MEANWHILE = hours(1)
PERSON = {
    "first_name": "Robin",
    "last_name": "Understudy",
    "company": "Rehearsal Goods",
    "address1": "12 Prompter Lane",
    "city": "Springfield",
    "state": "IL",
    "postal_code": "62701",
    "country": "US",
    "phone": "217-555-0175",
}
"""Nobody: whoever looks for this person in a cassette must not find them."""


@frozen
class PluginHarness:
    """A desk whose one order stands at one connection, and what one does there.

    Args:
        order: its number.
        connection_config: the connection's table, as written. The methods are those that scenarios are made of; the
            desk itself is there for everything else.
    """

    desk: Desk
    clock: Clock
    connection: str
    order: str
    connection_config: ConnectionConfig

    def cancel(
        self, reason: str | None = StandardReason.OTHER.value, *, lines: Mapping[str, int] | None = None
    ) -> CancelCase:
        """Cancel the order, or these quantities by line id or code; its case as it is then.

        Where orders are gathered, it is the case once the group was asked for. The default is a reason that every list
        has and every service without one leaves alone.
        """
        self.desk.cancel(self.order, by="a test", reason=reason, lines=lines)
        case = self.case
        if case.is_batched and case.state is State.PENDING and case.due_at is not None:
            self.wait_for(case.due_at)
            return self.run_due()
        return case

    def follow_up(self) -> CancelCase:
        """Do what is due, letting time pass, until the case is settled or a person has it; the case as it is then.

        What is polled while a person has it is followed for an hour more.
        Raises PluginError where the core could not do what was due.
        """
        return list(self.steps())[-1]

    def steps(self) -> Iterator[CancelCase]:
        """As `follow_up`, with the case as it is now and after each thing that was done."""
        for _ in range(_MAX_STEPS):
            case = self.case
            yield case
            if case.due_at is None or (case.state is State.ACTION_REQUIRED and not _is_polled_meanwhile(case)):
                return
            self.wait_for(case.due_at)
            self.run_due()
        raise PluginError(f"the case is still {self.case.state.value} after {_MAX_STEPS} looks", location=self.order)

    def run_due(self) -> CancelCase:
        """Do what is due now; the case as it is then. Raises PluginError where the core could not do it."""
        problems = self.desk.run_due().problems
        if problems:
            raise PluginError("; ".join(problems), location=f"order {self.order} at {self.connection}")
        return self.case

    def wait_for(self, moment: datetime) -> None:
        """Let time pass until `moment`: in no time on a virtual clock, truly on another."""
        self.clock.sleep_until(self.clock.monotonic() + (moment - self.clock.now()).total_seconds())

    def resubmit(self, number: str | None = None) -> ResubmitCase:
        """Submit the canceled order again; the resubmission as it is then."""
        return self.desk.resubmissions.create(self.order, by="a test", number=number)

    def change_status(self, status: str) -> StatusCase:
        """Give the order a status, and let time pass until that is settled or a person has it."""
        changed = self.desk.status_changes.create(self.order, status, by="a test", connections=[self.connection])
        (case,) = changed.changes
        for _ in range(_MAX_STEPS):
            if case.due_at is None or case.state is State.ACTION_REQUIRED:
                return case
            self.wait_for(max(case.due_at, self.clock.now()))
            self.desk.run_due()
            case = self.desk.ledger.case(case.id, StatusCase)
        return case

    def set_webhook(self, address: str, *, wanted: bool | None = None) -> WebhookStatus:
        """Have the plugin register an address at the service, or remove it; what is registered then.

        Raises OrderDeskError where the service does not say.

        Args:
            wanted: None only lists.
        """
        connections = self.desk.connections
        setups = WebhookSetups(connections, self.clock)
        return setups.run(connections.get(self.connection), WebhookSetup(address, wanted))

    @property
    def case(self) -> CancelCase:
        """The newest case of the order at the connection."""
        return [case for case in self.desk.cases.list(order=self.order) if case.connection == self.connection][-1]

    @property
    def remote_order(self) -> RemoteOrder:
        """The order's presence at the connection."""
        found = self.desk.order_store.remote_orders(self.desk.order_store.get_order(self.order).id)
        return next(one for one in found if one.connection == self.connection)

    @property
    def receipt(self) -> CaseReceipt:
        """The receipt of the newest case."""
        cancellations = self.desk.cancellations.receipt(self.order).cancellations
        return [
            one
            for cancellation in cancellations
            for one in cancellation.cases
            if one.case.connection == self.connection
        ][-1]

    @property
    def evidence(self) -> EvidenceReceipt:
        """What the newest case was settled by. Raises PluginError where nothing settled it."""
        proof = self.receipt.evidence
        if proof is None:
            raise PluginError("nothing proves what became of it", location=f"order {self.order} at {self.connection}")
        return proof

    @property
    def calls(self) -> list[str]:
        """The calls of the newest case: method, what follows the connection's base URL, and HTTP status."""
        base = self.desk.connections.get(self.connection).service(self.clock.now()).base_url
        kept = [step.exchange for step in self.receipt.history if step.exchange is not None]
        return [f"{one.intent.method} {one.intent.url.removeprefix(base)} {one.status}" for one in kept]


def _is_polled_meanwhile(case: CancelCase) -> bool:
    since = case.action_required_since or case.updated_at
    return case.remind_at is not None and case.updated_at - since < _MEANWHILE


@frozen
class SimulatedHarness(PluginHarness):
    """A stage before a simulator on a loopback socket.

    Args:
        recorder: what reached it.
    """

    recorder: RequestRecorder

    @property
    def sent(self) -> list[str]:
        """What reached it, of whatever case: method and path, percent-encoded as it came."""
        return [f"{seen.method} {seen.path}" for seen in self.recorder.requests]

    def documents(self, end: str) -> list[dict[str, Any]]:
        """What was sent as JSON objects to places whose path ends so, in order."""
        found = [seen.document for seen in self.recorder.requests if seen.path.endswith(end)]
        return [document for document in found if isinstance(document, dict)]


# Many parameters: what a test may want otherwise, each by keyword and with a default.
@contextmanager
def open_plugin_harness(
    slug: str,
    settings: Mapping[str, object],
    clock: Clock,
    *,
    order: str = ORDER,
    lines: tuple[tuple[str, int], ...] = LINES,
    details: Mapping[str, object] | None = None,
    added_at: datetime = ADDED,
    submitted_at: datetime | None = None,
    limits: HttpLimits | None = None,
    registry: PluginRegistry | None = None,
    listeners: Sequence[object] = (),
) -> Iterator[PluginHarness]:
    """A stage in a folder of its own, whose connection is named like the integration, cart or fulfillment.

    Args:
        settings: flat, secrets as plain texts, as `Simulator.settings` gives them.
        details: see `harness_order`.
        submitted_at: now where None.
    """
    known = registry or PluginRegistry()
    with tempfile.TemporaryDirectory(prefix="orderdesk-stage-") as folder:
        connection = connection_config(slug, settings, known)
        config = Config(Path(folder) / "orderdesk.db", {slug: connection})
        with Desk(
            config, clock=clock, limits=DeskLimits(limits or HttpLimits()), registry=known, listeners=listeners
        ) as desk:
            assert isinstance(desk.order_store, SqliteOrderStore)
            desk.order_store.import_orders([harness_order(order, lines, details or {}, added_at)], by="a test")
            desk.orders.register(order, connection=slug, by="a test", submitted_at=submitted_at)
            yield PluginHarness(desk, clock, slug, order, connection)


@contextmanager
def open_simulated_harness(
    slug: str,
    simulator: Simulator,
    *,
    order: str = ORDER,
    lines: tuple[tuple[str, int], ...] = LINES,
    details: Mapping[str, object] | None = None,
    settings: Mapping[str, object] | None = None,
    limits: HttpLimits | None = None,
) -> Iterator[SimulatedHarness]:
    """A stage before `simulator`, by its clock.

    Args:
        settings: in place of the simulator's; None takes one away.

    The simulator does not have the order yet: put it there in the status that the test is about.
    """
    tap = RequestRecorder(simulator.app)
    with serve(tap) as served:
        given = {**simulator.settings(served.url), **(settings or {})}
        flat = {name: value for name, value in given.items() if value is not None}
        with open_plugin_harness(
            slug, flat, simulator.clock, order=order, lines=lines, details=details, limits=limits
        ) as stage:
            yield SimulatedHarness(stage.desk, stage.clock, stage.connection, stage.order, stage.connection_config, tap)


def connection_config(slug: str, settings: Mapping[str, object], registry: PluginRegistry) -> ConnectionConfig:
    """The `[connections.SLUG]` table of flat settings. Raises ConfigurationError where one is wrong."""
    kinds = {field.name: field.kind for field in settings_fields(registry.load(slug).integration.settings)}
    table = {
        name: {"text": value} if kinds.get(name) is SettingKind.SECRET else value for name, value in settings.items()
    }
    connection = ConnectionConfig(slug, slug, table, f"[connections.{slug}]")
    make_settings(registry.load(slug).integration.settings, connection)
    return connection


def harness_order(
    number: str, lines: tuple[tuple[str, int], ...], details: Mapping[str, object], added_at: datetime = ADDED
) -> Order:
    """The order of a stage, for a person who does not exist.

    Args:
        details: what it has beyond that, as keys of Order Desk's order object; tables and lists are merged entry by
            entry, so `{"order_items": [{"metadata": {...}}]}` is about the first line.

    Raises ValidationError where they are misshapen.
    """
    document = {
        "id": f"id-{number}",
        "source_id": number,
        "email": "robin.understudy@example.com",
        "shipping": PERSON,
        "customer": PERSON,
        "date_added": added_at.isoformat(),
        "order_items": [
            {"id": str(index), "code": code, "name": code, "quantity": quantity}
            for index, (code, quantity) in enumerate(lines, start=1)
        ],
    }
    return read_orders(_merged(document, details), location="the staged order")[0]


def details_of(order: Order, shape: Mapping[str, object]) -> Mapping[str, object]:
    """Of an order object what `shape` names, and nothing else; what it names of one line is taken of every line."""
    kept = _kept(json.loads(write_order_text(order)), shape)
    assert isinstance(kept, dict), "an order is an object"
    return kept


def _merged(one: object, other: object) -> object:
    match one, other:
        case Mapping(), Mapping():
            both = {name: _merged(one[name], other[name]) for name in one if name in other}
            return {**one, **other, **both}
        case list(), list() | tuple():
            return [*map(_merged, one, other), *one[len(other) :], *other[len(one) :]]
        case _:
            return other


def _kept(value: object, shape: object) -> object:
    match value, shape:
        case Mapping(), Mapping():
            return {name: _kept(value[name], inner) for name, inner in shape.items() if name in value}
        case list(), list() | tuple():
            every: object = {}
            for inner in shape:
                every = _merged(every, inner)
            return [_kept(inner, every) for inner in value]
        case _:
            return value
