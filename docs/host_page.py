"""The page on what a host app calls: the desk, its services, and what they give."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence

from docs.imports import import_line
from docs.prose import class_section, function_section, object_section, prose, signature, wrapped
from docs.public_names import name_sections, names_given_by
from orderdesk_sdk.cases.answer_links import LinkAnswer
from orderdesk_sdk.cases.bulk_lists import BulkList
from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.case_actions import CaseAction
from orderdesk_sdk.cases.eligibility import EligibilityReading, EligibilityState
from orderdesk_sdk.cases.event_feed import FeedEvent, FeedEventKind, FeedPage
from orderdesk_sdk.cases.event_webhooks import DeliveryState, EventDelivery, EventEndpoint, EventType
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.history_lines import HistoryLine
from orderdesk_sdk.cases.inbox import InboxKind, SeenAlarm
from orderdesk_sdk.cases.messages import InboundMessage, MessagePurpose, MessageSource, MessageState
from orderdesk_sdk.cases.order_states import OrderState
from orderdesk_sdk.cases.plan import Plan, PlanEntry, PlanLine, PlanStep
from orderdesk_sdk.cases.public_receipt import (
    PublicEvent,
    PublicOutcome,
    PublicPlace,
    PublicReceipt,
    PublicState,
    PublicStep,
)
from orderdesk_sdk.cases.receipt import CancellationReceipt, CaseReceipt, EvidenceReceipt, Receipt
from orderdesk_sdk.cases.receipt_links import ReceiptLink
from orderdesk_sdk.cases.response import ResponseCase, ResponseDecision
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.cases.stored_rules import RuleState, StoredRule
from orderdesk_sdk.desk.access.api_tokens import ApiTokenService
from orderdesk_sdk.desk.access.service import AccessService
from orderdesk_sdk.desk.access.users import UserService
from orderdesk_sdk.desk.answer_links import AnswerLinkService, LinkedCase
from orderdesk_sdk.desk.audit import AuditService
from orderdesk_sdk.desk.bulk.lists import BulkListService, BulkProgress
from orderdesk_sdk.desk.bulk.request import BulkRequest
from orderdesk_sdk.desk.bulk.result import BulkOutcome, BulkResult
from orderdesk_sdk.desk.bulk.summary import BulkReason, BulkSummary
from orderdesk_sdk.desk.cancellations import CancellationService, CancellationStatus
from orderdesk_sdk.desk.case_details import CaseDetails, CaseMail
from orderdesk_sdk.desk.cases import CaseService
from orderdesk_sdk.desk.connection_admin.forms import ConnectionForm, FormField
from orderdesk_sdk.desk.connection_admin.records import ConnectionChange, ConnectionView
from orderdesk_sdk.desk.connection_admin.service import ConnectionAdmin
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.desk.eligibility import EligibilityResult, EligibilityService
from orderdesk_sdk.desk.event_webhooks.service import EventWebhookService
from orderdesk_sdk.desk.feed import EventFeedService
from orderdesk_sdk.desk.inbox import InboxCounts, InboxItem, InboxPage, InboxService
from orderdesk_sdk.desk.messages.queues import FolderQueue, MessageQueue, QueuedMessage
from orderdesk_sdk.desk.messages.receipt import MessageOutcome, MessageReceipt
from orderdesk_sdk.desk.messages.service import MessageService
from orderdesk_sdk.desk.notifications import NotificationResult, NotificationService
from orderdesk_sdk.desk.order_search import OrderPage, OrderSummary
from orderdesk_sdk.desk.orders import OrderService
from orderdesk_sdk.desk.receipt_links import ReceiptLinkService
from orderdesk_sdk.desk.responses import ResponseService
from orderdesk_sdk.desk.resubmissions import ResubmissionService
from orderdesk_sdk.desk.rule_admin import RuleAdmin
from orderdesk_sdk.desk.rule_views import DryRun, OrderTrial, RuleDraft, RuleView
from orderdesk_sdk.desk.run_loop import run_until_stopped
from orderdesk_sdk.desk.status_changes import StatusChangeService, StatusChangeStatus
from orderdesk_sdk.orders.order_search import FoundOrder, FoundOrders, SearchableOrderStore
from orderdesk_sdk.orders.store import OrderStore
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.cancel_requests import RequestedCancellation, ResponseAnswer, SilenceMeans
from orderdesk_sdk.plugin.eligibility import Eligibility
from orderdesk_sdk.plugin.webhooks import WebhookRequest
from orderdesk_sdk.rules.engine import RuleEngine
from orderdesk_sdk.runtime.scheduler import RunReport
from orderdesk_sdk.stores.sql.order_import import ImportReport
from orderdesk_sdk.transport.http.event_post import PostResult
from orderdesk_sdk.transport.http.limits import HttpLimits

__all__ = ["SERVICES", "host_page"]

SERVICES: Mapping[str, type] = {
    "orders": OrderService,
    "cancellations": CancellationService,
    "eligibility": EligibilityService,
    "cases": CaseService,
    "responses": ResponseService,
    "status_changes": StatusChangeService,
    "resubmissions": ResubmissionService,
    "notifications": NotificationService,
    "messages": MessageService,
    "answer_links": AnswerLinkService,
    "rules": RuleEngine,
    "bulks": BulkListService,
    "feed": EventFeedService,
    "access": AccessService,
    "audit": AuditService,
    "receipt_links": ReceiptLinkService,
    "event_webhooks": EventWebhookService,
    "inbox": InboxService,
}
"""The services of a desk, by their names there."""
PARTS: Mapping[str, type] = {
    "access.users": UserService,
    "access.api_tokens": ApiTokenService,
    "connection_admin": ConnectionAdmin,
    "rule_admin": RuleAdmin,
}
"""The parts of services, and what is looked after with them, by how they are reached."""
RESULTS = {
    "Plans": (Plan, PlanEntry, PlanStep, PlanLine),
    "What services say beforehand": (EligibilityResult, EligibilityReading, EligibilityState, Eligibility),
    "Cancellations and cases": (
        *(CancellationStatus, Cancellation, Case, CancelCase, StatusCase, ResubmitCase, State, Rejection),
        *(ResponseCase, ResponseDecision, RequestedCancellation, ResponseAnswer, SilenceMeans),
        *(StatusChangeStatus, NotificationResult, LinkedCase, LinkAnswer, Evidence, EvidenceKind),
    ),
    "Lists of orders": (OrderPage, OrderSummary, OrderState, FoundOrders, FoundOrder),
    "Many orders": (BulkRequest, BulkResult, BulkOutcome, BulkSummary, BulkReason, BulkList, BulkProgress),
    "Receipts": (Receipt, CancellationReceipt, CaseReceipt, EvidenceReceipt, HistoryLine),
    "Public receipts": (
        *(PublicReceipt, PublicOutcome, PublicPlace, PublicState, PublicEvent, PublicStep),
        ReceiptLink,
    ),
    "The event feed": (FeedPage, FeedEvent, FeedEventKind),
    "Events out": (EventEndpoint, EventType, EventDelivery, DeliveryState, PostResult),
    "What waits for a person": (
        *(InboxPage, InboxItem, InboxKind, InboxCounts, SeenAlarm, CaseDetails, CaseMail, CaseAction),
    ),
    "Connections and rules made while the desk runs": (
        *(ConnectionView, ConnectionChange, ConnectionForm, FormField),
        *(RuleView, RuleDraft, DryRun, OrderTrial, StoredRule, RuleState),
    ),
    "Messages": (
        *(MessageSource, MessagePurpose, MessageReceipt, MessageOutcome, InboundMessage, MessageState),
        QueuedMessage,
    ),
    "Reports and limits": (RunReport, ImportReport, DeskLimits, HttpLimits, WebhookRequest),
}
_HOME = "orderdesk_sdk"
MORE = {
    "Configuration": ("orderdesk_sdk.desk.config", "orderdesk_sdk.runtime.connection_config"),
    "Running by hand": ("orderdesk_sdk.desk.run_loop", "orderdesk_sdk.desk.bulk.run"),
    "JSON documents": ("orderdesk_sdk.desk.documents", "orderdesk_sdk.desk.capabilities"),
    "Health, log and telemetry": (
        *("orderdesk_sdk.desk.health", "orderdesk_sdk.desk.health_checks", "orderdesk_sdk.desk.log_format"),
        "orderdesk_sdk.desk.open_telemetry",
    ),
    "Archives": ("orderdesk_sdk.cases.archive",),
    "What happens to a case": ("orderdesk_sdk.cases.state_machine", "orderdesk_sdk.cases.public_receipt"),
    "For an order store of your own": (
        *("orderdesk_sdk.orders.store", "orderdesk_sdk.orders.store_rules"),
        "orderdesk_sdk.orders.store_transactions",
    ),
    "Plugins that are installed": ("orderdesk_sdk.plugin.registry",),
}
"""The modules whose other names hosts import, by what they are for."""
INTRODUCTION = """\
What a host app calls. It opens one desk and reaches everything else through it; what it needs is imported from
`orderdesk_sdk`. [Embed a desk](../how-to/embed.md) shows the calls in their order, [Errors](errors.md) what each may
raise. Every call may be made from any thread."""


def host_page() -> str:
    """The desk and its services, call by call, and the classes of what they give."""
    lines = [
        "# Host API",
        "",
        INTRODUCTION,
        "",
        "## `Desk`",
        "",
        import_line(Desk.__name__, home=_HOME),
        "",
        prose(Desk),
        "",
    ]
    lines += _calls("desk", Desk)
    lines += function_section(run_until_stopped)
    for name, service in {**SERVICES, **PARTS}.items():
        lines += [f"## `desk.{name}`", "", prose(service), "", *_calls(f"desk.{name}", service)]
    for title, classes in RESULTS.items():
        lines += [f"## {title}", ""]
        for cls in classes:
            lines += class_section(cls, home=_HOME)
    for made in (MessageQueue, FolderQueue, OrderStore, SearchableOrderStore):
        lines += object_section(made, level=2, home=_HOME)
    for title, homes in MORE.items():
        lines += [f"## {title}", ""]
        for home in homes:
            lines += name_sections(home, _left_in(home, lines), public=_HOME)
    return "\n".join(lines)


def _left_in(home: str, lines: Sequence[str]) -> list[str]:
    """The names of a module that hosts import and that no line of the page is the heading of."""
    told = {line.strip("# `") for line in lines if line.startswith("#")}
    return [name for name in names_given_by(home, _HOME) if name not in told]


def _calls(owner: str, cls: type) -> Iterator[str]:
    for name, made in vars(cls).items():
        function = made.__func__ if isinstance(made, classmethod) else made
        if not name.startswith("_") and inspect.isfunction(function):
            yield from _call(f"{'Desk' if isinstance(made, classmethod) else owner}.{name}", function)


def _call(name: str, function: Callable[..., object]) -> list[str]:
    """The lines about one call, as a caller writes it: without the object that it is a method of."""
    head = signature(function).replace("(self, ", "(").replace("(self)", "()").replace("(cls, ", "(")
    return [f"### `{name}`", "", "```python", wrapped(head), "```", "", prose(function), ""]
