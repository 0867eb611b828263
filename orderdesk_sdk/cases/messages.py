"""The messages that came in and are to be handled: what a ledger keeps of each, and how. Pure.

Of a message as it came nothing is kept but its digest and what was read in it: which order it is about, and what it
says of it. So a body with a customer's data is never stored, and handling one needs no secret.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, Self

from attrs import frozen

from orderdesk_sdk.errors import NotFoundError, OrderDeskError
from orderdesk_sdk.plugin.cancel_requests import RequestedCancellation
from orderdesk_sdk.plugin.webhooks import NotificationKind

__all__ = [
    "InboundMessage",
    "InboxFullError",
    "MessageInbox",
    "MessagePurpose",
    "MessageSource",
    "MessageState",
    "OwnMove",
]


class MessagePurpose(enum.Enum):
    """What the messages of one path are for."""

    WEBHOOK = "webhook"
    """A connection's service reports of orders."""
    CANCEL = "cancel"
    """The order store sends an order that is to be canceled, as Order Desk's rule action Post Order JSON does."""


@frozen
class MessageSource:
    """Where messages come from, and what for: each source has a path of its own.

    Args:
        connection: whose service sends; "" where the order store does.
    """

    purpose: MessagePurpose
    connection: str = ""

    @classmethod
    def webhook(cls, connection: str) -> Self:
        """What the service of a connection sends."""
        return cls(MessagePurpose.WEBHOOK, connection)

    @classmethod
    def cancel(cls) -> Self:
        """The orders that the order store sends because they are to be canceled."""
        return cls(MessagePurpose.CANCEL)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The source that `str` gave this text for. Raises NotFoundError for any other text."""
        purpose, _, connection = text.partition("/")
        known = {one.value: one for one in MessagePurpose}.get(purpose)
        if known is None or bool(connection) is not (known is MessagePurpose.WEBHOOK):
            raise NotFoundError(
                "there is no such source of messages", hint="write it as webhook/CONNECTION, or as cancel"
            )
        return cls(known, connection)

    def __str__(self) -> str:
        return f"{self.purpose.value}/{self.connection}" if self.connection else self.purpose.value


class MessageState(enum.Enum):
    """How a message stands."""

    RECEIVED = "received"
    """It waits to be handled, or is being handled."""
    HANDLED = "handled"
    """What follows from it was done, or is in the ledger."""
    FAILED = "failed"
    """It was tried as often as the settings say; a person decides."""
    REFUSED = "refused"
    """What it asks for is not possible, and trying again changes nothing; a person decides."""


@frozen(kw_only=True)
class InboundMessage:
    """One message about one order. A message about several orders is stored as one for each.

    Args:
        subject: the order's number at the connection; from the order store, its id.
        digest: what only this message has, of those of its source; the same when it comes again.
        kind: what it says of the order; None where the purpose says it.
        request: which request to cancel it is about; None where it is about none, or does not tell.
        event_id: the sender's name for the delivery; None where it has none. For people only: nobody signed it.
        order_id: of the order store; None while nobody has looked.
        attempts: how often it was begun, ever. Whoever began it writes only while nobody has begun it since.
        tries: how often since it was received, or a person had it tried again.
        next_try_at: None where it is not received any more.
        result: what was done, or what the last problem is, for people.
    """

    id: str
    source: MessageSource
    subject: str
    digest: str
    received_at: datetime
    kind: NotificationKind | None = None
    request: RequestedCancellation | None = None
    event_id: str | None = None
    order_id: str | None = None
    state: MessageState = MessageState.RECEIVED
    attempts: int = 0
    tries: int = 0
    next_try_at: datetime | None = None
    result: str | None = None


@frozen
class OwnMove:
    """The last move of an order into a folder that this program made.

    Args:
        at: when it was begun.
    """

    order_id: str
    folder: str
    at: datetime


class InboxFullError(OrderDeskError):
    """As many messages wait as may; nothing was stored, and the sender is to send it again."""


class MessageInbox(Protocol):
    """What a ledger keeps of messages. All raise StorageError when the database fails."""

    def store_messages(self, messages: Sequence[InboundMessage], max_waiting: int) -> frozenset[str]:
        """Store those that are new, all or none, durably; the digests of those. They are of one source.

        An order that the order store sends under an event id that it had before is not new, whatever its digest.

        Args:
            max_waiting: how many may wait in all. Raises InboxFullError, and stores nothing, where it would be more.
        """

    def known_digests(self, source: MessageSource, digests: Collection[str]) -> frozenset[str]:
        """Those of the digests that messages of a source have."""

    def claim_messages(
        self, now: datetime, until: datetime, limit: int, *, without: Collection[str] = ()
    ) -> tuple[InboundMessage, ...]:
        """Messages whose time has come, for this caller alone, longest due first.

        Each is due again at `until`, where it was not updated by then. Of one source's messages about one order only
        the first that waits is given, so that their order is kept.

        Args:
            without: connections whose messages are not wanted; "" is the order store.
        """

    def update_message(self, message: InboundMessage) -> bool:
        """Write what became of a message that this caller began; False where somebody has begun it since."""

    def discard_message(self, message: InboundMessage) -> bool:
        """Forget a message that this caller began, as if it had never come; False as `update_message`."""

    def restart_message(self, message_id: str, now: datetime, *, by: str) -> InboundMessage:
        """Let a failed or refused message be tried again from now on, as somebody wants; it as it is then.

        Raises NotFoundError, and InvalidStateError where it is neither.
        """

    def message(self, message_id: str) -> InboundMessage:
        """A message by its id. Raises NotFoundError."""

    def messages(
        self, states: Iterable[MessageState], limit: int, *, before: datetime | None = None
    ) -> tuple[InboundMessage, ...]:
        """Messages in these states, the newest first.

        Args:
            before: only those received before, for the next page; None: from the newest.
        """

    def message_counts(self) -> Mapping[MessageState, int]:
        """How many messages are in each state; every state is there."""

    def next_message_due(self) -> datetime | None:
        """When the next message is to be handled; None where none waits."""

    def remove_old_messages(self, received_before: datetime) -> int:
        """Forget messages that are not waiting and were received before, a bounded number at a time; how many."""

    def record_own_move(self, move: OwnMove) -> None:
        """Record that this program is about to move an order; the earlier one of the order is forgotten."""

    def own_move(self, order_id: str) -> OwnMove | None:
        """The last move of an order that was recorded; None where there is none."""
