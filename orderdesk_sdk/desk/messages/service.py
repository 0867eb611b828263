"""The messages of a desk: received, listed, tried again. Reached as `desk.messages`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from orderdesk_sdk.cases.messages import InboundMessage, MessageSource, MessageState
from orderdesk_sdk.desk.messages.dispatcher import MessageDispatcher
from orderdesk_sdk.desk.messages.order_watch import OrderWatch
from orderdesk_sdk.desk.messages.queues import FolderQueue, MessageQueue, QueuedMessage
from orderdesk_sdk.desk.messages.receipt import MessageOutcome, MessageReceipt
from orderdesk_sdk.desk.messages.receiver import MessageReceiver
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError, ValidationError
from orderdesk_sdk.plugin.webhooks import MessageChannel, WebhookRequest

__all__ = ["MessageService"]

_PAUSE = 0.02
MAX_FETCHED = 100
"""Messages that are taken out of a queue in one round."""


class MessageService:
    """Takes messages for whoever receives them, and handles them in `Desk.run_due`."""

    def __init__(
        self,
        parts: DeskParts,
        receiver: MessageReceiver,
        dispatcher: MessageDispatcher,
        *,
        max_bytes: int,
        folders: Mapping[str, Path],
        watch: OrderWatch | None,
    ) -> None:
        """
        Args:
            max_bytes: bytes of a body beyond which it need not be read: the answer is 413 whatever it is.
            folders: by connection, of files that are taken in each round.
            watch: looks into the order store; None where nobody does.
        """
        self._ledger = parts.ledger
        self._clock = parts.clock
        self._connections = parts.connections
        self._receiver = receiver
        self._dispatcher = dispatcher
        self._folders = folders
        self._watch = watch
        self.max_bytes = max_bytes

    def receive(
        self,
        source: MessageSource,
        headers: Mapping[str, str] | Iterable[tuple[str, str]],
        body: bytes,
        query: Mapping[str, str] | None = None,
    ) -> MessageReceipt:
        """Take a message that came over HTTP; the answer to its sender. It waits for no service, and raises nothing.

        What is stored is handled by `Desk.run_due`, in this process or another.

        Args:
            source: which path it came to.
            headers: as they came; pairs tell of headers that came several times.
            body: the raw bytes.
            query: the parameters of the URL.
        """
        return self._receiver.receive(source, WebhookRequest(headers, body, query or {}))

    def take_from(
        self, queue: MessageQueue, connection: str, *, limit: int = MAX_FETCHED
    ) -> tuple[MessageReceipt, ...]:
        """Take messages out of a queue of a connection; what became of each.

        A message leaves the queue once it is stored, or is about no order of ours. What cannot be read is set aside;
        what cannot be stored now stays. Raises what the queue raises, and NotFoundError for a connection that is not
        configured: then all stay.
        """
        self._connections.integration_slug(connection)
        receipts: list[MessageReceipt] = []
        for queued in queue.receive(limit):
            taken = [self._take(connection, body) for body in queued.bodies]
            if queued.problem is not None or not taken:
                text = queued.problem or "the message cannot be read"
                taken.append(MessageReceipt(MessageOutcome.UNREADABLE, text))
            receipts += taken
            self._leave_queue(queue, queued, taken)
        return tuple(receipts)

    def _take(self, connection: str, body: bytes) -> MessageReceipt:
        request = WebhookRequest({}, body, channel=MessageChannel.QUEUE)
        return self._receiver.receive(MessageSource.webhook(connection), request)

    def _leave_queue(self, queue: MessageQueue, queued: QueuedMessage, taken: list[MessageReceipt]) -> None:
        passing = (MessageOutcome.NOT_STORED, MessageOutcome.TOO_MANY)
        if any(receipt.outcome in passing for receipt in taken):
            return  # It comes again; what of it was stored is known then.
        refused = [receipt for receipt in taken if receipt.status >= 400]
        if refused:
            queue.set_aside(queued, refused[0].message)
        else:
            queue.delete(queued)

    def list(
        self, states: Iterable[MessageState] = (), *, limit: int = 50, before: datetime | None = None
    ) -> tuple[InboundMessage, ...]:
        """Messages, the newest first.

        Args:
            states: empty means all.
            limit: how many at most, 1 to 500.
            before: only those received before, for the next page.
        """
        if not 1 <= limit <= 500:
            raise ValidationError("limit must be from 1 to 500", location="limit")
        return self._ledger.messages(tuple(states) or tuple(MessageState), limit, before=before)

    def get(self, message_id: str) -> InboundMessage:
        """A message by its id. Raises NotFoundError."""
        return self._ledger.message(message_id)

    def counts(self) -> Mapping[MessageState, int]:
        """How many messages are in each state."""
        return self._ledger.message_counts()

    def retry(self, message_id: str, *, by: str) -> InboundMessage:
        """Let a failed or refused message be tried again, by the next `Desk.run_due`; it as it is then.

        Raises NotFoundError, and InvalidStateError where it is neither.
        """
        return self._ledger.restart_message(message_id, self._clock.now(), by=require_actor(by))

    def look(self) -> int:
        """Look into the order store now for orders that are to be canceled; how many came since the last look.

        What came is handled by `Desk.run_due`. Raises ConfigurationError where the order store is not watched
        (`[messages].watch_every`), and what keeps it from being looked at.
        """
        if self._watch is None:
            raise ConfigurationError(
                "the order store is not watched",
                location="[messages].watch_every",
                hint="set the seconds between two looks",
            )
        return self._watch.look_now()

    @property
    def has_waiting(self) -> bool:
        """Whether a message waits to be handled."""
        return self._ledger.next_message_due() is not None

    def next_due(self) -> datetime | None:
        """When the next message is to be handled; None where none waits."""
        return self._ledger.next_message_due()

    def begin_due(self) -> tuple[str, ...]:
        """Fetch what lies in the folders of the settings, and begin what is due, on threads of its own.

        What kept a folder from being read is given, one line each.
        """
        problems = []
        for connection, folder in self._folders.items():
            try:
                self.take_from(FolderQueue(folder), connection)
            except OrderDeskError as error:
                problems.append(str(error))
        if self._watch is not None:
            self._watch.begin()
        self._dispatcher.start_due()
        return tuple(problems)

    def finish_due(self, longest: float) -> tuple[int, tuple[str, ...]]:
        """Wait for the messages that were begun, at most so many seconds; how many were handled, and the problems.

        Whatever takes longer goes on, and is told of by the next call.
        """
        until = time.monotonic() + longest
        while self._watch is not None and not self._watch.is_idle and time.monotonic() < until:
            time.sleep(_PAUSE)
        self._dispatcher.wait(max(0.0, until - time.monotonic()))
        handled, problems = self._dispatcher.take_results()
        problem = self._watch.problem if self._watch is not None else None
        return handled, problems if problem is None else (*problems, problem)

    def handle_due(self, longest: float = 2.0) -> tuple[str, ...]:
        """Handle the messages that are due, for a worker whose cases something else does; the problems, one line each.

        Args:
            longest: seconds that are waited for it; what takes longer goes on.
        """
        problems = self.begin_due()
        return (*problems, *self.finish_due(longest)[1])

    def wait_until_idle(self) -> None:
        """Return when no message is being handled in this process. The desk's ending must have begun."""
        self._dispatcher.wait_until_idle()

    def close(self) -> None:
        """Let the threads end when they are done."""
        self._dispatcher.close()
        if self._watch is not None:
            self._watch.close()
