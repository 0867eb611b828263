"""The parts that a desk consists of, made and connected to each other.

Apart from `desk`, so that a program that imports `Desk` imports the rest of the SDK when it opens one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.clock import Clock, SystemClock
from orderdesk_sdk.desk.answer_links import AnswerLinkService
from orderdesk_sdk.desk.cancel_request_polling import CancelRequestIntake, CancelRequestPoller
from orderdesk_sdk.desk.cancellations import CancellationService
from orderdesk_sdk.desk.cases import CaseService
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.connection_vault import ConnectionVault
from orderdesk_sdk.desk.eligibility import EligibilityService
from orderdesk_sdk.desk.feed import EventFeedService
from orderdesk_sdk.desk.inbox import InboxService
from orderdesk_sdk.desk.messages.own_moves import OwnMoveRecorder
from orderdesk_sdk.desk.notifications import NotificationService
from orderdesk_sdk.desk.orders import OrderService
from orderdesk_sdk.desk.parts import DeskParts
from orderdesk_sdk.desk.request_actions import DeskRequestActions
from orderdesk_sdk.desk.responses import ResponseService
from orderdesk_sdk.desk.resubmissions import ResubmissionService
from orderdesk_sdk.desk.rule_actions import RuleActionExecutor
from orderdesk_sdk.desk.rule_trigger import RuleTrigger
from orderdesk_sdk.desk.status_changes import StatusChangeService
from orderdesk_sdk.desk.store_follow_up import ReceiptStore, StoreFollowUp, canceled_folder_rule
from orderdesk_sdk.desk.stored_configuration import StoredConfiguration
from orderdesk_sdk.orders.store import OrderStore
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.plugin.hookspecs import LISTENERS
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.telemetry import span
from orderdesk_sdk.rules.engine import RuleEngine
from orderdesk_sdk.rules.model import Rule
from orderdesk_sdk.runtime.answer_links import AnswerLinks, validate_answer_link_config
from orderdesk_sdk.runtime.cancel_request_lists import CancelRequestLists
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.engines.choosing import waker_of
from orderdesk_sdk.runtime.engines.wake_handler import WakeHandler
from orderdesk_sdk.runtime.listeners import Listeners
from orderdesk_sdk.runtime.scheduler import RunReport, Scheduler
from orderdesk_sdk.runtime.scheduler_dependencies import SchedulerDependencies
from orderdesk_sdk.stores.opening import (
    clock_of_ledger,
    open_ledger,
    open_order_desk_store,
    open_order_store,
    states_of_connections,
)
from orderdesk_sdk.stores.orderdesk_api.connection_names import ConnectionNames
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore
from orderdesk_sdk.transport.http.reach import Reach
from orderdesk_sdk.transport.shutdown import Shutdown

if TYPE_CHECKING:
    from datetime import datetime

    from orderdesk_sdk.desk.access.service import AccessService
    from orderdesk_sdk.desk.audit import AuditService
    from orderdesk_sdk.desk.bulk.lists import BulkListService
    from orderdesk_sdk.desk.connection_admin.service import ConnectionAdmin
    from orderdesk_sdk.desk.desk import DeskLimits
    from orderdesk_sdk.desk.event_webhooks.service import EventWebhookService
    from orderdesk_sdk.desk.manual_evidence import ManualEvidence
    from orderdesk_sdk.desk.messages.service import MessageService
    from orderdesk_sdk.desk.receipt_links import ReceiptLinkService
    from orderdesk_sdk.runtime.handlers.email import CancellationEmail
    from orderdesk_sdk.stores.orderdesk_api.settings import OrderDeskSettings
    from orderdesk_sdk.transport.email.smtp import SmtpTransport
    from orderdesk_sdk.transport.http.connection_state import StateOfConnection
    from orderdesk_sdk.transport.http.limits import HttpLimits

__all__ = ["DeskAssembly"]

MESSAGE_HEAD_START = 0.5
"""Seconds that a round waits for messages before its cases."""
MESSAGE_WAIT = 2.0
"""Seconds that a round waits for messages after its cases; what takes longer goes on beside the next rounds."""


class DeskAssembly:
    """All parts of one desk. Those that are None are made from the configuration, or by default."""

    def __init__(
        self,
        config: Config,
        clock: Clock | None,
        limits: DeskLimits,
        listeners: Sequence[object],
        *,
        ledger: Ledger | None,
        order_store: OrderStore | None,
        registry: PluginRegistry | None,
    ) -> None:
        self._config = config
        # First what may be wrong in a configuration that was made in code: no file is made then.
        self._mailer = _open_mailer(config)
        if config.answer_links is not None:
            validate_answer_link_config(config.answer_links, "[answer_links]")
        self.registry = registry or PluginRegistry()
        self.registry.disable(config.disabled_plugins)
        self._closers: list[Callable[[], None]] = []
        self.configured_rules = (*config.rules, *_rules_of_store(config.order_desk))
        keeps_events = self._keeps_events(self.configured_rules)
        self.ledger: Ledger = ledger or open_ledger(config.ledger, keeps_events=keeps_events)
        self.clock = clock = clock or clock_of_ledger(self.ledger)
        states = states_of_connections(config.ledger, self.ledger, clock)
        self.order_store: OrderStore = order_store or self._open_order_store(clock, states, limits.http)
        self.listeners = Listeners(
            listeners, lambda: self.registry.entry_points(LISTENERS), timeout=limits.plugin_timeout
        )
        self.shutdown = Shutdown()
        calls = (limits.http, limits.plugin_timeout, states, self.shutdown)
        self.connections = Connections(config.connections, self.registry, clock, *calls)
        links = config.answer_links
        self._links = AnswerLinks(links, self.ledger, clock) if links is not None else None
        self._start_services()
        self._start_stored_configuration()

    def _open_order_store(self, clock: Clock, states: StateOfConnection, limits: HttpLimits) -> OrderStore:
        orders, suffix = self._config.orders, self._config.resubmission_suffix
        order_desk = self._config.order_desk
        if order_desk is not None:
            names = ConnectionNames(order_desk.connections, lambda: self.connections.slugs(), self._titles)
            live = open_order_desk_store(order_desk, names, self.ledger, states, clock, suffix, limits)
            self._closers.append(live.close)
            return live
        if orders is None:
            return open_order_store(self._config.ledger, clock=clock, suffix=suffix)
        return open_order_store(orders, clock=clock, suffix=suffix, place="[orders].url")

    def _titles(self) -> Mapping[str, str]:
        declared = {name: self.registry.describe(slug) for name, slug in self.connections.slugs().items()}
        return {name: found.title for name, found in declared.items() if not isinstance(found, str)}

    def _start_services(self) -> None:
        ledger, connections, clock = self.ledger, self.connections, self.clock
        by_id = self._order_store_by_id()
        self.scheduler = Scheduler(
            SchedulerDependencies(ledger, by_id, connections, self.listeners, self._email, clock, self.shutdown)
        )
        self.rule_trigger = RuleTrigger(self.scheduler)
        self.wakes = WakeHandler(ledger, self.scheduler, clock, self.shutdown)
        self.wakes.use(waker_of(self._config.engine, ledger))
        self.parts = parts = DeskParts(ledger, by_id, connections, self.scheduler, clock, self.rule_trigger)
        self.feed = EventFeedService(ledger)
        self.inbox = InboxService(parts)
        self.cases = CaseService(parts, self._manual_evidence)
        self.answer_links = AnswerLinkService(parts, self._links)
        self.cancellations = CancellationService(parts)
        self.eligibility = EligibilityService(parts)
        self.status_changes = StatusChangeService(parts, self.cancellations)
        self.resubmissions = ResubmissionService(parts)
        self._start_responses(parts)
        self.notifications = NotificationService(parts, self.cancellations, self._intake)
        self._made_messages: MessageService | None = None
        self._made_bulks: BulkListService | None = None
        self._made_event_webhooks: EventWebhookService | None = None
        self._messages_lock = threading.Lock()
        executor = RuleActionExecutor(self.cancellations, self.status_changes)
        self.rules = RuleEngine(self.configured_rules, ledger, by_id, connections, executor, clock)
        if isinstance(self.order_store, ReceiptStore):
            self.rules.follow_up = StoreFollowUp(self.order_store, by_id, ledger, self.notifications)
        self.scheduler.event_processor = self.rules
        self.orders = OrderService(parts, self.order_store, self.cancellations, self.notifications, self.rules)
        if self._config.messages.watch_every:
            self.messages.next_due()  # Made at once: a store that cannot be watched is refused here.

    def _start_stored_configuration(self) -> None:
        config = self._config
        vault = ConnectionVault(config.stored_connections, Reach.PUBLIC if config.sandbox is None else Reach.SANDBOX)
        self.stored_configuration = StoredConfiguration(
            self.ledger, config.connections, self.connections, vault, self._use_stored_rules
        )
        self.stored_configuration.look()
        self.scheduler.take_up_changes = self.stored_configuration.look
        self._vault = vault
        self._made_admin: ConnectionAdmin | None = None

    @property
    def connection_admin(self) -> ConnectionAdmin:
        """Made when it is asked for: most desks never change a connection."""
        from orderdesk_sdk.desk.connection_admin.service import ConnectionAdmin

        made = self._made_admin = self._made_admin or ConnectionAdmin(
            self._config, self.parts, self.registry, self._vault, self.stored_configuration, self.audit
        )
        return made

    def _use_stored_rules(self, stored: Sequence[Rule]) -> None:
        """Go by the rules of the ledger beside those of orderdesk.toml, which a name of theirs belongs to."""
        taken = {rule.name for rule in self.configured_rules}
        rules = (*self.configured_rules, *(rule for rule in stored if rule.name not in taken))
        self.rules.use(rules)
        self.ledger.keep_events(wanted=self._keeps_events(rules))

    def _keeps_events(self, rules: Sequence[Rule]) -> bool:
        return bool(rules) or self._config.order_desk is not None

    def _start_responses(self, parts: DeskParts) -> None:
        actions = DeskRequestActions(parts, self.cancellations)
        self.responses = ResponseService(parts, actions)
        lists = CancelRequestLists(self.connections, self.clock)
        self._intake = CancelRequestIntake(parts, self.responses, lists)
        self.scheduler.request_actions = actions
        self.scheduler.request_poller = CancelRequestPoller(self.ledger, self.connections, parts, self._intake, lists)

    def _order_store_by_id(self) -> OrderStoreById:
        if not (self._config.messages.store_id or self._config.messages.watch_every):
            return OrderStoreById(self.order_store)  # No message could be the echo of a move.
        return OwnMoveRecorder(self.order_store, self.ledger, self.clock)

    @property
    def messages(self) -> MessageService:
        """Made when it is first asked for; at once where the order store is watched, which not every store can be."""
        made = self._made_messages
        if made is None:
            from orderdesk_sdk.desk.message_assembly import make_message_service  # What only plans needs none.

            with self._messages_lock:
                made = self._made_messages = self._made_messages or make_message_service(
                    self._config, self.parts, self.order_store, self.cancellations, self.notifications, self.shutdown
                )
        return made

    @property
    def bulks(self) -> BulkListService:
        """Made when it is first asked for."""
        from orderdesk_sdk.desk.bulk.lists import BulkListService  # What only plans needs none.

        with self._messages_lock:
            self._made_bulks = self._made_bulks or BulkListService(self.parts, self.cancellations, self.shutdown)
            return self._made_bulks

    @property
    def event_webhooks(self) -> EventWebhookService:
        """Made when it is first asked for, or there is somebody to send to."""
        from orderdesk_sdk.desk.event_webhooks.service import EventWebhookService
        from orderdesk_sdk.desk.event_webhooks.vault import EndpointVault

        config, audit = self._config, self.audit
        with self._messages_lock:
            self._made_event_webhooks = self._made_event_webhooks or EventWebhookService(
                self.ledger,
                EndpointVault(config.event_webhooks),
                audit,
                self.clock,
                SystemClock(),
                Reach.PUBLIC if config.sandbox is None else Reach.SANDBOX,
                self.shutdown,
            )
            return self._made_event_webhooks

    @cached_property
    def audit(self) -> AuditService:
        """Made when it is first asked for, as `access`: what only plans or works needs neither."""
        from orderdesk_sdk.desk.audit import AuditService

        return AuditService(self.ledger, SystemClock())

    @cached_property
    def receipt_links(self) -> ReceiptLinkService:
        """By the machine's clock, as `access`: a link is for people outside of any sandbox."""
        from orderdesk_sdk.desk.receipt_links import ReceiptLinkService

        return ReceiptLinkService(self.parts, self.audit, SystemClock())

    @cached_property
    def access(self) -> AccessService:
        """By the machine's clock: a sandbox's may stand still, and its sessions would not end."""
        from orderdesk_sdk.desk.access.service import AccessService

        return AccessService(self.ledger, self.audit, SystemClock())

    def _email(self) -> CancellationEmail:
        from orderdesk_sdk.runtime.handlers.email import CancellationEmail  # What only plans needs none.

        return CancellationEmail(self._mailer, self._links, self.clock)

    def _manual_evidence(self) -> ManualEvidence:
        from orderdesk_sdk.desk.manual_evidence import ManualEvidence  # So does this.

        return ManualEvidence(self._config, self.ledger, self.connections, self.clock)

    def run_due(self, limit: int) -> RunReport:
        """Do what is due now; nothing once the desk is being closed."""
        with self.shutdown.in_use(), span("run_due") as observed:
            report = RunReport(0, None)
            if not self.shutdown.is_requested:
                report = self._with_messages(lambda: self.scheduler.run_due(limit))
            observed.set("handled", report.handled)
            observed.set("problems", len(report.problems))
            return report

    def sweep(self, slack: timedelta | None) -> RunReport:
        """Do what has been due for longer than a while, and handle messages; nothing once the desk is being closed."""
        with self.shutdown.in_use():
            if self.shutdown.is_requested:
                return RunReport(0, None)
            return self._with_messages(lambda: self.wakes.sweep(slack))

    def _with_messages(self, run_cases: Callable[[], RunReport]) -> RunReport:
        """Handle messages beside the cases that are due, then the cases that follow from them."""
        problems = self.messages.begin_due()
        # Most are handled at once, and not beside the round, so that no case is wanted by both.
        handled, troubles = self.messages.finish_due(MESSAGE_HEAD_START)
        report = run_cases()
        late, late_troubles = self.messages.finish_due(MESSAGE_WAIT)
        following = run_cases() if late else RunReport(0, report.next_due)
        event_problems, next_event = self._send_events()
        due = [at for at in (following.next_due, self.messages.next_due(), next_event) if at is not None]
        return RunReport(
            handled + report.handled + late + following.handled,
            min(due, default=None),
            (*problems, *troubles, *report.problems, *late_troubles, *following.problems, *event_problems),
            report.is_complete and following.is_complete,
        )

    def _send_events(self) -> tuple[Sequence[str], datetime | None]:
        """Begin to send what has happened to whoever hears it; the problems, and when the next event is due.

        It goes on beside the rounds: no case waits for it.
        """
        if self._made_event_webhooks is None and not self.ledger.endpoints():
            return (), None  # The rule, which costs a read.
        events = self.event_webhooks
        return events.begin_due(), events.next_due()

    def close(self, *, wait: bool) -> None:
        """Begin nothing new, wait for what is under way where that is wanted, and close everything."""
        self.shutdown.request()
        with self._messages_lock:
            messages, events = self._made_messages, self._made_event_webhooks
        if wait:
            if messages is not None:
                messages.wait_until_idle()
            self.scheduler.wait_until_idle()
            if events is not None:
                events.wait_until_idle()
        for service in (messages, events):
            if service is not None:
                service.close()
        self.connections.close()
        self.ledger.close()
        if isinstance(self.order_store, SqlOrderStore):
            self.order_store.close()
        for close in self._closers:
            close()


def _rules_of_store(settings: OrderDeskSettings | None) -> tuple[Rule, ...]:
    """The rules that come with a live order store."""
    folder = settings.canceled_folder if settings is not None else ""
    return (canceled_folder_rule(folder),) if folder else ()


def _open_mailer(config: Config) -> SmtpTransport | None:
    if config.email is None:
        return None
    from orderdesk_sdk.transport.email.smtp import SmtpTransport  # It imports the libraries for mail.

    return SmtpTransport(config.email)
