"""How a flow is driven: what is known of it before, and who waits for it."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from orderdesk_sdk.plugin.guard import Watchdog
from orderdesk_sdk.runtime.flow_record import NO_RECORD, RecordedExchanges
from orderdesk_sdk.runtime.step_log import NO_STEPS, RouteSteps

__all__ = ["FlowOptions"]


@frozen
class FlowOptions:
    """How a flow is driven.

    Args:
        recorded: what an earlier drive left; empty for a first drive.
        watchdog: of the thread this runs on; None where nobody would leave that behind.
        started_at: when what the flow is about changed last; a shared read that is older tells nothing of it. None: any
            does.
        integration: what spans call it; None says nothing.
        route: as `integration`.
        steps: what is known of the route's prior steps.
    """

    recorded: RecordedExchanges = NO_RECORD
    watchdog: Watchdog | None = None
    started_at: datetime | None = None
    integration: str | None = None
    route: str | None = None
    steps: RouteSteps = NO_STEPS
