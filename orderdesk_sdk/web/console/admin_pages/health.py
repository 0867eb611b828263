"""How the work goes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.health import HealthCheck, HealthCode, error_check
from orderdesk_sdk.desk.health_checks import check_health
from orderdesk_sdk.desk.matrix import matrix_rows
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.console.views.admin.health import ConnectionStanding, HealthReadings, make_health
from orderdesk_sdk.web.console.views.work.inbox import shown_count

__all__ = ["show_health"]


def show_health(request: Request) -> Response:
    """What was checked, and what to put right."""
    desk = desk_of(request)
    standings = [_standing(desk, name) for name in desk.connections.names()]
    unusable = [_check_of(one, one.problem) for one in standings if one.problem is not None]
    checks = [*check_health(desk.ledger, desk.clock.now()), *_plugin_checks(desk), *unusable]
    read = HealthReadings(
        checks=checks,
        connections=standings,
        workers=desk.ledger.heartbeats(),
        endpoints=desk.event_webhooks.list(),
        open_counts=desk.ledger.count_open(),
        waiting=shown_count(desk.inbox.counts().total),
        line_count=desk.ledger.head().count,
    )
    page = make_health(read, desk.clock.now())
    return render(request, "health.html", {"title": "Health", "page": page})


def _standing(desk: Desk, name: str) -> ConnectionStanding:
    found = desk.connections.integration(name)
    return ConnectionStanding(name, desk.connections.integration_slug(name), found if isinstance(found, str) else None)


def _check_of(standing: ConnectionStanding, problem: str) -> HealthCheck:
    hint = "put its settings right, then its cases go on"
    return HealthCheck.failing(HealthCode.CONNECTION, standing.name, f"{standing.name}: {problem}", hint)


def _plugin_checks(desk: Desk) -> tuple[HealthCheck, ...]:
    rows, faults = matrix_rows(desk.registry)
    text = f"{counted(len(rows), 'integration')} can be used"
    return (HealthCheck.ok(HealthCode.PLUGIN, "-", text), *(error_check(HealthCode.PLUGIN, one) for one in faults))
