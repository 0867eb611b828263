"""Cancel orders where they really are: plugins declare how, a core asks, follows up and proves the result.

    from orderdesk_sdk import Desk

A host app imports the names below from here; a plugin's author imports from `orderdesk_sdk.plugin`. Each name is loaded
when it is first used, so that importing the package costs nothing.

The rooms, from the top; each imports only those below it:

    cli        the command line
    desk       what a host app calls
    rules      rules: read, evaluated, executed exactly once
    runtime    connections, threads, flows driven, due cases handled
    stores     where orders and the ledger are kept
    transport  HTTP and e-mail: sent within limits, redacted, failures classified
    cases      pure decisions: what can be done, what follows, what proves it
    plugin     the contract with plugins, and the toolkit that they are written with
    orders     the order, its JSON, and the interface of whoever owns it

`errors`, `clock` and `secret` are the ground that all of them stand on.
"""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "clock": "Clock SystemClock VirtualClock hours minutes seconds",
    "errors": "OrderDeskError",
    "secret": "Secret",
    "orders.order": "Address OrderLine Order RemoteOrder ConnectionRole Discount OrderNote Shipment",
    "orders.references": "OrderId OrderNumber",
    "orders.numbering": "next_free_number",
    "orders.submissions": "SubmittedOrderReader",
    "orders.order_search": "FoundOrder FoundOrders SearchableOrderStore",
    "orders.store": "FolderMove OrderStore",
    "orders.store_rules": "is_registered pick_folder pick_order",
    "orders.store_transactions": "OrderStoreInTransactions",
    "orders.serialization": "OrderStream read_order_text",
    "plugin.answer": "Rejection",
    "plugin.cancel_requests": "RequestedCancellation ResponseAnswer SilenceMeans",
    "plugin.eligibility": "Eligibility",
    "plugin.hookspecs": "hookimpl",
    "plugin.integration": "Integration SideEffect",
    "plugin.registry": "PluginRegistry",
    "plugin.webhooks": "NotificationKind WebhookRequest",
    "cases.answer_links": "LinkAnswer",
    "cases.archive": "ArchivedHistory ArchiveReport ForgetReport",
    "cases.cancellation": "CancelCase Cancellation",
    "cases.case": "Case State",
    "cases.response": "ResponseCase ResponseDecision",
    "cases.messages": "InboundMessage MessagePurpose MessageSource MessageState",
    "cases.resubmission": "ResubmitCase",
    "cases.status_change": "StatusCase",
    "cases.state_machine": "Event EventKind",
    "cases.eligibility": "EligibilityReading EligibilityState",
    "cases.evidence": "Evidence EvidenceKind",
    "cases.plan": "Plan PlanEntry PlanLine PlanStep",
    "cases.order_states": "OrderState",
    "cases.public_receipt": (
        "PublicEvent PublicOutcome PublicPlace PublicReceipt PublicState PublicStep public_receipt"
    ),
    "cases.receipt": "Receipt CancellationReceipt CaseReceipt EvidenceReceipt",
    "cases.receipt_links": "ReceiptLink",
    "transport.http.limits": "HttpLimits",
    "stores.sql.order_import": "ImportReport",
    "runtime.connection_config": "Answering ConnectionConfig",
    "runtime.scheduler": "RunReport",
    "desk.config": "Config find_config read_config",
    "desk.capabilities": "capabilities_document",
    "desk.answer_links": "LinkedCase",
    "desk.bulk.request": "BulkRequest",
    "desk.bulk.result": "BulkOutcome BulkResult",
    "desk.bulk.run": "BulkRun",
    "desk.bulk.summary": "BulkReason BulkSummary",
    "desk.cancellations": "CancellationStatus",
    "desk.eligibility": "EligibilityResult",
    "desk.connection_admin.records": "ConnectionChange ConnectionView",
    "desk.health": "HealthCheck HealthCode HealthStatus health_document",
    "desk.health_checks": "check_health",
    "desk.log_format": "JsonLogFormatter",
    "desk.documents": "case_document plan_document public_receipt_document receipt_document",
    "desk.desk": "Desk DeskLimits",
    "desk.messages.queues": "FolderQueue MessageQueue QueuedMessage",
    "desk.messages.receipt": "MessageOutcome MessageReceipt",
    "desk.notifications": "NotificationResult",
    "desk.rule_views": "DryRun RuleDraft RuleView OrderTrial",
    "desk.run_loop": "RunLoop run_until_stopped",
    "desk.order_search": "OrderPage OrderSummary",
    "desk.open_telemetry": "instrument",
    "desk.status_changes": "StatusChangeStatus",
    "cases.bulk_lists": "BulkList",
    "desk.bulk.lists": "BulkProgress",
    "cases.history_lines": "HistoryLine",
    "cases.event_feed": "FeedEvent FeedEventKind FeedPage",
    "cases.event_webhooks": "DeliveryState EventDelivery EventEndpoint EventType",
    "transport.http.event_post": "PostResult",
    "desk.inbox": "InboxCounts InboxItem InboxPage",
    "cases.inbox": "InboxKind SeenAlarm",
    "desk.case_details": "CaseDetails CaseMail",
    "cases.case_actions": "CaseAction",
    "desk.connection_admin.forms": "ConnectionForm FormField",
    "cases.stored_rules": "RuleState StoredRule",
}
"""The names that each module gives; `__init__.pyi` lists them for type checkers."""
_MODULES = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = ["errors", *_MODULES]  # noqa: PLE0604 - a list of names for whoever reads; type checkers read __init__.pyi


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
