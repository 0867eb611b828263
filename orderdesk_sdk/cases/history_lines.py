"""The lines of a case's story: each entry of its history in words, as receipts and the event feed have it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.history import HistoryEntry, HistoryEntryKind
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.plugin.answer import LineAnswer, Rejection

__all__ = ["HistoryLine", "history_line", "history_lines"]


@frozen
class HistoryLine:
    """One line of a case's story.

    Args:
        sequence: its place in the ledger; no two lines have the same.
        summary: the event or request in words.
        exchange: the call it tells of, or None.
    """

    sequence: int
    at: datetime
    summary: str
    message: str | None = None
    person: str | None = None
    exchange: Exchange | None = None


def history_lines(history: Sequence[HistoryEntry]) -> tuple[HistoryLine, ...]:
    """A history in words. An intent is told on its own only where nothing tells what became of it."""
    # Once for all of them: looked up per intent, a history of thousands of polls would take seconds.
    answered = {
        (entry.attempt, entry.content.intent.number) for entry in history if isinstance(entry.content, Exchange)
    }
    return tuple(
        history_line(entry)
        for entry in history
        if not isinstance(entry.content, Intent) or (entry.attempt, entry.content.number) not in answered
    )


def history_line(entry: HistoryEntry) -> HistoryLine:
    """An entry in words."""
    match entry.content:
        case Event() as event:
            return HistoryLine(entry.sequence, event.at, event.kind.value, _event_message(event), event.person)
        case Exchange() as exchange:
            # A mail has no HTTP status; the first line that is kept of it is what the mail server said.
            outcome = exchange.status if exchange.status is not None else exchange.body.partition("\n")[0]
            came = f"answered {outcome}" if exchange.failure is None else exchange.failure.message
            came += "; one call for several cases" if exchange.shared_at is not None else ""
            came = f"{came}; warning: {exchange.warning}" if exchange.warning else came
            return HistoryLine(
                entry.sequence,
                exchange.ended_at,
                f"{exchange.intent.method} {exchange.intent.url}",
                came,
                None,
                exchange,
            )
        case Intent() as intent:
            return HistoryLine(
                entry.sequence,
                intent.at,
                f"{intent.method} {intent.url}",
                "about to be sent; the outcome is not recorded",
            )
        case str() as note:
            summary = "texts removed" if entry.kind is HistoryEntryKind.REMOVED else "note"
            return HistoryLine(entry.sequence, entry.at, summary, note)


def _event_message(event: Event) -> str | None:
    parts = [
        event.message,
        event.rejection.value if isinstance(event.rejection, Rejection) else None,
        event.plugin_error,
    ]
    if event.service_status:
        parts.append(f"the service says {event.service_status!r}")
    if event.lines:
        parts.append(_line_quantities(event.lines))
    return "; ".join(part for part in parts if part) or None


def _line_quantities(lines: Sequence[LineAnswer]) -> str:
    return ", ".join(f"{line.line}: {line.canceled} of {line.ordered} canceled" for line in lines)
