"""A declaration for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from orderdesk_sdk.cases.wording import describe_prior_steps, rounded_duration
from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.desk.matrix import matrix_row
from orderdesk_sdk.plugin.connection_settings import SettingField, SettingKind, settings_fields
from orderdesk_sdk.plugin.reasons import ReasonCode, ReasonList
from orderdesk_sdk.plugin.registry import LoadedPlugin
from orderdesk_sdk.plugin.routes import (
    Always,
    Button,
    Confirmation,
    FinalResponse,
    ManualConfirmation,
    Polling,
    Route,
    WhileStatus,
    WithinTime,
)

__all__ = ["show_integration", "show_reasons"]

_MATRIX_COLUMNS = ("reason", "scope", "statuses", "resubmission", "rule actions", "notifications in", "verified by")
"""What the matrix shows too, in the same words."""


def show_integration(screen: Screen, plugin: LoadedPlugin) -> None:
    """Everything that an integration declares."""
    declared = plugin.integration
    source = f"{plugin.distribution} {plugin.version}".strip() or "registered in code"
    screen.line(f"{declared.title}  {declared.slug}, {declared.role.value}, from {source}", "bold")
    if declared.help_url:
        screen.line(declared.help_url, "dim")
    screen.line()
    if declared.cancel:
        rows = [
            (str(number), route.label, _open(route), _confirmation(route.confirm))
            for number, route in enumerate(declared.cancel, start=1)
        ]
        screen.table(("", "route", "open", "confirmed by"), rows)
        for route in declared.cancel:
            _show_details(screen, route)
    else:
        screen.line("It declares no route to cancel: a person must cancel at the service.")
    screen.line()
    facts = _facts(plugin)
    widest = max(map(len, facts)) + 1
    for name, text in facts.items():
        screen.hanging(f"{name}:".ljust(widest), text)
    for number, route in enumerate(declared.cancel, start=1):
        if isinstance(route.reasons, ReasonList):
            screen.line()
            varies = "; a connection may have another list" if route.reasons.codes_for is not None else ""
            varies = "; the service says of each order which of them" if route.reasons.read_per_order else varies
            screen.line(f"Reasons that route {number} accepts{varies}:")
            show_reasons(screen, route.reasons.codes)
    screen.line()
    settings = settings_fields(declared.settings)
    rows = [
        (field.name, _setting_text(field), "required" if field.required else "", _help(field)) for field in settings
    ]
    screen.table(("setting", "type", "", "help"), rows, whole=("setting", "type", ""))
    if any(field.kind is SettingKind.SECRET for field in settings):
        screen.line('Give a secret by reference, as { env = "NAME" }.', "dim")


def _facts(plugin: LoadedPlugin) -> dict[str, str]:
    """What else is declared, by its name."""
    declared = plugin.integration
    facts = {name: text for name, text in matrix_row(plugin).cells().items() if name in _MATRIX_COLUMNS and text != "-"}
    if declared.remote_id_format is not None:
        rule = declared.remote_id_format
        facts["order numbers"] = f"{rule.pattern.pattern}, at most {rule.max_length} characters; {rule.description}"
    for name, limit in sorted(declared.limits.items()):
        calls = "calls" if name == "*" else f"{name} calls"
        facts[f"limit of {calls}"] = f"{limit.per_second:g} a second, {limit.burst} at once"
    return facts


def _stands_for(code: ReasonCode) -> str:
    return f"for {', '.join(sorted(word.value for word in code.stands_for))}" if code.stands_for else ""


def show_reasons(screen: Screen, codes: Sequence[ReasonCode]) -> None:
    """A service's own list of reasons, and the standard reasons that each stands for."""
    rows = [
        (
            code.code,
            code.title,
            "; ".join(filter(None, (_stands_for(code), code.note))),
        )
        for code in codes
    ]
    screen.table(("", "", ""), rows, indent=2)


def _show_details(screen: Screen, route: Route) -> None:
    if isinstance(route, Button):
        if route.fallback_on:
            rejections = " or ".join(sorted(rejection.value for rejection in route.fallback_on))
            screen.indented(f"{route.label}: refused as {rejections}, the next route is taken")
        if route.prior:
            screen.indented(f"{route.label}: first {describe_prior_steps(route.prior)}")
        if route.eligibility is not None:
            valid = rounded_duration(route.eligibility.valid_for)
            screen.indented(f"{route.label}: the service says of each order whether it would; a reading holds {valid}")
        if route.warning:
            screen.indented(f"{route.label}: {route.warning}")
    elif route.warning:
        screen.indented(f"{route.label}: {route.warning}")


def _open(route: Route) -> str:
    match route.window:
        case Always():
            return "always; the service decides" if isinstance(route, Button) else "always"
        case WithinTime(within):
            return f"for {rounded_duration(within)} after submission"
        case WhileStatus(statuses, until):
            return f"until {until} (while {', '.join(sorted(statuses))})"
        case _:
            assert_never(route.window)


def _confirmation(confirm: Confirmation) -> str:
    match confirm:
        case FinalResponse():
            return "the response, which is final"
        case Polling(every, give_up, usually_within):
            usual = f", normally {rounded_duration(usually_within)}" if usually_within is not None else ""
            return f"polling every {rounded_duration(every)}, for {rounded_duration(give_up)}{usual}"
        case ManualConfirmation(within):
            return f"a person, reminded after {rounded_duration(within)}"
        case _:
            assert_never(confirm)


def _setting_text(field: SettingField) -> str:
    if field.kind is SettingKind.SECRET:
        return "secret"
    if field.kind is SettingKind.URL:
        return "URL"
    return {int: "whole number", bool: "true or false"}.get(field.type, "text")


def _help(field: SettingField) -> str:
    parts = [field.help]
    if field.choices:
        parts.append(f"one of: {', '.join(field.choices)}")
    if field.default not in (None, "", {}, ()) and field.kind is not SettingKind.SECRET:
        parts.append(f"default: {field.default}")
    return "; ".join(parts)
