"""What random histories are played with: the order, the rules, and the settings of the services."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points

from attrs import evolve

from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.hookspecs import INTEGRATIONS
from orderdesk_sdk.plugin.reasons import StandardReason
from orderdesk_sdk.rules.model import CANCEL_ORDER, MOVE_ORDER
from orderdesk_sdk.rules.reader import read_rules

__all__ = ["FACES", "FAULTS", "REASON", "RULES", "SETTINGS", "SLUGS", "history_order"]

SETTINGS: Mapping[str, Mapping[str, object]] = {
    "oia-global": {"client_code": "SHOP7", "mode": "production", "cancel_email_to": "cancellations@oia.example"},
    "mww-europe": {"cancel_window": "no limit"},
}
"""What no simulator gives, or what makes two of a kind differ."""
ON_EACH_LINE = {"print_url": "https://files.example.com/a.jpg", "print_sku": "PR-8X10"}
FACES = ("auth", "api", "user_agent")
"""Switches that say how a service is spoken to, which the settings have to fit."""
SLUGS = sorted(point.name for point in entry_points(group=INTEGRATIONS))
FAULTS = [kind for kind in Fault if kind not in (Fault.DELAY, Fault.SLOW_DRIP, Fault.OVERSIZED)]
"""Those that take no real time."""
REASON = StandardReason.OTHER.value
"""What every service's list has."""
RULES = read_rules(
    [
        {
            "name": "folder cancels",
            "event": "order moved",
            "when": "folder == 'Canceled'",
            "do": [{"action": CANCEL_ORDER, "reason": REASON}],
        },
        {"name": "canceled is closed", "event": "order canceled", "do": [{"action": MOVE_ORDER, "folder": "Closed"}]},
    ],
    "[[rules]]",
)


def history_order() -> Order:
    """The first sample order, with what each service wants to find on a line."""
    found = sample_order()
    return evolve(found, lines=tuple(evolve(line, metadata={**line.metadata, **ON_EACH_LINE}) for line in found.lines))
