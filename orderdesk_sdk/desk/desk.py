"""The desk: what a host app holds. Plan, cancel, follow up, prove.

    desk = Desk.open()                                  # orderdesk.toml, or the path given
    print(desk.plan("1042"))                            # what can be canceled where, until when
    standing = desk.cancel("1042", by="Ann", reason="customer asked")
    desk.run_due()                                      # from a timer, a worker thread, or the command line
    print(desk.receipt("1042"))                         # what was asked, answered and proved

Every method may be called from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar

from attrs import evolve

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.coverage import latest_cases
from orderdesk_sdk.cases.ledger import AnyCase, Ledger
from orderdesk_sdk.cases.plan import Plan, make_plan
from orderdesk_sdk.cases.receipt import Receipt, make_receipt
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.clock import Clock, SystemClock
from orderdesk_sdk.desk.cancellations import CancellationService, CancellationStatus, NewCancellation, require_actor
from orderdesk_sdk.desk.cases import CaseService
from orderdesk_sdk.desk.config import Config, find_config
from orderdesk_sdk.desk.manual_evidence import ManualEvidence
from orderdesk_sdk.desk.notifications import NotificationResult, NotificationService
from orderdesk_sdk.desk.orders import OrderService
from orderdesk_sdk.desk.rule_actions import RuleActionExecutor
from orderdesk_sdk.desk.status_changes import StatusChangeService, StatusChangeStatus
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.references import OrderId, order_ref
from orderdesk_sdk.orders.store import FolderMove, OrderStore
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.bulkhead import DEFAULT_TIMEOUT
from orderdesk_sdk.plugin.hookspecs import LISTENERS
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.webhooks import NotificationKind, WebhookRequest
from orderdesk_sdk.rules.engine import RuleEngine
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.context import read_coverage
from orderdesk_sdk.runtime.handlers.email import CancellationEmail
from orderdesk_sdk.runtime.listeners import Listeners
from orderdesk_sdk.runtime.scheduler import RunReport, Scheduler
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.orders import ImportReport, SqliteOrderStore, require_embedded_store
from orderdesk_sdk.transport.email.smtp import SmtpTransport
from orderdesk_sdk.transport.http.client import HttpLimits
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["Desk"]

T = TypeVar("T")


class Desk:
    """The facade of the SDK over one ledger, one host and the configured connections."""

    def __init__(
        self,
        config: Config,
        *,
        ledger: Ledger | None = None,
        order_store: OrderStore | None = None,
        clock: Clock | None = None,
        registry: PluginRegistry | None = None,
        limits: HttpLimits | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        listeners: Sequence[object] = (),
    ) -> None:
        """A desk of parts; each None is made from the configuration."""
        mailer = SmtpTransport(config.email) if config.email is not None else None
        self.config = config
        self.clock: Clock = clock or SystemClock()
        self.registry = registry or PluginRegistry()
        self.ledger: Ledger = ledger or SqliteLedger(config.ledger)
        self.order_store: OrderStore = order_store or SqliteOrderStore(
            config.ledger, clock=self.clock, suffix=config.resubmission_suffix
        )
        self._shutdown = Shutdown()
        self.connections = Connections(
            config.connections,
            self.registry,
            self.clock,
            limits or HttpLimits(),
            timeout,
            config.ledger,
            self._shutdown,
        )
        by_id = self._by_id = OrderStoreById(self.order_store)
        post = CancellationEmail(mailer, self.clock)
        self.listeners = Listeners(listeners, lambda: self.registry.entry_points(LISTENERS), timeout=timeout)
        self._scheduler = Scheduler(
            self.ledger, by_id, self.connections, self.listeners, post, self.clock, self._shutdown
        )
        filing = ManualEvidence(config, self.ledger, self.connections, self.clock)
        self._cases = CaseService(self.ledger, self._scheduler, filing, self.clock)
        self._cancellations = CancellationService(self.ledger, by_id, self.connections, self._scheduler, self.clock)
        self._status_changes = StatusChangeService(by_id, self.connections, self._scheduler, self._cancellations)
        self._notifications = NotificationService(
            self.ledger, by_id, self.connections, self._scheduler, self._cancellations
        )
        deeds = RuleActionExecutor(self._cancellations, self._status_changes)
        self.rules = RuleEngine(config.rules, self.ledger, by_id, self.connections, deeds, self.clock)
        self._orders = OrderService(
            self.order_store, self.connections, self._cancellations, self._notifications, self.rules, self.clock
        )

    @classmethod
    def open(cls, path: Path | None = None) -> Self:
        """The desk of a configuration file; `path` None takes ./orderdesk.toml where there is one."""
        return cls(find_config(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self.close(timeout=kind is None or issubclass(kind, Exception))

    def ending_on(self, signal: threading.Event) -> AbstractContextManager[None]:
        """Within the block, nothing new is begun once the signal is set, by a handler of SIGTERM say; see `close`."""
        return self._shutdown.requested_by(signal)

    def close(self, *, timeout: bool = True) -> None:
        """Finish what is under way, begin nothing new, and close connections, ledger and threads.

        timeout: False breaks off in the middle, as a crash does; what is open goes on when a desk is opened again.
        """
        self._shutdown.request()
        if timeout:
            self._scheduler.wait_until_idle()
        self.connections.close()
        self.ledger.close()
        if isinstance(self.order_store, SqliteOrderStore):
            self.order_store.close()

    def order(self, ref: str) -> Order:
        """The order with this id or number; `id:` or `number:` before it says which. So is every `order` of this class.

        Raises NotFoundError, and AmbiguousError, which names the orders, for what names several.
        """
        return self.order_store.get_order(order_ref(ref))

    def place(
        self,
        order: str,
        *,
        connection: str,
        by: str,
        remote_id: str | None = None,
        submitted_at: datetime | None = None,
    ) -> RemoteOrder:
        """Register that an order was submitted to a connection.

        remote_id: its number there, the order's own number if None. submitted_at: aware; now if None. Raises
        ValidationError for a number that the service would mangle or no path takes, as `..`, for a time still to come,
        and what the host raises for clashes.
        """
        found, person = self.order(order), require_actor(by)
        return self._after_decision(
            self._orders.register(found, connection, remote_id=remote_id, submitted_at=submitted_at, by=person)
        )

    def plan(self, order: str) -> Plan:
        """What a cancellation of the order would do now. Sends nothing."""
        found = self.order(order)
        remote_orders = self.order_store.remote_orders(found.id)
        latest = latest_cases(self.ledger.cases(order_id=found.id), remote_orders)
        standing = {name: case.state for name, case in latest.items()}
        declared, settings = self.connections.usable({remote_order.connection for remote_order in remote_orders})
        return make_plan(found, remote_orders, declared, self.clock.now(), standing, settings)

    def import_orders(self, orders: Sequence[Order], *, by: str) -> ImportReport:
        """Take orders into the local host; rules hear of each that is new, once.

        A shipment that an order has not had before raises the alarm where the order was canceled. Raises
        InvalidStateError for a host that has its own ways of taking orders in.
        """
        return self._after_decision(self._orders.import_orders(orders, by=require_actor(by)))

    def take_over(self, order: str, *, by: str) -> tuple[str, ...]:
        """Let an order of the local host alone go by its number, as one that was made anew; the ids of the others.

        These are found by their ids from now on, and what is under way for them goes on.
        """
        return require_embedded_store(self.order_store, "take over").claim_number(
            OrderId(self.order(order).id), by=require_actor(by)
        )

    def move(self, order: str, folder: str, *, by: str) -> FolderMove:
        """Put an order into a folder, and let the rules hear of it.

        By itself a move cancels nothing and tells nobody.
        """
        made, expected = self.rules.move(self.order(order).id, folder, require_actor(by))
        self._run_rules(expected)
        return made

    def cancel(
        self,
        order: str,
        *,
        by: str,
        reason: str | None = None,
        idempotency_key: str | None = None,
        connections: Sequence[str] = (),
        lines: Mapping[str, int] | None = None,
        send_now: bool = True,
    ) -> CancellationStatus:
        """Cancel an order everywhere it was submitted.

        The cancellation is in the ledger before this returns or sends anything.

        reason: canonical ("out of stock"), a code of the service's list, or free words; see `plan` for what each
        place takes.
        connections: only at these connections; empty means all. lines: only these, by line id, or by code where it is
        one line's alone, with quantities; `id:` and `code:` before a name say which it is. None means all.
        idempotency_key: names the cancellation; the same key again gives the same cancellation, and raises
        ConflictError where its content differs. None asks for what is not yet being canceled: asking twice is asking
        once, until a case ended without a cancel. send_now: False only records the cancellation; `run_due` sends it.
        Raises NotFoundError for an unknown order, InvalidStateError for one that was submitted nowhere, and
        ValidationError, before anything is recorded, for a reason or a part of the order that a place does not take.
        """
        cancellation = NewCancellation(
            order_id=self.order(order).id,
            requested_by=by,
            reason=reason,
            idempotency_key=idempotency_key,
            connections=connections,
            lines=lines or {},
            send_now=send_now,
        )
        return self._after_decision(self._cancellations.create(cancellation))

    def standing(self, cancellation: Cancellation) -> CancellationStatus:
        """Where a cancellation stands now."""
        return self._cancellations.status(cancellation)

    def change_status(
        self, order: str, status: str, *, by: str, connections: Sequence[str] = (), reason: str | None = None
    ) -> StatusChangeStatus:
        """Give an order a status at its carts, or at the connections `connections`.

        "canceled" is a cancellation there like any other: the cart is told last (law 8), and `reason` is for it. Raises
        ValidationError for a status that cannot be set, with those that can, and InvalidStateError for an order that is
        at no cart.
        """
        made = self._status_changes.create(
            self.order(order), status, requested_by=require_actor(by), connections=connections, reason=reason
        )
        self._run_rules()
        return made

    def receive(self, connection: str, message: WebhookRequest) -> tuple[NotificationResult, ...]:
        """Take a message that came in for a connection (a webhook, a notification), and look into what it hints at.

        Nothing of it is believed: it makes us polled. Raises SignatureVerificationError (answer the sender with
        401), InvalidStateError for an integration that takes no messages, and what the plugin says of a message it
        cannot read.
        """
        return self._after_decision(self._notifications.handle_webhook(connection, message))

    def canceled_elsewhere(self, order: str, *, connection: str, by: str) -> Case | None:
        """Somebody says that an order was canceled at a connection by itself: it is polled there, and not asked.

        The case that settles it, or None where there is nothing to look into.
        """
        case, _ = self._notifications.handle(
            self.order(order), connection, NotificationKind.CANCELED, by=require_actor(by)
        )
        self._run_rules()
        return case

    def shipped(
        self, order: str, *, by: str, connections: Sequence[str] = (), note: str | None = None
    ) -> tuple[Case, ...]:
        """Somebody says that an order shipped; the cases for which that is an alarm, because it was canceled or asked.

        connections: only at these connections; empty means every fulfillment.
        """
        raised = self._notifications.report_shipped(self.order(order), connections, by=require_actor(by), note=note)
        self._run_rules()
        return raised

    def forget(self, order: str, *, by: str) -> int:
        """Remove who people are and what they wrote from what is kept of an order; from how many histories.

        What was asked, answered and proved stays verified. A host of your own is left to do so itself. Raises
        InvalidStateError while anything about the order is open.
        """
        found = OrderId(self.order(order).id)
        count = self.ledger.remove_personal_texts(found, by=require_actor(by), at=self.clock.now())
        if isinstance(self.order_store, SqliteOrderStore):
            self.order_store.remove_texts(found, by=require_actor(by))
        return count

    def check_submittable(self, order: str) -> None:
        """For hosts, before they submit an order anywhere.

        Raises InvalidStateError where it is canceled or being so.
        """
        read_coverage(self.ledger, self._by_id, self.order(order)).ensure_submittable()

    def request(self, case_id: str) -> CancelRequest:
        """What an open case asks of its service, for whoever does it by other means than a button.

        Raises InvalidStateError for a settled case, and what keeps it from being asked.
        """
        return self._scheduler.request_for(case_id)

    def note(self, case_id: str, text: str, *, by: str) -> None:
        """Write into a history what somebody did about it. Changes nothing."""
        self._cases.add_note(case_id, text, by)

    def check(self, case_id: str) -> AnyCase:
        """Read back now what the service says of a case, a resubmission or a status change; as it is then.

        Raises PluginError where it cannot be read, InvalidStateError where there is nothing to polled.
        """
        return self._after_decision(self._cases.poll(case_id))

    def confirm(self, case_id: str, *, by: str, note: str | None = None, email: bytes | None = None) -> AnyCase:
        """A person's word that the service has done it: canceled the order, made the duplicate, set the status.

        case_id: of a case, a resubmission or a status change. email: the mail (RFC 5322) that says so, for a case.
        Raises ValidationError for a mail that no person of the service wrote, or that is about something else.
        """
        return self._after_decision(self._cases.confirm(case_id, by, note, email))

    def refuse(
        self,
        case_id: str,
        *,
        by: str,
        rejection: Rejection = Rejection.TOO_LATE,
        note: str | None = None,
        email: bytes | None = None,
    ) -> AnyCase:
        """A person's word that the service will not do it. rejection: why, of a case. The rest as for `confirm`."""
        return self._after_decision(self._cases.reject(case_id, by, rejection, note, email))

    def withdraw(self, case_id: str, *, by: str, note: str | None = None) -> AnyCase:
        """Take it back where nothing has been sent yet. Raises ConflictError where something has."""
        return self._after_decision(self._cases.withdraw(case_id, by, note))

    def take_back(self, order: str, *, by: str, note: str | None = None) -> tuple[Case, ...]:
        """Withdraw the cancellation of an order wherever nothing has been sent; all cases that were open, as they are.

        What was asked already goes on: only its service can tell.
        """
        return self._after_decision(self._cancellations.withdraw(self.order(order), require_actor(by), note))

    def send_again(self, case_id: str, *, by: str) -> AnyCase:
        """Send a request again although nobody knows what the first one did: a named person's decision (law 3)."""
        return self._after_decision(self._cases.retry(case_id, by))

    def resubmit(
        self, order: str, *, by: str, connection: str | None = None, number: str | None = None
    ) -> Resubmission:
        """Submit a canceled order again, as a duplicate under a new number.

        connection: the connection to submit to; None takes the one it was canceled at. number: the new number; None
        lets the host choose. Asking again continues the same resubmission. Raises InvalidStateError while the original
        is not settled as canceled.
        """
        return self._scheduler.resubmit(
            self.order(order), requested_by=require_actor(by), connection=connection, number=number
        )

    def receipt(self, order: str) -> Receipt:
        """The proof of every cancellation to cancel an order: what was asked, answered, decided, when and by whom."""
        found = self.order(order)
        remote_orders = self.order_store.remote_orders(found.id)
        return make_receipt(found, remote_orders, self.ledger, self.clock.now(), self.connections.integration)

    def work(self, case_id: str) -> AnyCase:
        """A case, a resubmission or a status change by its id. Raises NotFoundError."""
        return self._cases.get(case_id)

    def case(self, case_id: str) -> Case:
        """A case by its id. Raises NotFoundError."""
        return self.ledger.case(case_id)

    def cases(
        self,
        *,
        order: str | None = None,
        states: Sequence[State] = (),
        limit: int | None = None,
        after: Case | None = None,
    ) -> tuple[Case, ...]:
        """Cases, oldest first. order: an order's id or number; None takes all. states: empty takes all.

        limit: None gives 1000, and of one order all. after: only those that come after this one, for the next page.
        """
        order_id = self.order(order).id if order is not None else None
        return self.ledger.cases(order_id=order_id, states=states, limit=limit, after=after)

    def errands(self, *, open_only: bool = False) -> tuple[Resubmission | StatusChange, ...]:
        """Resubmissions, then status changes, oldest first."""
        again = self.ledger.resubmissions(open_only=open_only)
        return (*again, *self.ledger.status_changes(open_only=open_only))

    def run_due(self, limit: int = 1000) -> RunReport:
        """Do what is due now, and say when the next is due. Does nothing once the desk is being closed.

        Each connection does its share by itself. Beyond `limit` pieces, who is slow is finished beside the next call.
        """
        with self._shutdown.in_use():
            if self._shutdown.is_requested:
                return RunReport(0, None)
            report = self._scheduler.run_due(limit)
            while True:  # What rules want is asked by connection as well.
                try:
                    with self._scheduler.without_waiting():
                        handled, troubles = self.rules.process(limit)
                except OrderDeskError as error:  # A rule that names nobody's action must not stop what is due.
                    handled, troubles = 0, (str(error),)
                report = evolve(report, problems=(*report.problems, *troubles), next_due=self.ledger.next_due())
                if not handled or self._shutdown.is_requested:
                    return report
                more = self._scheduler.run_due(limit)
                report = RunReport(report.handled + more.handled, more.next_due, (*report.problems, *more.problems))

    def _run_rules(self, confirmed: Sequence[str] = ()) -> None:
        """Let the rules hear at once what this call did. What keeps them from it waits, and `run_due` tells of it."""
        with suppress(OrderDeskError):
            self.rules.process(confirmed=confirmed)

    def _after_decision(self, result: T) -> T:
        self._run_rules()
        return result
