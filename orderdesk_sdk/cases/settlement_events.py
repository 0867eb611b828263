"""The events of an order that follow when one of its cancels has settled; rules react to them. Pure."""

from __future__ import annotations

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind

__all__ = ["settlement_events"]


def settlement_events(before: Case, after: Case) -> tuple[OrderEvent, ...]:
    """What follows where a cancel was settled, or became an alarm."""
    if not isinstance(after, CancelCase) or after.is_open or after.state is before.state:
        return ()
    values = {
        "connection": after.connection,
        "integration": after.integration,
        "state": after.state.value,
        "rejection": after.rejection.value if after.rejection is not None else "",
    }
    is_external = after.is_reported and after.state is State.CANCELED
    kind = OrderEventKind.CANCELED_EXTERNALLY if is_external else OrderEventKind.CASE_SETTLED
    identity = f"settled {after.id} {after.version}"
    return (OrderEvent(identity, kind, after.order_id, after.updated_at, values, after.caused_by_rules),)
