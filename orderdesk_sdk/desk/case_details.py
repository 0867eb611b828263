"""What helps a person to decide about one case: what was asked, what was sent, what came back, and how it came here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.archive import ArchivedHistory
from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.case_actions import CaseAction, action_obstacles
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.cases.history import HistoryEntry
from orderdesk_sdk.cases.history_lines import HistoryLine, history_lines
from orderdesk_sdk.cases.inbox import SeenAlarm
from orderdesk_sdk.cases.integrity import IntegrityReport
from orderdesk_sdk.cases.messages import InboundMessage
from orderdesk_sdk.cases.receipt import EvidenceReceipt, evidence_receipt
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.desk.parts import DeskParts
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.plugin.cancel_requests import CancelRequests
from orderdesk_sdk.plugin.routes import Portal

__all__ = ["CaseDetails", "CaseMail", "read_case_details"]

_MESSAGES = 20
"""Messages about the order that are told."""
_DRAFT = "draft:\n"
"""How the note begins that holds a mail which a person is to send."""


@frozen
class CaseMail:
    """The mail of a case as its history has it.

    Args:
        text: with its headers, redacted.
        is_draft: a person is to send it.
        outcome: what the mail server said, or why it was not sent; None for a draft.
    """

    text: str
    at: datetime
    is_draft: bool
    outcome: str | None = None


@frozen
class CaseDetails:
    """A case and everything about it that a person wants to see.

    Args:
        title: what the connection's integration is called; the connection's name where it is not to be had.
        route: by what it is canceled, in words; None where it is no cancel, or unknown.
        instruction: what a person is to do there, where the route is a portal; None where it is none.
        requests: how somebody else's requests to cancel are answered there; None where it is no response, or unknown.
        cancellation: that it belongs to; None for other kinds.
        mail: the latest; None where there was none.
        last_answer: the last exchange in which the service said something; None where there was none.
        history: the last lines, in order.
        earlier_lines: how many lines come before these.
        archived: what of its history lies in archives, and where.
        messages: that came in about the order, the newest first.
        obstacles: what a person may do with it, with what stands in the way of it; None where nothing does.
        seen: who has taken care of the alarm; None where nobody has, or it is none.
    """

    case: Case
    title: str
    route: str | None
    instruction: str | None
    requests: CancelRequests | None
    cancellation: Cancellation | None
    mail: CaseMail | None
    last_answer: Exchange | None
    evidence: EvidenceReceipt | None
    history: tuple[HistoryLine, ...]
    earlier_lines: int
    integrity: IntegrityReport
    archived: tuple[ArchivedHistory, ...]
    messages: tuple[InboundMessage, ...]
    obstacles: Mapping[CaseAction, str | None]
    seen: SeenAlarm | None


def read_case_details(parts: DeskParts, case: Case, *, lines: int) -> CaseDetails:
    """Everything about a case.

    Args:
        lines: of its history, how many at most.
    """
    ledger = parts.ledger
    history = ledger.history(case.id)
    told = history_lines(history)
    title, route, instruction = _declared(parts, case)
    return CaseDetails(
        case=case,
        title=title,
        route=route,
        instruction=instruction,
        requests=_requests(parts, case),
        cancellation=_cancellation_of(parts, case),
        mail=_mail_of(history),
        last_answer=_last_answer(history),
        evidence=evidence_receipt(case, history),
        history=told[-lines:],
        earlier_lines=max(0, len(told) - lines),
        integrity=ledger.verify(case),
        archived=tuple(one for one in ledger.archived(case.order_id) if one.case_id == case.id),
        messages=ledger.messages_about(case.order_id, _MESSAGES),
        obstacles=_obstacles(parts, case),
        seen=ledger.seen_alarm(case.id),
    )


def _declared(parts: DeskParts, case: Case) -> tuple[str, str | None, str | None]:
    """Title, route and instruction, as far as the connection can be used."""
    try:
        integration = parts.connections.get(case.connection).integration
    except OrderDeskError:  # No longer configured, or broken: the case is told all the same.
        return case.connection, None, None
    if not isinstance(case, CancelCase) or case.is_reported or case.route >= len(integration.cancel):
        return integration.title, None, None
    route = integration.cancel[case.route]
    return integration.title, route.label, route.instruction if isinstance(route, Portal) else None


def _obstacles(parts: DeskParts, case: Case) -> Mapping[CaseAction, str | None]:
    """What stands in the way of each action; also that nothing can be asked where the plugin has no poll."""
    found = action_obstacles(case)
    if not isinstance(case, CancelCase) or found[CaseAction.POLL] is not None:
        return found
    try:
        hook = parts.connections.get(case.connection).plugin.manager.hook.orderdesk_poll
    except OrderDeskError:  # As above: what keeps the connection from being used is told when it is asked.
        return found
    if hook.get_hookimpls():
        return found
    return {**found, CaseAction.POLL: "this service has nothing that can be asked; find out there"}


def _requests(parts: DeskParts, case: Case) -> CancelRequests | None:
    if not isinstance(case, ResponseCase):
        return None
    try:
        return parts.connections.get(case.connection).cancel_requests
    except OrderDeskError:  # As above.
        return None


def _cancellation_of(parts: DeskParts, case: Case) -> Cancellation | None:
    if not isinstance(case, CancelCase):
        return None
    found = (one for one in parts.ledger.cancellations(case.order_id) if one.id == case.cancellation_id)
    return next(found, None)


def _mail_of(history: Sequence[HistoryEntry]) -> CaseMail | None:
    for entry in reversed(history):
        content = entry.content
        if isinstance(content, str) and content.startswith(_DRAFT):
            return CaseMail(content.removeprefix(_DRAFT), entry.at, is_draft=True)
        if isinstance(content, Exchange) and content.intent.method == "MAIL":
            if content.failure is not None:
                return CaseMail(content.body, entry.at, is_draft=False, outcome=content.failure.message)
            said, _, text = content.body.partition("\n\n")
            return CaseMail(text, entry.at, is_draft=False, outcome=said)
    return None


def _last_answer(history: Sequence[HistoryEntry]) -> Exchange | None:
    exchanges = (entry.content for entry in reversed(history) if isinstance(entry.content, Exchange))
    return next((one for one in exchanges if one.status is not None and one.intent.method != "MAIL"), None)
