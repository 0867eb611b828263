"""Plans, cases, receipts and resubmissions for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from orderdesk_sdk.cases.call_counts import QuotaState
from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.evidence import EmailEvidence, EvidenceKind
from orderdesk_sdk.cases.plan import Plan, PlanEntry, PlanStep
from orderdesk_sdk.cases.plan_token import PLAN_TOKEN_LIFETIME
from orderdesk_sdk.cases.prior_steps import describe_steps
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.wording import describe_prior_steps, format_duration
from orderdesk_sdk.cli.output.cases import show_response, show_resubmission, show_status_change
from orderdesk_sdk.cli.output.eligibility import show_eligibility_state
from orderdesk_sdk.cli.output.history import history_rows
from orderdesk_sdk.cli.output.integrations import show_reasons
from orderdesk_sdk.cli.output.screen import Screen, printable, state_text
from orderdesk_sdk.cli.output.times import format_time, zone
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.integration import SideEffect

if TYPE_CHECKING:
    from orderdesk_sdk.cases.receipt import CaseReceipt, EvidenceReceipt, Receipt

__all__ = [
    "show_case_list",
    "event_line",
    "show_plan",
    "show_plan_token",
    "show_evidence",
    "show_receipt",
    "show_receipt_summary",
    "show_cases",
]

_EFFECTS = {
    SideEffect.REFUND: "pay money back",
    SideEffect.STOCK: "put items back into stock",
    SideEffect.SHIPPING_LABEL: "void shipping labels",
    SideEffect.CUSTOMER_MESSAGE: "tell the customer",
    SideEffect.FEE: "charge us a fee",
}
_STILL_RELEVANT = frozenset(State) - {State.REJECTED, State.UNSUPPORTED, State.WITHDRAWN, State.SHIPPED_ANYWAY}


def show_plan(screen: Screen, plan: Plan, *, with_reasons: bool = True) -> None:
    """What a cancellation would do, and which reasons the services accept."""
    screen.line(f"Order {plan.order_number}  cancel plan, {format_time(plan.at)} {zone(plan.at)}", "bold")
    if not plan.entries:
        screen.line("The order was not submitted to any connection, so nothing can be canceled.")
        return
    rows = [_plan_row(entry, plan.at) for entry in plan.entries]
    screen.table(("connection", "route", "open until", "needs", "decided by", "then"), rows, whole=("decided by",))
    for entry in plan.entries:
        if entry.problem:
            screen.indented(f"{entry.title}: {entry.problem}", style="yellow")
        if entry.folder:
            screen.indented(f"{entry.title}: by files in {entry.folder}")
        for quota in entry.quotas:
            screen.indented(f"{entry.title}: {_quota(quota)}", style="" if quota.left else "yellow")
        if entry.eligibility is not None and not _is_requested(entry):
            show_eligibility_state(screen, entry.title, entry.eligibility, plan.order_number)
        for step in entry.steps[entry.chosen_step or 0 :]:
            if step.prior:
                screen.indented(f"{entry.title}, {step.label}: first {describe_prior_steps(step.prior)}")
            if step.warning:
                screen.indented(f"{entry.title}, {step.label}: {step.warning}")
        if with_reasons:
            _reasons(screen, entry)
    _side_effects(screen, plan)


def show_plan_token(screen: Screen, plan: Plan) -> None:
    """What to cancel with, so that nothing is done where the plan has changed."""
    if plan.entries:
        use = f"(`orderdesk cancel --plan`, for {format_duration(PLAN_TOKEN_LIFETIME)})"
        screen.hanging("token:   ", f"{plan.token} {use}")


def _side_effects(screen: Screen, plan: Plan) -> None:
    """What is done besides, and what people may expect and is not done."""
    for entry in plan.entries:
        if entry.also_done:
            effects = ", ".join(_effect(entry, effect) for effect in entry.also_done)
            screen.hanging("also done:", f"{effects}, by {entry.title}")
        for effect in entry.offered:
            name = f'"{effect.value}"' if " " in effect.value else effect.value
            screen.hanging("on demand:", f"{_effect(entry, effect)}, by {entry.title} (`--also {name}`)")
    if plan.not_done:
        screen.hanging("not done:", ", ".join(_EFFECTS[effect] for effect in plan.not_done))


def _quota(quota: QuotaState) -> str:
    opens_at = f"{format_time(quota.opens_at)} {zone(quota.opens_at)}"
    if not quota.left:
        return f"not today: all {quota.calls} calls of {quota.operation!r} are used; it is asked at {opens_at}"
    return f"{quota.left} of {quota.calls} calls of {quota.operation!r} left until {opens_at}"


def _effect(entry: PlanEntry, effect: SideEffect) -> str:
    note = entry.effect_notes.get(effect)
    return f"{_EFFECTS[effect]}: {note}" if note else _EFFECTS[effect]


def _reasons(screen: Screen, entry: PlanEntry) -> None:
    """The service's own list of reasons, for the route that would be used."""
    codes = entry.steps[entry.chosen_step].reasons if entry.chosen_step is not None else ()
    if codes and not _is_requested(entry):
        screen.line(f"Reasons that {entry.title} accepts for this order:")
        show_reasons(screen, codes)


