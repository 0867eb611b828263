"""Capabilities: what an integration can do, as one JSON document from which a host draws buttons, countdowns and forms.

`orderdesk show SLUG --json` gives the same. Its schema is `SCHEMA_FILE`; within a `VERSION` keys are added, never
renamed, retyped or removed. Pure: no service is called. Which routes are open for one order now, and
which reasons it may be canceled with, is in its plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from attrs import asdict, evolve

from orderdesk_sdk.plugin.bulkhead import DEFAULT_TIMEOUT, Bulkhead
from orderdesk_sdk.plugin.cancel_requests import CancelRequests
from orderdesk_sdk.plugin.eligibility import ReadPerOrder
from orderdesk_sdk.plugin.guard import raise_for_failure
from orderdesk_sdk.plugin.integration import (
    IdentifierFormat,
    Integration,
    NewNumber,
    NoResubmission,
    ResubmissionPolicy,
    SameNumber,
)
from orderdesk_sdk.plugin.plain_values import plain_text
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.reasons import FreeText, NoReason, ReasonCode, ReasonList, ReasonRule
from orderdesk_sdk.plugin.routes import (
    Always,
    Batch,
    Button,
    Confirmation,
    Email,
    FinalResponse,
    ManualConfirmation,
    Polling,
    Portal,
    Route,
    WhileStatus,
    Window,
    WithinTime,
)
from orderdesk_sdk.plugin.settings_schema import settings_form, settings_schema
from orderdesk_sdk.plugin.transports import transports_of
from orderdesk_sdk.plugin.validation import redact_routes, routes_for_connection
from orderdesk_sdk.transport.redaction import Redactor

if TYPE_CHECKING:
    from orderdesk_sdk.plugin.registry import LoadedPlugin

__all__ = ["SCHEMA_FILE", "VERSION", "JsonObject", "capabilities_document", "codes_document", "prior_steps_document"]

JsonObject = dict[str, object]
"""An object of a JSON document."""

VERSION = 1
"""The version of the document, in its key `version`."""

SCHEMA_FILE = Path(__file__).with_name("capabilities.schema.json")
"""The JSON Schema (2020-12) of the document."""


def capabilities_document(plugin: LoadedPlugin, settings: object = None) -> JsonObject:
    """What an integration declares, as a JSON document.

    Args:
        settings: of one connection (`desk.connections.get(name).settings`), where these change the routes, what side
            effects cost or whether requests to cancel come in, or keep the calls from being made; None gives what
            holds before there is a connection.

    Raises PluginError where the plugin's own code fails on them.
    """
    declared, unavailable = (plugin.integration, None) if settings is None else _isolated_for(plugin, settings)
    return {
        "version": VERSION,
        "slug": declared.slug,
        "title": declared.title,
        "role": declared.role.value,
        "distribution": plugin.distribution,
        "distribution_version": plugin.version,
        "help_url": declared.help_url,
        "verified_by": declared.verified_by.value,
        "routes": [_route(route) for route in declared.cancel],
        "routes_vary": plugin.integration.routes_for is not None,
        "unavailable_reason": unavailable,
        "resubmission": _resubmission(declared.resubmission),
        "remote_id_format": None
        if declared.remote_id_format is None
        else _identifier_format(declared.remote_id_format),
        "statuses": [{"name": status.name, "title": status.title} for status in declared.statuses],
        "actions": [{"name": action.name, "status": action.status} for action in declared.actions],
        "registers_webhook": bool(plugin.manager.hook.orderdesk_webhooks.get_hookimpls()),
        "reads_notifications": bool(plugin.manager.hook.orderdesk_parse_webhook.get_hookimpls()),
        "webhook_events": list(declared.webhook_events),
        "webhook_reply": None if declared.webhook_reply is None else asdict(declared.webhook_reply),
        "cancel_requests": None if declared.cancel_requests is None else _cancel_requests(declared.cancel_requests),
        "side_effects": _side_effects(declared),
        "limits": [
            {"operation": name, "per_second": limit.per_second, "burst": limit.burst}
            for name, limit in sorted(declared.limits.items())
        ],
        "transports": list(transports_of(declared, settings)),
        "quotas": [
            {"operation": name, "calls": quota.calls, "time_zone": quota.time_zone}
            for name, quota in sorted(declared.quotas.items())
        ],
        "rate_header": declared.rate_header,
        "settings": settings_form(declared.settings),
        "settings_schema": settings_schema(declared.settings, f"Settings of a connection to {declared.title}"),
    }


def _isolated_for(plugin: LoadedPlugin, settings: object) -> tuple[Integration, str | None]:
    """The declaration by these settings, and why the calls cannot be made; None where they can. Raises PluginError."""
    slug = plugin.integration.slug
    result = Bulkhead(slug, 1, DEFAULT_TIMEOUT).run_isolated(lambda: _for_settings(plugin, settings))
    return raise_for_failure(
        result, "the plugin failed to give the routes of these settings", location=f"integration {slug}"
    )


def _for_settings(plugin: LoadedPlugin, settings: object) -> tuple[Integration, str | None]:
    declared = plugin.integration
    redact = Redactor.of_settings(declared.redact_fields, settings).redact_text
    routes = routes_for_connection(declared, plugin.manager, settings, f"settings of {declared.slug}")
    effects = {effect: switch.for_settings(settings, redact) for effect, switch in declared.side_effects.items()}
    asked = declared.cancel_requests
    if asked is not None and asked.enabled is not None and not asked.enabled(settings):
        asked = None
    reason: object = declared.unavailable_reason(settings) if declared.unavailable_reason is not None else None
    made = evolve(declared, cancel=redact_routes(routes, redact), side_effects=effects, cancel_requests=asked)
    return made, redact(plain_text(reason)) if reason is not None else None


def codes_document(codes: tuple[ReasonCode, ...]) -> list[JsonObject]:
    """The codes of a list of reasons, as a drop-down shows them."""
    return [
        {
            "code": one.code,
            "title": one.title,
            "stands_for": sorted(reason.value for reason in one.stands_for),
            "note": one.note,
        }
        for one in codes
    ]


def prior_steps_document(steps: tuple[PriorStep, ...]) -> list[JsonObject]:
    """What is done before a cancel, in order."""
    return [
        {
            "name": step.name,
            "is_reversible": step.is_reversible,
            "effect": None if step.effect is None else step.effect.value,
        }
        for step in steps
    ]


def _route(route: Route) -> JsonObject:
    button = route if isinstance(route, Button) else None
    return {
        "kind": _kind(route),
        "label": route.label,
        "name": button.name if button is not None else None,
        "window": _window(route.window),
        "confirmation": _confirmation(route.confirm),
        "fallback_on": sorted(rejection.value for rejection in button.fallback_on) if button is not None else [],
        "reasons": _reasons(route.reasons),
        "scope": route.scope.value,
        "batch": _batch(button.batch) if button is not None and button.batch is not None else None,
        "warning": route.warning,
        "prior_steps": prior_steps_document(button.prior) if button is not None else [],
        "needs_submission": button is not None and button.needs_submission,
        "eligibility": _eligibility(button.eligibility) if button is not None else None,
    }


def _eligibility(rule: ReadPerOrder | None) -> JsonObject | None:
    return None if rule is None else {"valid_for_seconds": _seconds(rule.valid_for)}


def _kind(route: Route) -> str:
    match route:
        case Button():
            return "button"
        case Email():
            return "e-mail"
        case Portal():
            return "portal"
        case _:
            assert_never(route)


def _window(window: Window) -> JsonObject:
    document: JsonObject = {"kind": "always", "within_seconds": None, "statuses": [], "closes_on": None}
    match window:
        case Always():
            return document
        case WithinTime(within):
            return document | {"kind": "within time", "within_seconds": _seconds(within)}
        case WhileStatus(statuses, closes_at):
            return document | {"kind": "while status", "statuses": sorted(statuses), "closes_on": closes_at}
        case _:
            assert_never(window)


def _confirmation(confirm: Confirmation) -> JsonObject:
    document: JsonObject = {
        "kind": "final response",
        "every_seconds": None,
        "give_up_seconds": None,
        "usually_within_seconds": None,
        "slowest_seconds": None,
        "remind_after_seconds": None,
    }
    match confirm:
        case FinalResponse():
            return document
        case Polling(every, give_up, usually_within, slowest):
            return document | {
                "kind": "polling",
                "every_seconds": _seconds(every),
                "give_up_seconds": _seconds(give_up),
                "usually_within_seconds": None if usually_within is None else _seconds(usually_within),
                "slowest_seconds": None if slowest is None else _seconds(slowest),
            }
        case ManualConfirmation(remind_after):
            return document | {"kind": "manual", "remind_after_seconds": _seconds(remind_after)}
        case _:
            assert_never(confirm)


def _reasons(rule: ReasonRule) -> JsonObject:
    document: JsonObject = {
        "rule": "none",
        "required": False,
        "max_length": None,
        "codes": [],
        "codes_vary": False,
        "read_per_order": False,
    }
    match rule:
        case NoReason():
            return document
        case FreeText(required, max_length):
            return document | {"rule": "free text", "required": required, "max_length": max_length}
        case ReasonList(codes, required, configured, read_per_order):
            return document | {
                "rule": "list",
                "required": required,
                "codes": codes_document(codes),
                "codes_vary": configured is not None or read_per_order,
                "read_per_order": read_per_order,
            }
        case _:
            assert_never(rule)


def _batch(batch: Batch) -> JsonObject:
    return {"collect_for_seconds": _seconds(batch.collect_for), "max_size": batch.max_size}


def _cancel_requests(declared: CancelRequests) -> JsonObject:
    deadline, every = declared.deadline, declared.every
    return {
        "silence": declared.silence.value,
        "deadline_seconds": None if deadline is None else _seconds(deadline),
        "escalate_before_seconds": _seconds(declared.escalate_before),
        "listed_every_seconds": None if every is None else _seconds(every),
        "by_line": declared.by_line,
        "accept_by_hand": declared.accept_by_hand,
        "reject_by_hand": declared.reject_by_hand,
        "folder_setting": None if declared.window is None else declared.window.setting,
    }


def _side_effects(declared: Integration) -> list[JsonObject]:
    return [
        {
            "name": effect.value,
            "setting": switch.setting,
            "per_cancel": switch.per_cancel,
            "note": switch.note if isinstance(switch.note, str) else None,
        }
        for effect, switch in declared.side_effects.items()
    ]


def _resubmission(rule: ResubmissionPolicy) -> JsonObject:
    match rule:
        case NewNumber():
            return {"kind": "new number", "reason": None}
        case SameNumber():
            return {"kind": "same number", "reason": None}
        case NoResubmission(reason):
            return {"kind": "none", "reason": reason}
        case _:
            assert_never(rule)


def _identifier_format(rule: IdentifierFormat) -> Mapping[str, object]:
    return {"pattern": rule.pattern.pattern, "max_length": rule.max_length, "description": rule.description}


def _seconds(duration: timedelta) -> float:
    return duration.total_seconds()
