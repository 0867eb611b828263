"""What a scheduler works with: the handlers of every kind of case, and what they share.

Imported and made for the first case that is handled. A program that plans, or lists, needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.runtime.cancellation_extension import CancellationExtender
from orderdesk_sdk.runtime.case_runner import CaseRunner
from orderdesk_sdk.runtime.context import ContextLoader
from orderdesk_sdk.runtime.handlers.base import CaseHandler
from orderdesk_sdk.runtime.handlers.cancellation import CancellationHandler
from orderdesk_sdk.runtime.handlers.response import RequestActions, ResponseHandler
from orderdesk_sdk.runtime.handlers.resubmission import ResubmissionHandler
from orderdesk_sdk.runtime.handlers.status_change import StatusChangeHandler
from orderdesk_sdk.runtime.scheduler_dependencies import SchedulerDependencies

__all__ = ["SchedulerParts"]


class SchedulerParts:
    """The handlers of a desk's cases, by kind, and the threads that they run on."""

    def __init__(self, dependencies: SchedulerDependencies, request_actions: Callable[[], RequestActions]) -> None:
        ledger, clock, listeners = dependencies.ledger, dependencies.clock, dependencies.listeners
        order_store, connections = dependencies.order_store, dependencies.connections
        self.loader = ContextLoader(ledger, order_store, connections, listeners, clock)
        self.extender = CancellationExtender(self.loader, order_store, connections)
        self.cancellations = CancellationHandler(self.loader, self.extender, connections, dependencies.make_email())
        self.resubmissions = ResubmissionHandler(self.loader, order_store, connections)
        self.status_changes = StatusChangeHandler(self.loader, order_store, connections)
        self.responses = ResponseHandler(self.loader, order_store, connections, request_actions)
        handlers: tuple[CaseHandler[Any], ...] = (
            self.cancellations,
            self.resubmissions,
            self.status_changes,
            self.responses,
        )
        self._handlers: Mapping[type[Case], CaseHandler[Any]] = {handler.kind: handler for handler in handlers}
        self.runner = CaseRunner(connections, dependencies.shutdown, self._abandon)

    def handler(self, case: Case) -> CaseHandler[Any]:
        """The handler of a case's kind."""
        return self._handlers[type(case)]

    def _abandon(self, case: Case, reason: str) -> None:
        self.handler(case).abandon(case.id, reason)
