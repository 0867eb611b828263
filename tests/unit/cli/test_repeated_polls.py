"""Polls that tell the same again and again are counted: in the receipt, and in what a worker shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.history_lines import HistoryLine
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cli.output.history import history_rows
from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.cli.output.work import ShownChanges
from orderdesk_sdk.clock import minutes
from tests.support.builders import EXCHANGE, INTENT, NOW, make_case

CASE = make_case(State.ACKNOWLEDGED)
GET = evolve(EXCHANGE, intent=evolve(INTENT, method="GET"))


def polls(count: int, status: str, *, begin: int = 0) -> Iterator[Event]:
    """So many polls, one each minute, that find a status and nothing decided."""
    for number in range(count):
        at = NOW + minutes(begin + number)
        yield Event(EventKind.STILL_PENDING, at, due_at=at + minutes(1), service_status=status)


def history(events: Sequence[Event]) -> list[HistoryLine]:
    """What a receipt holds of these events: before each poll its announcement and its call."""
    lines: list[HistoryLine] = []
    for event in events:
        if event.kind is EventKind.STILL_PENDING:
            lines.append(HistoryLine(len(lines), event.at, EventKind.POLL_STARTED.value))
            lines.append(HistoryLine(len(lines), event.at, f"GET {INTENT.url}", "answered 200", None, GET))
        lines.append(HistoryLine(len(lines), event.at, event.kind.value, event.service_status))
    return lines


def test_equal_polls_in_a_row_are_one_row_of_the_receipt() -> None:
    rows = history_rows(history([*polls(200, "New"), *polls(3, "Picking", begin=200)]), "1042")
    assert [(when, what, text.plain) for when, what, text in rows] == [
        ("5 Jan 09:00:00", "polled 200 times", "until 5 Jan 12:19:00: still pending; New"),
        ("5 Jan 12:20:00", "polled 3 times", "until 5 Jan 12:22:00: still pending; Picking"),
    ]


def test_a_few_polls_are_shown_one_by_one() -> None:
    rows = history_rows(history(list(polls(2, "New"))), "1042")
    assert [what for _, what, _ in rows] == ["GET .../1042", "still pending"] * 2


def test_equal_events_that_are_no_polls_are_shown_one_by_one() -> None:
    rows = history_rows(history([Event(EventKind.REMINDED, NOW, due_at=NOW, service_status="x")] * 5), "1042")
    assert [what for _, what, _ in rows] == ["reminded"] * 5


def test_a_call_that_led_to_nothing_yet_is_shown() -> None:
    rows = history_rows(history(list(polls(4, "New")))[:-1], "1042")
    assert [what for _, what, _ in rows] == ["polled 3 times", "GET .../1042"]


def shown(capsys: pytest.CaptureFixture[str], events: Sequence[Event]) -> list[str]:
    """What a worker shows of these events."""
    changes = ShownChanges(Screen())
    for event in events:
        settled = State.CANCELED if event.kind is EventKind.CANCELED else CASE.state
        changes.report(evolve(CASE, state=settled, due_at=None if settled is State.CANCELED else CASE.due_at), event)
    changes.finish()
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_a_worker_shows_equal_polls_once_and_counts_them_when_something_else_happens(
    capsys: pytest.CaptureFixture[str],
) -> None:
    canceled = Event(EventKind.CANCELED, NOW + minutes(9), message="done")
    assert shown(capsys, [*polls(5, "New"), *polls(2, "Picking", begin=5), canceled]) == [
        "5 Jan 09:00:00  1042 at shop  acknowledged - the service's status is 'New'",
        "5 Jan 09:04:00  1042 at shop  polled 4 more times since 5 Jan 09:00:00: still pending",
        "5 Jan 09:05:00  1042 at shop  acknowledged - the service's status is 'Picking'",
        "5 Jan 09:06:00  1042 at shop  polled 1 more time since 5 Jan 09:05:00: still pending",
        "5 Jan 09:09:00  1042 at shop  canceled - done",
    ]


def test_a_worker_that_ends_shows_what_it_has_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, list(polls(200, "New")))[-1].endswith(
        "polled 199 more times since 5 Jan 09:00:00: still pending"
    )


def test_a_wait_that_goes_on_is_shown_once_and_not_counted(capsys: pytest.CaptureFixture[str]) -> None:
    wait = Event(EventKind.DEFERRED, NOW, due_at=NOW + minutes(1), message="waits for mww")
    assert len(shown(capsys, [wait] * 5)) == 1
