"""The journal of one drive: claims the work with the first intent, commits exchanges with the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from attrs import evolve, frozen

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.history import Content
from orderdesk_sdk.cases.ledger import Fence, FenceMoved, Ledger, Work, Write
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.errors import ConflictError, PluginFault
from orderdesk_sdk.runtime.flow_runner import LONGEST_REQUEST, HeldBack

__all__ = ["GroupJournal", "Hold", "Part", "ReadingJournal", "Result", "WorkJournal"]

MANY_MOVES = 20
"""How often an order may change between a look at it and the commit that rests on the look."""


@frozen
class Hold:
    """What is asked in the commit of each intent to write: whether what allowed the request is still so.

    why: the reason to hold the request back, or None; a flow may have read for minutes since this was asked for the
    first time. order_id: the order on all of whose places that rests, so that none may change in between; None: on
    nothing that others change.
    """

    why: Callable[[], str | None]
    order_id: str | None = None


@frozen
class Part:
    """One piece of work in a drive.

    before: as it was read. claimed: as it is once the drive has it. opening: the entries that come with the claim.
    hold: asked before each write; None: nothing but the work itself speaks for or against it.
    """

    before: Work
    claimed: Work
    opening: tuple[Content, ...] = ()
    hold: Hold | None = None


@frozen
class Result:
    """What became of one part, and the entries that say so."""

    after: Work
    entries: tuple[Content, ...] = ()


class GroupJournal:
    """A `flow.Journal` for works that one flow is about: all are claimed by one commit, or none is.

    The claim is written together with the first intent, so that a drive that makes no call costs no commit.
    """

    def __init__(self, ledger: Ledger, parts: Sequence[Part]) -> None:
        self._ledger = ledger
        self._parts = parts
        self._kept: list[Content] = []
        self._is_claimed = False
        self._more = 0

    @property
    def has_called(self) -> bool:
        """Whether the drive has made a call."""
        return self._is_claimed

    def intend(self, intent: Intent) -> None:
        """Commit an intent, and with the first one the claim.

        Raises ConflictError when somebody else has one of the works now, and HeldBack when a write must not leave.
        """
        try:
            if intent.reads_only:
                self._commit(intent, {})
            else:
                self._commit_write(intent)
        except HeldBack:
            raise
        except ConflictError:
            for part in self._parts if self._is_claimed else ():
                self._keep_late(part, intent.at)
            raise
        self._more += self._is_claimed
        self._is_claimed = True
        self._kept = []

    def _commit_write(self, intent: Intent) -> None:
        """Commit an intent to write while nothing speaks against it: what is asked and the commit see one order."""
        for _ in range(MANY_MOVES):
            holds = {part.before.id: part.hold for part in self._parts if part.hold is not None}
            orders = {name: hold.order_id for name, hold in holds.items() if hold.order_id is not None}
            fences = {name: self._ledger.fence(order_id) for name, order_id in orders.items()}
            for hold in holds.values():
                why = hold.why()
                if why is not None:
                    raise HeldBack(why)
            try:
                self._commit(intent, fences)
            except FenceMoved:
                continue
            return
        raise HeldBack("the order changes all the time; it is looked at again")

    def _commit(self, intent: Intent, fences: Mapping[str, Fence]) -> None:
        self._ledger.write(
            *(
                Write(
                    _aged(part.claimed, self._more) if self._is_claimed else part.before,
                    # Another version with each intent: whoever read the work before this one does not know of it, and
                    # must not take it over as if nothing more had been sent.
                    _aged(part.claimed, self._more + self._is_claimed),
                    [*(() if self._is_claimed else part.opening), *self._kept, intent],
                    fences.get(part.before.id),
                )
                for part in self._parts
            )
        )

    def keep(self, exchange: Exchange) -> None:
        """Keep an exchange with the next commit."""
        self._kept.append(exchange)

    def note(self, text: str) -> None:
        """Keep a text with the next commit."""
        self._kept.append(text)

    def leave(self) -> None:
        """Commit what is kept although the works were given to somebody else meanwhile: it happened."""
        for part in self._parts:
            self._keep_late(part, part.claimed.updated_at)

    def finish_all(self, results: Sequence[Result]) -> tuple[Work, ...]:
        """Commit the results, one per part, with everything kept; the works as they are then.

        Raises ConflictError when somebody else was faster with one of them; the others' results and all evidence are
        kept.
        """
        writes = [self._last(part, result) for part, result in zip(self._parts, results, strict=True)]
        try:
            self._ledger.write(*writes)
        except ConflictError:
            for part, result, write in zip(self._parts, results, writes, strict=True):
                if len(writes) == 1 or not self._written(write):
                    self._keep_late(part, result.after.updated_at)
            raise
        return tuple(write.after for write in writes)

    def _written(self, write: Write) -> bool:
        try:
            self._ledger.write(write)
        except ConflictError:
            return False
        return True

    def _last(self, part: Part, result: Result) -> Write:
        before = _aged(part.claimed, self._more) if self._is_claimed else part.before
        opening = () if self._is_claimed else part.opening
        return Write(before, _aged(result.after, self._more), [*opening, *self._kept, *result.entries])

    def _keep_late(self, part: Part, at: datetime) -> None:
        if self._kept:
            late = evolve(part.claimed, updated_at=at)
            text = "the result of this attempt came after somebody else had changed this; it changed nothing"
            self._ledger.append(late, [*self._kept, text], fenced=False)


class WorkJournal(GroupJournal):
    """The journal of a drive that is about one case or errand."""

    def __init__(
        self,
        ledger: Ledger,
        before: Work,
        claimed: Work,
        opening: tuple[Content, ...] = (),
        hold: Hold | None = None,
    ) -> None:
        super().__init__(ledger, [Part(before, claimed, opening, hold)])

    def finish(self, after: Work, *entries: Content) -> Work:
        """Commit the result with everything kept; the work as it is then. Raises ConflictError as `finish_all` does."""
        return self.finish_all([Result(after, entries)])[0]


class ReadingJournal(WorkJournal):
    """The journal of a read-back, which writes nothing: what is sent again, nobody but the core decides (law 3)."""

    def intend(self, intent: Intent) -> None:
        """Commit the intent to read. Raises PluginFault for a request that may change something."""
        if not intent.reads_only:
            raise PluginFault(
                f"a check only reads, and the flow would send {intent.method} {intent.url[:LONGEST_REQUEST]}",
                remedy="ask in orderdesk_cancel; a query that is sent by POST is declared with reads_only=True",
            )
        super().intend(intent)


def _aged(work: Work, more: int) -> Work:
    """The work as it is after so many more commits."""
    match work:
        case Case():
            return evolve(work, version=work.version + more)
        case Resubmission():
            return evolve(work, version=work.version + more)
        case StatusChange():
            return evolve(work, version=work.version + more)
