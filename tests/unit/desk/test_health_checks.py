"""The health of the work on a ledger: what is held up is told by a code, with what to do; what is well is said too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind
from orderdesk_sdk.cases.messages import InboundMessage, MessageSource, MessageState
from orderdesk_sdk.cases.workers import ConnectionCondition, DatabaseCondition, WorkerHeartbeat
from orderdesk_sdk.clock import hours, minutes, seconds
from orderdesk_sdk.desk.health import HealthCheck, HealthCode, HealthStatus, health_document, worst_status
from orderdesk_sdk.desk.health_checks import check_health
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.builders import NOW, open_case

LATER = NOW + hours(2)
A_MOMENT = seconds(5)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        yield ledger


def work(ledger: SqliteLedger, ago: timedelta = A_MOMENT, worker: str = "w", **changes: Any) -> WorkerHeartbeat:
    """A worker did a round that long before LATER."""
    heartbeat = evolve(WorkerHeartbeat(worker, "app-1", 4711, NOW, LATER - ago), **changes)
    ledger.record_heartbeat(heartbeat)
    return heartbeat


def at_shop(**condition: Any) -> dict[str, ConnectionCondition]:
    return {"shop": ConnectionCondition(**condition)}


def found(ledger: SqliteLedger, code: HealthCode, now: datetime = LATER) -> list[HealthCheck]:
    return [check for check in check_health(ledger, now) if check.code is code]


def told(checks: list[HealthCheck]) -> list[tuple[str, HealthStatus, str]]:
    assert all(check.hint for check in checks if check.status is not HealthStatus.OK)
    return [(check.location, check.status, check.message) for check in checks]


OK, DEGRADED, FAILING = HealthStatus


class TestAll:
    def test_of_an_idle_ledger_is_well(self, ledger: SqliteLedger) -> None:
        checks = check_health(ledger, LATER)
        assert {check.code: check.status for check in checks} == {
            HealthCode.CASES_OVERDUE: OK,
            HealthCode.ANSWERS_OVERDUE: OK,
            HealthCode.CONNECTION_STUCK: OK,
            HealthCode.BUCKET_EMPTY: OK,
            HealthCode.EVENTS_UNFINISHED: OK,
            HealthCode.MESSAGES_WAITING: OK,
            HealthCode.MESSAGES_UNHANDLED: OK,
            HealthCode.EVENTS_UNDELIVERED: OK,
            HealthCode.WORKER_SILENT: OK,
        }

    def test_make_a_document_with_the_worst_status(self) -> None:
        well = HealthCheck.ok(HealthCode.RULE, "-", "sound")
        slow = HealthCheck.degraded(HealthCode.BUCKET_EMPTY, "shop", "used up", "wait")
        broken = HealthCheck.failing(HealthCode.LEDGER, "x.db", "gone")
        for checks, status in (([], OK), ([well], OK), ([well, slow], DEGRADED), ([broken, well, slow], FAILING)):
            assert worst_status(checks) is status
        assert health_document([well, slow], NOW) == {
            "status": "degraded",
            "checked_at": "2026-01-05T09:00:00Z",
            "checks": [
                {"code": "rule", "status": "ok", "location": "-", "message": "sound", "hint": None},
                {
                    "code": "bucket-empty",
                    "status": "degraded",
                    "location": "shop",
                    "message": "used up",
                    "hint": "wait",
                },
            ],
        }


class TestOverdueCases:
    def test_without_a_worker_are_failing(self, ledger: SqliteLedger) -> None:
        open_case(ledger, due_at=NOW)
        text = "no worker is running: 1 case is overdue, the oldest by 2 h"
        assert told(found(ledger, HealthCode.CASES_OVERDUE)) == [("ledger", FAILING, text)]

    def test_beside_a_worker_are_degraded(self, ledger: SqliteLedger) -> None:
        open_case(ledger, due_at=NOW)
        work(ledger)
        text = "1 case is overdue, the oldest by 2 h, although a worker is running"
        assert told(found(ledger, HealthCode.CASES_OVERDUE)) == [("ledger", DEGRADED, text)]

    def test_that_are_due_for_minutes_are_none(self, ledger: SqliteLedger) -> None:
        open_case(ledger, due_at=LATER - minutes(10) + seconds(1))
        assert told(found(ledger, HealthCode.CASES_OVERDUE)) == [("ledger", OK, "the next case is due now")]


class TestStuckConnection:
    def test_is_one_at_which_work_is_due_and_none_was_done(self, ledger: SqliteLedger) -> None:
        case = open_case(ledger, due_at=NOW)
        work(ledger)
        text = "work has been due for more than 10 min, and none was done for as long"
        assert told(found(ledger, HealthCode.CONNECTION_STUCK)) == [(case.connection, DEGRADED, text)]

    def test_is_none_at_which_a_long_queue_goes_on(self, ledger: SqliteLedger) -> None:
        case = open_case(ledger, due_at=NOW)
        done = {case.connection: ConnectionCondition(last_done_at=LATER - minutes(9))}
        work(ledger, connections=done)
        assert [check.status for check in found(ledger, HealthCode.CONNECTION_STUCK)] == [OK]
        work(ledger, connections={case.connection: ConnectionCondition(last_done_at=LATER - minutes(11))})
        assert [check.status for check in found(ledger, HealthCode.CONNECTION_STUCK)] == [DEGRADED]

    def test_is_one_whose_threads_hang(self, ledger: SqliteLedger) -> None:
        work(ledger, connections=at_shop(has_stuck_threads=True))
        text = "threads hang in process 4711 on app-1"
        assert told(found(ledger, HealthCode.CONNECTION_STUCK)) == [("shop", DEGRADED, text)]

    def test_is_none_where_nobody_works(self, ledger: SqliteLedger) -> None:
        open_case(ledger, due_at=NOW)
        work(ledger, hours(1), connections=at_shop(has_stuck_threads=True))
        assert [check.status for check in found(ledger, HealthCode.CONNECTION_STUCK)] == [OK]


class TestEmptyBucket:
    def test_tells_for_how_long_calls_are_put_off(self, ledger: SqliteLedger) -> None:
        work(ledger, connections=at_shop(deferred_until=LATER + seconds(40)))
        work(ledger, worker="other", connections=at_shop(deferred_until=LATER + seconds(90)))
        text = "the rate limit is used up: calls are put off for 1 min 30 s"
        assert told(found(ledger, HealthCode.BUCKET_EMPTY)) == [("shop", DEGRADED, text)]

    def test_is_none_once_the_wait_is_over(self, ledger: SqliteLedger) -> None:
        work(ledger, connections=at_shop(deferred_until=LATER))
        assert [check.status for check in found(ledger, HealthCode.BUCKET_EMPTY)] == [OK]


class TestUnfinishedEvents:
    def test_are_told_when_they_are_old(self, ledger: SqliteLedger) -> None:
        event = OrderEvent("e", OrderEventKind.ORDER_MOVED, "1", NOW)
        ledger.add_events([event, evolve(event, id="young", at=LATER)])
        text = "1 order event is unfinished, the oldest for 2 h"
        assert told(found(ledger, HealthCode.EVENTS_UNFINISHED)) == [("ledger", DEGRADED, text)]
        assert [check.message for check in found(ledger, HealthCode.EVENTS_UNFINISHED, NOW)] == [
            "2 order events wait for the rules"
        ]


class TestMessages:
    def test_that_wait_are_told_when_they_are_late(self, ledger: SqliteLedger) -> None:
        ledger.store_messages([message("a"), message("b")], 10)
        waits = HealthCode.MESSAGES_WAITING
        assert [check.message for check in found(ledger, waits, NOW)] == ["2 messages wait to be handled"]
        text = "2 messages wait to be handled, the oldest for 2 h"
        assert told(found(ledger, waits)) == [("ledger", FAILING, f"no worker is running: {text}")]
        work(ledger)
        assert told(found(ledger, waits)) == [("ledger", DEGRADED, text)]

    def test_that_failed_or_were_refused_need_a_person(self, ledger: SqliteLedger) -> None:
        ledger.store_messages([message("a"), message("b"), message("c")], 10)
        states = (MessageState.FAILED, MessageState.REFUSED, MessageState.HANDLED)
        for claimed, state in zip(ledger.claim_messages(NOW, LATER, 10), states, strict=True):
            ledger.update_message(evolve(claimed, state=state, next_try_at=None))
        text = "1 message failed, and 1 was refused"
        assert told(found(ledger, HealthCode.MESSAGES_UNHANDLED)) == [("ledger", DEGRADED, text)]


def message(digest: str) -> InboundMessage:
    source = MessageSource.webhook("shop")
    return InboundMessage(id=digest, source=source, subject=digest, digest=digest, received_at=NOW, next_try_at=NOW)


class TestSilentWorker:
    def test_is_missed_after_minutes(self, ledger: SqliteLedger) -> None:
        work(ledger, minutes(12))
        work(ledger, minutes(4), worker="alive", host="app-2")
        text = "the worker did no round for 12 min, and did not end"
        assert told(found(ledger, HealthCode.WORKER_SILENT)) == [("process 4711 on app-1", DEGRADED, text)]

    def test_is_not_missed_once_another_has_taken_its_place(self, ledger: SqliteLedger) -> None:
        killed = work(ledger, minutes(12))
        work(ledger, worker="before", started_at=NOW)
        assert [check.status for check in found(ledger, HealthCode.WORKER_SILENT)] == [DEGRADED]
        work(ledger, worker="after", started_at=killed.last_round_at)
        assert told(found(ledger, HealthCode.WORKER_SILENT)) == [("-", OK, "2 workers are running, and none is missed")]

    def test_that_took_leave_is_not_missed(self, ledger: SqliteLedger) -> None:
        ledger.remove_heartbeat(work(ledger, minutes(12)).id)
        assert told(found(ledger, HealthCode.WORKER_SILENT)) == [("-", OK, "no worker is running, and none is missed")]


class TestSharedDatabase:
    @pytest.fixture
    def condition(self, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch) -> Any:
        def say(oldest: timedelta | None, **dead_rows: tuple[int, int]) -> None:
            monkeypatch.setattr(ledger, "database_condition", lambda: DatabaseCondition(oldest, dead_rows))

        return say

    def test_with_an_old_transaction_is_degraded(self, ledger: SqliteLedger, condition: Any) -> None:
        condition(minutes(7), cases=(0, 5))
        text = "a transaction is open for 7 min; until it ends, dead rows are kept"
        assert told(found(ledger, HealthCode.TRANSACTION_OLD)) == [("ledger", DEGRADED, text)]
        condition(minutes(4), cases=(0, 5))
        assert [check.status for check in found(ledger, HealthCode.TRANSACTION_OLD)] == [OK]

    def test_with_many_dead_rows_is_degraded(self, ledger: SqliteLedger, condition: Any) -> None:
        condition(None, cases=(20_000, 30_000), history=(20_000, 50_000), messages=(9_000, 1))
        (check,) = found(ledger, HealthCode.DEAD_ROWS)
        assert (check.location, check.status) == ("cases", DEGRADED)
        assert "VACUUM (ANALYZE) orderdesk.cases" in str(check.hint)
        condition(None, cases=(0, 1))
        assert [check.status for check in found(ledger, HealthCode.DEAD_ROWS)] == [OK]
