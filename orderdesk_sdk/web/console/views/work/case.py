"""The page of one case. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import ALARMS, Case, State
from orderdesk_sdk.cases.case_actions import CaseAction
from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.history_lines import HistoryLine
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.desk.case_details import CaseDetails, CaseMail
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.web.console.views.work.asked import asked_facts, asked_sentence, portal_text
from orderdesk_sdk.web.console.views.work.decisions import Decision, make_decisions

__all__ = ["CasePage", "HistoryRow", "MailView", "REJECTIONS", "make_case_page"]

_SHOWN_BODY = 4000
_FOLDED_AFTER = 240
"""Characters, or lines beyond two, of a message that is folded away in the history."""
_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_SYMBOLS = {"note": "audit", "escalated": "action", "reminded": "clock", "canceled": "check", "rejected": "rejected"}
REJECTIONS: Sequence[tuple[str, str]] = tuple(
    (one.value, text)
    for one, text in (
        (Rejection.TOO_LATE, "Too late: it is being made or packed"),
        (Rejection.SHIPPED, "It has shipped"),
        (Rejection.NOT_ALLOWED, "They do not allow it"),
    )
)
"""The reasons that a rejection may have, with words for them."""
_REFUSALS = {
    Rejection.NOT_ALLOWED: "We do not allow it",
    Rejection.TOO_LATE: "Too late: it is being made or packed",
    Rejection.SHIPPED: "It has shipped",
}
_VERDICTS: Mapping[type[Case], tuple[str, str]] = {
    CancelCase: ("It is canceled", "They will not cancel it"),
    StatusCase: ("The status is set", "They will not set it"),
    ResubmitCase: ("They have the order", "They do not take it"),
    ResponseCase: ("They have our answer", "They do not take our answer"),
}


@frozen
class MailView:
    """A mail, taken apart for the eye.

    Args:
        headers: those that a person reads, in order.
        outcome: what the mail server said, or why it was not sent; None for a draft.
    """

    headers: tuple[tuple[str, str], ...]
    subject: str
    to: str
    body: str
    at: datetime
    is_draft: bool
    outcome: str | None


@frozen
class HistoryRow:
    """A line of the history.

    Args:
        body: the service's own words, redacted, or a long message; None where there are none. `body_title`: what it is.
    """

    at: datetime
    icon: str
    summary: str
    message: str | None
    person: str | None
    body: str | None
    body_title: str = ""


@frozen
class CasePage:
    """The page.

    Args:
        why: why it stands as it does; `todo` what to do next.
        portal: what a person copies into a portal; None where there is no need.
        proof: what the verdict rests on, as names with values; empty without one.
        answer_by: by when a response must be answered; None for anything else.
        verdicts: what a person may say that the service said, in words: done, and not done.
        refusals: the reasons that a request may be rejected for, as values and texts.
        by_hand: what a person does themselves where the asker takes an answer by no call.
        flaws: what of the record is not as it was written.
    """

    details: CaseDetails
    case: Case
    sentence: str
    why: str | None
    todo: str | None
    facts: tuple[tuple[str, str], ...]
    portal: str | None
    mail: MailView | None
    last_answer: HistoryRow | None
    proof: tuple[tuple[str, str], ...]
    history: tuple[HistoryRow, ...]
    decisions: Mapping[str, Decision]
    answer_by: datetime | None
    is_alarm: bool
    takes_email: bool
    verdicts: tuple[str, str]
    refusals: tuple[tuple[str, str], ...]
    by_hand: tuple[str, ...]
    flaws: tuple[str, ...]


def make_case_page(details: CaseDetails, role: Role, *, is_stepped_up: bool) -> CasePage:
    """The page for somebody of a role.

    Args:
        is_stepped_up: they gave their password a short while ago.
    """
    case = details.case
    return CasePage(
        details=details,
        case=case,
        sentence=asked_sentence(case, details.title),
        why="; ".join(text for text in (case.message, case.plugin_error) if text) or None,
        todo=_todo(details),
        facts=asked_facts(case, details.cancellation, details.route),
        portal=_portal(details),
        mail=_mail(details.mail) if details.mail is not None else None,
        last_answer=_last_answer(details),
        proof=_proof(details),
        history=tuple(map(_history_row, reversed(details.history))),
        decisions=make_decisions(
            case, details.obstacles, role, is_stepped_up=is_stepped_up, is_seen=details.seen is not None
        ),
        answer_by=case.answer_by if isinstance(case, ResponseCase) and case.is_open else None,
        is_alarm=case.state in ALARMS,
        takes_email=isinstance(case, CancelCase),
        verdicts=_VERDICTS[type(case)],
        refusals=_refusals(details),
        by_hand=_by_hand(details),
        flaws=details.integrity.flaws,
    )


def _refusals(details: CaseDetails) -> tuple[tuple[str, str], ...]:
    codes = details.requests.codes if details.requests is not None else {}
    return tuple(
        (one.value, f"{text} (told as {codes[one]})" if one in codes else text) for one, text in _REFUSALS.items()
    )


def _by_hand(details: CaseDetails) -> tuple[str, ...]:
    declared = details.requests
    if declared is None:
        return ()
    ways = (("To accept", declared.accept_by_hand), ("To reject", declared.reject_by_hand))
    return tuple(f"{head}: {text}" for head, text in ways if text)


def _todo(details: CaseDetails) -> str | None:
    case = details.case
    if case.state in ALARMS:
        return (
            None if details.seen is not None else "Stop the parcel where that is possible, and tell whoever must know."
        )
    may_answer = details.obstacles.get(CaseAction.ANSWER, "-") is None
    if may_answer and isinstance(case, ResponseCase) and case.decision is None:
        return "Decide: accept, and the fulfillment services are asked to cancel; or reject it."
    if details.instruction is not None and case.state is State.ACTION_REQUIRED:
        return details.instruction
    return case.hint


def _portal(details: CaseDetails) -> str | None:
    case = details.case
    if details.instruction is None or not case.is_open or not isinstance(case, CancelCase):
        return None
    return portal_text(case, details.cancellation)


def _mail(mail: CaseMail) -> MailView:
    head, _, body = mail.text.replace("\r\n", "\n").partition("\n\n")
    found: dict[str, str] = {}
    for line in head.split("\n"):
        name, colon, value = line.partition(":")
        if colon and name in _HEADERS:
            found.setdefault(name, value.strip())
    shown = tuple((name, found[name]) for name in _HEADERS if name in found)
    return MailView(shown, found.get("Subject", ""), found.get("To", ""), body, mail.at, mail.is_draft, mail.outcome)


def _last_answer(details: CaseDetails) -> HistoryRow | None:
    answer = details.last_answer
    if answer is None:
        return None
    asked = f"{answer.intent.method} {answer.intent.url}"
    return HistoryRow(answer.ended_at, "next", asked, f"HTTP {answer.status}", None, _cut(answer.body))


def _proof(details: CaseDetails) -> tuple[tuple[str, str], ...]:
    evidence = details.evidence
    if evidence is None:
        return ()
    facts = [
        ("Kind", evidence.kind.value),
        ("Word of", evidence.person),
        ("Note", evidence.note),
        ("Status read", evidence.status),
    ]
    if evidence.exchange is not None:
        call = evidence.exchange
        facts.append(("Call", f"{call.intent.method} {call.intent.url}, HTTP {call.status}"))
    if evidence.email is not None:
        mail = evidence.email
        facts += [
            ("E-mail from", mail.sender),
            ("Subject", mail.subject),
            ("Dated", f"{mail.dated_at:%Y-%m-%d %H:%M} UTC"),
            ("SHA-256 of the file", mail.digest),
        ]
    facts.append(("States no number", evidence.no_order_number_reason))
    return tuple((name, value) for name, value in facts if value)


def _history_row(line: HistoryLine) -> HistoryRow:
    symbol = _SYMBOLS.get(line.summary, "next" if line.exchange is not None else "info")
    if line.exchange is not None and line.exchange.body:
        title = "What the service said" if line.exchange.intent.method != "MAIL" else "The e-mail"
        return HistoryRow(line.at, symbol, line.summary, line.message, line.person, _cut(line.exchange.body), title)
    text = line.message or ""
    if len(text) > _FOLDED_AFTER or text.count("\n") > 1:
        first, _, rest = text.partition("\n")
        title, body = ("The draft", rest) if first == "draft:" else ("All of it", text)
        head = "an e-mail for a person to send" if first == "draft:" else None
        return HistoryRow(line.at, symbol, line.summary, head, line.person, _cut(body), title)
    return HistoryRow(line.at, symbol, line.summary, line.message, line.person, None)


def _cut(text: str) -> str | None:
    if len(text) <= _SHOWN_BODY:
        return text or None
    return f"{text[:_SHOWN_BODY]}\n[cut here; {counted(len(text) - _SHOWN_BODY, 'more character')} in the ledger]"
