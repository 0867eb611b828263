"""Plans, cases, receipts and resubmissions for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import zip_longest
from urllib.parse import unquote, urlsplit

from rich.text import Text

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.evidence import MailIn, ProofKind
from orderdesk_sdk.cases.plan import Plan, PlanEntry, PlanStep
from orderdesk_sdk.cases.receipt import CaseReceipt, ProofReceipt, Receipt, Step
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cli.output.cases import resubmission_lines, status_change_lines
from orderdesk_sdk.cli.output.integrations import reasons_table
from orderdesk_sdk.cli.output.screen import Screen, printable, state_text
from orderdesk_sdk.cli.output.times import shown, zone
from orderdesk_sdk.orders.order import Role

__all__ = [
    "cases_table",
    "event_line",
    "plan_table",
    "proof_line",
    "receipt_page",
    "receipt_summary",
    "standing_table",
]

_UNDER_WAY = frozenset(State) - {State.REFUSED, State.IMPOSSIBLE, State.WITHDRAWN, State.SHIPPED_ANYWAY}
_QUIET = frozenset({"send", "check", "resume"})
"""Steps that only announce the call which the next step tells of."""


def plan_table(screen: Screen, plan: Plan, *, with_reasons: bool = True) -> None:
    """What a cancellation would do, and which reasons the services take."""
    screen.line(f"Order {plan.order_number}  cancel plan, {shown(plan.at)} {zone(plan.at)}", "bold")
    if not plan.entries:
        screen.line("It was submitted nowhere, so there is nothing to cancel.")
        return
    rows = [_plan_row(entry, plan.at) for entry in plan.entries]
    screen.table(("place", "route", "open until", "needs", "turn", "then"), rows, whole=("turn",))
    for entry in plan.entries:
        if entry.problem:
            screen.indented(f"{entry.title}: {entry.problem}", style="yellow")
        for step in entry.steps[entry.chosen or 0 :]:
            if step.note:
                screen.indented(f"{entry.title}, {step.label}: {step.note}")
        if with_reasons:
            _reasons(screen, entry)


def _reasons(screen: Screen, entry: PlanEntry) -> None:
    """The service's own list, for the way that would be taken."""
    codes = entry.steps[entry.chosen].reasons if entry.chosen is not None else ()
    if codes and not _is_under_way(entry):
        screen.line(f"Reasons that {entry.title} takes for this order:")
        reasons_table(screen, codes)


def _is_under_way(entry: PlanEntry) -> bool:
    return entry.standing is not None and entry.standing in _UNDER_WAY


def _plan_row(entry: PlanEntry, now: datetime) -> tuple[str, str, str, str, str, str]:
    if entry.standing is not None and _is_under_way(entry):
        return entry.title, "-", "-", "-", "-", f"nothing: there it is {entry.standing.value} already"
    if entry.problem:
        return entry.title, "-", "-", "see below", "a person", "nothing is sent"
    ladder = [step for index, step in enumerate(entry.steps) if entry.chosen is None or index >= entry.chosen]
    route = ", then ".join(step.label for step in ladder)
    if entry.role is Role.CART:
        route += ", as the cart"
    if entry.chosen is None:
        why = next((step.opening.why_closed for step in reversed(ladder) if step.opening.why_closed), None)
        return entry.title, route, "closed", "-", "-", f"nothing is sent: {why or 'every way is closed'}"
    step = entry.steps[entry.chosen]
    return entry.title, route, _until(step, now), step.needs or "-", step.turn.removeprefix("the "), _then(ladder, now)


def _then(ladder: Sequence[PlanStep], now: datetime) -> str:
    """What follows; where a clock closes the way, also what the next one is."""
    first, *later = ladder
    if not later or first.opening.until is None:
        return first.then
    return f"{first.then}; after {_until(first, now)} {later[0].label}, {later[0].then}"


def _until(step: PlanStep, now: datetime) -> str:
    if step.opening.until is None:
        return step.opening.closes_on or "-"
    until = step.opening.until.astimezone()
    same_day = until.date() == now.astimezone().date()
    return f"{until:%H:%M:%S}" if same_day else shown(step.opening.until, seconds=True)


def standing_table(screen: Screen, cases: Sequence[Case]) -> None:
    """Where the cases of one order stand, with what is said of each."""
    rows = [
        (case.connection, case.remote_id, state_text(case.state), case.id, shown(case.due_at, seconds=True))
        for case in cases
    ]
    columns = ("place", "number there", "state", "case", "next look")
    screen.table(columns, rows, whole=("state", "case", "next look"))
    for case in cases:
        _said(screen, case)


