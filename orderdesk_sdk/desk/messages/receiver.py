"""Takes a message: verified, compared with what came before, stored, and answered. It waits for no service."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence

from attrs import evolve, frozen

from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.cases.messages import InboundMessage, MessagePurpose, MessageSource
from orderdesk_sdk.desk.messages.config import MessageConfig
from orderdesk_sdk.desk.messages.rate import MessageRate
from orderdesk_sdk.desk.messages.receipt import MessageOutcome, MessageReceipt
from orderdesk_sdk.desk.parts import DeskParts
from orderdesk_sdk.errors import (
    InvalidStateError,
    NotFoundError,
    OrderDeskError,
    SignatureVerificationError,
    ValidationError,
)
from orderdesk_sdk.orders.post_order import read_posted_order
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookReply, WebhookRequest
from orderdesk_sdk.runtime.webhook_reader import read_notifications

__all__ = ["MessageReceiver"]

MAX_SUBJECT_LENGTH = 200
"""Characters of an order's number at a service; no order is registered under a longer one."""
_STORED_STATUS = {MessagePurpose.WEBHOOK: 202, MessagePurpose.CANCEL: 201}
_RETRY_AFTER = 60
"""Seconds after which a sender whose message could not be stored may try again."""
_log = RoomLogger("desk")


@frozen
class _Report:
    """What a message says of one order, before anybody looked for that order."""

    subject: str
    digest: str
    kind: NotificationKind | None = None
    notification: OrderNotification | None = None
    event_id: str | None = None


