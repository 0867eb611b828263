"""A resubmission: one duplicated order on its way to a service, under a number of its own. Pure."""

from __future__ import annotations

from typing import ClassVar

from attrs import frozen

from orderdesk_sdk.cases.case import Case, State

__all__ = ["ResubmitCase"]


@frozen(kw_only=True)
class ResubmitCase(Case):
    """A duplicated order at one connection.

    Args:
        order_id, original_number: of the canceled order, on which it rests.
        order_number: the duplicate's, chosen before that is made.
    """

    original_number: str

    kind: ClassVar[str] = "resubmission"
    done_state: ClassVar[State] = State.DONE
    flow_reads_first: ClassVar[bool] = True
