"""A status change: one order that is to be given a status at its cart. Pure."""

from __future__ import annotations

from typing import ClassVar

from attrs import frozen

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.plugin.integration import Integration

__all__ = ["CANCELED", "StatusCase", "settable_statuses"]

CANCELED = "canceled"
"""The one status that every integration with a route can be asked for: it goes by a cancellation."""


def settable_statuses(integration: Integration) -> tuple[str, ...]:
    """The names of the statuses that an order can be given there, canceled included where there is a way to cancel."""
    return (*([CANCELED] if integration.cancel else []), *(status.name for status in integration.statuses))


@frozen(kw_only=True)
class StatusCase(Case):
    """One status for one order at one connection.

    Args:
        status: one of the integration's `statuses`, by name.
    """

    status: str

    kind: ClassVar[str] = "status change"
    done_state: ClassVar[State] = State.DONE
    flow_reads_first: ClassVar[bool] = True