def _is_requested(entry: PlanEntry) -> bool:
    return entry.existing_state is not None and entry.existing_state in _STILL_RELEVANT


def _plan_row(entry: PlanEntry, now: datetime) -> tuple[str, str, str, str, str, str]:
    if entry.existing_state is not None and _is_requested(entry):
        return entry.title, "-", "-", "-", "-", f"nothing: the case there is {entry.existing_state.value} already"
    if entry.problem:
        return entry.title, "-", "-", "see below", "a person", "nothing is sent"
    routes = [step for index, step in enumerate(entry.steps) if entry.chosen_step is None or index >= entry.chosen_step]
    route = ", then ".join(step.label for step in routes)
    if entry.role is ConnectionRole.CART:
        route += ", as the cart"
    if entry.chosen_step is None:
        reason = next((step.window.closed_reason for step in reversed(routes) if step.window.closed_reason), None)
        return entry.title, route, "closed", "-", "-", f"nothing is sent: {reason or 'every route is closed'}"
    step = entry.steps[entry.chosen_step]
    return (
        entry.title,
        route,
        _until(step, now),
        step.needs or "-",
        step.decided_by.removeprefix("the "),
        _follow_up(routes, now),
    )


def _follow_up(steps: Sequence[PlanStep], now: datetime) -> str:
    """What follows; where a clock closes the route, also what the next route is."""
    first, *later = steps
    if not later or first.window.closes_at is None:
        return first.follow_up
    return f"{first.follow_up}; after {_until(first, now)} {later[0].label}, {later[0].follow_up}"


def _until(step: PlanStep, now: datetime) -> str:
    if step.window.closes_at is None:
        return step.window.closes_on or "-"
    until = step.window.closes_at.astimezone()
    same_day = until.date() == now.astimezone().date()
    return f"{until:%H:%M:%S}" if same_day else format_time(step.window.closes_at, seconds=True)


def show_cases(screen: Screen, cases: Sequence[CancelCase]) -> None:
    """The cases of one order, each with its message."""
    rows = [
        (case.connection, case.remote_id, state_text(case.state), case.id, format_time(case.due_at, seconds=True))
        for case in cases
    ]
    columns = ("connection", "number there", "state", "case", "next due")
    screen.table(columns, rows, whole=("state", "case", "next due"))
    for case in cases:
        _show_message(screen, case)


def _lines(case: CancelCase) -> str:
    return ", ".join(f"{line.line}: {line.canceled} of {line.ordered} canceled" for line in case.lines)


def _is_partial(case: CancelCase) -> bool:
    return any(line.canceled for line in case.lines) and any(line.canceled < line.ordered for line in case.lines)


def _show_message(screen: Screen, case: CancelCase) -> None:
    texts = [case.message, None if case.rejection is None else case.rejection.value, case.plugin_error]
    if case.service_status:
        texts.append(f"the service's status is {case.service_status!r}")
    texts.append(_lines(case))
    message = "; ".join(text for text in texts if text)
    if message:
        screen.indented(f"{case.connection}: {message}")
    if case.hint:
        screen.indented(f"What to do: {case.hint}", style="yellow")


