"""The inbox for people: one entry for each thing that needs them, with why it waits and what to do."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.inbox import InboxKind
from orderdesk_sdk.cases.wording import rounded_duration
from orderdesk_sdk.cli.output.screen import Screen, printable
from orderdesk_sdk.cli.output.times import format_time
from orderdesk_sdk.desk.inbox import InboxItem, InboxPage

__all__ = ["show_inbox"]

_ALARM_HINT = "stop the parcel where that is possible; then `orderdesk mark-seen` the case"
_MESSAGE_HINT = "look into it, then let it be tried again with `orderdesk messages retry`"


def show_inbox(screen: Screen, page: InboxPage, now: datetime, *, offset: int) -> None:
    """The items in their order, and how many there are."""
    if not page.total:
        screen.line("Nothing needs a person.")
        return
    for item in page.items:
        _show_item(screen, item, now)
    last = offset + len(page.items)
    more = "; more wait beyond these" if page.is_cut else ""
    screen.line(f"{offset + 1} to {last} of {page.total}{more}." if page.items else f"{page.total} in all.")
    screen.zone(now)


def _show_item(screen: Screen, item: InboxItem, now: datetime) -> None:
    subject = item.subject
    if isinstance(subject, Case):
        head = f"{item.kind.value}: order {subject.order_number} at {subject.connection}"
        why = "; ".join(text for text in (subject.message, subject.plugin_error) if text)
        hint = _ALARM_HINT if item.kind is InboxKind.ALARM else subject.hint
    else:
        head = f"{item.kind.value}: {subject.subject} from {subject.source}"
        why, hint = subject.result or "", _MESSAGE_HINT
    style = "bold red" if item.kind is InboxKind.ALARM else "bold magenta" if item.is_overdue else "bold"
    screen.line(Text(printable(f"{head} ({subject.id})"), style))
    screen.indented(f"since {format_time(item.since)}, {_due_text(item, now)}")
    if why:
        screen.indented(why)
    if hint:
        screen.indented(f"What to do: {hint}", style="yellow")


def _due_text(item: InboxItem, now: datetime) -> str:
    if item.kind is InboxKind.ALARM:
        return "an alarm"
    if item.is_overdue:
        return f"overdue by {rounded_duration(now - item.due_by)}" if now > item.due_by else "overdue"
    return f"due in {rounded_duration(item.due_by - now)}"
