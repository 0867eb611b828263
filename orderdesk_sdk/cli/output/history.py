"""The history of a case for people: a row for each thing that happened, and one for polls that told nothing new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from urllib.parse import unquote, urlsplit

from attrs import frozen
from rich.text import Text

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.history_lines import HistoryLine
from orderdesk_sdk.cases.state_machine import EventKind
from orderdesk_sdk.cli.output.screen import printable
from orderdesk_sdk.cli.output.times import format_time

__all__ = ["FEWEST_FOLDED", "UNDECIDED_POLLS", "history_rows"]

UNDECIDED_POLLS = frozenset({EventKind.STILL_PENDING, EventKind.POLL_FAILED})
"""Polls after which the case is where it was."""
FEWEST_FOLDED = 3
"""How many equal polls in a row are shown as one."""
_ROUTINE_EVENTS = frozenset({EventKind.SEND_STARTED.value, EventKind.POLL_STARTED.value, EventKind.RESUMED.value})
"""Events that only announce the call which the next line of the history shows."""
_POLLED = frozenset(kind.value for kind in UNDECIDED_POLLS)

Row = tuple[str, str, Text]


@frozen
class _Round:
    """The calls that led to an event, and that event."""

    lines: tuple[HistoryLine, ...]
    rows: tuple[Row, ...]

    @property
    def content(self) -> tuple[object, ...]:
        """What it tells, whenever it was: equal rounds tell the same."""
        return self.lines[-1].summary in _POLLED, tuple((row[1], row[2].plain) for row in self.rows)


def history_rows(history: Sequence[HistoryLine], remote_id: str) -> list[Row]:
    """When, what, and in which words. Of polls that tell the same again and again: how many, and until when."""
    rows: list[Row] = []
    for (is_poll, _), equal in groupby(_rounds(history, remote_id), lambda one: one.content):
        rounds = list(equal)
        if is_poll and len(rounds) >= FEWEST_FOLDED:
            rows.append(_folded(rounds))
        else:
            rows += (row for one in rounds for row in one.rows)
    return rows


def _folded(rounds: Sequence[_Round]) -> Row:
    last = rounds[-1].lines[-1]
    when, _, message = rounds[-1].rows[-1]
    text = Text(f"until {when}: {last.summary}")
    return (
        rounds[0].rows[0][0],
        f"polled {counted(len(rounds), 'time')}",
        text.append(f"; {message.plain}") if message else text,
    )


def _rounds(history: Sequence[HistoryLine], remote_id: str) -> Iterator[_Round]:
    lines, rows = list[HistoryLine](), list[Row]()
    shown = _shown_history(history)
    for line, following in zip_longest(shown, shown[1:]):
        lines.append(line)
        rows.append((format_time(line.at, seconds=True), _summary(line, remote_id), _history_text(line, following)))
        if line.exchange is None or following is None:
            yield _Round(tuple(lines), tuple(rows))
            lines, rows = [], []


def _shown_history(steps: Sequence[HistoryLine]) -> list[HistoryLine]:
    """The history without bare announcements, and of a wait that goes on only the beginning."""
    shown: list[HistoryLine] = []
    for step in steps:
        again = (
            step.summary == EventKind.DEFERRED.value
            and bool(shown)
            and (shown[-1].summary, shown[-1].message) == (step.summary, step.message)
        )
        if not again and (step.summary not in _ROUTINE_EVENTS or step.message or step.person):
            shown.append(step)
    return shown


def _summary(step: HistoryLine, remote_id: str) -> str:
    """The event, or the call with its path from the order's number on; --json has the whole URL."""
    if step.exchange is None:
        return step.summary
    parts = [unquote(part) for part in urlsplit(step.exchange.intent.url).path.strip("/").split("/")]
    start = parts.index(remote_id) if remote_id in parts else -1
    return f"{step.exchange.intent.method} .../{'/'.join(parts[start:])}"


def _history_text(step: HistoryLine, following: HistoryLine | None) -> Text:
    """The message of a step; a lost call is shown once, by the event that it caused."""
    lost = step.exchange is not None and step.exchange.failure is not None
    if lost and following is not None and following.message == step.message:
        return Text("no reply")
    texts = [step.message, None if step.person is None else f"by {step.person}"]
    message = "; ".join(text for text in texts if text)
    # A draft of an e-mail has lines, which are shown as lines.
    return Text("\n".join(printable(line) for line in message.split("\n")))
