"""The inbox: a row for each thing that needs a person, with the way on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from attrs import frozen

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.inbox import MAX_COUNTED, InboxKind
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.wording import rounded_duration
from orderdesk_sdk.desk.inbox import InboxCounts, InboxItem, InboxPage

__all__ = ["InboxView", "KindFilter", "WaitingRow", "make_inbox", "row_texts", "shown_count"]

_LABELS: Mapping[InboxKind, str] = {
    InboxKind.ALARM: "Shipped anyway",
    InboxKind.CANCEL: "Cancel",
    InboxKind.STATUS_CHANGE: "Status change",
    InboxKind.RESUBMISSION: "Resubmission",
    InboxKind.RESPONSE: "Request to us",
    InboxKind.MESSAGE: "Message",
}
_WAYS_ON: Mapping[InboxKind, str] = {
    InboxKind.ALARM: "Take care of it",
    InboxKind.RESPONSE: "Answer it",
    InboxKind.MESSAGE: "Look at it",
}


@frozen
class WaitingRow:
    """One thing that needs a person.

    Args:
        icon: the name of its symbol, and `tone` its color.
        title: what it is about, and `href` where a person goes on with it.
        state: of its case; None for a message.
        why: why it waits, and `todo` what is to be done; None where nothing says it.
        due_text: how long there is time, or for how long it is overdue.
    """

    kind: str
    icon: str
    tone: str
    title: str
    href: str
    way_on: str
    connection: str
    state: State | None
    why: str | None
    todo: str | None
    since: datetime
    due_by: datetime
    due_text: str
    is_overdue: bool


@frozen
class KindFilter:
    """A kind that the list can be narrowed to, with how many there are."""

    value: str
    label: str
    count: str
    is_chosen: bool
    href: str


@frozen
class InboxView:
    """The inbox.

    Args:
        live_href: this very page.
        filters: all kinds first.
        connections: that the list can be narrowed to, as values and texts.
        next_href: of the next page; None: this is the last.
        is_narrowed: not everything was asked for.
        is_cut: more wait than can be listed.
    """

    rows: tuple[WaitingRow, ...]
    live_href: str
    filters: tuple[KindFilter, ...]
    connections: tuple[tuple[str, str], ...]
    connection: str
    kind: str
    shown: str
    next_href: str | None
    first_href: str | None
    is_narrowed: bool
    is_cut: bool


def make_inbox(
    page: InboxPage,
    counts: InboxCounts,
    now: datetime,
    *,
    chosen: InboxKind | None,
    connection: str,
    connections: Sequence[str],
    offset: int,
) -> InboxView:
    """The inbox as asked for.

    Args:
        chosen: None: every kind.
        connection: "": every one.
        offset: how many were passed over.
    """
    kind = chosen.value if chosen is not None else ""
    last = offset + len(page.items)
    filters = [_filter(None, counts.total, chosen, connection)]
    filters += [_filter(one, counts.by_kind[one], chosen, connection) for one in InboxKind]
    return InboxView(
        rows=tuple(_row(item, now) for item in page.items),
        live_href=_href(kind, connection, offset),
        filters=tuple(filters),
        connections=(("", "All connections"), *((name, name) for name in connections)),
        connection=connection,
        kind=kind,
        shown=f"{offset + 1} to {last} of {page.total}" if page.items else "",
        next_href=_href(kind, connection, last) if last < page.total else None,
        first_href=_href(kind, connection, 0) if offset else None,
        is_narrowed=bool(kind or connection),
        is_cut=page.is_cut,
    )


def shown_count(count: int) -> str:
    """A count as it is shown: what is counted no further has a plus."""
    return f"{count:,}" if count < MAX_COUNTED else f"{MAX_COUNTED - 1:,}+"


def row_texts(row: WaitingRow) -> tuple[str, ...]:
    """A row as the cells of a table."""
    return (
        row.kind,
        row.title,
        row.connection,
        row.state.value if row.state is not None else "",
        f"{row.since.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        f"{row.due_by.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        "yes" if row.is_overdue else "no",
        row.why or "",
        row.todo or "",
    )


def _filter(kind: InboxKind | None, count: int, chosen: InboxKind | None, connection: str) -> KindFilter:
    value = kind.value if kind is not None else ""
    label = _LABELS[kind] if kind is not None else "Everything"
    return KindFilter(value, label, shown_count(count), kind is chosen, _href(value, connection, 0))


def _href(kind: str, connection: str, offset: int) -> str:
    asked = {"kind": kind, "connection": connection, "offset": str(offset) if offset else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/inbox?{query}" if query else "/inbox"


def _row(item: InboxItem, now: datetime) -> WaitingRow:
    subject = item.subject
    due_text = _due_text(item, now)
    way_on = _WAYS_ON.get(item.kind, "Settle it")
    if isinstance(subject, Case):
        return WaitingRow(
            kind=_LABELS[item.kind],
            icon="alarm" if item.kind is InboxKind.ALARM else "action",
            tone="bad" if item.kind is InboxKind.ALARM else "ask",
            title=f"Order {subject.order_number}",
            href=f"/cases/{subject.id}",
            way_on=way_on,
            connection=subject.connection,
            state=subject.state,
            why=_why(subject),
            todo=_todo(item.kind, subject),
            since=item.since,
            due_by=item.due_by,
            due_text=due_text,
            is_overdue=item.is_overdue,
        )
    return WaitingRow(
        kind=_LABELS[item.kind],
        icon="mail",
        tone="warn",
        title=f"{'Order' if not item.connection else 'Number'} {subject.subject}",
        href=f"/messages/{subject.id}",
        way_on=way_on,
        connection=item.connection or "the order store",
        state=None,
        why=subject.result,
        todo="look into it, then let it be tried again",
        since=item.since,
        due_by=item.due_by,
        due_text=due_text,
        is_overdue=item.is_overdue,
    )


def _why(case: Case) -> str | None:
    texts = [case.message, case.plugin_error]
    if isinstance(case, ResponseCase) and case.decision is None and not case.message:
        texts = [f"{case.requested_by} asks to cancel it, and no answer was decided yet"]
    return "; ".join(text for text in texts if text) or None


def _todo(kind: InboxKind, case: Case) -> str | None:
    if kind is InboxKind.ALARM:
        return "stop the parcel where that is possible, and tell whoever must know"
    if isinstance(case, ResponseCase) and case.decision is None:
        return "accept or reject it"
    return case.hint


def _due_text(item: InboxItem, now: datetime) -> str:
    if item.kind is InboxKind.ALARM:
        return "alarm"
    late = now - item.due_by
    if item.is_overdue:
        return f"overdue by {rounded_duration(late)}" if late > timedelta(0) else "overdue"
    return f"due in {rounded_duration(-late)}"
