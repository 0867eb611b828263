"""The contract with listeners, as pluggy hook specifications: policies that veto, observers that hear what happened.

A listener (entry-point group `orderdesk.listeners`) is a module with functions of these names, marked `hookimpl`. Each
has a plugin manager of its own and is called by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderdesk_sdk.plugin.hookspecs import hookspec

if TYPE_CHECKING:
    from orderdesk_sdk.cases.case import Case
    from orderdesk_sdk.cases.state_machine import Event
    from orderdesk_sdk.plugin.requests import CancelRequest

__all__: list[str] = []
"""Nothing to import: pluggy reads the specifications of this module."""


@hookspec
def orderdesk_before_cancel(request: CancelRequest) -> str | None:
    """For listeners: a reason (text) vetoes the cancellation before anything is sent; None lets it pass.

    Args:
        request: what would be asked. A listener that raises is noted in the case's history and does not stop anybody's
            cancellation.
    """


@hookspec
def orderdesk_case_changed(case: Case, event: Event) -> None:
    """For listeners: a case changed by an event.

    Args:
        case: as it is now.
        event: what happened. Called after the change is in the ledger. Errors are noted and ignored.
    """