def show_case_list(screen: Screen, pages: Iterable[Sequence[Case]]) -> int:
    """Cases of any order and kind, a line each, page by page; returns their number."""
    columns = ("case", "order", "connection", "state", "next due", "message")
    rows = ([_case_row(case) for case in page] for page in pages)
    return screen.pages(columns, rows, whole=("case", "order", "state", "next due"))


def _case_row(case: Case) -> tuple[str | Text, ...]:
    due = format_time(case.due_at)
    return case.id, case.order_number, case.connection, state_text(case.state), due, _case_message(case)


def _case_message(case: Case) -> str:
    if not isinstance(case, CancelCase):
        return case.message or ""
    texts = [
        case.rejection.value if case.rejection is not None else case.message,
        _lines(case) if _is_partial(case) else None,
    ]
    return "; ".join(text for text in texts if text)


def show_receipt(screen: Screen, receipt: Receipt) -> None:
    """A receipt: the result, and for every case its evidence and its history."""
    _show_summary(screen, receipt)
    for cancellation in receipt.cancellations:
        screen.line()
        screen.line(_cancellation_heading(cancellation.cancellation))
        for case in cancellation.cases:
            _show_case(screen, case)
    for response in receipt.responses:
        screen.line()
        show_response(screen, response)
    for change in receipt.status_changes:
        screen.line()
        show_status_change(screen, change)
    for resubmission in receipt.resubmissions:
        screen.line()
        show_resubmission(screen, resubmission)


def _cancellation_heading(cancellation: Cancellation) -> str:
    lines = ", ".join(f"{quantity} of {line}" for line, quantity in cancellation.lines_by_name.items())
    of_lines = f" of {lines}" if lines else ""
    when = format_time(cancellation.requested_at, seconds=True)
    if cancellation.reported_by is not None:
        return f"Cancellation{of_lines} at {cancellation.reported_by} reported by {cancellation.requested_by}, {when}"
    reason = f", reason: {cancellation.reason}" if cancellation.reason else ""
    besides = "; also to ".join(["", *(_EFFECTS[effect] for effect in cancellation.side_effects)])
    return f"Cancellation{of_lines} requested by {cancellation.requested_by}, {when}{reason}{besides}"


def show_receipt_summary(screen: Screen, receipt: Receipt) -> None:
    """A receipt without evidence and history: the result, and the latest case at every connection."""
    _show_summary(screen, receipt)
    latest = receipt.coverage.latest.values()
    for one in (case for cancellation in receipt.cancellations for case in cancellation.cases if case.case in latest):
        message = f" - {one.case.message}" if one.case.message else ""
        head = Text(printable(f"{one.title}: ")).append_text(state_text(one.case.state))
        screen.hanging("", head.append(_rejection_text(one.case)).append(printable(message)))


def _show_summary(screen: Screen, receipt: Receipt) -> None:
    screen.line(f"Order {receipt.order_number}  receipt, {format_time(receipt.at)} {zone(receipt.at)}", "bold")
    if receipt.flaws:
        screen.line("THE LEDGER WAS CHANGED OR DAMAGED. This receipt proves nothing.", "bold red")
        for flaw in receipt.flaws:
            screen.indented(flaw, style="red")
        screen.line("Run `orderdesk doctor` to check the whole ledger, and compare it with a backup.", "red")
    elif not receipt.cancellations:
        screen.line("No cancellation was requested.")
    elif receipt.is_canceled:
        screen.line("Canceled at every connection.", "bold green")
    elif receipt.is_settled:
        screen.line("Settled, but not canceled everywhere.", "bold yellow")
    else:
        screen.line("Not settled yet.", "bold cyan")
    if receipt.still_active:
        screen.line(f"Still active at {', '.join(receipt.still_active)}.", "yellow")


