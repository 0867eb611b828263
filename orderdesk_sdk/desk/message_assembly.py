"""The parts that take and handle messages, made for a desk when it first needs them: one that only plans needs none."""

from __future__ import annotations

from pathlib import Path

from orderdesk_sdk.desk.cancellations import CancellationService
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.messages.dispatcher import MessageDispatcher
from orderdesk_sdk.desk.messages.handler import MessageHandler
from orderdesk_sdk.desk.messages.order_watch import OrderWatch, require_watchable
from orderdesk_sdk.desk.messages.receiver import MessageReceiver
from orderdesk_sdk.desk.messages.service import MessageService
from orderdesk_sdk.desk.notifications import NotificationService
from orderdesk_sdk.desk.parts import DeskParts
from orderdesk_sdk.orders.store import OrderStore
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["make_message_service"]


def make_message_service(
    config: Config,
    parts: DeskParts,
    order_store: OrderStore,
    cancellations: CancellationService,
    notifications: NotificationService,
    shutdown: Shutdown,
) -> MessageService:
    """What a desk takes messages with. Raises ConfigurationError for an order store that cannot be watched."""
    settings = config.messages
    receiver = MessageReceiver(parts, settings, looks_at_once=isinstance(order_store, SqlOrderStore))
    handler = MessageHandler(parts, cancellations, notifications, settings)
    dispatcher = MessageDispatcher(parts, handler, settings, shutdown)
    beside = config.path.parent if config.path is not None else Path()
    folders = {name: beside / folder for name, folder in settings.folders.items()}
    watch = None
    if settings.watch_every:
        watch = OrderWatch(parts, require_watchable(order_store), settings, shutdown)
    return MessageService(parts, receiver, dispatcher, max_bytes=settings.max_bytes, folders=folders, watch=watch)
