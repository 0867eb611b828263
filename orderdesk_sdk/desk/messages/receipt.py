"""What became of a message that came in: the answer to its sender, and a line for people."""

from __future__ import annotations

import enum

from attrs import frozen

from orderdesk_sdk.plugin.webhooks import WebhookReply

__all__ = ["MessageOutcome", "MessageReceipt"]


class MessageOutcome(enum.Enum):
    """What became of a message at once."""

    STORED = "stored"
    """It is in the ledger and will be handled."""
    KNOWN = "known"
    """It came before; nothing is done again."""
    IRRELEVANT = "irrelevant"
    """It is about no order of ours, or says nothing that we look at. Nothing of it is kept."""
    FORGED = "forged"
    """It is not signed as agreed."""
    NOT_FOUND = "not found"
    """Nobody takes messages there."""
    TOO_LARGE = "too large"
    TOO_MANY = "too many"
    UNREADABLE = "unreadable"
    """It is signed as agreed, and cannot be read."""
    NOT_STORED = "not stored"
    """It could not be verified or stored now: the sender is to send it again."""


_TAKEN = frozenset((MessageOutcome.STORED, MessageOutcome.KNOWN, MessageOutcome.IRRELEVANT))
_STATUS = {
    MessageOutcome.KNOWN: 200,
    MessageOutcome.IRRELEVANT: 200,
    MessageOutcome.FORGED: 401,
    MessageOutcome.NOT_FOUND: 404,
    MessageOutcome.TOO_LARGE: 413,
    MessageOutcome.TOO_MANY: 429,
    MessageOutcome.UNREADABLE: 400,
    MessageOutcome.NOT_STORED: 503,
}


@frozen
class MessageReceipt:
    """What to answer to the sender of a message, and why.

    Args:
        message: why, for the log and for people of ours. It is no part of the answer.
        stored: the ids of the messages that were stored, one for each order that it is about.
        retry_after: seconds after which the sender may send it again; None: the answer does not say.
        stored_status: what tells this sender that a message is stored. Order Desk takes anything above 201 for a
            failure (https://help.orderdesk.com/article/34-post-order-information-to-a-custom-script).
        reply: what this sender wants to be answered to a message that was taken; None: the usual.
    """

    outcome: MessageOutcome
    message: str
    stored: tuple[str, ...] = ()
    retry_after: int | None = None
    stored_status: int = 202
    reply: WebhookReply | None = None

    @property
    def status(self) -> int:
        """The HTTP status to answer. Below 300 the sender need not send it again."""
        if self._wanted is not None:
            return self._wanted.status
        return self.stored_status if self.outcome is MessageOutcome.STORED else _STATUS[self.outcome]

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer, beside those of every answer."""
        if self._wanted is not None and self._wanted.body:
            return {"Content-Type": self._wanted.content_type}
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    @property
    def body(self) -> str:
        """The body of the answer; nearly always empty."""
        return self._wanted.body if self._wanted is not None else ""

    @property
    def _wanted(self) -> WebhookReply | None:
        return self.reply if self.outcome in _TAKEN else None
