"""What services and hosts let us know by themselves. It is looked into, and never believed unread."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress

from attrs import evolve, frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import POLLABLE, State
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.cases.policy.reported import STOP_SHIPMENT_HINT
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.validation import select_remote_orders
from orderdesk_sdk.desk.cancel_request_polling import CancelRequestIntake
from orderdesk_sdk.desk.cancellations import CancellationService
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.desk.rule_trigger import then_rules_act
from orderdesk_sdk.errors import (
    OrderDeskError,
    PluginError,
    StorageError,
    ValidationError,
)
from orderdesk_sdk.orders.order import ConnectionRole, Order
from orderdesk_sdk.plugin.cancel_requests import RequestedCancellation
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest
from orderdesk_sdk.runtime.context import read_coverage
from orderdesk_sdk.runtime.webhook_reader import read_notifications

__all__ = ["NotificationResult", "NotificationService"]

NOTES_COMPARED = 100
"""How many of the newest notes of a case are compared with what a message would note."""
MAX_BYTES = 5_000_000
"""Bytes of one message that are looked at."""
_log = RoomLogger("desk")
_UNKNOWN_ORDER = "no order is registered at this connection under this number"
_ALARMING_STATES = (State.ACKNOWLEDGED, State.UNKNOWN, State.ACTION_REQUIRED, State.CANCELED)


@frozen
class NotificationResult:
    """What became of one notification.

    Args:
        order_number: None where the order is unknown.
        case: that was looked into, or None.
    """

    remote_id: str
    kind: NotificationKind
    order_number: str | None
    case: CancelCase | ResponseCase | None
    message: str


def _digest(request: WebhookRequest, notification: OrderNotification) -> str:
    """What is the same where a message comes again: what was signed, and what the plugin read in it.

    Not the headers by themselves: most of them are not signed, and a name of the delivery is one of them.
    """
    about = [] if notification.request is None else [notification.request.request_id]
    read = json.dumps([sorted(request.query.items()), notification.remote_id, notification.kind.value, *about])
    return hashlib.sha256(read.encode() + b"\n" + request.body).hexdigest()


class NotificationService:
    """Takes what comes in. Reached as `desk.notifications`.

    A message that comes again does nothing, however often, and to whichever process.
    """

    def __init__(
        self, parts: DeskParts, cancellations: CancellationService, cancel_requests: CancelRequestIntake
    ) -> None:
        self._cancel_requests = cancel_requests
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._connections = parts.connections
        self._scheduler = parts.scheduler
        self.rule_trigger = parts.rule_trigger
        self._cancellations = cancellations

    @then_rules_act
    def handle_webhook(self, connection: str, request: WebhookRequest) -> tuple[NotificationResult, ...]:
        """Take a message that came in for a connection (a webhook, a notification), and look into what it reports.

        Nothing of it is believed: it makes us read what the service says, and the sender waits for that; to answer at
        once, use `desk.messages.receive`. Raises SignatureVerificationError (answer the
        sender with 401), MalformedResponseError and what else a plugin says of a message that it cannot read;
        PluginError where it fails; InvalidStateError for an integration that takes no messages.
        """
        if len(request.body) > MAX_BYTES:
            text = f"the webhook has {len(request.body):,} bytes; at most {MAX_BYTES:,} are allowed"
            raise ValidationError(text, location=f"connection {connection!r}")
        hints = read_notifications(self._connections, connection, request, self._scheduler.now())
        orders = {hint: self._order_store.find_by_remote_id(connection, hint.remote_id) for hint in hints}
        digests = {hint: _digest(request, hint) for hint, order_id in orders.items() if order_id is not None}
        if not digests:  # About no order of ours: nothing is done, and nothing remembered.
            return tuple(NotificationResult(hint.remote_id, hint.kind, None, None, _UNKNOWN_ORDER) for hint in hints)
        taken = self._ledger.claim_notifications(connection, frozenset(digests.values()), self._scheduler.now())
        left = set(taken)
        done: list[str] = []
        heard: list[NotificationResult] = []
        try:
            for hint, order_id in orders.items():
                digest = digests.get(hint)
                one, is_done = self._handle_once(connection, hint, order_id, is_new=digest in left)
                heard.append(one)
                if digest in left and is_done:
                    left.discard(digest)
                    done.append(digest)
        finally:
            # What could not be looked into is not held against the sender who sends it again.
            if taken:
                with suppress(StorageError):  # It stays claimed then, and may be claimed again after some minutes.
                    self._ledger.complete_notifications(connection, done, left)
        _log.info("webhook handled, notifications: %d", len(heard), about=LogSubject(connection=connection))
        return tuple(heard)

    def _handle_once(
        self, connection: str, notification: OrderNotification, order_id: str | None, *, is_new: bool
    ) -> tuple[NotificationResult, bool]:
        """What became of a hint, and whether it was looked into."""
        if order_id is None:
            return NotificationResult(notification.remote_id, notification.kind, None, None, _UNKNOWN_ORDER), False
        order = self._order_store.get_order(order_id)
        if not is_new:
            text = "The webhook was received before; nothing is done again"
            return NotificationResult(
                notification.remote_id, notification.kind, order.number, self._latest(order, connection), text
            ), False
        is_done = True
        try:
            case, text = self.handle_notification(order, connection, notification)
        except StorageError:
            raise  # Nothing could be kept of it: the sender must hear so, and send it again.
        except OrderDeskError as error:  # One order's trouble keeps no other from being handled.
            case, text, is_done = self._latest(order, connection), f"Not handled: {error}", False
        return NotificationResult(notification.remote_id, notification.kind, order.number, case, text), is_done

    def handle_notification(
        self, order: Order, connection: str, notification: OrderNotification
    ) -> tuple[CancelCase | ResponseCase | None, str]:
        """Handle what a message says of an order at a connection; the case, and what was done, in words."""
        delivery = f", delivery {notification.event_id}" if notification.event_id else ""
        by = f"a webhook from {connection}{delivery}"
        return self.handle(order, connection, notification.kind, by=by, request=notification.request)

    def handle(
        self,
        order: Order,
        connection: str,
        kind: NotificationKind,
        *,
        by: str,
        request: RequestedCancellation | None = None,
    ) -> tuple[CancelCase | ResponseCase | None, str]:
        """Handle what is reported of an order at a connection; the case, and what was done, in words.

        Args:
            request: which of others' requests to cancel it is about; None where it is about none, or does not tell.
        """
        if kind in (NotificationKind.CANCEL_REQUESTED, NotificationKind.CANCEL_REQUEST_WITHDRAWN):
            return self._cancel_requests.hear(order, connection, kind, request, by=by)
        return self._handle_report(order, connection, kind, by=by)

    def _handle_report(
        self, order: Order, connection: str, kind: NotificationKind, *, by: str
    ) -> tuple[CancelCase | None, str]:
        coverage = read_coverage(self._ledger, self._order_store, order)
        case = coverage.latest.get(connection)
        if case is not None and (case.is_open or case.state is State.CANCELED):
            self._add_note_once(case, f"{by} reports that the order is {kind.value}")
        if kind is NotificationKind.CANCELED and not coverage.is_canceled_or_open(connection):
            # It came from there: the connection is polled and never sent a request, so nothing is echoed.
            draft = self._cancellations.draft(
                order, by=by, reason=f"canceled at {connection}", connections=(connection,)
            )
            reported = self._cancellations.open(order, evolve(draft, reported_by=connection))
            cases = [case for case in reported.cases if case.connection == connection]
            return (cases[-1] if cases else None), "Polled" if cases else "No case to poll"
        if case is None or case.state not in POLLABLE:
            return case, "No case to poll"
        after, is_read = self._poll(case)
        if kind is NotificationKind.SHIPPED and not is_read and _is_alarming(after, coverage):
            # A settled case is not due again, so what could not be polled must not be forgotten.
            return self._raise_alarm(
                after, f"{by} reports that the order shipped; the order could not be polled"
            ), "alarm"
        return after, "Polled" if is_read else "Recorded; the order could not be polled"

    def has_new_shipment(self, order: Order) -> bool:
        """Whether an order as it comes in has a shipment that the host does not know yet, and a case to alarm for."""
        if not order.shipments or not self._ledger.cases(
            CancelCase, order_id=order.id, states=_ALARMING_STATES, limit=1
        ):
            return False
        earlier = {(one.id, one.tracking_number) for one in self._order_store.get_order(order.id).shipments}
        return any((one.id, one.tracking_number) not in earlier for one in order.shipments)

    def report_shipments(self, orders: Sequence[Order], *, by: str) -> None:
        """Raise the alarm for orders that came in with a shipment of which `has_new_shipment` said that it is new."""
        for order in orders:
            note = f"the order has a new shipment: {order.shipments[-1].tracking_number or 'no tracking number'}"
            self._raise_alarms(order, (), by=by, note=note)

    @then_rules_act
    def report_canceled(self, order: str, *, connection: str, by: str) -> CancelCase | None:
        """Report that an order was canceled at a connection by itself: it is read there, and not asked for.

        The case that settles it, or None where there is no case to poll.
        """
        resolved = self._order_store.resolve(order)
        case, _ = self._handle_report(resolved, connection, NotificationKind.CANCELED, by=require_actor(by))
        return case

    @then_rules_act
    def report_shipped(
        self, order: str, *, by: str, connections: Sequence[str] = (), note: str | None = None
    ) -> tuple[CancelCase, ...]:
        """Report that an order shipped; the cases for which that is an alarm, because it was canceled or asked for.

        Args:
            connections: only at these connections; empty means every fulfillment service. Where the service can be
                read, it is read first. Where only a part was to be canceled, the rest ships in order: there only the
                service's own word is an alarm.

        Raises InvalidStateError where the order was not submitted to one of `connections`.
        """
        return self._raise_alarms(self._order_store.resolve(order), connections, by=require_actor(by), note=note)

    def _raise_alarms(
        self, order: Order, connections: Sequence[str], *, by: str, note: str | None
    ) -> tuple[CancelCase, ...]:
        coverage = read_coverage(self._ledger, self._order_store, order)
        remote_orders = coverage.remote_orders
        wanted = {
            remote_order.connection
            for remote_order in (select_remote_orders(order, remote_orders, connections) if connections else ())
        }
        raised = []
        for case in coverage.latest.values():
            if (case.connection not in wanted) if connections else (case.role is ConnectionRole.CART):
                continue
            if case.state not in _ALARMING_STATES:
                continue
            polled, _ = self._poll(case)
            if _is_alarming(polled, coverage):
                polled = self._raise_alarm(polled, note or f"{by} reports that the order shipped", person=by)
            if polled.state is State.SHIPPED_ANYWAY:
                raised.append(polled)
        return tuple(raised)

    def _add_note_once(self, case: CancelCase, text: str) -> None:
        """Note a message once, however often its sender repeats it, as long as not too many others came in between."""
        if text not in self._ledger.newest_notes(case.id, NOTES_COMPARED):
            self._ledger.append(case, [text], if_unchanged=False)

    def _raise_alarm(self, case: CancelCase, message: str, person: str | None = None) -> CancelCase:
        event = Event(EventKind.SHIPPED, self._scheduler.now(), message=message, hint=STOP_SHIPMENT_HINT, person=person)
        return self._scheduler.apply(case, event)

    def _latest(self, order: Order, connection: str) -> CancelCase | None:
        cases = self._ledger.cases(CancelCase, order_id=order.id, connection=connection)
        return cases[-1] if cases else None

    def _poll(self, case: CancelCase) -> tuple[CancelCase, bool]:
        """The case after a poll, and whether it gave a usable status."""
        if not self._can_poll(case):
            return case, False
        try:
            self._scheduler.poll(case)
        except PluginError:  # The connection has nothing to read, as its plugin knows without a call.
            return self._ledger.case(case.id, CancelCase), False
        after = self._ledger.case(case.id, CancelCase)
        given_up = after.state is State.ACTION_REQUIRED and case.state is not State.ACTION_REQUIRED
        # A settled case counts failures only where a poll gave no usable status; an open one is polled again when due.
        return after, not given_up and not (after.state is State.CANCELED and after.consecutive_failures > 0)

    def _can_poll(self, case: CancelCase) -> bool:
        try:
            hook = self._connections.get(case.connection).plugin.manager.hook.orderdesk_poll
        except OrderDeskError:
            return False
        return bool(hook.get_hookimpls())


def _is_alarming(case: CancelCase, coverage: CancellationCoverage) -> bool:
    """Whether it is an alarm that something of the order shipped there: not where the rest of it goes on."""
    return case.state in _ALARMING_STATES and coverage.requests_all_lines(case)
