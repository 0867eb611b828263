"""The guard of the journal: no request is sent a second time before a poll of what became of the first (law 3).

For cases whose flow looks first: status changes and resubmissions.
"""

from __future__ import annotations

from attrs import frozen

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.exchange import Certainty, Exchange, Intent
from orderdesk_sdk.cases.history import EntryContent
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.runtime.flow_record import MAX_SHOWN_REQUEST, REQUEST_CHANGED, RequestWithheldError
from orderdesk_sdk.runtime.journal import CaseJournal, SendCondition

__all__ = ["SendRules", "GuardedJournal", "proves_not_processed"]

REQUEST_TIMEOUT = 408
"""The one client error after which the request may yet have had an effect."""
_NOT_FOUND = (404, 410)


@frozen
class SendRules:
    """What a drive may send.

    Args:
        blocked_reason: why nothing may be sent that changes something; None where it may be.
        must_poll_first: an earlier request may have worked, so nothing is sent before the flow has looked.
        repeatable_intents: what was sent and may have worked; only these requests may be made again. Empty: nothing was
            sent.
    """

    blocked_reason: str | None = None
    must_poll_first: bool = False
    repeatable_intents: tuple[Intent, ...] = ()


def proves_not_processed(exchange: Exchange) -> bool:
    """Whether an exchange proves that its request had no effect."""
    if exchange.failure is not None:
        return exchange.failure.certainty is not Certainty.UNKNOWN
    return exchange.status is not None and 400 <= exchange.status < 500 and exchange.status != REQUEST_TIMEOUT


class GuardedJournal(CaseJournal):
    """The journal of a drive that keeps back what must not be sent.

    A flow that would send again without a look has a fault.
    """

    def __init__(
        self,
        ledger: Ledger,
        before: Case,
        claimed: Case,
        opening_entries: tuple[EntryContent, ...],
        send_condition: SendCondition | None,
        send_rules: SendRules,
    ) -> None:
        super().__init__(ledger, before, claimed, opening_entries, send_condition)
        self._send_rules = send_rules
        self._has_polled = False
        self._sent: set[int] = set()
        self.answered: dict[int, Exchange] = {}
        """What the service answered in this drive, by number."""
        self.request_changed = False
        """Whether the flow wanted to make another request than those that were made and may have worked."""

    @property
    def may_have_acted(self) -> bool:
        """Whether this drive sent a request that may have had an effect."""
        return bool(self._sent)

    def record_intent(self, intent: Intent) -> None:
        """Commit an intent, unless it must not leave: then RequestWithheldError is raised, or PluginError."""
        if not intent.read_only:
            if self._send_rules.blocked_reason is not None:
                raise RequestWithheldError(self._send_rules.blocked_reason)
            if self._send_rules.must_poll_first and not (self._has_polled or intent.idempotent):
                raise PluginError(
                    "an earlier request may have been processed, and the flow would send another without polling first",
                    hint="poll first whether the order exists; where it cannot, end with answer.unknown(None)",
                )
            sent = self._send_rules.repeatable_intents
            if sent and intent.digest not in {earlier.digest for earlier in sent}:
                self.request_changed = True
                raise RequestWithheldError(f"{REQUEST_CHANGED}: {_shown(intent)}; what was sent: {_shown(sent[-1])}")
        super().record_intent(intent)
        if not intent.read_only:
            self._sent.add(intent.number)

    def record_exchange(self, exchange: Exchange, *, is_about_order: bool = True) -> None:
        """Keep an exchange; a read that told of the order whether it is there is a look."""
        status = exchange.status or 0
        tells = exchange.failure is None and (status in _NOT_FOUND or 200 <= status < 300)
        self._has_polled = self._has_polled or (exchange.intent.read_only and tells and is_about_order)
        if proves_not_processed(exchange):
            self._sent.discard(exchange.intent.number)
        if exchange.failure is None:
            self.answered[exchange.intent.number] = exchange
        super().record_exchange(exchange)


def _shown(intent: Intent) -> str:
    return f"{intent.method} {intent.url} {intent.body}"[:MAX_SHOWN_REQUEST].strip()