def _lines(case: Case) -> str:
    return ", ".join(f"{line.line}: {line.canceled} of {line.ordered} canceled" for line in case.lines)


def _is_partial(case: Case) -> bool:
    return any(line.canceled for line in case.lines) and any(line.canceled < line.ordered for line in case.lines)


def _said(screen: Screen, case: Case) -> None:
    words = [case.text, None if case.refusal is None else case.refusal.value, case.fault]
    if case.status:
        words.append(f"the service says {case.status!r}")
    words.append(_lines(case))
    said = "; ".join(word for word in words if word)
    if said:
        screen.indented(f"{case.connection}: {said}")
    if case.remedy:
        screen.indented(f"what to do: {case.remedy}", style="yellow")


def cases_table(screen: Screen, pages: Iterable[Sequence[Case]]) -> int:
    """Cases of any order, a line each, page by page as they come; how many."""
    columns = ("case", "order", "place", "state", "next look", "said")
    rows = ([_case_row(case) for case in page] for page in pages)
    return screen.pages(columns, rows, whole=("case", "order", "state", "next look"))


def _case_row(case: Case) -> tuple[str | Text, ...]:
    words = _case_words(case)
    return case.id, case.order_number, case.connection, state_text(case.state), shown(case.due_at), words


def _case_words(case: Case) -> str:
    words = [case.refusal.value if case.refusal is not None else case.text, _lines(case) if _is_partial(case) else None]
    return "; ".join(word for word in words if word)


def receipt_page(screen: Screen, receipt: Receipt) -> None:
    """A receipt: the verdict, and for every case what it rests on and how it came about."""
    _verdict(screen, receipt)
    for wish in receipt.wishes:
        screen.line()
        screen.line(_wish_words(wish.cancellation))
        for found in wish.cases:
            _case_page(screen, found)
    for change in receipt.status_changes:
        screen.line()
        status_change_lines(screen, change)
    for resubmission in receipt.resubmissions:
        screen.line()
        resubmission_lines(screen, resubmission)


def _wish_words(wish: Cancellation) -> str:
    what = ", ".join(f"{quantity} of {line}" for line, quantity in wish.part.items()) or "it"
    when = shown(wish.asked_at, seconds=True)
    if wish.heard_from is not None:
        return f"{wish.asked_by} said on {when} that {what} is canceled at {wish.heard_from}"
    why = f", because: {wish.reason}" if wish.reason else ""
    return f"{wish.asked_by} asked on {when} to cancel {what}{why}"


def receipt_summary(screen: Screen, receipt: Receipt) -> None:
    """A receipt without proofs and stories: the verdict, and the latest one of every place."""
    _verdict(screen, receipt)
    latest = receipt.coverage.latest.values()
    for found in (one for wish in receipt.wishes for one in wish.cases if one.case in latest):
        said = f" - {found.case.text}" if found.case.text else ""
        head = Text(printable(f"{found.title}: ")).append_text(state_text(found.case.state))
        screen.hanging("", head.append(_why(found.case)).append(printable(said)))


def _verdict(screen: Screen, receipt: Receipt) -> None:
    screen.line(f"Order {receipt.order_number}  receipt, {shown(receipt.at)} {zone(receipt.at)}", "bold")
    if receipt.flaws:
        screen.line("THE LEDGER IS NOT AS IT WAS WRITTEN. This proves nothing.", "bold red")
        for flaw in receipt.flaws:
            screen.indented(flaw, style="red")
        screen.line("`orderdesk doctor` looks at all of it; a backup from before tells what it was.", "red")
    elif not receipt.wishes:
        screen.line("Nobody has asked to cancel it.")
    elif receipt.is_canceled:
        screen.line("Canceled at every place that held it.", "bold green")
    elif receipt.is_settled:
        screen.line("Settled, but not canceled everywhere.", "bold yellow")
    else:
        screen.line("Not settled yet.", "bold cyan")
    if receipt.still_active:
        screen.line(f"Still active at {', '.join(receipt.still_active)}.", "yellow")


def _case_page(screen: Screen, found: CaseReceipt) -> None:
    case = found.case
    head = Text(printable(f"{found.title}, number {case.remote_id}, by {found.route}: "))
    screen.line()
    screen.indented(head.append_text(state_text(case.state)).append(_why(case)))
    if found.record.flaws:
        screen.indented("nothing of this counts: it is not as it was written", style="bold red")
    if found.proof is not None:
        screen.hanging("proof:", _proof_words(found, found.proof), indent=2)
    if _is_partial(case):
        screen.hanging("lines:", _lines(case), indent=2)
    if case.is_open and case.remedy:
        screen.indented(f"what to do: {case.remedy}", style="yellow")
    steps = _told(found.steps)
    rows = [
        (shown(step.at, seconds=True), _what(step, case.remote_id), _step_words(step, following))
        for step, following in zip_longest(steps, steps[1:])
    ]
    screen.table(("", "", ""), rows, indent=4)


