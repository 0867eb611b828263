"""What a flow is driven over: the journal that keeps its exchanges, and the record that an earlier drive left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from attrs import field, frozen

from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.errors import ConflictError

__all__ = ["MAX_SHOWN_REQUEST", "NO_RECORD", "REQUEST_CHANGED", "Journal", "RecordedExchanges", "RequestWithheldError"]

REQUEST_CHANGED = "the flow would now make another request"
"""What is said of a flow that would make another request in place of the one that is to be made again."""
MAX_SHOWN_REQUEST = 600
"""Characters of a request that are shown to whoever must decide about it."""


class Journal(Protocol):
    """Where a flow's exchanges are kept."""

    def record_intent(self, intent: Intent) -> None:
        """Commit an intent. Raises ConflictError when another process has the case now; then nothing may be sent.

        Raises RequestWithheldError when the request must not be sent any more; then the flow ends there.
        """

    def record_exchange(self, exchange: Exchange, *, is_about_order: bool = True) -> None:
        """Keep an exchange with the next commit.

        Args:
            is_about_order: whether it is about the flow's order.
        """

    def record_steps(self, exchange: Exchange) -> None:
        """Keep an exchange in place of the same one as it was, with what the flow read in it of prior steps."""

    def save_late(self) -> None:
        """Commit an exchange although another process has the case meanwhile: it happened."""


@frozen
class RecordedExchanges:
    """What an earlier drive of the same flow left in the ledger, by number.

    Args:
        resend_number: of the request that is to be made again; None where the drive was interrupted, and goes on.
        is_whole_order: what was asked for is a whole order, which canceling twice does not cancel more of.
    """

    intents: Mapping[int, Intent] = field(factory=dict)
    exchanges: Mapping[int, Exchange] = field(factory=dict)
    resend_number: int | None = None
    is_whole_order: bool = False


class RequestWithheldError(ConflictError):
    """Raised by a journal in place of committing an intent: what allowed the request is no longer so."""


NO_RECORD = RecordedExchanges()
