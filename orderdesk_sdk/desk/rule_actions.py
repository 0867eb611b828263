"""What the actions of rules lead to."""

from __future__ import annotations

from attrs import evolve

from orderdesk_sdk.desk.cancellations import CancellationService
from orderdesk_sdk.desk.status_changes import StatusChangeService
from orderdesk_sdk.rules.actions import ActionRequest

__all__ = ["RuleActionExecutor"]


class RuleActionExecutor:
    """Does what rules want, by the same paths as persons."""

    def __init__(self, cancellations: CancellationService, status_changes: StatusChangeService) -> None:
        self._cancellations = cancellations
        self._status_changes = status_changes

    def execute(self, request: ActionRequest) -> str:
        """Do it, and say where it stands. Raises what keeps it from being done."""
        if request.status is not None:
            opened = self._status_changes.open(
                request.order,
                request.status,
                by=request.requested_by,
                connections=request.connections,
                idempotency_key=request.idempotency_key,
                caused_by_rules=request.caused_by_rules,
            )
            return ", ".join(f"{change.connection} {change.state.value}" for change in opened.changes)
        wanted = self._cancellations.draft(
            request.order,
            by=request.requested_by,
            reason=request.reason,
            idempotency_key=request.idempotency_key,
            connections=request.connections,
        )
        wanted = evolve(wanted, caused_by_rules=request.caused_by_rules)
        standing = self._cancellations.open(request.order, wanted)
        return ", ".join(f"{case.connection} {case.state.value}" for case in standing.cases)
