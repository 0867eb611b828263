"""How the desk goes: what was checked, and what to put right first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from attrs import frozen

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.event_webhooks import EventEndpoint
from orderdesk_sdk.cases.workers import ConnectionCondition, WorkerHeartbeat
from orderdesk_sdk.desk.health import HealthCheck, HealthStatus, worst_status

__all__ = [
    "CheckRow",
    "EndpointRow",
    "ConnectionStanding",
    "Figure",
    "HealthPage",
    "HealthReadings",
    "WorkerRow",
    "check_row",
    "make_health",
]

_TONES: Mapping[HealthStatus, tuple[str, str]] = {
    HealthStatus.OK: ("ok", "good"),
    HealthStatus.DEGRADED: ("degraded", "warn"),
    HealthStatus.FAILING: ("failing", "bad"),
}
_SUMMARIES: Mapping[HealthStatus, str] = {
    HealthStatus.OK: "all is well",
    HealthStatus.DEGRADED: "a part of the work waits",
    HealthStatus.FAILING: "something is not done",
}


@frozen
class CheckRow:
    """What one check found."""

    code: str
    word: str
    tone: str
    message: str
    location: str
    hint: str | None


@frozen
class ConnectionStanding:
    """A connection. problem: what keeps it from being used; None where nothing is known to."""

    name: str
    integration: str
    problem: str | None


@frozen
class WorkerRow:
    """A worker. held_up: the connections at which it is held up, in words; "" where none is."""

    host: str
    process: int
    started_at: datetime
    last_round_at: datetime
    held_up: str


@frozen
class EndpointRow:
    """An endpoint that hears what happens. host: of its URL, whose path may be a secret; trouble: None: it is well."""

    id: str
    host: str
    what: str
    trouble: str | None


@frozen
class Figure:
    """A number with what it counts."""

    label: str
    value: str


@frozen(kw_only=True)
class HealthReadings:
    """What was read for the page.

    Args:
        open_counts: how many cases are open, by state.
        waiting: how much waits for a person, as it is shown.
        line_count: of the ledger's histories.
    """

    checks: Sequence[HealthCheck] = ()
    connections: Sequence[ConnectionStanding] = ()
    workers: Sequence[WorkerHeartbeat] = ()
    endpoints: Sequence[EventEndpoint] = ()
    open_counts: Mapping[State, int]
    waiting: str
    line_count: int


@frozen
class HealthPage:
    """The page. troubles: the checks that found something to put right, the worst first."""

    status_text: str
    tone: str
    checked_at: datetime
    figures: tuple[Figure, ...]
    troubles: tuple[CheckRow, ...]
    checks: tuple[CheckRow, ...]
    connections: tuple[ConnectionStanding, ...]
    workers: tuple[WorkerRow, ...]
    endpoints: tuple[EndpointRow, ...]


def check_row(check: HealthCheck) -> CheckRow:
    """What a check found, with its color."""
    word, tone = _TONES[check.status]
    return CheckRow(check.code.value, word, tone, check.message, check.location, check.hint)


def make_health(read: HealthReadings, checked_at: datetime) -> HealthPage:
    """The page."""
    checks, connections, workers, open_counts = read.checks, read.connections, read.workers, read.open_counts
    worst = worst_status(checks)
    troubles = [check for check in checks if check.status is not HealthStatus.OK]
    troubles.sort(key=lambda check: check.status is not HealthStatus.FAILING)
    usable = sum(one.problem is None for one in connections)
    return HealthPage(
        status_text=_SUMMARIES[worst],
        tone=_TONES[worst][1],
        checked_at=checked_at,
        figures=(
            Figure("Open cases", f"{sum(open_counts.values()):,}"),
            Figure("Waiting for a person", read.waiting),
            Figure("Fate unknown", f"{open_counts.get(State.UNKNOWN, 0):,}"),
            Figure("Connections in use", f"{usable} of {len(connections)}"),
            Figure("Workers", f"{len(workers):,}"),
            Figure("Lines in the ledger", f"{read.line_count:,}"),
        ),
        troubles=tuple(map(check_row, troubles)),
        checks=tuple(map(check_row, checks)),
        connections=tuple(connections),
        workers=tuple(_worker_row(worker, checked_at) for worker in workers),
        endpoints=tuple(map(_endpoint_row, read.endpoints)),
    )


def _endpoint_row(endpoint: EventEndpoint) -> EndpointRow:
    what = ", ".join(one.value for one in endpoint.types) or "everything"
    where = f" at {', '.join(endpoint.connections)}" if endpoint.connections else ""
    trouble = endpoint.disabled_reason or ("some events were archived before they were sent" if endpoint.gap else None)
    return EndpointRow(endpoint.id, urlsplit(endpoint.url).hostname or "-", what + where, trouble)


def _worker_row(worker: WorkerHeartbeat, now: datetime) -> WorkerRow:
    troubles = ((name, _trouble(condition, now)) for name, condition in sorted(worker.connections.items()))
    held_up = "; ".join(f"{name}: {trouble}" for name, trouble in troubles if trouble is not None)
    return WorkerRow(worker.host, worker.process, worker.started_at, worker.last_round_at, held_up)


def _trouble(condition: ConnectionCondition, now: datetime) -> str | None:
    """What holds a worker up at a connection; None where nothing does."""
    if condition.has_stuck_threads:
        return "a thread was held for too long, and hangs"
    until = condition.deferred_until
    if until is not None and until > now:
        return f"the rate limit is used up, until {until.astimezone(UTC):%H:%M:%S} UTC"
    return None
