"""A declaration for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.cli.output.times import span
from orderdesk_sdk.desk.matrix import matrix_row
from orderdesk_sdk.plugin.connection_settings import SettingField, SettingKind, settings_fields
from orderdesk_sdk.plugin.reasons import ClosedList, ReasonCode
from orderdesk_sdk.plugin.registry import Loaded
from orderdesk_sdk.plugin.routes import (
    Always,
    Button,
    ByCheck,
    ByPerson,
    ByReply,
    Confirmation,
    Route,
    SinceSubmission,
    WhileStatus,
)

__all__ = ["declaration_page", "reasons_table"]

_ABOUT = ("reason", "scope", "statuses", "resubmit", "rule actions", "messages in", "evidence")
"""What the matrix tells too, in the same words."""


def declaration_page(screen: Screen, loaded: Loaded) -> None:
    """Everything that an integration declares."""
    declared = loaded.integration
    source = f"{loaded.distribution} {loaded.version}".strip() or "registered in code"
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
            _more(screen, route)
    else:
        screen.line("It declares no way to cancel: a person must do it at the service.")
    screen.line()
    about = {name: text for name, text in matrix_row(loaded).cells().items() if name in _ABOUT and text != "-"}
    if declared.remote_id is not None:
        rule = declared.remote_id
        about["numbers"] = f"{rule.pattern.pattern}, at most {rule.max_length} characters; {rule.why}"
    for name, limit in sorted(declared.limits.items()):
        what = "calls" if name == "*" else name
        about[f"limit of {what}"] = f"{limit.per_second:g} a second, {limit.burst} at once"
    widest = max(map(len, about)) + 1
    for name, text in about.items():
        screen.hanging(f"{name}:".ljust(widest), text)
    for number, route in enumerate(declared.cancel, start=1):
        if isinstance(route.reasons, ClosedList):
            screen.line()
            varies = "; a connection's settings may hold another list" if route.reasons.configured is not None else ""
            screen.line(f"Reasons that route {number} takes{varies}:")
            reasons_table(screen, route.reasons.codes)
    screen.line()
    settings = settings_fields(declared.settings)
    rows = [(field.name, _given(field), "required" if field.required else "", _help(field)) for field in settings]
    screen.table(("setting", "given as", "", "help"), rows, whole=("setting", "given as", ""))
    if any(field.kind is SettingKind.SECRET for field in settings):
        screen.line('A secret is given by reference, as { env = "NAME" }.', "dim")


def reasons_table(screen: Screen, codes: Sequence[ReasonCode]) -> None:
    """A service's own list of reasons, and which of the canonical ones each stands for."""
    rows = [
        (
            code.code,
            code.title,
            f"for {', '.join(sorted(word.value for word in code.stands_for))}" * bool(code.stands_for),
        )
        for code in codes
    ]
    screen.table(("", "", ""), rows, indent=2)


def _more(screen: Screen, route: Route) -> None:
    if isinstance(route, Button):
        if route.climbs:
            refusals = " or ".join(sorted(refusal.value for refusal in route.climbs))
            screen.indented(f"{route.label}: refused as {refusals}, the next route is taken")
        if route.note:
            screen.indented(f"{route.label}: {route.note}")
    elif route.note:
        screen.indented(f"{route.label}: {route.note}")


def _open(route: Route) -> str:
    match route.window:
        case Always():
            return "always; the service's answer tells" if isinstance(route, Button) else "always"
        case SinceSubmission(within):
            return f"for {span(within)} after it was submitted"
        case WhileStatus(statuses, until):
            return f"until {until} (while {', '.join(sorted(statuses))})"
        case _:
            assert_never(route.window)


def _confirmation(confirm: Confirmation) -> str:
    match confirm:
        case ByReply():
            return "the reply, which is final"
        case ByCheck(every, give_up):
            return f"reading back every {span(every)}, for {span(give_up)}"
        case ByPerson(within):
            return f"a person, reminded after {span(within)}"
        case _:
            assert_never(confirm)


def _given(field: SettingField) -> str:
    if field.kind is SettingKind.SECRET:
        return "secret"
    if field.kind is SettingKind.HOST:
        return "URL"
    return {int: "whole number", bool: "true or false"}.get(field.type, "text")


def _help(field: SettingField) -> str:
    parts = [field.help]
    if field.choices:
        parts.append(f"one of: {', '.join(field.choices)}")
    if field.default not in (None, "", {}, ()) and field.kind is not SettingKind.SECRET:
        parts.append(f"default: {field.default}")
    return "; ".join(parts)
