"""The journal of one drive: claims the case with the first intent, commits exchanges with the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar, cast

from attrs import evolve, frozen

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.events import OrderEvent
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.history import EntryContent
from orderdesk_sdk.cases.ledger import CaseUpdate, OrderChangedError, OrderVersion
from orderdesk_sdk.cases.state_machine import Transition
from orderdesk_sdk.errors import ConflictError, PluginError
from orderdesk_sdk.runtime.flow_record import MAX_SHOWN_REQUEST, RequestWithheldError

__all__ = [
    "BatchJournal",
    "CaseJournal",
    "JournalEntry",
    "JournalLedger",
    "JournalResult",
    "PollJournal",
    "SendCondition",
]

C = TypeVar("C", bound=Case)

MAX_ORDER_CHANGES = 20
"""How often an order may change between a look at it and the commit that rests on the look."""


@frozen
class SendCondition:
    """What is asked in the commit of each intent to write: whether what allowed the request is still so.

    Args:
        blocked_reason: gives the reason to hold the request back, or None; a flow may have read for minutes since this
            was asked for the first time.
        order_id: the order on all of whose places that rests, so that none may change in between; None: on nothing that
            others change.
    """

    blocked_reason: Callable[[], str | None]
    order_id: str | None = None


@frozen
class JournalEntry:
    """One case in a drive.

    Args:
        before: as it was read.
        claimed: as it is once the drive has it.
        opening_entries: the entries that come with the claim.
        send_condition: asked before each write; None: nothing but the case itself speaks for or against it.
    """

    before: Case
    claimed: Case
    opening_entries: tuple[EntryContent, ...] = ()
    send_condition: SendCondition | None = None


@frozen
class JournalResult:
    """What became of one case, the entries that say so, and what rules are to hear of it."""

    after: Case
    entries: tuple[EntryContent, ...] = ()
    order_events: tuple[OrderEvent, ...] = ()


class JournalLedger(Protocol):
    """What a journal needs of a ledger."""

    def write(self, *changes: CaseUpdate) -> None:
        """As `Ledger.write`."""

    def append(self, case: Case, entries: Sequence[EntryContent], *, if_unchanged: bool) -> None:
        """As `Ledger.append`."""

    def order_version(self, order_id: str) -> OrderVersion:
        """As `Ledger.order_version`."""


class BatchJournal:
    """A `Journal` for the cases that one flow is about: all are claimed by one commit, or none is.

    The claim is written together with the first intent, so that a drive that makes no call costs no commit.
    """

    def __init__(self, ledger: JournalLedger, parts: Sequence[JournalEntry]) -> None:
        self._ledger = ledger
        self._entries = parts
        self._unwritten: list[EntryContent] = []
        self._is_claimed = False
        self._later_commits = 0

    @property
    def has_sent(self) -> bool:
        """Whether the drive has made a call."""
        return self._is_claimed

    def record_intent(self, intent: Intent) -> None:
        """Commit an intent, and with the first one the claim.

        Raises ConflictError when another process has one of the cases now, and RequestWithheldError when a write must
        not be sent.
        """
        try:
            if intent.read_only:
                self._commit(intent, {})
            else:
                self._commit_write(intent)
        except RequestWithheldError:
            raise
        except ConflictError:
            for part in self._entries if self._is_claimed else ():
                self._save_late_entries(part, intent.at)
            raise
        self._later_commits += self._is_claimed
        self._is_claimed = True
        self._unwritten = []

    def _commit_write(self, intent: Intent) -> None:
        """Commit an intent to write while sending is allowed: the condition and the commit see one order."""
        for _ in range(MAX_ORDER_CHANGES):
            holds = {part.before.id: part.send_condition for part in self._entries if part.send_condition is not None}
            orders = {name: hold.order_id for name, hold in holds.items() if hold.order_id is not None}
            fences = {name: self._ledger.order_version(order_id) for name, order_id in orders.items()}
            for hold in holds.values():
                why = hold.blocked_reason()
                if why is not None:
                    raise RequestWithheldError(why)
            try:
                self._commit(intent, fences)
            except OrderChangedError:
                continue
            return
        raise RequestWithheldError("The order changed during each attempt; the case is due again")

    def _commit(self, intent: Intent, fences: Mapping[str, OrderVersion]) -> None:
        self._ledger.write(
            *(
                CaseUpdate(
                    _with_later_version(part.claimed, self._later_commits) if self._is_claimed else part.before,
                    # Another version with each intent: whoever read the case before this one does not know of it, and
                    # must not take it over as if nothing more had been sent.
                    _with_later_version(part.claimed, self._later_commits + self._is_claimed),
                    [*(() if self._is_claimed else part.opening_entries), *self._unwritten, intent],
                    fences.get(part.before.id),
                )
                for part in self._entries
            )
        )

    def record_exchange(self, exchange: Exchange, *, is_about_order: bool = True) -> None:  # noqa: ARG002 - see below
        """Keep an exchange with the next commit.

        Args:
            is_about_order: what a `GuardedJournal` wants to know of a read.
        """
        self._unwritten.append(exchange)

    def record_steps(self, exchange: Exchange) -> None:
        """Keep an exchange in place of the same one as it was, with what the flow read in it of prior steps."""
        self._unwritten = [
            exchange if isinstance(one, Exchange) and one.intent.number == exchange.intent.number else one
            for one in self._unwritten
        ]

    def add_note(self, message: str) -> None:
        """Keep a text with the next commit."""
        self._unwritten.append(message)

    def save_late(self) -> None:
        """Commit what is kept although another process has the cases meanwhile: it happened."""
        for part in self._entries:
            self._save_late_entries(part, part.claimed.updated_at)

    def finish_all(self, results: Sequence[JournalResult]) -> tuple[Case, ...]:
        """Commit the results, one per case, with everything kept; the cases as they are then.

        Raises ConflictError when another process was faster with one of them; the others' results and all evidence are
        kept.
        """
        writes = [self._final_update(part, result) for part, result in zip(self._entries, results, strict=True)]
        try:
            self._ledger.write(*writes)
        except ConflictError:
            for part, result, write in zip(self._entries, results, writes, strict=True):
                if len(writes) == 1 or not self._try_write(write):
                    self._save_late_entries(part, result.after.updated_at)
            raise
        return tuple(write.after for write in writes)

    def _try_write(self, write: CaseUpdate) -> bool:
        try:
            self._ledger.write(write)
        except ConflictError:
            return False
        return True

    def _final_update(self, part: JournalEntry, result: JournalResult) -> CaseUpdate:
        before = _with_later_version(part.claimed, self._later_commits) if self._is_claimed else part.before
        opening = () if self._is_claimed else part.opening_entries
        return CaseUpdate(
            before,
            _with_later_version(result.after, self._later_commits),
            [*opening, *self._unwritten, *result.entries],
            order_events=result.order_events,
        )

    def _save_late_entries(self, part: JournalEntry, at: datetime) -> None:
        if self._unwritten:
            late = evolve(part.claimed, updated_at=at)
            text = "The result of this attempt came after another process had changed the case; it changed nothing"
            self._ledger.append(late, [*self._unwritten, text], if_unchanged=False)


class CaseJournal(BatchJournal):
    """The journal of a drive that is about one case."""

    def __init__(
        self,
        ledger: JournalLedger,
        before: Case,
        claimed: Case,
        opening_entries: tuple[EntryContent, ...] = (),
        send_condition: SendCondition | None = None,
    ) -> None:
        super().__init__(ledger, [JournalEntry(before, claimed, opening_entries, send_condition)])

    def finish(self, change: Transition[C], *entries: EntryContent) -> C:
        """Commit the result with everything kept; the case as it is then. Raises ConflictError as `finish_all` does."""
        return cast("C", self.finish_all([JournalResult(change.case, entries, change.order_events)])[0])


class PollJournal(CaseJournal):
    """The journal of a poll, which writes nothing: only the core decides what is sent again (law 3)."""

    def record_intent(self, intent: Intent) -> None:
        """Commit the intent to read. Raises PluginError for a request that may change something."""
        if not intent.read_only:
            raise PluginError(
                f"a check only reads, and the flow would send {intent.method} {intent.url[:MAX_SHOWN_REQUEST]}",
                hint="send it in orderdesk_cancel; declare a query that is sent by POST with read_only=True",
            )
        super().record_intent(intent)


def _with_later_version(case: C, commits: int) -> C:
    """The case as it is after so many more commits."""
    return evolve(case, version=case.version + commits) if commits else case
