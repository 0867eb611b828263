"""The listener: one veto, and a line in the log for what becomes of a case. It hears of all connections of a desk."""

from __future__ import annotations

import logging

from orderdesk_sdk import CancelCase, Event
from orderdesk_sdk.plugin import CancelRequest, hookimpl

LOG = logging.getLogger(__name__)


@hookimpl
def orderdesk_before_cancel(request: CancelRequest) -> str | None:
    kept = [line.code for line in request.order.lines if line.metadata.get("keep") == "yes"]
    return f"it has lines that are to be kept: {', '.join(kept)}" if kept else None


@hookimpl
def orderdesk_case_changed(case: CancelCase, event: Event) -> None:
    # States and kinds only: texts of a service may hold what a log should not.
    LOG.info("%s at %s: %s, now %s", case.order_number, case.connection, event.kind.value, case.state.value)
