"""The judge of the failpoints: holds what the desk believes in the end against what happened at the service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from orderdesk_devkit.simulators.simulator import Effect, Record, Simulator
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.history import HistoryEntry
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.plugin.answer import Rejection

__all__ = ["find_failures", "find_failures_of_case", "sends"]


def find_failures(
    desk: Desk,
    simulator: Simulator | None,
    plugin: PluginUnderTest,
    *,
    reported_ids: Sequence[str],
    expected: State,
    resubmitted: bool,
) -> list[str]:
    """What is wrong, one line each, once a desk has followed up everything; empty when all the promises were kept.

    Args:
        reported_ids: ids of cases and resubmissions that somebody was given before the process died.
        expected: the state that the case must end in; a person may have it too where the service never acted and the
            request must not be repeated.
        resubmitted: the order must be at the service again, once, under a new number.
        simulator: None where there is none.
    """
    log = simulator.log if simulator is not None else []
    cases = desk.cases.list(order=plugin.order.number)
    found = list(_lost(desk, cases, reported_ids))
    for case in cases:
        history = desk.ledger.history(case.id)
        acted = [
            record
            for record in log
            if record.remote_id == case.remote_id and record.effect_kind is Effect.CANCEL_ACCEPTED
        ]
        # Where a person was to cancel, by a mail that nobody sent, the order ships in the end, and that is read.
        has_shipped = expected is State.ACTION_REQUIRED and case.rejection is Rejection.SHIPPED and not acted
        if case.state is not expected and not has_shipped and not _is_left_to_a_person(case, history, acted, plugin):
            found.append(f"{case.id} ended {case.state.value} ({case.message}), not {expected.value}")
        truth = simulator is not None and simulator.actual_status(case.remote_id) in simulator.canceled_statuses
        found += find_failures_of_case(case, history, acted, truth if simulator is not None else None)
    created = [record for record in log if record.effect_kind is Effect.ORDER_CREATED]
    found += _resubmitted(desk, plugin, created) if resubmitted else [f"{made} was created" for made in created]
    return found


def find_failures_of_case(
    case: CancelCase, history: Sequence[HistoryEntry], acted: Sequence[Record], is_canceled: bool | None
) -> Iterator[str]:
    """What is wrong with a case that was followed up to its end: doubled effects, and verdicts that are not true.

    Args:
        acted: what calls about its order made the service do.
        is_canceled: whether the service has truly canceled it; None where nobody knows.
    """
    yield from _duplicates(case, history, acted)
    if is_canceled is not None:
        yield from _false_verdicts(case, is_canceled)


def _is_left_to_a_person(
    case: CancelCase, history: Sequence[HistoryEntry], acted: Sequence[Record], plugin: PluginUnderTest
) -> bool:
    """Whether the cancel was rightly not to be had: nobody can tell what was lost, or nothing may send it again.

    Then a person has it, or has lost the race: what never reached the service ships.
    """
    writes = [intent for entry in history if (intent := _write_intent(entry)) is not None]
    unrepeatable = any(not intent.idempotent for intent in writes)
    if case.state is State.REJECTED:
        return unrepeatable and not acted
    lost = bool(plugin.why_unresolved) or (unrepeatable and not acted)
    return case.state is State.ACTION_REQUIRED and lost


def _lost(desk: Desk, cases: Sequence[CancelCase], reported_ids: Sequence[str]) -> Iterator[str]:
    known = {case.id for case in cases}
    for given in reported_ids:
        try:
            known.add(desk.ledger.case(given, ResubmitCase).id)
        except NotFoundError:
            if given not in known:
                yield f"{given} was given to somebody and is lost"
    if len(cases) != 1:
        yield f"there are {len(cases)} cases of one cancellation at one service"
    for case in cases:
        if case.is_open and case.due_at is None:
            yield f"{case.id} is {case.state.value} and never due again"


def _duplicates(case: CancelCase, history: Sequence[HistoryEntry], acted: Sequence[Record]) -> Iterator[str]:
    """No effect without an intent before it, no second one that the ledger does not account for."""
    for effect, at in zip(acted, sends(history), strict=False):
        if at > effect.at:
            yield f"{case.id}: {effect} came before its intent of {at}"
    known = len(sends(history))
    if len(acted) > known:
        yield f"{case.id}: the service acted {len(acted)} times, the ledger knows of {known}"
    allowed = 1
    read_back = False
    for entry in history:
        event = entry.content
        if isinstance(event, Event) and event.kind is EventKind.STILL_PENDING:
            read_back = event.retry_allowed
        elif isinstance(event, Event) and event.kind is EventKind.SEND_STARTED:
            allowed += read_back and _all_idempotent(history, entry.attempt)
            read_back = False
    if len(acted) > allowed:
        yield f"{case.id}: the service acted {len(acted)} times, and polls of repeatable sends allow {allowed}"


def sends(history: Sequence[HistoryEntry]) -> list[datetime]:
    """When something left that may act, by the ledger: as often as it was sent."""
    tries = {
        (entry.attempt, entry.content.intent.number): entry.content.attempts
        for entry in history
        if isinstance(entry.content, Exchange)
    }
    writes = [(entry.attempt, intent) for entry in history if (intent := _write_intent(entry)) is not None]
    return [intent.at for attempt, intent in writes for _ in range(tries.get((attempt, intent.number), 1))]


def _write_intent(entry: HistoryEntry) -> Intent | None:
    intent = entry.content
    return intent if isinstance(intent, Intent) and not intent.read_only else None


def _all_idempotent(history: Sequence[HistoryEntry], attempt: int) -> bool:
    writes = [intent for entry in history if entry.attempt == attempt and (intent := _write_intent(entry)) is not None]
    return all(intent.idempotent for intent in writes)


def _false_verdicts(case: CancelCase, is_canceled: bool) -> Iterator[str]:
    if case.state is State.CANCELED and not is_canceled:
        yield f"{case.id} is called canceled, and the service has it uncanceled"
    if is_canceled and not case.is_open and case.state is not State.CANCELED:
        yield f"{case.id} is called {case.state.value}, and the service has canceled it"
    if case.state is State.CANCELED and case.evidence is None:
        yield f"{case.id} is called canceled without evidence"


def _resubmitted(desk: Desk, plugin: PluginUnderTest, created: Sequence[Record]) -> Iterator[str]:
    found = desk.ledger.cases(ResubmitCase, order_id=plugin.order.id)
    if len(created) != 1 or len(found) != 1:
        yield f"{len(found)} resubmissions made {len(created)} orders at the service: {created}"
    for resubmission in found:
        if resubmission.state is not State.DONE:
            yield f"{resubmission.id} ended {resubmission.state.value}: {resubmission.message}"
        if not sends(desk.ledger.history(resubmission.id)):
            yield f"{resubmission.id} left no intent in the ledger"
        placed = {
            remote_order.remote_id
            for remote_order in desk.order_store.remote_orders(desk.order_store.get_order(resubmission.order_number).id)
        }
        made = {record.remote_id for record in created}
        if placed != made:
            yield f"{resubmission.id}: the host has it at {placed or 'no place'}, the service as {made}"
