"""Opening a cancellation: recorded by itself, or in one commit with the first that is written of its case.

A commit costs a flush to disk. Where a cancellation has one case that can be sent at once, it is recorded together with
the claim and the intent: before a byte leaves (law 2), and before the caller gets its id (law 1). It is recorded alone
as soon as anything else comes first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.cases.history import EntryContent
from orderdesk_sdk.cases.ledger import CaseUpdate, Ledger, OrderVersion
from orderdesk_sdk.errors import ConflictError, OrderDeskError
from orderdesk_sdk.runtime.flow_record import RequestWithheldError
from orderdesk_sdk.runtime.journal import CaseJournal, JournalResult, SendCondition

__all__ = ["CancellationOpening", "OpeningJournal"]


class CancellationOpening:
    """A cancellation that is to be recorded, once, by whichever thread comes first. Safe from many threads.

    What a journal writes by it is written as by the ledger, and brings the cancellation with it where that is not
    recorded yet.
    """

    def __init__(
        self,
        ledger: Ledger,
        cancellation: Cancellation,
        fingerprint: str,
        cases: Sequence[CancelCase],
        follow: Callable[[], Sequence[CancelCase]],
        on_recorded: Callable[[], None],
    ) -> None:
        """Prepare to record.

        Args:
            follow: extends the cancellation to the places that the order came to meanwhile, and gives the new cases.
            on_recorded: called when it is recorded, unless another one was faster. Raises nothing.
        """
        self.cancellation = cancellation
        self.cases = tuple(cases)
        self._ledger = ledger
        self._fingerprint = fingerprint
        self._follow = follow
        self._on_recorded = on_recorded
        self._lock = threading.Lock()
        self._following = threading.Lock()
        self._recorded: tuple[Cancellation, bool] | None = None
        self._followed: tuple[CancelCase, ...] | None = None

    def record(self) -> tuple[Cancellation, bool]:
        """Record the cancellation, unless it is; the one that is in the ledger, and whether it is this one.

        Raises what `Ledger.open_cancellation` raises.
        """
        with self._lock:
            return self._recorded or self._record_with(())

    def require_recorded(self) -> None:
        """Record the cancellation, unless it is. Raises ConflictError where another one is in its place."""
        _require_new(self.record())

    def followed_cases(self) -> tuple[CancelCase, ...]:
        """The cases at places that the order came to while it was recorded. Raises what keeps them from being found."""
        with self._following:
            if self._followed is None:
                self._followed = tuple(self._follow())
            return self._followed

    def write(self, *changes: CaseUpdate) -> None:
        """As `Ledger.write`."""
        with self._lock:
            if self._recorded is None:
                _require_new(self._record_with(changes))
                return
        self._ledger.write(*changes)

    def _record_with(self, changes: Sequence[CaseUpdate]) -> tuple[Cancellation, bool]:
        self._recorded = self._ledger.open_cancellation(self.cancellation, self._fingerprint, self.cases, changes)
        if self._recorded[1]:
            self._on_recorded()
        return self._recorded

    def append(self, case: Case, entries: Sequence[EntryContent], *, if_unchanged: bool) -> None:
        """As `Ledger.append`."""
        self.require_recorded()
        self._ledger.append(case, entries, if_unchanged=if_unchanged)

    def order_version(self, order_id: str) -> OrderVersion:
        """As `Ledger.order_version`."""
        return self._ledger.order_version(order_id)


class OpeningJournal(CaseJournal):
    """The journal of a drive whose claim may bring its cancellation into the ledger."""

    def __init__(
        self,
        opening: CancellationOpening,
        claimed: CancelCase,
        opening_entries: tuple[EntryContent, ...],
        send_condition: SendCondition,
    ) -> None:
        (case,) = opening.cases
        super().__init__(opening, case, claimed, opening_entries, send_condition)
        self._opening = opening

    def record_intent(self, intent: Intent) -> None:
        """Commit an intent, then look where the order has come to meanwhile.

        Whoever registers it somewhere looks for cancellations when that is done: of the two looks, the later one sees
        what the other has done. Here it is before the case may settle, after which nobody would look again. Raises
        RequestWithheldError, and what `CaseJournal.record_intent` raises, where it cannot be done.
        """
        super().record_intent(intent)
        try:
            self._opening.followed_cases()
        except OrderDeskError as error:
            raise RequestWithheldError(f"The request was held back: {error.message}") from None

    def finish_all(self, results: Sequence[JournalResult]) -> tuple[Case, ...]:
        """Commit the result; where no intent brought the cancellation into the ledger, that comes first."""
        if not self.has_sent:
            self._opening.require_recorded()
            self._opening.followed_cases()
        return super().finish_all(results)


def _require_new(recorded: tuple[Cancellation, bool]) -> None:
    if not recorded[1]:
        raise ConflictError("another cancellation of the order was faster", location=f"cancellation {recorded[0].id}")
