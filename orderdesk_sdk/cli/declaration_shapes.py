"""The JSON shapes of what an integration declares, and the words for them."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from orderdesk_sdk.cli.shapes import Shape
from orderdesk_sdk.declaration import (
    Always,
    Button,
    ByCheck,
    ByPerson,
    ByReply,
    Confirmation,
    NewNumber,
    NoResubmit,
    Portal,
    ResubmitRule,
    Route,
    SameNumber,
    SinceSubmission,
    WhileStatus,
    Window,
)
from orderdesk_sdk.registry import Loaded
from orderdesk_sdk.settings import SettingField, SettingKind, settings_fields

__all__ = ["declaration_shape"]


def declaration_shape(loaded: Loaded) -> Shape:
    """An integration's declaration with the distribution it came from."""
    declared = loaded.integration
    rule = declared.remote_id
    return {
        "slug": declared.slug,
        "title": declared.title,
        "role": declared.role.value,
        "distribution": loaded.distribution,
        "version": loaded.version,
        "help_url": declared.help_url,
        "routes": [_route(route) for route in declared.cancel],
        "resubmit": _resubmit(declared.resubmit),
        "remote_id": None
        if rule is None
        else {"pattern": rule.pattern.pattern, "max_length": rule.max_length, "why": rule.why},
        "limits": [
            {"operation": name, "per_second": limit.per_second, "burst": limit.burst}
            for name, limit in sorted(declared.limits.items())
        ],
        "rate_header": declared.rate_header,
        "settings": [_setting(field) for field in settings_fields(declared.settings)],
    }


def _route(route: Route) -> Shape:
    button = isinstance(route, Button)
    return {
        "route": route.label,
        "kind": "button" if button else "portal",
        "window": _window(route.window),
        "confirmation": _confirmation(route.confirm),
        "climbs": sorted(refusal.value for refusal in route.climbs) if isinstance(route, Button) else [],
        "note": route.instruction if isinstance(route, Portal) else route.note,
    }


def _window(window: Window) -> Shape:
    shape: Shape = {"kind": "always", "within_seconds": None, "statuses": [], "until": None}
    match window:
        case Always():
            return shape
        case SinceSubmission(within):
            return shape | {"kind": "since submission", "within_seconds": _seconds(within)}
        case WhileStatus(statuses, until):
            return shape | {"kind": "while status", "statuses": sorted(statuses), "until": until}
        case _:
            assert_never(window)


def _confirmation(confirm: Confirmation) -> Shape:
    shape: Shape = {"kind": "reply", "every_seconds": None, "give_up_seconds": None, "within_seconds": None}
    match confirm:
        case ByReply():
            return shape
        case ByCheck(every, give_up):
            return shape | {"kind": "check", "every_seconds": _seconds(every), "give_up_seconds": _seconds(give_up)}
        case ByPerson(within):
            return shape | {"kind": "person", "within_seconds": _seconds(within)}
        case _:
            assert_never(confirm)


def _resubmit(rule: ResubmitRule) -> Shape:
    match rule:
        case NewNumber():
            return {"kind": "new number", "why": None}
        case SameNumber():
            return {"kind": "same number", "why": None}
        case NoResubmit(why):
            return {"kind": "none", "why": why}
        case _:
            assert_never(rule)


def _setting(field: SettingField) -> Shape:
    secret = field.kind is SettingKind.SECRET
    return {
        "name": field.name,
        "kind": field.kind.value,
        "type": "text" if field.type is not int and field.type is not bool else field.type.__name__,
        "required": field.required,
        "default": None if secret else field.default,
        "choices": list(field.choices),
        "help": field.help,
    }


def _seconds(duration: timedelta) -> float:
    return duration.total_seconds()
