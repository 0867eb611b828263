"""Whether endpoints hear what happens, and who does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.event_webhooks import DeliveryState, EventEndpoint
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.wording import rounded_duration
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.desk.event_webhooks.vault import endpoint_location
from orderdesk_sdk.desk.health import HealthCheck, HealthCode

__all__ = ["check_endpoints"]

LATE_AFTER = minutes(10)
"""What has been on its way for longer is told."""
MAX_COUNTED = 1000
_CODE = HealthCode.EVENTS_UNDELIVERED


def check_endpoints(ledger: Ledger, now: datetime) -> Iterator[HealthCheck]:
    """A check for each endpoint that does not hear everything; one that all is well where there is none. Raises
    StorageError.
    """
    failed, endpoints = ledger.failed_deliveries(), ledger.endpoints()
    problems = [
        check for endpoint in endpoints for check in _problems(ledger, endpoint, failed.get(endpoint.id, 0), now)
    ]
    yield from problems
    if not problems:
        text = "no endpoint hears of events" if not endpoints else "every event is delivered, or on its way"
        yield HealthCheck.ok(_CODE, "-", text)


def _problems(ledger: Ledger, endpoint: EventEndpoint, failed: int, now: datetime) -> Iterator[HealthCheck]:
    place = endpoint_location(endpoint.id)
    if failed:
        text = f"{counted(failed, 'event was', 'events were')} given up after many tries"
        hint = f"see `orderdesk webhooks deliveries {endpoint.id} --state failed`, and redeliver them"
        yield HealthCheck.degraded(_CODE, place, text, hint)
    if endpoint.gap is not None:
        hint = "let the receiver read what it needs from the API; `orderdesk webhooks enable` forgets this"
        yield HealthCheck.degraded(_CODE, place, endpoint.gap, hint)
    if endpoint.disabled_reason is not None:
        hint = f"run `orderdesk webhooks enable {endpoint.id}` when it is to hear again"
        yield HealthCheck.degraded(_CODE, place, f"it is disabled: {endpoint.disabled_reason}", hint)
        return
    pending = ledger.deliveries(endpoint.id, [DeliveryState.PENDING], MAX_COUNTED)
    oldest = min((one.created_at for one in pending), default=now)
    if now - oldest > LATE_AFTER:
        last = next((one.last_problem for one in reversed(pending) if one.last_problem), "nothing was tried yet")
        text = f"{counted(len(pending), 'event waits', 'events wait')}, the oldest for"
        hint = "mend the receiver; the events are sent again by themselves"
        yield HealthCheck.degraded(_CODE, place, f"{text} {rounded_duration(now - oldest)}: {last}", hint)
