"""The matrix: of every integration in one row how it cancels, what proves it, and how an order is sent again.

Everything in it is read from the declaration and from which hooks there are. Nothing is written down a second time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from attrs import frozen

from orderdesk_sdk.cases.wording import proof_in_words, span
from orderdesk_sdk.errors import PluginFault
from orderdesk_sdk.orders.order import Role
from orderdesk_sdk.plugin.integration import Evidence, Integration, NewNumber, NoResubmit, ResubmitRule, SameNumber
from orderdesk_sdk.plugin.profiles.api_settings import WireSettings
from orderdesk_sdk.plugin.reasons import ClosedList, FreeText, NoReason
from orderdesk_sdk.plugin.registry import Loaded, Registry
from orderdesk_sdk.plugin.routes import Always, Button, Email, Route, SinceSubmission, WhileStatus, Window
from orderdesk_sdk.runtime.handlers.status_change import settable_statuses

__all__ = ["VARIES", "MatrixRoute", "MatrixRow", "every_row", "matrix_row", "row_of"]

VARIES = "* the settings of a connection may change it"
"""What the star behind a way to cancel means."""
NO_WAY = "nobody knows how; a person must do it there"


@frozen
class MatrixRoute:
    """One way to cancel, in words.

    way: the kind with what narrows it, "button (asks), within 2 min". proof: what settles the case. reason: "none", or
    whether it must be given and out of what. scope: what of an order can be canceled. note: told before it is taken,
    or None.
    """

    way: str
    proof: str
    reason: str
    scope: str
    note: str | None


@frozen
class MatrixRow:
    """One integration, in words.

    routes: first tried first. varies: whether the settings of a connection may change them. statuses: what an order can
    be given at a cart, canceled included; empty for a fulfillment. resubmit: "new number", "same number", or "no: why".
    actions: what rules may do there. messages: whether webhooks and notifications of the service are read.
    """

    slug: str
    title: str
    role: Role
    routes: tuple[MatrixRoute, ...]
    varies: bool
    statuses: tuple[str, ...]
    resubmit: str
    actions: tuple[str, ...]
    messages: bool
    evidence: Evidence

    @property
    def cancel(self) -> str:
        """All ways to cancel in one text, with a star where they vary."""
        ways = ", then ".join(route.way for route in self.routes) or NO_WAY
        return f"{ways} *" if self.varies else ways

    def cells(self) -> dict[str, str]:
        """The row as columns, by their heading; "-" where there is nothing."""
        return {
            "cancel": self.cancel,
            "proof": _in_turn(route.proof for route in self.routes),
            "reason": _in_turn(route.reason for route in self.routes),
            "scope": _in_turn(route.scope for route in self.routes),
            "statuses": ", ".join(self.statuses) or "-",
            "resubmit": self.resubmit,
            "rule actions": ", ".join(self.actions) or "-",
            "messages in": "yes" if self.messages else "no",
            "role": self.role.value,
            "evidence": self.evidence.value,
            "note": "; ".join(route.note for route in self.routes if route.note) or "-",
        }


def every_row(registry: Registry) -> tuple[tuple[MatrixRow, ...], tuple[PluginFault, ...]]:
    """The rows of all integrations, by slug, and what is wrong with those that cannot be used, or not even be read."""
    rows: list[MatrixRow] = []
    faults: list[PluginFault] = [*registry.unreadable()]
    for slug in registry.slugs():
        try:
            rows.append(matrix_row(registry.load(slug)))
        except PluginFault as fault:
            faults.append(fault)
    return tuple(rows), tuple(faults)


def matrix_row(loaded: Loaded) -> MatrixRow:
    """The row of an integration that was loaded."""
    return row_of(loaded.integration, messages=bool(loaded.manager.hook.orderdesk_receive.get_hookimpls()))


def row_of(declared: Integration, *, messages: bool) -> MatrixRow:
    """The row of a declaration. messages: whether the plugin reads what its service sends. Pure."""
    wired = issubclass(declared.settings, WireSettings)
    return MatrixRow(
        slug=declared.slug,
        title=declared.title,
        role=declared.role,
        routes=tuple(
            MatrixRoute(
                _way(route, wired=wired),
                _proof(route, open_ended=wired and declared.configured is not None),
                _reason(route, wired=wired),
                route.scope.value,
                route.note,
            )
            for route in declared.cancel
        ),
        varies=declared.configured is not None and not wired,  # That a wire profile decides is said in the cell.
        statuses=settable_statuses(declared) if declared.role is Role.CART else (),
        resubmit=_resubmit(declared.resubmit),
        actions=tuple(action.name for action in declared.actions),
        messages=messages,
        evidence=declared.evidence,
    )


def _in_turn(texts: Iterable[str]) -> str:
    """What holds for one way after the other, said once where it is the same for all."""
    return "; then ".join(dict.fromkeys(texts)) or "-"


def _way(route: Route, *, wired: bool) -> str:
    required = _reason(route, wired=wired).startswith("required")
    parts = [f"{route.label} with a reason" if required else route.label]
    if wired and isinstance(route, Button):
        parts.append("by your wire profile")
    if isinstance(route, Button) and route.batch is not None:
        pace = ", one at a time" if route.batch.paced else ""
        parts.append(f"in batches of up to {route.batch.most}, gathered for {span(route.batch.gather)}{pace}")
    parts += _window(route.window)
    return ", ".join(parts)


def _window(window: Window) -> tuple[str, ...]:
    match window:
        case Always():
            return ()
        case SinceSubmission(within):
            return (f"within {span(within)} of submission",)
        case WhileStatus(until=until):
            return (f"while {until} has not begun",)
        case _:
            assert_never(window)


def _proof(route: Route, *, open_ended: bool) -> str:
    told = proof_in_words(route)
    return f"as your wire profile can prove; without a read call {told}" if open_ended else told


def _reason(route: Route, *, wired: bool) -> str:
    match route.reasons:
        case NoReason():
            if isinstance(route, Email):
                return "optional, where your mail names it"
            return "optional, where your wire profile sends it" if wired else "none"
        case FreeText(required):
            return f"{'required' if required else 'optional'}, in words"
        case ClosedList(required=required):
            return f"{'required' if required else 'optional'}, from a list"
        case _:
            assert_never(route.reasons)


def _resubmit(rule: ResubmitRule) -> str:
    match rule:
        case NewNumber():
            return "new number"
        case SameNumber():
            return "same number"
        case NoResubmit(why):
            return f"no: {why}"
        case _:
            assert_never(rule)
