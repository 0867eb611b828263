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
from orderdesk_devkit.testing.harness import Stage, configured
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.windows import next_open
from orderdesk_sdk.clock import Clock, VirtualClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InputError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.reasons import ClosedList, allowed_reasons
from orderdesk_sdk.plugin.registry import Registry
from orderdesk_sdk.plugin.routes import ByCheck, ByPerson, ByReply, Route
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings
from orderdesk_sdk.stores.sqlite.orders import LocalHost
from orderdesk_sdk.transport.http.client import CallLimits

__all__ = ["NOWHERE", "Scene", "Subject", "sample_order"]

NOWHERE = "http://127.0.0.1:9"
"""The address of a service that there is none of: nobody listens there."""


def sample_order() -> Order:
    """The first of the invented orders."""
    return read_order_text(SAMPLE_ORDERS, place="sample orders")[0]


@frozen
class Scene(Stage):
    """A stage on which a subject plays. simulator: None where the service is nobody's or somebody else's."""

    simulator: Simulator | None
    reason: str

    def cancel(self, reason: str | None = None, *, lines: Mapping[str, int] | None = None) -> Case:
        return super().cancel(reason or self.reason, lines=lines)

    @property
    def service(self) -> Simulator:
        """The simulator that is there."""
        assert self.simulator is not None, "somebody else's service plays"
        return self.simulator

    @property
    def is_canceled(self) -> bool:
        """Whether the service has truly canceled the order."""
        return self.service.truth(self.case.remote_id) in self.service.canceled_words


@frozen(kw_only=True)
class Subject:
    """An integration under test.

    order: what is canceled there. remote_id: its number there; "" for the order's own. reason: why; None takes the
    first that the declaration allows. settings, switches: in place of the simulator's own. wait: what passes between
    submitting and canceling. unresolved: why a cancel whose reply was lost cannot be found by reading back; "" if it
    can. plugin, simulator: in place of the installed ones; where no simulator is installed the service is nobody's.
    """

    slug: str
    order: Order = field(factory=sample_order)
    remote_id: str = ""
    reason: str | None = None
    settings: Mapping[str, object] = field(factory=dict)
    switches: Mapping[str, str] = field(factory=dict)
    wait: timedelta = timedelta(0)
    unresolved: str = ""
    plugin: object | None = None
    simulator: Callable[[Clock], Simulator] | None = None

    @property
    def number(self) -> str:
        """The order's number at the service."""
        return self.remote_id or self.order.number

    def registry(self) -> Registry:
        """Where the plugin is found."""
        found = Registry()
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
        for name, choice in self.switches.items():
            made.set_switch(name, choice)
        return made

    def make_simulator(self, clock: Clock) -> Simulator | None:
        """The service with the order in it; None where there is none."""
        made = self.new_simulator(clock)
        if made is not None:
            made.add_order(self.number, lines=[(line.code, line.quantity) for line in self.order.lines])
        return made

    def table(self, simulator: Simulator | None, url: str) -> Mapping[str, object]:
        """The settings of a connection, flat, secrets as texts."""
        return {**(simulator.settings(url) if simulator is not None else {}), **self.settings}

    def connected_nowhere(self) -> ConnectionConfig:
        """The table of a connection to a service at NOWHERE, as a configuration has it."""
        return configured(self.slug, self.table(self.make_simulator(VirtualClock()), NOWHERE), self.registry())

    def made_settings(self) -> object:
        """The settings as the plugin gets them, of a service at NOWHERE."""
        return make_settings(self.registry().load(self.slug).integration.settings, self.connected_nowhere())

    @property
    def integration(self) -> Integration:
        """The declaration, with the ladder of these settings. Raises what keeps it from being used."""
        declared = self.registry().load(self.slug).integration
        return (
            declared
            if declared.configured is None
            else evolve(declared, cancel=declared.configured(self.made_settings()))
        )

    @property
    def unusable(self) -> str | None:
        """Why no call can be made with these settings; None where it can."""
        check = self.integration.unavailable
        return check(self.made_settings()) if check is not None else None

    @property
    def auth(self) -> httpx.Auth | None:
        """How requests are signed."""
        make = self.integration.auth
        return make(self.made_settings()) if make is not None else None

    def route(self, scene: Stage) -> Route | None:
        """The way that a cancel takes now; None where none is open."""
        placement = scene.desk.host.placements(self.order.id)[0]
        integration = scene.desk.connections.get(self.slug).integration
        index = next_open(integration.cancel, placement, scene.clock.now())
        return None if index is None else integration.cancel[index]

    @property
    def why(self) -> str:
        """A reason that the service takes."""
        if self.reason is not None:
            return self.reason
        for route in self.integration.cancel:
            if isinstance(route.reasons, ClosedList):
                codes = allowed_reasons(route.reasons, self.made_settings(), self.order)
                if not codes:
                    raise InputError(
                        "its list of reasons is empty", place=self.slug, remedy="set `settings` or `reason` in the test"
                    )
                return codes[0].code
        return "customer asked"

    @contextmanager
    def on_stage(
        self,
        folder: Path,
        *,
        wrap: Callable[[Simulator], ASGIApp] = lambda simulator: simulator.app,
        limits: CallLimits | None = None,
    ) -> Iterator[Scene]:
        """The order placed at the service, on a real socket, by a virtual clock, after `wait`.

        wrap: what is served, given the simulator. folder: for the ledger; empty.
        """
        clock = VirtualClock()
        simulator = self.make_simulator(clock)
        if simulator is None:
            with self.before(NOWHERE, folder, clock, limits=limits) as scene:
                yield scene
            return
        with (
            serve(wrap(simulator)) as served,
            self.before(served.url, folder, clock, simulator=simulator, limits=limits) as scene,
        ):
            yield scene

    @contextmanager
    def before(
        self,
        url: str,
        folder: Path,
        clock: VirtualClock,
        *,
        simulator: Simulator | None = None,
        secrets: Mapping[str, str] | None = None,
        limits: CallLimits | None = None,
    ) -> Iterator[Scene]:
        """The order placed at whatever service answers at `url`. secrets: in place of the settings' own."""
        registry = self.registry()
        source = simulator or self.make_simulator(VirtualClock())
        table = {**self.table(source, url), **(secrets or {})}
        connection = configured(self.slug, table, registry)
        config = Config(folder / "orderdesk.db", {self.slug: connection})
        with Desk(config, clock=clock, registry=registry, limits=limits) as desk:
            assert isinstance(desk.host, LocalHost)
            desk.host.import_orders([self.order], by="conformance")
            desk.place(self.order.number, at=self.slug, by="conformance", remote_id=self.number)
            clock.advance(self.wait)
            yield Scene(desk, clock, self.slug, self.order.number, connection, simulator, self.why)

    def reads_back(self, route: Route | None) -> bool:
        """Whether a cancel of this way whose reply was lost is to be found by reading back."""
        check = self.registry().load(self.slug).manager.hook.orderdesk_check
        told = route is not None and not isinstance(route.confirm, ByPerson)
        return told and bool(check.get_hookimpls()) and not self.unresolved

    def end(self, route: Route | None) -> State:
        """How a cancel that the service honors must end, by the declaration of its way."""
        if route is None:
            return State.IMPOSSIBLE
        match route.confirm:
            case ByReply() | ByCheck():
                return State.CANCELED
            case ByPerson():
                return State.AWAITING_PERSON
            case _:
                assert_never(route.confirm)
