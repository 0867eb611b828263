"""What a case asks for, in words and as names with values. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.prior_steps import describe_steps
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.plugin.cancel_requests import SilenceMeans

__all__ = ["asked_facts", "asked_sentence", "portal_text", "silence_text"]

_SILENCE: Mapping[SilenceMeans, str] = {
    SilenceMeans.ACCEPTED: "it counts as accepted, and the order as canceled",
    SilenceMeans.REJECTED: "it counts as rejected, and the order goes on",
    SilenceMeans.NOTHING: "nothing: the request stays open",
}


def asked_sentence(case: Case, title: str) -> str:
    """What the case is about, in one sentence."""
    match case:
        case ResponseCase():
            owed = " We owe an answer." if case.is_open else ""
            return f"{title} asked us to cancel this order.{owed}"
        case StatusCase():
            return f"The order's status at {title} {'is' if case.is_open else 'was'} to be {case.status}."
        case ResubmitCase():
            return f"The order {'is' if case.is_open else 'was'} to go to {title} again, as {case.remote_id}."
        case CancelCase() if case.is_reported:
            verified = "; that is being verified" if case.is_open else ""
            return f"{title} reported that the order is canceled there{verified}."
        case _:
            return f"{title} {'is' if case.is_open else 'was'} to cancel this order."


def silence_text(silence: SilenceMeans) -> str:
    """What follows at the asker when nobody answers."""
    return _SILENCE[silence]


def asked_facts(case: Case, cancellation: Cancellation | None, route: str | None) -> tuple[tuple[str, str], ...]:
    """Names with values, those that there are."""
    facts = [
        ("Number there", case.remote_id),
        ("Role there", case.role.value),
        ("Requested by", case.requested_by),
        ("Reason", cancellation.reason if cancellation is not None else None),
        ("Only these lines", _lines(cancellation.lines_by_name) if cancellation is not None else None),
        ("By way of", route),
        ("Caused by rules", ", ".join(case.caused_by_rules)),
    ]
    if isinstance(case, CancelCase):
        facts.append(("Rejected because", case.rejection.value if case.rejection is not None else None))
        facts.append(("Last word of the service", case.service_status))
        facts.append(("Its name for the request", case.request_reference))
        facts.append(("Before the cancel", describe_steps(case.steps)))
        told = [f"{line.line}: {line.canceled} of {line.ordered} canceled" for line in case.lines]
        facts.append(("Lines", ", ".join(told)))
    if isinstance(case, ResponseCase):
        facts += _response_facts(case)
    return tuple((name, value) for name, value in facts if value)


def _response_facts(case: ResponseCase) -> Sequence[tuple[str, str | None]]:
    decision = case.decision
    answer = decision.answer.value if decision is not None and decision.answer is not None else None
    return [
        ("Their request", case.request.request_id),
        ("Their reason", case.request.reason),
        ("Only these lines", _lines(case.lines)),
        ("If nobody answers", silence_text(case.silence)),
        ("Decided by", decision.by if decision is not None else None),
        ("Answer", answer or ("waits for what the fulfillment services say" if decision is not None else None)),
        ("In words", decision.text if decision is not None else None),
    ]


def portal_text(case: CancelCase, cancellation: Cancellation | None) -> str:
    """What a person copies into a portal, or says on the phone."""
    lines = [f"Please cancel order {case.remote_id}."]
    if case.order_number != case.remote_id:
        lines.append(f"Our number: {case.order_number}")
    if cancellation is not None and cancellation.reason:
        lines.append(f"Reason: {cancellation.reason}")
    if cancellation is not None and cancellation.lines:
        lines.append(f"Only these lines: {_lines(cancellation.lines_by_name)}")
    return "\n".join(lines)


def _lines(lines: Mapping[str, int]) -> str | None:
    return ", ".join(f"{quantity} x {name}" for name, quantity in lines.items()) or None
