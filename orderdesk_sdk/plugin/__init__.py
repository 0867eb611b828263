"""The contract with plugins, and the toolkit that they are written with: the one import of a plugin's author.

    from orderdesk_sdk.plugin import Button, Integration, Polling, answer, hookimpl, minutes

A plugin declares how one service cancels (`Integration`, routes, windows, confirmations, reasons), describes its calls
as flows (`Service` makes the requests, `answer` says what a response means), and names its settings and credentials.
Everything here is data or pure code: no plugin sends anything itself.

What stands where: `hookspecs`, `integration`, `routes`, `reasons`, `requests`, `answer`, `webhooks`, `service`, `auth`
and `connection_settings` are the contract; `toolkit/` reads responses and writes bodies; `profiles/` serves services
whose API is not published; `registry`, `validation`, `guard` and `bulkhead` are the core's side of it: how plugins are
found, checked, and kept from harming anybody else.

This room imports `orders` and the ground, and nothing above it. httpx is imported by `service` and `auth` only.
"""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "clock": "Clock hours minutes seconds",
    "errors": "ConfigurationError InputError NotAllowedError OrderDeskError UntrustedMessage",
    "secret": "Secret",
    "orders.order": "Address Line Order Placement Role",
    "orders.serialization": "text_in",
    "plugin.hookspecs": "hookimpl",
    "plugin.integration": ("Evidence IdRule Integration Limit NewNumber NoResubmit ResubmitRule SameNumber Status"),
    "plugin.routes": (
        "Always Batch Button ByCheck ByPerson ByReply Confirmation Email fold Portal Route RuleAction Scope "
        "SinceSubmission WhileStatus Window"
    ),
    "plugin.reasons": (
        "CanonicalReason ClosedList FreeText gaps listed_by NoReason read_reason_lists Reason ReasonCode ReasonRule"
    ),
    "plugin.requests": "CancelRequest CheckRequest ResubmitRequest StatusRequest",
    "plugin.answer": "Answer Answers LineAnswer Outcome Refusal Reply",
    "plugin.webhooks": "Hint HintKind Message",
    "plugin.connection_settings": (
        "host parsed read_header_name read_texts RefreshTokenSettings secret setting SettingKind settings"
    ),
    "plugin.service": "Flow Service",
    "plugin.auth": (
        "basic_auth ClientCredentialsAuth HeaderAuth HmacAuth iso_stamp refresh_token_auth RefreshTokenAuth "
        "Token TokenAuth"
    ),
    "plugin.batching": "together",
    "plugin.identity": "AnyOf Identity NotStated NumberKind StatedAt",
    "plugin.lines": "LineNames",
    "plugin.toolkit.batch_report": "BatchReport Problem XmlReport",
    "plugin.toolkit.countries": "COUNTRIES country_code",
    "plugin.toolkit.email_addresses": "address_of read_address",
    "plugin.toolkit.file_drop": "LocalFolder Transport",
    "plugin.toolkit.graphql": "graphql_errors GraphqlError",
    "plugin.toolkit.json_response": (
        "complaint count_in each_at each_inside Ended inside json_object MalformedReply moment_at need "
        "nothing_done objects_at one_of one_or_many text_at texts_at turned_away value_at words_of"
    ),
    "plugin.toolkit.line_quantities": (
        "judge LineQuantities LineShape LinesThere nothing_to_ask same_lines shares to_ask told_lines"
    ),
    "plugin.toolkit.required_fields": "demand demand_metadata refusing",
    "plugin.toolkit.service_errors": "OwnErrors turned_down",
    "plugin.toolkit.signatures": "demand_signature message_text_at",
    "plugin.toolkit.submission": "look_before_create submit",
    "plugin.toolkit.templates": "check_fields FIELDS fill one_line printable read_template template_fields",
    "plugin.toolkit.xml_response": "document element LARGEST number_in words_in xml_root",
    "plugin.profiles.api_flows": "wire_before_create wire_cancel wire_check wire_confirmation",
    "plugin.profiles.api_profile": ("filled read_asking_profile read_wire_profile WireCall WireProfile WireRead"),
    "plugin.profiles.api_settings": "orderdesk_cancel orderdesk_check UndocumentedSettings WireSettings",
    "plugin.profiles.json_pointer": "read_pointer stated_again steps_of value_pointed word_pointed",
    "plugin.profiles.webhook_profile": "postback_hints PostbackProfile read_postback_profile",
}
"""The names that each module gives; `__init__.pyi` lists them for type checkers."""
_MODULES = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = ["answer", *_MODULES]  # noqa: PLE0604 - a list of names for whoever reads; type checkers read __init__.pyi


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"orderdesk_sdk.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
