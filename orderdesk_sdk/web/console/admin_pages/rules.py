"""What happens by itself: listed, tried on an order, made and changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.events import OrderEventKind
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.rule_previews import action_targets, preview_rules
from orderdesk_sdk.errors import (
    ConfigurationError,
    ConflictError,
    InvalidStateError,
    NotFoundError,
    OrderDeskError,
    ValidationError,
)
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.forms import FormHandler, form_text, form_texts, see_other
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.console.views.admin.rule_form import RuleForm, empty_form, form_of_rule, read_form
from orderdesk_sdk.web.console.views.admin.rules import (
    RulesPage,
    TriedResult,
    TriedRules,
    execution_rows,
    make_rule_row,
    tried_results,
)
from orderdesk_sdk.web.console.views.orders.actions import role_refusal
from orderdesk_sdk.web.middleware.client_address import client_address

__all__ = [
    "delete_rule",
    "disable_rule",
    "enable_rule",
    "save_rule",
    "show_new_rule",
    "show_rule",
    "show_rules",
    "try_rule",
]

SHOWN_EXECUTIONS = 30
MAX_TYPED = 200
MAX_FILTER = 2000
_FORESEEN = (ValidationError, ConfigurationError, ConflictError, InvalidStateError)


def show_rules(request: Request) -> Response:
    """The rules, what they would do on an event of an order, and what they did."""
    desk = desk_of(request)
    targets, role = action_targets(desk), caller_of(request).role
    refusal = role_refusal(role, Role.OPERATOR)
    executions = desk.ledger.latest_rule_executions(SHOWN_EXECUTIONS)
    page = RulesPage(
        rules=tuple(make_rule_row(view, targets) for view in desk.rule_admin.list()),
        problems=desk.rules.configuration_errors(),
        tried=_tried(desk, request) if refusal is None else TriedRules(),
        executions=execution_rows(executions, _numbers(desk, [order for order, _, _ in executions])),
        try_refusal=refusal,
        may_change=role.allows(Role.ADMIN),
    )
    return render(request, "rules.html", {"title": "Rules", "page": page})


def _numbers(desk: Desk, orders: Iterable[str]) -> Mapping[str, str]:
    """The numbers of orders by their ids, as far as the ledger knows them: an order store elsewhere is not asked."""
    cases = (case for order in set(orders) for case in desk.ledger.cases(CancelCase, order_id=order, limit=1))
    return {case.order_id: case.order_number for case in cases}


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
    found = tried_results([(preview.evaluation.rule.name, preview) for preview in previews])
    return TriedRules(order, event.value, folder, found)


def show_new_rule(request: Request) -> Response:
    """The form of a new rule."""
    return _show_form(request, empty_form(action_targets(desk_of(request))))


def show_rule(request: Request) -> Response:
    """A stored rule: its form, and how it is tried and switched on."""
    desk, name = desk_of(request), request.query_params.get("name", "")
    view = desk.rule_admin.get(name)
    if view.stored is None:
        raise NotFoundError("this rule stands in orderdesk.toml", hint="change it there")
    return _show_form(request, form_of_rule(view.rule, action_targets(desk)))


def _show_form(
    request: Request,
    form: RuleForm,
    error: OrderDeskError | None = None,
    *,
    tried: tuple[TriedResult, ...] | None = None,
    status: int = 200,
) -> Response:
    """tried: what a dry run has found just now; None: none was made."""
    desk = desk_of(request)
    row = None if form.is_new else make_rule_row(desk.rule_admin.get(form.name), action_targets(desk))
    data = {
        "title": "New rule" if form.is_new else form.name,
        "form": form,
        "rule": row,
        "tried": tried,
        "error": error,
        "versions": () if form.is_new else desk.rule_admin.history(form.name)[:20],
    }
    return render(request, "rule.html", data, status=status)


def _status(error: OrderDeskError) -> int:
    return 409 if isinstance(error, ConflictError | InvalidStateError) else 422


def save_rule(request: Request, form: FormData) -> Response:
    """Store a rule; it is switched off until it was tried."""
    desk = desk_of(request)
    texts = {name: form_text(form, name, limit=MAX_FILTER) for name in form}
    is_new = not form_texts(form, "existing")
    filled, draft = read_form(texts, action_targets(desk), is_new=is_new)
    try:
        if is_new and any(view.name == draft.name for view in desk.rule_admin.list()):
            raise ConflictError("there is a rule of this name", hint="choose another name, or change that rule")
        desk.rule_admin.save(draft, by=caller_of(request).name, address=client_address(request.scope))
    except _FORESEEN as error:
        return _show_form(request, filled, error, status=_status(error))
    return see_other_rule(draft.name, "rule-saved")


def see_other_rule(name: str, notice: str) -> Response:
    """The page of a rule, after something was done with it."""
    return see_other(f"/rules/rule?{urlencode({'name': name, 'notice': notice})}")


def try_rule(request: Request, form: FormData) -> Response:
    """What a stored rule would do to some orders. After a sound try it may be switched on."""
    desk, name = desk_of(request), form_text(form, "name")
    orders = form_text(form, "orders").replace(",", " ").split()
    filled = form_of_rule(desk.rule_admin.get(name).rule, action_targets(desk))
    try:
        run = desk.rule_admin.dry_run(
            name, orders, by=caller_of(request).name, folder=form_text(form, "folder") or None
        )
    except _FORESEEN as error:
        return _show_form(request, filled, error, status=_status(error))
    found = tried_results([(f"Order {trial.order_number}", trial.preview) for trial in run.trials])
    return _show_form(request, filled, tried=found)


def _changing(notice: str, change: Callable[[Desk, str, str, str], object]) -> FormHandler:
    """The handler of a button of a rule: what keeps it from being done is shown beside it."""

    def handler(request: Request, form: FormData) -> Response:
        desk, name = desk_of(request), form_text(form, "name")
        shown = form_of_rule(desk.rule_admin.get(name).rule, action_targets(desk))
        try:
            change(desk, name, caller_of(request).name, client_address(request.scope))
        except _FORESEEN as error:
            return _show_form(request, shown, error, status=_status(error))
        return see_other("/rules", notice)

    return handler


enable_rule = _changing("rule-on", lambda desk, name, by, at: desk.rule_admin.enable(name, by=by, address=at))
disable_rule = _changing("rule-off", lambda desk, name, by, at: desk.rule_admin.disable(name, by=by, address=at))
delete_rule = _changing("rule-deleted", lambda desk, name, by, at: desk.rule_admin.delete(name, by=by, address=at))