def _why(case: Case) -> str:
    return f" ({case.refusal.value})" if case.refusal is not None else ""


def proof_line(screen: Screen, found: CaseReceipt) -> None:
    """A case's verdict and what it rests on, without its story."""
    head = Text(printable(f"Order {found.case.order_number} at {found.title}: ")).append_text(
        state_text(found.case.state)
    )
    screen.line(head)
    if found.record.flaws:
        screen.indented("nothing of this counts: it is not as it was written", style="bold red")
    if found.proof is not None:
        screen.hanging("proof:", _proof_words(found, found.proof), indent=2)


def _told(steps: Sequence[Step]) -> list[Step]:
    """The steps that say something: no bare announcements, and of a wait that goes on only its beginning."""
    told: list[Step] = []
    for step in steps:
        again = (
            step.what == EventKind.WAIT.value
            and bool(told)
            and (told[-1].what, told[-1].text) == (step.what, step.text)
        )
        if not again and (step.what not in _QUIET or step.text or step.person):
            told.append(step)
    return told


def _what(step: Step, remote_id: str) -> str:
    """The event, or the call with its path from the order's number on; --json has the whole URL."""
    if step.exchange is None:
        return step.what
    parts = [unquote(part) for part in urlsplit(step.exchange.intent.url).path.strip("/").split("/")]
    start = parts.index(remote_id) if remote_id in parts else -1
    return f"{step.exchange.intent.method} .../{'/'.join(parts[start:])}"


def _step_words(step: Step, following: Step | None) -> Text:
    """What is said of a step; a lost call is told once, by the event it became."""
    lost = step.exchange is not None and step.exchange.failure is not None
    if lost and following is not None and following.text == step.text:
        return Text("no reply")
    said = [step.text, None if step.person is None else f"by {step.person}"]
    words = "; ".join(word for word in said if word)
    # A draft has lines, which a person is to see as such.
    return Text("\n".join(printable(line) for line in words.split("\n")))


def _proof_words(found: CaseReceipt, proof: ProofReceipt) -> str:
    if proof.message is not None:
        return _message_words(proof, proof.message)
    if proof.kind is ProofKind.PERSON or proof.exchange is None:
        return f"the word of {proof.person}{_noted(proof)}" if proof.person else proof.kind.value
    exchange = proof.exchange
    call = f"{exchange.intent.method} {exchange.intent.url} answered {exchange.status}"
    if proof.unidentified is not None:
        call += f"; only the request says which order it is about: {printable(proof.unidentified)}"
    if proof.kind is ProofKind.REPLY:
        return f"the service's reply, {call}"
    if proof.kind is ProofKind.LINES:
        canceled = sum(line.canceled for line in found.case.lines)
        ordered = sum(line.ordered for line in found.case.lines)
        return f"line quantities, {canceled} of {ordered} canceled: {call}"
    return f"read-back, the status {proof.status!r}: {call}" if proof.status else f"read-back, {call}"


def _message_words(proof: ProofReceipt, mail: MailIn) -> str:
    if mail.answers:
        answers = f"which answers our mail {mail.answers}"  # An id that begins with its case's.
    else:
        told = f"which names {mail.names}, " if mail.names else ""
        answers = f"{told}naming no mail of ours, as {proof.person} judged"
    head = f'a message in from {mail.sender}, "{mail.subject}", {shown(mail.at)}'
    return f"{head}, {answers}; filed by {proof.person}{_noted(proof)}"


def _noted(proof: ProofReceipt) -> str:
    return f", who notes: {proof.note}" if proof.note else ""


def event_line(case: Case, event: Event) -> Text:
    """A change in one line: the state after it, and what is said of it."""
    said = [event.text, event.fault]
    if event.status:
        said.append(f"the service says {event.status!r}")
    if event.kind is EventKind.PARTLY_CANCELED:
        said.append(", ".join(f"{line.line}: {line.canceled} of {line.ordered} canceled" for line in event.lines))
    words = "; ".join(word for word in said if word)
    why = f" ({event.refusal.value})" if event.refusal is not None else ""
    return state_text(case.state).append(printable(f"{why} - {words}" if words else why), "default not bold")
