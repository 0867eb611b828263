"""A status change: one order that is to be given a status at its cart. Pure."""

from __future__ import annotations

from typing import ClassVar

from attrs import frozen

from orderdesk_sdk.cases.case import Case, State

__all__ = ["StatusCase"]


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