class MessageReceiver:
    """Takes what comes in.

    Args:
        looks_at_once: whether the order store tells without a call which orders it has. Where it does not, whoever
            handles a message finds that out.
    """

    def __init__(self, parts: DeskParts, config: MessageConfig, *, looks_at_once: bool) -> None:
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._connections = parts.connections
        self._clock = parts.clock
        self._config = config
        self._looks_at_once = looks_at_once
        self._rate = MessageRate(config.per_minute, parts.clock.monotonic)

    def receive(self, source: MessageSource, request: WebhookRequest) -> MessageReceipt:
        """Take a message; what to answer. Raises nothing that is about the message or the ledger."""
        receipt = self._receive(source, request)
        level = _log.info if receipt.status < 300 else _log.warning
        level(
            "message from %s: %s", source, receipt.outcome.value, about=LogSubject(connection=source.connection or None)
        )
        return receipt

    def _receive(self, source: MessageSource, request: WebhookRequest) -> MessageReceipt:
        if not self._is_open(source):
            return MessageReceipt(MessageOutcome.NOT_FOUND, f"no messages are taken at {source}")
        if len(request.body) > self._config.max_bytes:
            text = f"the message has {len(request.body):,} bytes; at most {self._config.max_bytes:,} are taken"
            return MessageReceipt(MessageOutcome.TOO_LARGE, text)
        wait = self._rate.take(source)
        if wait is not None:
            text = f"more than {self._config.per_minute} messages came within a minute"
            return MessageReceipt(MessageOutcome.TOO_MANY, text, retry_after=wait)
        try:
            receipt = self._store(source, self._read(source, request))
            return evolve(receipt, reply=self._wanted_reply(source))
        except SignatureVerificationError as error:
            return MessageReceipt(MessageOutcome.FORGED, str(error))
        except InvalidStateError as error:
            return MessageReceipt(MessageOutcome.NOT_FOUND, str(error))
        except (ValidationError, MalformedResponseError) as error:
            return MessageReceipt(MessageOutcome.UNREADABLE, str(error))
        except OrderDeskError as error:  # The ledger is away, the inbox full, the plugin or its settings are broken.
            return MessageReceipt(MessageOutcome.NOT_STORED, str(error), retry_after=_RETRY_AFTER)

    def _wanted_reply(self, source: MessageSource) -> WebhookReply | None:
        if source.purpose is not MessagePurpose.WEBHOOK:
            return None
        return self._connections.get(source.connection).integration.webhook_reply

    def _is_open(self, source: MessageSource) -> bool:
        match source.purpose:
            case MessagePurpose.WEBHOOK:
                return source.connection in self._connections.names()
            case MessagePurpose.CANCEL:
                return bool(self._config.store_id)

    def _read(self, source: MessageSource, request: WebhookRequest) -> Sequence[_Report]:
        """What a message says, of each order; raises what is wrong with it."""
        match source.purpose:
            case MessagePurpose.WEBHOOK:
                notifications = read_notifications(
                    self._connections,
                    source.connection,
                    request,
                    self._clock.now(),
                    timeout=self._config.verify_seconds,
                )
                return [_report_of(request, one) for one in notifications if _is_name(one.remote_id)]
            case MessagePurpose.CANCEL:
                keys = (self._config.api_key, self._config.previous_api_key)
                order = read_posted_order(request.headers, request.body, store_id=self._config.store_id, keys=keys)
                content = f"{order.store_id}\n{order.order_id}\n{order.digest}"
                digest = hashlib.sha256(content.encode()).hexdigest()
                return [_Report(order.order_id, digest, event_id=order.appointment_id)]

    def _store(self, source: MessageSource, reports: Sequence[_Report]) -> MessageReceipt:
        known = self._ledger.known_digests(source, [report.digest for report in reports])
        new = [report for report in reports if report.digest not in known]
        if known and not new:
            return MessageReceipt(MessageOutcome.KNOWN, "the message came before; nothing is done again")
        messages = [message for report in new if (message := self._message(source, report)) is not None]
        if not messages:
            # Of what is about no order of ours nothing is remembered, however often it comes.
            return MessageReceipt(MessageOutcome.IRRELEVANT, "the message is about no order of ours")
        stored = self._ledger.store_messages(messages, self._config.max_waiting)
        ids = tuple(message.id for message in messages if message.digest in stored)
        if not ids:
            return MessageReceipt(MessageOutcome.KNOWN, "the message came before; nothing is done again")
        status = _STORED_STATUS[source.purpose]
        return MessageReceipt(MessageOutcome.STORED, f"message {', '.join(ids[:10])}", ids, stored_status=status)

    def _message(self, source: MessageSource, report: _Report) -> InboundMessage | None:
        """The message to be stored; None where it is known to be about no order of ours."""
        order_id = report.subject if source.purpose is MessagePurpose.CANCEL else None
        if self._looks_at_once:
            order_id = self._order_id(source, report.subject)
            if order_id is None:
                return None
        now, notification = self._clock.now(), report.notification
        return InboundMessage(
            id=secrets.token_hex(6),
            source=source,
            subject=report.subject,
            digest=report.digest,
            received_at=now,
            kind=report.kind,
            request=notification.request if notification is not None else None,
            event_id=report.event_id,
            order_id=order_id,
            next_try_at=now,
        )

    def _order_id(self, source: MessageSource, subject: str) -> str | None:
        if source.purpose is MessagePurpose.WEBHOOK:
            return self._order_store.find_by_remote_id(source.connection, subject)
        try:
            return self._order_store.get_order(subject).id
        except NotFoundError:
            return None


def _report_of(request: WebhookRequest, notification: OrderNotification) -> _Report:
    """A report whose digest is the same where the message comes again: what was signed, and what was read in it.

    Not the headers by themselves: most of them are not signed, and a name of the delivery is one of them.
    """
    about = notification.request
    read = [sorted(request.query.items()), notification.remote_id, notification.kind.value]
    if about is not None:
        read.append(about.request_id)
    digest = hashlib.sha256(json.dumps(read).encode() + b"\n" + request.body).hexdigest()
    return _Report(notification.remote_id, digest, notification.kind, notification, notification.event_id)


def _is_name(remote_id: str) -> bool:
    return remote_id.isprintable() and 0 < len(remote_id) <= MAX_SUBJECT_LENGTH
