"""The services behind the shop to look at: every installed simulator, and the configuration that leads to them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from orderdesk_devkit.cli.demo_shop.catalog import EMAIL_ONLY
from orderdesk_devkit.cli.sandbox import load_simulators, settings_table
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.config import Config, SandboxConfig
from orderdesk_sdk.desk.stored_connection_config import StoredConnectionConfig
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.email.config import EmailConfig

__all__ = ["MAIL", "demo_config", "serving"]

MAIL: Final = EmailConfig(sender="Paper Lantern Shop <orders@lantern.example>", mode="draft")
_OIA: Final = {"client_code": "LANTERN", "mode": "production", "cancel_email_to": "cancellations@oia.example"}
"""The settings of EMAIL_ONLY."""
_RULES: Final = (
    {
        "name": "Canceled folder cancels at BDLinx",
        "event": "order moved",
        "when": "folder == 'Canceled' and source_name != 'Shopify'",
        "do": [{"action": "Cancel Order at BDLinx", "reason": "customer asked"}],
    },
    {
        "name": "Canceled folder tells Shopify",
        "event": "order moved",
        "when": "folder == 'Canceled' and source_name == 'Shopify'",
        "do": [{"action": "Change Order Status at Shopify to Canceled", "reason": "customer asked"}],
    },
    {
        "name": "What is canceled is closed",
        "event": "order canceled",
        "do": [{"action": "Move Order to Folder", "folder": "Closed"}],
    },
)


@contextmanager
def serving(clock: Clock) -> Iterator[dict[str, tuple[Simulator, str]]]:
    """Every installed simulator with its URL, by slug, served within the block."""
    with ExitStack() as stack:
        yield {
            slug: (simulator, stack.enter_context(serve(simulator.app)).url)
            for slug, simulator in load_simulators(clock).items()
        }


def demo_config(ledger: Path, simulators: Mapping[str, tuple[Simulator, str]]) -> Config:
    """The configuration of a desk that leads to these simulators, each connection named as its integration.

    All integrations are installed (`demo_requirements`).
    """
    registry = PluginRegistry()
    tables = {slug: settings_table(registry, slug, one.settings(url)) for slug, (one, url) in simulators.items()}
    tables[EMAIL_ONLY] = dict(_OIA)
    tables["commercehub"]["answer_requests"] = True  # Its retailers ask us to cancel; Shopify asks its services.
    tables["shopify-fulfillment"]["acts_as"] = "service"
    connections = {name: ConnectionConfig(name, name, table, f"[connections.{name}]") for name, table in tables.items()}
    rules = read_rules([dict(rule) for rule in _RULES], "the demo's rules")
    sandbox = SandboxConfig({slug: url for slug, (_, url) in simulators.items()})
    key = StoredConnectionConfig(key=Secret(secrets.token_urlsafe(32)))  # Admins may connect more services.
    return Config(ledger, connections, email=MAIL, rules=rules, sandbox=sandbox, stored_connections=key)
