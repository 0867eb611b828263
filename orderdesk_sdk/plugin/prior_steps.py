"""What a button declares of the steps before a cancel; the flow's side of them is in `plugin.steps`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from orderdesk_sdk.plugin.integration import SideEffect

__all__ = ["PriorStep"]


@frozen
class PriorStep:
    """Something that a button's flow does at the service before it asks to cancel.

    Args:
        name: what is done, as an order in lower case: "void the labels". Plan and receipt show it.
        is_reversible: whether it can be undone; the plan says where it cannot.
        effect: which side effect of a cancellation it is; None: none of them.
    """

    name: str
    is_reversible: bool = False
    effect: SideEffect | None = None
