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
        undo: one of the integration's `statuses`, which undoes it: it is set where the cancellation is withdrawn after
            the step, so that an order which was held goes on. None: a one-way door, which the plan says before and the
            withdrawal after.
        effect: which side effect of a cancellation it is; None: none of them. Where the integration's `side_effects`
            name it, the step is done only where `CancelRequest.side_effects` has it; all but a shipping label must be
            named there.
    """

    name: str
    undo: str | None = None
    effect: SideEffect | None = None

    @property
    def is_reversible(self) -> bool:
        """Whether it is undone where the cancellation is withdrawn."""
        return self.undo is not None
