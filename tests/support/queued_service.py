"""A made-up service whose messages come out of a queue alone, and a queue in memory."""

from __future__ import annotations

import json
from collections.abc import Sequence

from orderdesk_sdk.desk.messages.queues import QueuedMessage
from orderdesk_sdk.errors import SignatureVerificationError
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.webhooks import MessageChannel, NotificationKind, OrderNotification, WebhookRequest
from tests.support.fake_services import FakeFulfillmentService, FakeServiceSettings

__all__ = ["FakeQueue", "FakeQueueService", "queued_body"]


class FakeQueueService(FakeFulfillmentService):
    """Notifies by the merchant's queue."""

    slug = "queued"

    @hookimpl
    def orderdesk_parse_webhook(
        self, request: WebhookRequest, service: Service[FakeServiceSettings]
    ) -> Sequence[OrderNotification]:
        """One order a message."""
        if request.channel is not MessageChannel.QUEUE:
            raise SignatureVerificationError(f"{service.connection} notifies by its queue alone")
        return [OrderNotification(str(json.loads(request.body)["number"]), NotificationKind.CANCELED)]


def queued_body(number: str) -> bytes:
    """The message of the service about an order."""
    return json.dumps({"number": number}).encode()


class FakeQueue:
    """A queue as Amazon SQS is one: what is received and not deleted comes again.

    waiting: by receipt. refused: what was set aside, with the reason.
    """

    def __init__(self, *bodies: bytes) -> None:
        self.waiting = {str(number): QueuedMessage(str(number), (body,)) for number, body in enumerate(bodies)}
        self.refused: dict[str, str] = {}

    def receive(self, limit: int) -> Sequence[QueuedMessage]:
        """The first of them."""
        return list(self.waiting.values())[:limit]

    def delete(self, message: QueuedMessage) -> None:
        """Remove one."""
        self.waiting.pop(message.receipt, None)

    def set_aside(self, message: QueuedMessage, reason: str) -> None:
        """Keep one from coming again."""
        self.waiting.pop(message.receipt, None)
        self.refused[message.receipt] = reason
