"""The matrix: of every integration in one row how it cancels, what proves it, and how an order is sent again.

Everything in it is read from the declaration and from which hooks there are. Nothing is written down a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from attrs import frozen

from orderdesk_sdk.cases.status_change import settable_statuses
from orderdesk_sdk.cases.wording import describe_confirmation, describe_prior_steps, format_duration
from orderdesk_sdk.desk.documents import JsonObject, error_document
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.cancel_requests import CancelRequests, ResponseAnswer
from orderdesk_sdk.plugin.integration import (
    Integration,
    NewNumber,
    NoResubmission,
    ResubmissionPolicy,
    SameNumber,
    Verification,
)
from orderdesk_sdk.plugin.profiles.api_settings import ApiProfileSettings
from orderdesk_sdk.plugin.reasons import FreeText, NoReason, ReasonList
from orderdesk_sdk.plugin.registry import LoadedPlugin, PluginRegistry
from orderdesk_sdk.plugin.routes import Always, Button, Email, Route, WhileStatus, Window, WithinTime

__all__ = [
    "VARIES_MARK",
    "MatrixRoute",
    "MatrixRow",
    "matrix_document",
    "matrix_row",
    "matrix_rows",
    "row_of_declaration",
]

VARIES_MARK = "* the settings of a connection may change it"
"""What the star behind a way to cancel means."""
WITHOUT_ROUTE = "no route; a person must cancel the order at the service"


@frozen
class MatrixRoute:
    """One way to cancel, in words.

    Args:
        route: the kind with what narrows it, "button (asks), within 2 min".
        confirmation: what settles the case.
        reason: "none", or whether it must be given and out of what.
        scope: what of an order can be canceled.
        warning: told before it is taken, or None.
    """

    route: str
    confirmation: str
    reason: str
    scope: str
    warning: str | None


@frozen
class MatrixRow:
    """One integration, in words.

    Args:
        routes: first tried first.
        routes_vary: whether the settings of a connection may change them.
        statuses: what an order can be given at a cart, canceled included; empty for a fulfillment.
        resubmission: "new number", "same number", or "no: why".
        actions: what rules may do there.
        reads_notifications: whether webhooks and notifications of the service are read.
        cancel_requests: how others' requests to cancel are answered, or "none".
    """

    slug: str
    title: str
    role: ConnectionRole
    routes: tuple[MatrixRoute, ...]
    routes_vary: bool
    statuses: tuple[str, ...]
    resubmission: str
    actions: tuple[str, ...]
    reads_notifications: bool
    cancel_requests: str
    verified_by: Verification

    @property
    def cancel(self) -> str:
        """All ways to cancel in one text, with a star where they vary."""
        ways = ", then ".join(route.route for route in self.routes) or WITHOUT_ROUTE
        return f"{ways} *" if self.routes_vary else ways

    def cells(self) -> dict[str, str]:
        """The row as columns, by their heading; "-" where there is nothing."""
        return {
            "cancel": self.cancel,
            "confirmation": _joined(route.confirmation for route in self.routes),
            "reason": _joined(route.reason for route in self.routes),
            "scope": _joined(route.scope for route in self.routes),
            "statuses": ", ".join(self.statuses) or "-",
            "resubmission": self.resubmission,
            "rule actions": ", ".join(self.actions) or "-",
            "notifications in": "yes" if self.reads_notifications else "no",
            "requests in": self.cancel_requests,
            "role": self.role.value,
            "verified by": self.verified_by.value,
            "warning": "; ".join(route.warning for route in self.routes if route.warning) or "-",
        }


def matrix_rows(registry: PluginRegistry) -> tuple[tuple[MatrixRow, ...], tuple[PluginError, ...]]:
    """The rows of all integrations, by slug, and what is wrong with those that cannot be used, or not even be read."""
    rows: list[MatrixRow] = []
    faults: list[PluginError] = [*registry.distribution_errors()]
    for slug in registry.slugs():
        try:
            rows.append(matrix_row(registry.load(slug)))
        except PluginError as fault:
            faults.append(fault)
    return tuple(rows), tuple(faults)


def matrix_row(plugin: LoadedPlugin) -> MatrixRow:
    """The row of an integration that was loaded."""
    return row_of_declaration(
        plugin.integration, reads_notifications=bool(plugin.manager.hook.orderdesk_parse_webhook.get_hookimpls())
    )


def row_of_declaration(integration: Integration, *, reads_notifications: bool) -> MatrixRow:
    """The row of a declaration.

    Args:
        reads_notifications: whether the plugin reads what its service sends. Pure.
    """
    wired = issubclass(integration.settings, ApiProfileSettings)
    return MatrixRow(
        slug=integration.slug,
        title=integration.title,
        role=integration.role,
        routes=tuple(
            MatrixRoute(
                _route(route, by_profile=wired),
                _confirmation(route, open_ended=wired and integration.routes_for is not None),
                _reason_rule(route, by_profile=wired),
                route.scope.value,
                route.warning,
            )
            for route in integration.cancel
        ),
        routes_vary=integration.routes_for is not None
        and not wired,  # That an API profile decides is said in the cell.
        statuses=settable_statuses(integration) if integration.role is ConnectionRole.CART else (),
        resubmission=_resubmission(integration.resubmission),
        actions=tuple(action.name for action in integration.actions),
        reads_notifications=reads_notifications,
        cancel_requests=_cancel_requests(integration.cancel_requests),
        verified_by=integration.verified_by,
    )


def _joined(texts: Iterable[str]) -> str:
    """What holds for one way after the other, said once where it is the same for all."""
    return "; then ".join(dict.fromkeys(texts)) or "-"


def _route(route: Route, *, by_profile: bool) -> str:
    required = _reason_rule(route, by_profile=by_profile).startswith("required")
    parts = [f"{route.label} with a reason" if required else route.label]
    if by_profile and isinstance(route, Button):
        parts.append("by your API profile")
    if isinstance(route, Button) and route.batch is not None:
        pace = ", one at a time" if route.batch.one_call_per_interval else ""
        parts.append(
            f"in batches of up to {route.batch.max_size}, gathered for {format_duration(route.batch.collect_for)}{pace}"
        )
    if isinstance(route, Button) and route.prior:
        parts.append(f"first {describe_prior_steps(route.prior)}")
    parts += _window(route.window)
    return ", ".join(parts)


def _window(window: Window) -> tuple[str, ...]:
    match window:
        case Always():
            return ()
        case WithinTime(within):
            return (f"within {format_duration(within)} of submission",)
        case WhileStatus(closes_at=until):
            return (f"while {until} has not begun",)
        case _:
            assert_never(window)


def _confirmation(route: Route, *, open_ended: bool) -> str:
    description = describe_confirmation(route)
    return f"as your API profile can prove; without a read call {description}" if open_ended else description


def _reason_rule(route: Route, *, by_profile: bool) -> str:
    match route.reasons:
        case NoReason():
            if isinstance(route, Email):
                return "optional, where your mail names it"
            return "optional, where your API profile sends it" if by_profile else "none"
        case FreeText(required):
            return f"{'required' if required else 'optional'}, in words"
        case ReasonList(required=required, read_per_order=read_per_order):
            listed = "from a list that is read per order" if read_per_order else "from a list"
            return f"{'required' if required else 'optional'}, {listed}"
        case _:
            assert_never(route.reasons)


def _cancel_requests(declared: CancelRequests | None) -> str:
    if declared is None:
        return "none"
    by_hand = [answer.value for answer in ResponseAnswer if declared.by_hand(answer) is not None]
    parts = [f"answered{', by lines' if declared.by_line else ''}"]
    parts += [f"a person {' and '.join(f'{one}s' for one in by_hand)}"] if by_hand else []
    parts += [f"within {format_duration(declared.deadline)}"] if declared.deadline is not None else []
    return f"{', '.join(parts)}; silence means {declared.silence.value}"


def _resubmission(rule: ResubmissionPolicy) -> str:
    match rule:
        case NewNumber():
            return "new number"
        case SameNumber():
            return "same number"
        case NoResubmission(why):
            return f"no: {why}"
        case _:
            assert_never(rule)


def matrix_document(rows: Sequence[MatrixRow], errors: Sequence[PluginError]) -> JsonObject:
    """The rows, and the errors of the integrations that cannot be used."""
    return {"integrations": [_row_document(row) for row in rows], "errors": [error_document(fault) for fault in errors]}


def _row_document(row: MatrixRow) -> JsonObject:
    return {
        "slug": row.slug,
        "title": row.title,
        "role": row.role.value,
        "cancel": row.cancel,
        "routes": [
            {
                "route": one.route,
                "confirmation": one.confirmation,
                "reason": one.reason,
                "scope": one.scope,
                "warning": one.warning,
            }
            for one in row.routes
        ],
        "routes_vary": row.routes_vary,
        "statuses": list(row.statuses),
        "resubmission": row.resubmission,
        "actions": list(row.actions),
        "reads_notifications": row.reads_notifications,
        "cancel_requests": row.cancel_requests,
        "verified_by": row.verified_by.value,
    }
