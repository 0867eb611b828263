"""What the scheduler and the desk need of whoever handles the cases of one kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.plugin.guard import Watchdog
from orderdesk_sdk.plugin.routes import Batch

__all__ = ["CaseHandler"]

C = TypeVar("C", bound=Case)


class CaseHandler(Protocol[C]):
    """Handles the cases of one kind. What it does runs on a thread of the case's connection.

    Raises ConflictError where another process has the case. What keeps a case from being handled is written into the
    case; it is raised only to whoever asked for this case by name (`poll`, `retry`).
    """

    kind: type[C]

    def handle(self, case: C, watch: Watchdog) -> C:
        """Do what is due; the case as it is then."""

    def handle_batch(self, cases: Sequence[C], watch: Watchdog) -> None:
        """Do what is due for several cases of one connection, which `batches` gave as one group."""

    def poll(self, case: C, watch: Watchdog) -> C:
        """Poll now, whatever is due; the case as it is then."""

    def retry(self, case: C, watch: Watchdog, by: str) -> C:
        """Send the request again, as a person has decided; the case as it is then."""

    def abandon(self, case_id: str, reason: str) -> C:
        """Take a case away from a plugin that hangs; the case as it is then."""

    def before_verdict(self, case: C, event: Event) -> None:
        """Before a person's verdict is written down: keep in the order store what it says, where it says something.

        Raises what forbids the verdict, and what keeps the order store from it.
        """

    def batch_key(self, case: C) -> Batch | None:
        """How a case is asked for in one call with others of its connection; None: by itself."""

    def batches(self, connection: str, batch: Batch) -> Sequence[Sequence[C]]:
        """The groups in which the cases of a connection are asked for now."""
