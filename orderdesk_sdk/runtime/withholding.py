"""Withholding: no errand's request leaves a second time unless somebody has looked what became of the first (law 3)."""

from __future__ import annotations

from attrs import frozen

from orderdesk_sdk.cases.exchange import Certainty, Exchange, Intent
from orderdesk_sdk.cases.history import Content
from orderdesk_sdk.cases.ledger import Ledger, Work
from orderdesk_sdk.errors import PluginFault
from orderdesk_sdk.runtime.flow_runner import ANOTHER, LONGEST_REQUEST, HeldBack
from orderdesk_sdk.runtime.journal import Hold, WorkJournal

__all__ = ["SecondSend", "WithholdingJournal", "did_nothing"]

TIMED_OUT = 408
"""The one client error after which the request may yet have had an effect."""
_NOT_THERE = (404, 410)


@frozen
class SecondSend:
    """What a drive may send. against: why nothing may be sent that changes something; None where it may be.

    must_look: an earlier request may have worked, so nothing is sent before the flow has looked. same_as: what was sent
    and may have worked; only these requests may be made again. Empty: nothing was sent.
    """

    against: str | None = None
    must_look: bool = False
    same_as: tuple[Intent, ...] = ()


def did_nothing(exchange: Exchange) -> bool:
    """Whether an exchange proves that its request had no effect."""
    if exchange.failure is not None:
        return exchange.failure.certainty is not Certainty.UNCLEAR
    return exchange.status is not None and 400 <= exchange.status < 500 and exchange.status != TIMED_OUT


class WithholdingJournal(WorkJournal):
    """The journal of an errand's drive, which keeps back what must not be sent.

    A flow that would send again without a look has a fault.
    """

    def __init__(
        self,
        ledger: Ledger,
        before: Work,
        claimed: Work,
        opening: tuple[Content, ...],
        hold: Hold | None,
        second: SecondSend,
    ) -> None:
        super().__init__(ledger, before, claimed, opening, hold)
        self._second = second
        self._has_looked = False
        self._sent: set[int] = set()
        self.is_another = False
        """Whether the flow wanted to make another request than those that were made and may have worked."""

    @property
    def may_have_acted(self) -> bool:
        """Whether this drive sent a request that may have had an effect."""
        return bool(self._sent)

    def intend(self, intent: Intent) -> None:
        """Commit an intent, unless it must not leave: then HeldBack is raised, or PluginFault."""
        if not intent.reads_only:
            if self._second.against is not None:
                raise HeldBack(self._second.against)
            if self._second.must_look and not (self._has_looked or intent.repeatable):
                raise PluginFault(
                    "an earlier request may have worked, and the flow would send another without a look",
                    remedy="read first whether it is there; where that cannot be read, end with answer.unclear(None)",
                )
            sent = self._second.same_as
            if sent and intent.digest not in {earlier.digest for earlier in sent}:
                self.is_another = True
                raise HeldBack(f"{ANOTHER}: {_shown(intent)}; what was sent: {_shown(sent[-1])}")
        super().intend(intent)
        if not intent.reads_only:
            self._sent.add(intent.number)

    def keep(self, exchange: Exchange) -> None:
        """Keep an exchange; a read that told whether it is there is a look."""
        status = exchange.status or 0
        tells = exchange.failure is None and (status in _NOT_THERE or 200 <= status < 300)
        self._has_looked = self._has_looked or (exchange.intent.reads_only and tells)
        if did_nothing(exchange):
            self._sent.discard(exchange.intent.number)
        super().keep(exchange)


def _shown(intent: Intent) -> str:
    return f"{intent.method} {intent.url} {intent.body}"[:LONGEST_REQUEST].strip()
