"""The checks of a ledger in use: whether what is due is done, and what stands in its way. Each is a few reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from orderdesk_sdk.cases.case import OPEN, State
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.messages import MessageState
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.wording import rounded_duration
from orderdesk_sdk.cases.workers import WorkerHeartbeat
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.desk.event_webhooks.health import check_endpoints
from orderdesk_sdk.desk.health import HealthCheck, HealthCode

__all__ = ["check_health"]

OVERDUE_AFTER = minutes(10)
"""What is overdue by more is told."""
SILENT_AFTER = minutes(5)
"""A worker does several rounds a minute; one that did none for so long was killed, or hangs."""
OLD_TRANSACTION = minutes(5)
TOLD_FOR = hours(7 * 24)
"""How long a deadline that passed without an answer is told."""
MAX_COUNTED = 1000
MANY_DEAD_ROWS = 10_000
_VACUUM_HINT = "run `VACUUM (ANALYZE) orderdesk.{}`, and find out why autovacuum does not"


def check_health(ledger: Ledger, now: datetime, location: str = "ledger") -> tuple[HealthCheck, ...]:
    """How the work on a ledger goes. Raises StorageError.

    Args:
        now: by the clock of whoever works on it.
        location: what the ledger is called.
    """
    heartbeats = ledger.heartbeats()
    live = [worker for worker in heartbeats if now - worker.last_round_at < SILENT_AFTER]
    return (
        _overdue(ledger, now, location, bool(live)),
        *_overdue_answers(ledger, now),
        *_stuck_connections(ledger, now, live),
        *_empty_buckets(now, live),
        _unfinished_events(ledger, now, location),
        *check_endpoints(ledger, now),
        _waiting_messages(ledger, now, location, bool(live)),
        _unhandled_messages(ledger, location),
        *_silent_workers(heartbeats, now, live),
        *_database(ledger, location),
    )


def _overdue(ledger: Ledger, now: datetime, location: str, has_worker: bool) -> HealthCheck:
    due, following = ledger.due(now - OVERDUE_AFTER, MAX_COUNTED), ledger.next_due()
    if not due:
        text = "no case is open" if following is None else _next_due_text(following - now)
        return HealthCheck.ok(HealthCode.CASES_OVERDUE, location, text)
    oldest = rounded_duration(now - (due[0].due_at or now))
    late = f"{_count(len(due), 'case is', 'cases are')} overdue, the oldest by {oldest}"
    if has_worker:
        text, hint = f"{late}, although a worker is running", "see what holds up its connection, or start more workers"
        return HealthCheck.degraded(HealthCode.CASES_OVERDUE, location, text, hint)
    text = f"no worker is running: {late}"
    return HealthCheck.failing(HealthCode.CASES_OVERDUE, location, text, "run `orderdesk work`")


def _overdue_answers(ledger: Ledger, now: datetime) -> Iterator[HealthCheck]:
    """Requests of others that had no answer in time, or will soon have had none; told for a week."""
    code, late = HealthCode.ANSWERS_OVERDUE, []
    for case in ledger.cases(ResponseCase, states=[*OPEN, State.EXPIRED], limit=MAX_COUNTED):
        expired = case.state is State.EXPIRED and now - case.updated_at < TOLD_FOR
        if expired or (case.is_open and now >= case.escalate_at):
            late.append(case)
    for case in late:
        text = f"the request {case.request.request_id} about order {case.order_number} has no answer"
        when = f", which was due {case.answer_by:%Y-%m-%d %H:%M} UTC" if case.answer_by is not None else ""
        hint = f"see `orderdesk receipt {case.order_number}`, and answer the case {case.id}"
        yield HealthCheck.degraded(code, case.connection, f"{text}{when}", hint)
    if not late:
        yield HealthCheck.ok(code, "-", "no answer is overdue")


def _next_due_text(wait: timedelta) -> str:
    return f"the next case is due in {rounded_duration(wait)}" if wait > timedelta(0) else "the next case is due now"


def _stuck_connections(ledger: Ledger, now: datetime, live: Sequence[WorkerHeartbeat]) -> Iterator[HealthCheck]:
    found = {name: _hanging_text(name, live) for worker in live for name in worker.connections}
    for name in ledger.due_connections(now - OVERDUE_AFTER) if live else ():
        if not any(_has_done_work(worker, name, now) for worker in live):
            long = rounded_duration(OVERDUE_AFTER)
            found[name] = found.get(name) or f"work has been due for more than {long}, and none was done for as long"
    stuck = {name: text for name, text in found.items() if text is not None}
    hint = "find out whether the service answers, and start the worker again; report what hangs to the plugin's author"
    for name, text in stuck.items():
        yield HealthCheck.degraded(HealthCode.CONNECTION_STUCK, name, text, hint)
    if not stuck:
        yield HealthCheck.ok(HealthCode.CONNECTION_STUCK, "-", "no connection is stuck")


def _hanging_text(name: str, live: Sequence[WorkerHeartbeat]) -> str | None:
    hanging = [worker for worker in live if name in worker.connections and worker.connections[name].has_stuck_threads]
    return f"threads hang in {', '.join(map(_name_of, hanging))}" if hanging else None


def _has_done_work(worker: WorkerHeartbeat, name: str, now: datetime) -> bool:
    condition = worker.connections.get(name)
    done = condition.last_done_at if condition is not None else None
    return done is not None and now - done <= OVERDUE_AFTER


def _empty_buckets(now: datetime, live: Sequence[WorkerHeartbeat]) -> Iterator[HealthCheck]:
    waits: dict[str, timedelta] = {}
    for worker in live:
        for name, condition in worker.connections.items():
            if condition.deferred_until is not None and condition.deferred_until > now:
                waits[name] = max(waits.get(name, timedelta(0)), condition.deferred_until - now)
    for name, wait in waits.items():
        text = f"the rate limit is used up: calls are put off for {rounded_duration(wait)}"
        hint = "nothing is lost; find out what else calls the service with the same account"
        yield HealthCheck.degraded(HealthCode.BUCKET_EMPTY, name, text, hint)
    if not waits:
        yield HealthCheck.ok(HealthCode.BUCKET_EMPTY, "-", "no call is put off by a rate limit")


def _unfinished_events(ledger: Ledger, now: datetime, location: str) -> HealthCheck:
    pending = ledger.pending_events(MAX_COUNTED)
    code = HealthCode.EVENTS_UNFINISHED
    late = [event for event in pending if now - event.at > OVERDUE_AFTER]
    if late:
        oldest = rounded_duration(now - min(event.at for event in late))
        text = f"{_count(len(late), 'order event is', 'order events are')} unfinished, the oldest for {oldest}"
        hint = "run `orderdesk work`, which says what keeps the rules from it"
        return HealthCheck.degraded(code, location, text, hint)
    text = f"{_count(len(pending), 'order event waits', 'order events wait')} for the rules"
    return HealthCheck.ok(code, location, text if pending else "no order event is unfinished")


def _waiting_messages(ledger: Ledger, now: datetime, location: str, has_worker: bool) -> HealthCheck:
    code, due = HealthCode.MESSAGES_WAITING, ledger.next_message_due()
    count = ledger.message_counts()[MessageState.RECEIVED]
    text = f"{_count(count, 'message waits', 'messages wait')} to be handled"
    if due is None or now - due <= OVERDUE_AFTER:
        return HealthCheck.ok(code, location, text if count else "no message waits")
    late = f"{text}, the oldest for {rounded_duration(now - due)}"
    if has_worker:
        return HealthCheck.degraded(code, location, late, "see `orderdesk messages list` for what holds them up")
    return HealthCheck.failing(code, location, f"no worker is running: {late}", "run `orderdesk work`")


def _unhandled_messages(ledger: Ledger, location: str) -> HealthCheck:
    code, counts = HealthCode.MESSAGES_UNHANDLED, ledger.message_counts()
    failed, refused = counts[MessageState.FAILED], counts[MessageState.REFUSED]
    if not failed and not refused:
        return HealthCheck.ok(code, location, "no message failed or was refused")
    text = f"{_count(failed, 'message', 'messages')} failed, and {refused} {'was' if refused == 1 else 'were'} refused"
    hint = "see `orderdesk messages list --state failed --state refused`, and retry them or cancel their orders"
    return HealthCheck.degraded(code, location, text, hint)


def _silent_workers(
    heartbeats: Sequence[WorkerHeartbeat], now: datetime, live: Sequence[WorkerHeartbeat]
) -> Iterator[HealthCheck]:
    code = HealthCode.WORKER_SILENT
    missed = [worker for worker in heartbeats if worker not in live and not _is_replaced(worker, live)]
    for worker in missed:
        text = f"the worker did no round for {rounded_duration(now - worker.last_round_at)}, and did not end"
        hint = "find out whether its process hangs, and start it again; it is forgotten after a day"
        yield HealthCheck.degraded(code, _name_of(worker), text, hint)
    if not missed:
        running = _count(len(live), "worker is", "workers are") if live else "no worker is"
        yield HealthCheck.ok(code, "-", f"{running} running, and none is missed")


def _is_replaced(worker: WorkerHeartbeat, live: Sequence[WorkerHeartbeat]) -> bool:
    """Whether another one was started at its host since it was silent."""
    return any(other.host == worker.host and other.started_at >= worker.last_round_at for other in live)


def _database(ledger: Ledger, location: str) -> Iterator[HealthCheck]:
    condition = ledger.database_condition()
    oldest = condition.oldest_transaction
    if oldest is not None and oldest > OLD_TRANSACTION:
        text = f"a transaction is open for {rounded_duration(oldest)}; until it ends, dead rows are kept"
        hint = "find it in pg_stat_activity by xact_start, and end the program that holds it"
        yield HealthCheck.degraded(HealthCode.TRANSACTION_OLD, location, text, hint)
    elif condition.dead_rows:
        yield HealthCheck.ok(HealthCode.TRANSACTION_OLD, location, "no transaction is open for long")
    bloated = {
        table: dead for table, (dead, rows) in condition.dead_rows.items() if dead > MANY_DEAD_ROWS and dead > rows / 2
    }
    for table, dead in bloated.items():
        text = f"{dead} rows of {table} are dead, which slows down every read"
        yield HealthCheck.degraded(HealthCode.DEAD_ROWS, table, text, _VACUUM_HINT.format(table))
    if condition.dead_rows and not bloated:
        yield HealthCheck.ok(HealthCode.DEAD_ROWS, location, "no table has many dead rows")


def _name_of(worker: WorkerHeartbeat) -> str:
    return f"process {worker.process} on {worker.host}"


def _count(number: int, one: str, many: str) -> str:
    return f"1 {one}" if number == 1 else f"{number}{' or more' if number == MAX_COUNTED else ''} {many}"
