"""What happens by itself, tried on an order."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.events import OrderEventKind
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.rule_previews import action_targets, preview_rules
from orderdesk_sdk.errors import OrderDeskError, ValidationError
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.console.views.admin.rules import (
    RulesPage,
    TriedRules,
    execution_rows,
    make_rule,
    tried_results,
)
from orderdesk_sdk.web.console.views.orders.actions import role_refusal

__all__ = ["show_rules"]

SHOWN_EXECUTIONS = 30
MAX_TYPED = 200


def show_rules(request: Request) -> Response:
    """The rules, what they would do on an event of an order, and what they did."""
    desk = desk_of(request)
    targets = action_targets(desk)
    refusal = role_refusal(caller_of(request).role, Role.OPERATOR)
    page = RulesPage(
        rules=tuple(make_rule(rule, targets) for rule in desk.config.rules),
        problems=desk.rules.configuration_errors(),
        tried=_tried(desk, request) if refusal is None else TriedRules(),
        executions=execution_rows(desk.ledger.latest_rule_executions(SHOWN_EXECUTIONS)),
        try_refusal=refusal,
    )
    return render(request, "rules.html", {"title": "Rules", "page": page})


def _tried(desk: Desk, request: Request) -> TriedRules:
    query = request.query_params
    order, folder = query.get("order", "").strip()[:MAX_TYPED], query.get("folder", "").strip()[:MAX_TYPED]
    event = next((kind for kind in OrderEventKind if kind.value == query.get("event")), OrderEventKind.ORDER_MOVED)
    if not order:
        return TriedRules(event=event.value, folder=folder)
    is_move = event is OrderEventKind.ORDER_MOVED
    try:
        if is_move and not folder:
            raise ValidationError("an order is moved into a folder", hint="name the folder")
        previews = preview_rules(desk, order, event.value, folder if is_move else None, {})
    except OrderDeskError as error:
        return TriedRules(order, event.value, folder, error=error.message, hint=error.hint)
    return TriedRules(order, event.value, folder, tried_results(previews))
