"""The receipt as a timeline: per case what was asked, answered and decided, with the evidence. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.evidence import EmailEvidence, EvidenceKind
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.cases.history_lines import HistoryLine
from orderdesk_sdk.cases.prior_steps import describe_steps
from orderdesk_sdk.cases.receipt import CaseReceipt, EvidenceReceipt, Receipt

__all__ = ["CallView", "ReceiptCase", "ReceiptCancellation", "ReceiptPage", "TimelineLine", "make_receipt_page"]


@frozen
class CallView:
    """A call that was made, redacted as the ledger keeps it.

    Args:
        outcome: the status, or why there was none.
        body: an excerpt; "" where nothing came.
    """

    request: str
    sent: str
    outcome: str
    body: str
    is_complete: bool


@frozen
class TimelineLine:
    """One line of the timeline.

    Args:
        tone: of the dot: good, bad, ask, info or quiet.
    """

    at: datetime
    title: str
    text: str | None
    person: str | None
    tone: str
    call: CallView | None


@frozen
class ReceiptCase:
    """A case in the receipt.

    Args:
        evidence: what its verdict rests on, in a sentence; None: there is no verdict yet.
        flaws: what is not as it was written; then the case proves nothing.
    """

    id: str
    title: str
    remote_id: str
    route: str
    state: State
    rejection: str | None
    evidence: str | None
    lines: tuple[str, ...]
    besides: tuple[str, ...]
    timeline: tuple[TimelineLine, ...]
    flaws: tuple[str, ...]
    entry_count: int
    archived: tuple[str, ...]
    texts_removed: bool
    is_open: bool


@frozen
class ReceiptCancellation:
    """A cancellation in the receipt."""

    title: str
    requested_at: datetime
    reason: str | None
    cases: tuple[ReceiptCase, ...]


@frozen
class ReceiptPage:
    """The receipt page.

    Args:
        integrity: whether all is as it was written, in a sentence.
        others: resubmissions, status changes and responses, a line each: what, state, message.
    """

    order_number: str
    at: datetime
    headline: str
    tone: str
    still_active: tuple[str, ...]
    flaws: tuple[str, ...]
    integrity: str
    cancellations: tuple[ReceiptCancellation, ...]
    others: tuple[tuple[str, State, str | None], ...]
    next_after: int | None


def make_receipt_page(receipt: Receipt) -> ReceiptPage:
    """The receipt page."""
    headline, tone = _headline(receipt)
    entries = sum(case.integrity.entry_count for one in receipt.cancellations for case in one.cases)
    intact = f"Its history is as it was written: the hash chain over its {counted(entries, 'line')} is unbroken."
    return ReceiptPage(
        receipt.order_number,
        receipt.at,
        headline,
        tone,
        receipt.still_active,
        receipt.flaws,
        "The ledger was changed or damaged. This receipt proves nothing." if receipt.flaws else intact,
        tuple(_cancellation(one.cancellation, one.cases) for one in receipt.cancellations),
        tuple(
            (f"{case.kind} at {case.connection}", case.state, case.message)
            for case in (*receipt.responses, *receipt.status_changes, *receipt.resubmissions)
        ),
        receipt.next_after,
    )


def _headline(receipt: Receipt) -> tuple[str, str]:
    if receipt.flaws:
        return "The ledger was changed or damaged.", "bad"
    if not receipt.cancellations:
        return "No cancellation was requested.", "quiet"
    if receipt.is_canceled:
        return "Canceled at every place.", "good"
    return ("Settled, but not canceled everywhere.", "warn") if receipt.is_settled else ("Not settled yet.", "info")


def _cancellation(asked: Cancellation, cases: tuple[CaseReceipt, ...]) -> ReceiptCancellation:
    lines = ", ".join(f"{quantity} of {line}" for line, quantity in asked.lines_by_name.items())
    of_lines = f" of {lines}" if lines else ""
    if asked.reported_by is not None:
        title = f"Cancellation{of_lines} at {asked.reported_by}, reported by {asked.requested_by}"
    else:
        besides = ", ".join(effect.value for effect in asked.side_effects)
        title = f"Cancellation{of_lines}, requested by {asked.requested_by}" + (f", with: {besides}" if besides else "")
    return ReceiptCancellation(title, asked.requested_at, asked.reason, tuple(map(_case, cases)))


def _case(receipt: CaseReceipt) -> ReceiptCase:
    case = receipt.case
    return ReceiptCase(
        case.id,
        receipt.title,
        case.remote_id,
        receipt.route,
        case.state,
        case.rejection.value if case.rejection is not None else None,
        _evidence(case, receipt.evidence) if receipt.evidence is not None else None,
        tuple(f"{line.line}: {line.canceled} of {line.ordered} canceled" for line in case.lines),
        tuple(_besides(receipt)),
        tuple(map(_timeline_line, receipt.history)),
        receipt.integrity.flaws,
        receipt.integrity.entry_count,
        tuple(one.summary for one in receipt.archived),
        receipt.integrity.texts_removed,
        case.is_open,
    )


def _besides(receipt: CaseReceipt) -> Iterator[str]:
    """What is done beside the cancel, or before it, and what of that is not asked for."""
    case = receipt.case
    if case.steps:
        yield f"Before the cancel: {describe_steps(case.steps)}"
    if case.side_effects:
        yield f"Besides: {', '.join(effect.value for effect in case.side_effects)}"
    if receipt.unasked_effects:
        unasked = ", ".join(effect.value for effect in receipt.unasked_effects)
        yield f"Not asked for here: {unasked}; the plan did not show it here"


def _evidence(case: CancelCase, evidence: EvidenceReceipt) -> str:
    noted = f", who noted: {evidence.note}" if evidence.note else ""
    if evidence.email is not None:
        return f"{_email(evidence.email)}; filed by {evidence.person}{noted}"
    if evidence.kind is EvidenceKind.PERSON:
        return f"The word of {evidence.person}{noted}"
    if evidence.exchange is None:
        return f"{evidence.kind.value.capitalize()}, whose call was archived"
    exchange = evidence.exchange
    call = f"{exchange.intent.method} {exchange.intent.url} answered {exchange.status}"
    if evidence.no_order_number_reason:
        call += f"; the response does not state the order's number: {evidence.no_order_number_reason}"
    if evidence.kind is EvidenceKind.RESPONSE:
        return f"The service's response: {call}"
    if evidence.kind is EvidenceKind.LINE_QUANTITIES:
        canceled, ordered = sum(line.canceled for line in case.lines), sum(line.ordered for line in case.lines)
        return f"The quantities of the lines, {canceled} of {ordered} canceled: {call}"
    return f"The status {evidence.status!r}, read afterwards: {call}" if evidence.status else f"Read afterwards: {call}"


def _email(email: EmailEvidence) -> str:
    about = "in reply to our e-mail" if email.in_reply_to else f"about order {email.mentioned_order_number}"
    return f'An e-mail from {email.sender}, "{email.subject}", {about}'


_TONES = {
    "canceled": "good",
    "done": "good",
    "partially canceled": "warn",
    "rejected": "bad",
    "shipped anyway": "bad",
    "expired": "bad",
}


def _timeline_line(line: HistoryLine) -> TimelineLine:
    is_call = line.exchange is not None
    tone = "info" if is_call else _TONES.get(line.summary, "quiet")
    return TimelineLine(
        line.at,
        line.summary if is_call else line.summary.capitalize(),
        line.message,
        line.person,
        tone,
        _call(line.exchange) if line.exchange is not None else None,
    )


def _call(exchange: Exchange) -> CallView:
    failure = exchange.failure
    outcome = f"{failure.message} ({failure.certainty.value})" if failure is not None else f"status {exchange.status}"
    times = f", sent {exchange.attempts} times" if exchange.attempts > 1 else ""
    return CallView(
        f"{exchange.intent.method} {exchange.intent.url}",
        exchange.intent.body,
        f"{outcome}{times}",
        exchange.body,
        exchange.is_complete,
    )
