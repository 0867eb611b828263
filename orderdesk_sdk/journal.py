"""The journal of one drive: claims the work with the first intent, commits exchanges with the result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve, frozen

from orderdesk_sdk.case import Event
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.exchange import Exchange, Intent
from orderdesk_sdk.ledger import Ledger, Work, Write

__all__ = ["Content", "GroupJournal", "Part", "Result", "WorkJournal"]

Content = Event | Intent | Exchange | str


@frozen
class Part:
    """One piece of work in a drive.

    before: as it was read. claimed: as it is once the drive has it. opening: the entries that come with the claim.
    """

    before: Work
    claimed: Work
    opening: tuple[Content, ...] = ()


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

    @property
    def has_called(self) -> bool:
        """Whether the drive has made a call."""
        return self._is_claimed

    def intend(self, intent: Intent) -> None:
        """Commit an intent, and with the first one the claim.

        Raises ConflictError when somebody else has one of the works now.
        """
        if self._is_claimed:
            try:
                self._ledger.write(*(Write(part.claimed, part.claimed, [*self._kept, intent]) for part in self._parts))
            except ConflictError:
                for part in self._parts:
                    self._keep_late(part, intent.at)
                raise
        else:
            self._ledger.write(
                *(Write(part.before, part.claimed, [*part.opening, *self._kept, intent]) for part in self._parts)
            )
            self._is_claimed = True
        self._kept = []

    def keep(self, exchange: Exchange) -> None:
        """Keep an exchange with the next commit."""
        self._kept.append(exchange)

    def note(self, text: str) -> None:
        """Keep a text with the next commit."""
        self._kept.append(text)

    def finish_all(self, results: Sequence[Result]) -> None:
        """Commit the results, one per part, with everything kept.

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

    def _written(self, write: Write) -> bool:
        try:
            self._ledger.write(write)
        except ConflictError:
            return False
        return True

    def _last(self, part: Part, result: Result) -> Write:
        before = part.claimed if self._is_claimed else part.before
        opening = () if self._is_claimed else part.opening
        return Write(before, result.after, [*opening, *self._kept, *result.entries])

    def _keep_late(self, part: Part, at: datetime) -> None:
        if self._kept:
            late = evolve(part.claimed, updated_at=at)
            text = "the result of this attempt came after somebody else had changed the case; it changed nothing"
            self._ledger.append(late, [*self._kept, text], fenced=False)


class WorkJournal(GroupJournal):
    """The journal of a drive that is about one case or errand."""

    def __init__(self, ledger: Ledger, before: Work, claimed: Work, opening: tuple[Content, ...] = ()) -> None:
        super().__init__(ledger, [Part(before, claimed, opening)])

    def finish(self, after: Work, *entries: Content) -> None:
        """Commit the result with everything kept. Raises ConflictError as `finish_all` does."""
        self.finish_all([Result(after, entries)])
