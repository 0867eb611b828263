"""The contract with plugins, and the toolkit that they are written with: the one import of a plugin's author.

    from orderdesk_sdk.plugin import Button, Integration, Polling, answer, hookimpl, minutes

A plugin declares how one service cancels (`Integration`, routes, windows, confirmations, reasons), describes its calls
as flows (`Service` makes the requests, `answer` says what a response means), and names its settings and credentials.
Everything here is data or pure code: no plugin sends anything itself.

What stands where: `hookspecs`, `integration`, `routes`, `reasons`, `requests`, `answer`, `webhooks`, `service`,
`auth`, `oauth` and `connection_settings` are the contract; `toolkit/` reads responses and writes bodies; `profiles/`
serves services whose API is not published; `registry`, `validation`, `guard` and `bulkhead` are the core's side of
it: how plugins are found, checked, and kept from harming anybody else; `telemetry` tells a recorder what is done.

This room imports `orders` and the ground, and nothing above it. httpx is imported by `service`, `auth`, `oauth` and
`sftp_auth` only, and not before the first request is made: loading a plugin does not need it.
"""

from __future__ import annotations

import sys
from importlib import import_module

_HOMES = {
    "clock": "Clock hours minutes seconds",
    "errors": ("ConfigurationError ValidationError InvalidStateError OrderDeskError SignatureVerificationError"),
    "secret": "Secret",
    "orders.order": "Address OrderLine Order RemoteOrder ConnectionRole Discount OrderNote Shipment",
    "orders.serialization": "text_at_path",
    "plugin.eligibility": "Eligibility ReadPerOrder",
    "plugin.hookspecs": "hookimpl",
    "plugin.integration": (
        "Verification IdentifierFormat Integration Limit NewNumber NoResubmission Quota ResubmissionPolicy "
        "SameNumber SettableStatus SideEffect SideEffectSwitch"
    ),
    "plugin.routes": (
        "Always Batch Button Polling ManualConfirmation FinalResponse Confirmation Email Portal Route "
        "RuleAction Scope WithinTime WhileStatus Window normalize_status"
    ),
    "plugin.reasons": (
        "StandardReason ReasonList FreeText NoReason Reason ReasonCode ReasonRule mapping_errors "
        "reasons_by_order_field read_reason_lists"
    ),
    "plugin.requests": (
        "CancelRequest EligibilityRequest OpenRequestQuery PollRequest RespondRequest ResubmitRequest "
        "StatusChangeRequest"
    ),
    "plugin.prior_steps": "PriorStep",
    "plugin.steps": "Step StepOutcome StepReport",
    "plugin.cancel_requests": (
        "CancelRequestList CancelRequests RequestedCancellation ResponseAnswer SilenceMeans WhileInFolder"
    ),
    "plugin.answer": "Answer Answers LineAnswer Outcome Rejection ResponseLike",
    "plugin.webhooks": (
        "MessageChannel OrderNotification NotificationKind RegisteredWebhook WebhookList WebhookReply WebhookRequest "
        "WebhookSetup"
    ),
    "plugin.connection_settings": (
        "RefreshTokenSettings SettingKind url folder_url custom read_header_name read_string_list secret setting "
        "settings SettingField settings_fields"
    ),
    "plugin.sftp_settings": "SftpSettings sftp_login",
    "plugin.service": "Flow FlowWithSteps Service",
    "plugin.auth": "HeaderAuth HmacAuth Token TokenAuth basic_auth iso_timestamp",
    "plugin.oauth": "ClientCredentialsAuth RefreshTokenAuth",
    "plugin.refresh_tokens": "refresh_token_auth",
    "plugin.batching": "run_batch",
    "plugin.order_numbers": "AnyOf Identity NotStated NumberKind StatedAt",
    "plugin.line_names": "LineNames",
    "plugin.toolkit.batch_report": "BatchReport ReportProblem XmlReportFormat",
    "plugin.toolkit.countries": "COUNTRIES country_code",
    "plugin.toolkit.email_addresses": "parse_address read_address",
    "plugin.toolkit.etags": "etag_of",
    "plugin.toolkit.file_drop": "LocalFileDrop FileDrop is_dropped",
    "plugin.toolkit.graphql": "GraphqlError graphql_errors",
    "plugin.toolkit.json_response": (
        "EndFlow MalformedResponseError error_message integer_at values_at values_in get_path json_object "
        "datetime_at require_success not_processed_answer objects_at single_object object_list text_at "
        "number_or_text_at "
        "texts_at auth_or_rate_limit_answer value_at format_errors"
    ),
    "plugin.toolkit.line_quantities": (
        "LineQuantities LineFormat ServiceLines answer_from_quantities answer_if_nothing_to_cancel "
        "lines_match quantities_to_cancel quantities_to_request line_answers_at"
    ),
    "plugin.toolkit.required_fields": "require_order_fields require_line_metadata reject_invalid_order",
    "plugin.toolkit.service_errors": "ServiceErrors is_rejection",
    "plugin.toolkit.signatures": "verify_signature verify_token json_text_at webhook_object",
    "plugin.toolkit.resubmission": "read_before_create submit_order",
    "plugin.toolkit.templates": ("FIELDS validate_fields render one_line printable read_template template_fields"),
    "plugin.toolkit.xml_response": "MAX_BYTES to_bytes element integer_in texts_in xml_root",
    "plugin.profiles.api_flows": ("check_before_create cancel_by_profile poll_by_profile confirmation_by_profile"),
    "plugin.profiles.api_profile": (
        "CancelEndpoint ApiProfile StatusEndpoint fill_fields read_acknowledging_profile read_api_profile"
    ),
    "plugin.profiles.api_settings": "CustomApiSettings ApiProfileSettings orderdesk_cancel orderdesk_poll",
    "plugin.profiles.json_pointer": ("read_pointer repeated_number pointer_steps value_at_pointer text_at_pointer"),
    "plugin.profiles.webhook_profile": "WebhookProfile notifications_by_profile read_webhook_profile",
}
"""The names that each module gives; `__init__.pyi` lists them for type checkers."""
_MODULES = {name: module for module, names in _HOMES.items() for name in names.split()}
_IMPORTING_HTTPX = ("plugin.auth", "plugin.oauth")
"""Modules that are imported when one of their names is used: a plugin names its credentials before it makes any."""

__all__ = ["answer", *_MODULES]  # noqa: PLE0604 - a list of names for whoever reads; type checkers read __init__.pyi


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = f"orderdesk_sdk.{_MODULES[name]}"
    if _MODULES[name] in _IMPORTING_HTTPX and module not in sys.modules:
        from orderdesk_sdk.plugin.late_import import LateImport

        return LateImport(module, name)
    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    return sorted(__all__)
