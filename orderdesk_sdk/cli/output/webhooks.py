"""Endpoints of events and what was sent to them, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orderdesk_sdk.cases.event_webhooks import EventDelivery, EventEndpoint
from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.cli.output.times import format_time
from orderdesk_sdk.transport.http.event_post import PostResult

__all__ = ["show_deliveries", "show_endpoints", "show_secret", "show_test"]


def show_endpoints(screen: Screen, endpoints: Sequence[EventEndpoint], failed: Mapping[str, int]) -> None:
    """A table of endpoints."""
    if not endpoints:
        screen.line("No endpoint receives events. `orderdesk webhooks add URL` adds one.")
        return
    rows = [
        (
            one.id,
            one.url,
            ", ".join(each.value.removeprefix("case.") for each in one.types) or "all",
            ", ".join(one.connections) or "all",
            "enabled" if one.is_enabled else f"disabled: {one.disabled_reason}",
            str(failed.get(one.id, 0) or ""),
        )
        for one in endpoints
    ]
    screen.table(("endpoint", "url", "events", "connections", "state", "given up"), rows, whole=("endpoint",))
    for one in endpoints:
        if one.gap is not None:
            screen.line(f"{one.id}: {one.gap}", "yellow")


def show_secret(screen: Screen, endpoint: EventEndpoint, secret: str) -> None:
    """What the receiver verifies by."""
    screen.line(f"Endpoint {endpoint.id} at {endpoint.url}. Its secret is shown only now:")
    screen.line(secret, "bold")


def show_test(screen: Screen, endpoint_id: str, result: PostResult) -> None:
    """What a test came to."""
    answered = f"answered {result.status}" if result.status is not None else f"did not answer: {result.problem}"
    screen.line(f"Endpoint {endpoint_id} {answered}.", "green" if result.is_success else "red")


def show_deliveries(screen: Screen, deliveries: Sequence[EventDelivery]) -> None:
    """A table of deliveries."""
    if not deliveries:
        screen.line("No events.")
        return
    rows = [
        (
            str(one.sequence),
            one.type.value,
            one.case_id,
            one.state.value,
            str(one.tries),
            one.last_problem or (str(one.last_status) if one.last_status is not None else ""),
            format_time(one.next_try_at),
        )
        for one in deliveries
    ]
    heads = ("event", "type", "case", "state", "tries", "last answer", "next try")
    screen.table(heads, rows, whole=("event", "case"))
    screen.zone(deliveries[0].created_at)
