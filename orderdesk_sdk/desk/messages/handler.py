"""Does what follows from a stored message. What it does is done once, however often it is begun.

A webhook makes the desk poll, which changes nothing at the service; a cancellation has a key made of its message, so
the ledger has it once. So a process may die at any step of this: the message is begun again when its time is up.
"""

from __future__ import annotations

from attrs import evolve, frozen

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.cases.messages import InboundMessage, MessagePurpose, MessageState
from orderdesk_sdk.cases.policy.deadlines import RETRY_POLICY
from orderdesk_sdk.clock import MAX_CLOCK_SKEW, hours
from orderdesk_sdk.desk.cancellations import CancellationService
from orderdesk_sdk.desk.messages.config import MessageConfig
from orderdesk_sdk.desk.notifications import NotificationService
from orderdesk_sdk.desk.parts import DeskParts
from orderdesk_sdk.errors import (
    InvalidStateError,
    NotFoundError,
    OrderDeskError,
    ValidationError,
    describe_exception,
)
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.webhooks import OrderNotification

__all__ = ["HandledMessage", "MessageHandler"]

ECHO_PERIOD = hours(3)
"""For so long after our own move a message of its folder is taken for its echo: Order Desk sends a failed one again for
two hours."""
MAX_RESULT_LENGTH = 1000
"""Characters of what is kept of a result."""
REQUESTED_BY = "Order Desk"
_log = RoomLogger("desk")


@frozen
class HandledMessage:
    """What became of a message that was begun.

    Args:
        message: as it is now; None where it was forgotten, since it is about no order of ours.
        problem: what kept it from being handled; None: nothing did.
    """

    message: InboundMessage | None
    problem: str | None = None


class MessageHandler:
    """Handles one message at a time, on whatever thread calls it."""

    def __init__(
        self,
        parts: DeskParts,
        cancellations: CancellationService,
        notifications: NotificationService,
        config: MessageConfig,
    ) -> None:
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._clock = parts.clock
        self._cancellations = cancellations
        self._notifications = notifications
        self._config = config

    def handle(self, message: InboundMessage) -> HandledMessage:
        """Do what follows from a message that this caller claimed, and write down what became of it.

        Raises StorageError where that cannot be written: the message is begun again when its time is up.
        """
        if message.tries > self._config.max_tries:  # Whoever began it so often never came to an end of it.
            return self._give_up(message, "handling was begun again and again, and never ended")
        try:
            order_id = message.order_id or self._order_store.find_by_remote_id(
                message.source.connection, message.subject
            )
            order = self._order_store.get_order(order_id) if order_id is not None else None
        except NotFoundError:
            order = None
        except Exception as error:  # noqa: BLE001 - a store of the host's own may raise anything
            return self._try_again(message, error)
        if order is None and message.source.purpose is MessagePurpose.CANCEL:
            # Our own store signed it: its API may only be behind, and a cancel is not dropped unseen.
            return self._try_again(message, NotFoundError("the order store does not know the order"))
        if order is None:
            self._ledger.discard_message(message)
            return HandledMessage(None)
        message = evolve(message, order_id=order.id)
        try:
            result = self._follow(message, order)
        except (ValidationError, InvalidStateError) as error:
            return self._settle(message, MessageState.REFUSED, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the message is kept and a person hears of it
            return self._try_again(message, error)
        return self._settle(message, MessageState.HANDLED, result)

    def _follow(self, message: InboundMessage, order: Order) -> str:
        match message.source.purpose:
            case MessagePurpose.WEBHOOK:
                assert message.kind is not None, "a webhook says what it reports"
                notification = OrderNotification(message.subject, message.kind, message.event_id, message.request)
                _, text = self._notifications.handle_notification(order, message.source.connection, notification)
                return text
            case MessagePurpose.CANCEL:
                return self._cancel(message, order)

    def _cancel(self, message: InboundMessage, order: Order) -> str:
        if self._is_echo(message, order):
            return "The order was moved by this program, and its cancellation was there before; nothing is started"
        if not self._order_store.remote_orders(order.id):
            return "The order was submitted to no connection, so there is nothing to cancel"
        draft = self._cancellations.draft(
            order,
            by=f"{REQUESTED_BY}, folder {self._config.cancel_folder}",
            reason=self._config.cancel_reason or None,
            idempotency_key=f"message {message.source} {message.digest}",
        )
        # Recorded only: what is due of it is done in the same round, by the threads of its connections.
        status = self._cancellations.open(order, draft, send_now=False)
        if status.cancellation.id != draft.id:
            return f"The order's cancellation {status.cancellation.id} covers it already"
        return f"Cancellation {draft.id} started at {', '.join(case.connection for case in status.cases)}"

    def _is_echo(self, message: InboundMessage, order: Order) -> bool:
        """Whether the order lies in the folder because this program put it there, after its cancellation."""
        move = self._ledger.own_move(order.id)
        if move is None or move.folder.casefold() != self._config.cancel_folder.casefold():
            return False
        since = message.received_at - move.at
        return -MAX_CLOCK_SKEW <= since <= ECHO_PERIOD and bool(self._ledger.cancellations(order.id))

    def _try_again(self, message: InboundMessage, error: Exception) -> HandledMessage:
        text = str(error) if isinstance(error, OrderDeskError) else describe_exception(error)
        if message.tries >= self._config.max_tries:
            return self._give_up(message, text)
        due = self._clock.now() + RETRY_POLICY.delay(message.tries - 1)
        later = evolve(message, next_try_at=due, result=_cut(text))
        self._ledger.update_message(later)
        self._tell(message, "not handled (%s); tried again", type(error).__name__)
        return HandledMessage(later, f"message {message.id} from {message.source}: {_cut(text)}")

    def _give_up(self, message: InboundMessage, text: str) -> HandledMessage:
        return self._settle(message, MessageState.FAILED, f"{text} (tried {counted(message.tries, 'time')})")

    def _settle(self, message: InboundMessage, state: MessageState, text: str) -> HandledMessage:
        settled = evolve(message, state=state, next_try_at=None, result=_cut(text))
        self._ledger.update_message(settled)
        if state is MessageState.HANDLED:
            _log.info("message handled", about=LogSubject(connection=message.source.connection or None))
            return HandledMessage(settled)
        self._tell(message, "message %s: a person decides", state.value)
        return HandledMessage(settled, f"message {message.id} from {message.source} {state.value}: {_cut(text)}")

    def _tell(self, message: InboundMessage, text: str, *values: object) -> None:
        _log.warning(text, *values, about=LogSubject(connection=message.source.connection or None))


def _cut(text: str) -> str:
    """As much of a text as is kept, in characters that every database takes."""
    return text.encode("utf-8", "replace").decode()[:MAX_RESULT_LENGTH].replace("\0", " ")