def _show_case(screen: Screen, receipt: CaseReceipt) -> None:
    case = receipt.case
    head = Text(printable(f"{receipt.title}, number {case.remote_id}, by {receipt.route}: "))
    screen.line()
    screen.indented(head.append_text(state_text(case.state)).append(_rejection_text(case)))
    if receipt.integrity.flaws:
        screen.indented("this case proves nothing: its history was changed or damaged", style="bold red")
    if receipt.evidence is not None:
        screen.hanging("evidence:", _evidence_text(receipt, receipt.evidence), indent=2)
    for archived in receipt.archived:
        count = f"{counted(archived.entry_count, 'entry', 'entries')} of its history"
        screen.hanging("archived:", f"{count}, {format_time(archived.archived_at)}, in {archived.archive}", indent=2)
    if case.steps:
        screen.hanging("before it:", describe_steps(case.steps), indent=2)
    if case.side_effects:
        screen.hanging("besides:", ", ".join(_EFFECTS[effect] for effect in case.side_effects), indent=2)
    if receipt.unasked_effects:
        unasked = ", ".join(_EFFECTS[effect] for effect in receipt.unasked_effects)
        screen.hanging("not asked:", f"{unasked}; the plan did not show it here", indent=2)
    if _is_partial(case):
        screen.hanging("lines:", _lines(case), indent=2)
    if case.is_open and case.hint:
        screen.indented(f"What to do: {case.hint}", style="yellow")
    screen.table(("", "", ""), history_rows(receipt.history, case.remote_id), indent=4)


def _rejection_text(case: CancelCase) -> str:
    return f" ({case.rejection.value})" if case.rejection is not None else ""


def show_evidence(screen: Screen, receipt: CaseReceipt) -> None:
    """A case's state and evidence, without its history."""
    head = Text(printable(f"Order {receipt.case.order_number} at {receipt.title}: ")).append_text(
        state_text(receipt.case.state)
    )
    screen.line(head)
    if receipt.integrity.flaws:
        screen.indented("this case proves nothing: its history was changed or damaged", style="bold red")
    if receipt.evidence is not None:
        screen.hanging("evidence:", _evidence_text(receipt, receipt.evidence), indent=2)


def _evidence_text(receipt: CaseReceipt, evidence: EvidenceReceipt) -> str:
    if evidence.email is not None:
        return _email_text(evidence, evidence.email)
    if evidence.kind is EvidenceKind.PERSON or evidence.exchange is None:
        if evidence.person:
            return f"confirmed by {evidence.person}{_note_text(evidence)}"
        return f"{evidence.kind.value}, archived" if receipt.archived else evidence.kind.value
    exchange = evidence.exchange
    call = f"{exchange.intent.method} {exchange.intent.url} answered {exchange.status}"
    if evidence.no_order_number_reason is not None:
        call += f"; the response does not state the order number: {printable(evidence.no_order_number_reason)}"
    if evidence.kind is EvidenceKind.RESPONSE:
        return f"the service's response, {call}"
    if evidence.kind is EvidenceKind.LINE_QUANTITIES:
        canceled = sum(line.canceled for line in receipt.case.lines)
        ordered = sum(line.ordered for line in receipt.case.lines)
        return f"line quantities, {canceled} of {ordered} canceled: {call}"
    return f"polled status {evidence.status!r}: {call}" if evidence.status else f"polled, {call}"


def _email_text(evidence: EvidenceReceipt, email: EmailEvidence) -> str:
    if email.in_reply_to:
        answers = f"in reply to our e-mail {email.in_reply_to}"  # An id that begins with its case's.
    else:
        about = f"about order {email.mentioned_order_number}, " if email.mentioned_order_number else ""
        answers = f"{about}not in reply to an e-mail of ours, matched to this case by {evidence.person}"
    head = f'e-mail from {email.sender}, "{email.subject}", {format_time(email.dated_at)}'
    return f"{head}, {answers}; filed by {evidence.person}{_note_text(evidence)}"


def _note_text(evidence: EvidenceReceipt) -> str:
    return f", who noted: {evidence.note}" if evidence.note else ""


def event_line(case: CancelCase, event: Event) -> Text:
    """A change in one line: the state after it, and its message."""
    texts = [event.message, event.plugin_error]
    if event.service_status:
        texts.append(f"the service's status is {event.service_status!r}")
    if event.kind is EventKind.PARTIALLY_CANCELED:
        texts.append(", ".join(f"{line.line}: {line.canceled} of {line.ordered} canceled" for line in event.lines))
    message = "; ".join(text for text in texts if text)
    rejection = f" ({event.rejection.value})" if event.rejection is not None else ""
    text = f"{rejection} - {message}" if message else rejection
    return state_text(case.state).append(printable(text), "default not bold")
