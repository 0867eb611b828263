"""The shop that a crowd of workers serves: every installed service with its simulator, and orders at all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from attrs import evolve, field, frozen

from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import Simulator, simulators
from orderdesk_devkit.testing.harness import connection_config
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest, sample_order
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.orders.order import ConnectionRole, Order
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.runtime.connection_config import ConnectionConfig

__all__ = ["CrowdOrder", "CrowdServices", "connection_tables", "open_services", "orders_for"]

BY_MAIL = "oia-global"
"""The service that has no API: a person has its cases, and there is no simulator."""
SETTINGS: Mapping[str, Mapping[str, object]] = {
    "mww": {"cancel_window": "no limit"},
    "mww-europe": {"cancel_window": "no limit"},
    BY_MAIL: {"client_code": "SHOP7", "mode": "production", "cancel_email_to": "cancellations@oia.example"},
}
OPTIONS: Mapping[str, Mapping[str, str]] = {"mww": {"window": "early"}, "mww-europe": {"window": "early"}}
"""Readings of services' texts under which an order that has just come in can be canceled."""
PRINTED = {"print_sku": "PR-8X10", "print_url": "https://files.example.com/a.pdf"}
_LINES = tuple(evolve(line, metadata={**line.metadata, **PRINTED}) for line in sample_order().lines)
_ORDER = evolve(sample_order(), lines=_LINES)
_OF_ELEVEN = 3
"""How many of eleven orders came from a cart that is to be told, too."""


@frozen
class CrowdOrder:
    """An order of the crowd. reason: one that all its connections take."""

    number: str
    fulfillment: str
    cart: str | None
    reason: str

    @property
    def connections(self) -> tuple[str, ...]:
        """Where it is."""
        return (self.fulfillment,) if self.cart is None else (self.fulfillment, self.cart)

    def remote_id(self, connection: str) -> str:
        """Its number there."""
        return f"902-0000000-{int(self.number):07}" if connection == "amazon-marketplace" else self.number

    def order(self) -> Order:
        """The order itself."""
        return evolve(_ORDER, id=f"id-{self.number}", number=self.number)


def orders_for(cases: int) -> Iterator[CrowdOrder]:
    """Orders whose cancellation makes so many cases, in turns at every service that is installed."""
    registry = PluginRegistry()
    roles = {slug: registry.load(slug).integration.role for slug in (*sorted(simulators()), BY_MAIL)}
    fulfillments = [slug for slug, role in roles.items() if role is ConnectionRole.FULFILLMENT]
    carts = [slug for slug, role in roles.items() if role is ConnectionRole.CART]
    reasons = {slug: PluginUnderTest(slug=slug, settings=SETTINGS.get(slug, {})).default_reason for slug in roles}
    count = 0
    while cases > 0:
        fulfillment = fulfillments[count % len(fulfillments)]
        # Shifted from round to round, so that every service meets every cart.
        with_cart = cases > 1 and (count + count // len(fulfillments)) % 11 < _OF_ELEVEN
        cart = carts[count // len(fulfillments) % len(carts)] if with_cart else None
        yield CrowdOrder(f"{1_000_000 + count}", fulfillment, cart, reasons[cart or fulfillment])
        cases -= 2 if cart else 1
        count += 1


def connection_tables(urls: Mapping[str, str], settings: Mapping[str, Any]) -> dict[str, ConnectionConfig]:
    """The connections of a configuration, one to each service, named like it."""
    registry = PluginRegistry()
    return {slug: connection_config(slug, settings[slug], registry) for slug in urls}


@frozen
class CrowdServices:
    """The services while they are served.

    Args:
        urls: of the services, "" of the one without an API.
        settings: of a connection to each, flat, secrets as texts.
    """

    simulators: Mapping[str, Simulator]
    urls: Mapping[str, str]
    settings: Mapping[str, Mapping[str, Any]]
    _accepted: set[tuple[str, str | None]] = field(factory=set, alias="accepted")

    def add(self, order: CrowdOrder) -> None:
        """Let an order come in at its services."""
        lines = [(line.code, line.quantity) for line in _ORDER.lines]
        for connection in order.connections:
            if connection in self.simulators:
                self.simulators[connection].add_order(order.remote_id(connection), lines=lines)

    def has_accepted(self, connection: str, remote_id: str) -> bool:
        """Whether the service has said that it will cancel an order, or has done so."""
        return (connection, remote_id) in self._accepted

    def is_canceled(self, connection: str, remote_id: str) -> bool:
        """What is true."""
        simulator = self.simulators[connection]
        return simulator.actual_status(remote_id) in simulator.canceled_statuses


@contextmanager
def open_services(clock: Clock) -> Iterator[CrowdServices]:
    """Serve every installed simulator on a loopback socket of its own."""
    with ExitStack() as stack:
        made: dict[str, Simulator] = {slug: simulators()[slug].load()(clock) for slug in sorted(simulators())}
        for slug, chosen in OPTIONS.items():
            for name, choice in chosen.items():
                made[slug].set_option(name, choice)
        urls = {slug: stack.enter_context(serve(simulator.app)).url for slug, simulator in made.items()}
        accepted: set[tuple[str, str | None]] = set()
        for slug, simulator in made.items():
            simulator.on_effect = lambda record, slug=slug: accepted.add((slug, record.remote_id))
        settings = {slug: {**made[slug].settings(url), **SETTINGS.get(slug, {})} for slug, url in urls.items()}
        yield CrowdServices(made, {**urls, BY_MAIL: ""}, {**settings, BY_MAIL: dict(SETTINGS[BY_MAIL])}, accepted)
