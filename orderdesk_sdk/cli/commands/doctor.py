"""`doctor`: checks configuration, credentials, plugins, listeners, the order store, the ledger and the work on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, common_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.desk.health import HealthCheck

__all__ = ["doctor"]


@click.command()
@common_options
@click.pass_obj
def doctor(session: Session) -> None:
    """Check configuration, plugins, ledger and workers. It calls no service, only a live order store.

    Each check is ok, degraded (a part of the work waits, or something should be put right) or failing (nothing is done,
    or cannot be, or the evidence is not to be trusted). Exit code 1: a check is failing.
    """
    from orderdesk_sdk.cli.checks import run_checks
    from orderdesk_sdk.clock import SystemClock
    from orderdesk_sdk.desk.health import HealthStatus, health_document, worst_status

    checks = run_checks(session)
    session.print_result(health_document(checks, SystemClock().now()), lambda screen: _show_checks(screen, checks))
    if worst_status(checks) is HealthStatus.FAILING:
        click.get_current_context().exit(1)


def _show_checks(screen: Screen, checks: Sequence[HealthCheck]) -> None:
    from rich.text import Text

    from orderdesk_sdk.desk.health import HealthStatus, worst_status

    styles = {HealthStatus.OK: "green", HealthStatus.DEGRADED: "yellow", HealthStatus.FAILING: "bold red"}
    rows = [
        (Text(check.status.value, styles[check.status]), check.code.value, check.location, check.message)
        for check in checks
    ]
    screen.table(("", "check", "location", "result"), rows, whole=("", "check"))
    for check in checks:
        if check.hint:
            screen.indented(f"{check.location}: {check.hint}", style="yellow")
    failing, degraded = (
        sum(check.status is status for check in checks) for status in (HealthStatus.FAILING, HealthStatus.DEGRADED)
    )
    screen.line(f"{failing or 'none'} failing, {degraded or 'none'} degraded.", styles[worst_status(checks)])
