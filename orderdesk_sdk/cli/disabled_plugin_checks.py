"""What `doctor` and `plugins` say of a disabled plugin: which open cases wait for it. No plugin is imported for it."""

from __future__ import annotations

from collections.abc import Iterator

from orderdesk_sdk.cases.case import OPEN, Case
from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cli.stored_configuration_checks import read_ledger
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.health import HealthCheck, HealthCode

__all__ = ["check_disabled_plugins", "open_cases_of"]

MAX_SHOWN = 100
"""The most open cases of a connection that are read."""


def open_cases_of(config: Config, slug: str) -> tuple[Case, ...]:
    """The open cases of every kind at the connections of an integration, at most a hundred of each connection."""

    def read(ledger: Ledger) -> tuple[Case, ...]:
        stored = {one.name: one.integration for one in ledger.stored_connections()}
        slugs = {**stored, **{name: one.integration for name, one in config.connections.items()}}
        return tuple(
            case
            for name, integration in sorted(slugs.items())
            if integration == slug
            for case in ledger.cases(Case, connection=name, states=tuple(OPEN), limit=MAX_SHOWN)
        )

    return read_ledger(config, read, ())


def check_disabled_plugins(config: Config) -> Iterator[HealthCheck]:
    """One check for each disabled plugin."""
    for slug in sorted(config.disabled_plugins):
        count = len(open_cases_of(config, slug))
        waiting = f"; {counted(count, 'open case')} at its connections" if count else ""
        yield HealthCheck.degraded(
            HealthCode.PLUGIN,
            slug,
            f"the plugin is disabled, and is not imported{waiting}",
            f"run `orderdesk plugins enable {slug}` once it is mended; until then settle its cases by hand",
        )
