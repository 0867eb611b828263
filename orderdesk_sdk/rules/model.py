"""Rules: when this happens to an order and that is true of it, do these. Read strictly, evaluated in order. Pure.

    [[rules]]
    name = "Canceled folder cancels at BDLinx"
    event = "order moved"
    when = "folder == 'Canceled'"
    do = [{ action = "Cancel Order at BDLinx", reason = "customer asked" }]

Filters are expressions over the names of `FIELDS` (see `filters`). An unknown name, a wrong type, a syntax error or an
operator that is not taken is said before any rule is asked. What fails on one order is told in its log, and is nobody
else's trouble.
"""

from __future__ import annotations

from attrs import frozen

from orderdesk_sdk.cases.events import OrderEventKind
from orderdesk_sdk.rules.filters import FIELDS, NO_FILTER

__all__ = ["CANCEL_ORDER", "FIELDS", "MOVE_ORDER", "NO_FILTER", "ConfiguredAction", "RuleEvaluation", "Rule"]

MOVE_ORDER = "Move Order to Folder"
CANCEL_ORDER = "Cancel Order"
"""Cancels everywhere, or at the connections that `at` names. With MOVE_ORDER the core's own; all others are contributed
by declarations."""


@frozen
class ConfiguredAction:
    """One thing a rule does.

    Args:
        name: as a declaration contributes it, MOVE_ORDER or CANCEL_ORDER. Empty texts where nothing is given.
        connections: the connections, for CANCEL_ORDER.
    """

    name: str
    reason: str = ""
    folder: str = ""
    connections: tuple[str, ...] = ()


@frozen
class Rule:
    """One rule.

    Args:
        location: where it is written, for errors.
        when: the filter, NO_FILTER for always.
    """

    name: str
    event: OrderEventKind
    actions: tuple[ConfiguredAction, ...]
    location: str
    when: str = NO_FILTER
    enabled: bool = True


@frozen
class RuleEvaluation:
    """What one rule makes of an event, and why.

    Args:
        failed: unknown, because its filter failed on the order.
    """

    rule: Rule
    matches: bool
    explanation: str
    failed: bool = False
