"""Connections for people: the list, one of them, and what a new one needs."""

from __future__ import annotations

from collections.abc import Sequence

from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.cli.output.times import format_time
from orderdesk_sdk.desk.connection_admin.forms import ConnectionForm
from orderdesk_sdk.desk.connection_admin.records import ConnectionView
from orderdesk_sdk.desk.health import HealthCheck, HealthStatus

__all__ = ["show_checks", "show_connection", "show_connections", "show_form"]

_STYLES = {HealthStatus.OK: "green", HealthStatus.DEGRADED: "yellow", HealthStatus.FAILING: "bold red"}


def show_connections(screen: Screen, connections: Sequence[ConnectionView], *, is_sandbox: bool) -> None:
    """A table of connections."""
    rows = [(one.name, one.integration, _where(one), _standing(one)) for one in connections]
    if rows:
        screen.table(("connection", "integration", "kept in", "state"), rows, whole=("connection",))
    else:
        screen.line("No connection is configured; `orderdesk connections add` makes one.")
    if is_sandbox:
        screen.line("This is a sandbox: its connections may lead to this machine.", "yellow")


def show_connection(screen: Screen, connection: ConnectionView) -> None:
    """A connection with its settings, and which of its secrets are set."""
    screen.line(f"Connection {connection.name} to {connection.integration}", "bold")
    screen.line(_standing(connection), "" if connection.problem is None else "bold red")
    for name, value in connection.settings.items():
        screen.hanging(f"{name}:", str(value), indent=2)
    for name, at in connection.secrets_set.items():
        screen.hanging(f"{name}:", f"secret, set {format_time(at)}", indent=2)
    if connection.at is not None:
        screen.line(f"Changed by {connection.by}, {format_time(connection.at)}.", "dim")
        screen.zone(connection.at)


def show_form(screen: Screen, form: ConnectionForm) -> None:
    """What a connection needs, a setting a line."""
    screen.line(f"A connection to {form.title} needs", "bold")
    rows = [
        (
            one.name,
            "secret" if one.is_secret else one.type,
            "required" if one.is_required else f"{one.default}" if one.default not in (None, "") else "optional",
            f"{one.help} ({', '.join(one.choices)})" if one.choices else one.help,
        )
        for one in form.fields
    ]
    screen.table(("setting", "kind", "default", "meaning"), rows, whole=("setting",))


def show_checks(screen: Screen, checks: Sequence[HealthCheck]) -> None:
    """What trying a connection found."""
    for check in checks:
        screen.line(f"{check.status.value}: {check.message}", _STYLES[check.status])
        if check.hint:
            screen.indented(check.hint, style="yellow")


def _where(connection: ConnectionView) -> str:
    return "ledger" if connection.is_stored else "orderdesk.toml"


def _standing(connection: ConnectionView) -> str:
    if not connection.is_enabled:
        return "; ".join(filter(None, ("switched off: its cases wait", connection.problem)))
    return connection.problem or "in use"
