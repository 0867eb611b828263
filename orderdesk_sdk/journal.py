"""The journal of one drive: claims the work with the first intent, commits exchanges with the result."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from orderdesk_sdk.case import Event
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.exchange import Exchange, Intent
from orderdesk_sdk.ledger import Ledger, Work, Write

__all__ = ["WorkJournal"]

Content = Event | Intent | Exchange | str


class WorkJournal:
    """A `flow.Journal` for a case or a resubmission.

    before: the work as it was read. claimed: the work as it is once the drive has it; written together with the first
    intent, so that a drive that makes no call costs no commit. opening: the entries that come with the claim.
    """

    def __init__(self, ledger: Ledger, before: Work, claimed: Work, opening: tuple[Content, ...] = ()) -> None:
        self._ledger = ledger
        self._before = before
        self._claimed = claimed
        self._opening: tuple[Content, ...] = opening
        self._kept: list[Content] = []
        self._is_claimed = False

    @property
    def has_called(self) -> bool:
        """Whether the drive has made a call."""
        return self._is_claimed

    def intend(self, intent: Intent) -> None:
        """Commit an intent, and with the first one the claim.

        Raises ConflictError when somebody else has the work now.
        """
        if self._is_claimed:
            try:
                self._ledger.append(self._claimed, [*self._kept, intent], fenced=True)
            except ConflictError:
                self._keep_late(intent.at)
                raise
            self._kept = []
            return
        self._ledger.write(Write(self._before, self._claimed, [*self._opening, *self._kept, intent]))
        self._is_claimed = True
        self._kept = []

    def keep(self, exchange: Exchange) -> None:
        """Keep an exchange with the next commit."""
        self._kept.append(exchange)

    def note(self, text: str) -> None:
        """Keep a text with the next commit."""
        self._kept.append(text)

    def finish(self, after: Work, *entries: Content) -> None:
        """Commit the result with everything kept.

        Raises ConflictError when somebody else was faster; the evidence is kept.
        """
        before = self._claimed if self._is_claimed else self._before
        opening = () if self._is_claimed else self._opening
        try:
            self._ledger.write(Write(before, after, [*opening, *self._kept, *entries]))
        except ConflictError:
            self._keep_late(after.updated_at)
            raise

    def _keep_late(self, at: datetime) -> None:
        if self._kept:
            late = evolve(self._claimed, updated_at=at)
            text = "the result of this attempt came after somebody else had changed the case; it changed nothing"
            self._ledger.append(late, [*self._kept, text], fenced=False)
