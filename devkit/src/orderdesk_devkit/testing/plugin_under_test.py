"""Who is tested: an integration with its simulator and one order, and what follows from its declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import assert_never

import httpx
from attrs import evolve, field, frozen
from starlette.types import ASGIApp

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import Simulator, simulators
from orderdesk_devkit.testing.harness import PluginHarness, connection_config
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.windows import next_open_route
from orderdesk_sdk.clock import Clock, VirtualClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.reasons import ReasonList, allowed_reasons, with_read_codes
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.routes import Button, FinalResponse, ManualConfirmation, Polling, Route
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from orderdesk_sdk.transport.http.limits import HttpLimits

__all__ = ["NOWHERE", "ConformanceHarness", "PluginUnderTest", "sample_order"]

NOWHERE = "http://127.0.0.1:9"
"""The address of a service that there is none of: nobody listens there."""


def sample_order() -> Order:
    """The first of the invented orders."""
    return read_order_text(SAMPLE_ORDERS, location="sample orders")[0]


@frozen
class ConformanceHarness(PluginHarness):
    """A stage on which a subject plays.

    Args:
        simulator: None where the service is nobody's or somebody else's.
    """

    simulator: Simulator | None
    reason: str

    def cancel(self, reason: str | None = None, *, lines: Mapping[str, int] | None = None) -> CancelCase:
        return super().cancel(reason or self.reason, lines=lines)

    def read_eligibility(self) -> tuple[str, ...]:
        """Ask the service whether it would cancel the order; what kept that from being read, a line each."""
        results = self.desk.eligibility.read(self.order, by="conformance", connections=[self.connection])
        return tuple(result.problem for result in results if result.problem is not None)

    @property
    def service(self) -> Simulator:
        """The simulator that is there."""
        assert self.simulator is not None, "somebody else's service plays"
        return self.simulator

    @property
    def is_canceled(self) -> bool:
        """Whether the service has truly canceled the order."""
        return self.service.actual_status(self.case.remote_id) in self.service.canceled_statuses


@frozen(kw_only=True)
class PluginUnderTest:
    """An integration under test.

    Args:
        order: what is canceled there.
        remote_id: its number there; "" for the order's own.
        reason: why; None takes the first that the declaration allows.
        settings, options: in place of the simulator's own.
        wait: what passes between submitting and canceling.
        why_unresolved: why a cancel whose response was lost cannot be found by polling; "" if it can.
        is_known: whether the service has the order.
        plugin, simulator: in place of the installed ones; where no simulator is installed the service is nobody's.
    """

    slug: str
    order: Order = field(factory=sample_order)
    remote_id: str = ""
    reason: str | None = None
    settings: Mapping[str, object] = field(factory=dict)
    options: Mapping[str, str] = field(factory=dict)
    wait: timedelta = timedelta(0)
    why_unresolved: str = ""
    is_known: bool = True
    plugin: object | None = None
    simulator: Callable[[Clock], Simulator] | None = None

    @property
    def number(self) -> str:
        """The order's number at the service."""
        return self.remote_id or self.order.number

    def registry(self) -> PluginRegistry:
        """Where the plugin is found."""
        found = PluginRegistry()
        if self.plugin is not None:
            found.register(self.plugin, self.slug)
        return found

    @property
    def has_service(self) -> bool:
        """Whether there is a simulator to call."""
        return self.simulator is not None or self.slug in simulators()

    def new_simulator(self, clock: Clock) -> Simulator | None:
        """The service without an order; None where there is none."""
        if not self.has_service:
            return None
        made: Simulator = self.simulator(clock) if self.simulator is not None else simulators()[self.slug].load()(clock)
        for name, choice in self.options.items():
            made.set_option(name, choice)
        return made

    def make_simulator(self, clock: Clock) -> Simulator | None:
        """The service with the order in it, if it knows it; None where there is none."""
        made = self.new_simulator(clock)
        if made is not None and self.is_known:
            made.add_order(self.number, lines=[(line.code, line.quantity) for line in self.order.lines])
        return made

    def connection_settings(self, simulator: Simulator | None, url: str) -> Mapping[str, object]:
        """The settings of a connection, flat, secrets as texts."""
        return {**(simulator.settings(url) if simulator is not None else {}), **self.settings}

    def unconnected_config(self) -> ConnectionConfig:
        """The table of a connection to a service at NOWHERE, as a configuration has it."""
        return connection_config(
            self.slug, self.connection_settings(self.make_simulator(VirtualClock()), NOWHERE), self.registry()
        )

    def parsed_settings(self) -> object:
        """The settings as the plugin gets them, of a service at NOWHERE."""
        return make_settings(self.registry().load(self.slug).integration.settings, self.unconnected_config())

    @property
    def integration(self) -> Integration:
        """The declaration, with the routes of these settings. Raises what keeps it from being used."""
        declared = self.registry().load(self.slug).integration
        return (
            declared
            if declared.routes_for is None
            else evolve(declared, cancel=declared.routes_for(self.parsed_settings()))
        )

    @property
    def reads_eligibility(self) -> bool:
        """Whether the service says of each order whether it would cancel it."""
        return any(isinstance(route, Button) and route.eligibility is not None for route in self.integration.cancel)

    @property
    def unavailable_reason(self) -> str | None:
        """Why no call can be made with these settings; None where it can."""
        check = self.integration.unavailable_reason
        return check(self.parsed_settings()) if check is not None else None

    @property
    def auth(self) -> httpx.Auth | None:
        """How requests are signed."""
        make = self.integration.auth
        return make(self.parsed_settings()) if make is not None else None

    def route(self, harness: PluginHarness) -> Route | None:
        """The way that a cancel takes now; None where none is open."""
        remote_order = harness.desk.order_store.remote_orders(self.order.id)[0]
        integration = harness.desk.connections.get(self.slug).integration
        index = next_open_route(integration.cancel, remote_order, harness.clock.now())
        return None if index is None else integration.cancel[index]

    @property
    def default_reason(self) -> str:
        """A reason that the service takes."""
        if self.reason is not None:
            return self.reason
        for route in self.integration.cancel:
            if isinstance(route.reasons, ReasonList):
                known = with_read_codes(route.reasons, ())  # What is read per order is among these.
                codes = allowed_reasons(known, self.parsed_settings(), self.order)
                if not codes:
                    raise ValidationError(
                        "its list of reasons is empty",
                        location=self.slug,
                        hint="set `settings` or `reason` in the test",
                    )
                return codes[0].code
        return "customer asked"

    @contextmanager
    def open_harness(
        self,
        folder: Path,
        *,
        wrap: Callable[[Simulator], ASGIApp] = lambda simulator: simulator.app,
        limits: HttpLimits | None = None,
    ) -> Iterator[ConformanceHarness]:
        """The order placed at the service, on a real socket, by a virtual clock, after `wait`.

        Args:
            wrap: what is served, given the simulator.
            folder: for the ledger; empty.
        """
        clock = VirtualClock()
        simulator = self.make_simulator(clock)
        if simulator is None:
            with self.open_harness_at(NOWHERE, folder, clock, limits=limits) as harness:
                yield harness
            return
        with (
            serve(wrap(simulator)) as served,
            self.open_harness_at(served.url, folder, clock, simulator=simulator, limits=limits) as harness,
        ):
            yield harness

    @contextmanager
    def open_harness_at(
        self,
        url: str,
        folder: Path,
        clock: VirtualClock,
        *,
        simulator: Simulator | None = None,
        secrets: Mapping[str, str] | None = None,
        limits: HttpLimits | None = None,
    ) -> Iterator[ConformanceHarness]:
        """The order placed at whatever service answers at `url`.

        Args:
            secrets: in place of the settings' own.
        """
        registry = self.registry()
        source = simulator or self.make_simulator(VirtualClock())
        table = {**self.connection_settings(source, url), **(secrets or {})}
        connection = connection_config(self.slug, table, registry)
        config = Config(folder / "orderdesk.db", {self.slug: connection})
        with Desk(config, clock=clock, registry=registry, limits=DeskLimits(limits or HttpLimits())) as desk:
            assert isinstance(desk.order_store, SqliteOrderStore)
            desk.order_store.import_orders([self.order], by="conformance")
            desk.orders.register(self.order.number, connection=self.slug, by="conformance", remote_id=self.number)
            clock.advance(self.wait)
            yield ConformanceHarness(
                desk, clock, self.slug, self.order.number, connection, simulator, self.default_reason
            )

    def can_poll(self, route: Route | None) -> bool:
        """Whether a cancel of this way whose response was lost is to be found by polling."""
        check = self.registry().load(self.slug).manager.hook.orderdesk_poll
        told = route is not None and not isinstance(route.confirm, ManualConfirmation)
        return told and bool(check.get_hookimpls()) and not self.why_unresolved

    def expected_state(self, route: Route | None) -> State:
        """How a cancel that the service honors must end, by the declaration of its way."""
        if route is None:
            return State.UNSUPPORTED
        match route.confirm:
            case FinalResponse() | Polling():
                return State.CANCELED
            case ManualConfirmation():
                return State.ACTION_REQUIRED
            case _:
                assert_never(route.confirm)
