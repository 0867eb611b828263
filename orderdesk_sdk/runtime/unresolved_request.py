"""What was sent before, as it is to be sent again: the same request, rebuilt by a drive over the record. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.history import HistoryEntry
from orderdesk_sdk.cases.prior_steps import is_settled_step
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.runtime.flow_record import RecordedExchanges

__all__ = ["UnresolvedRequest", "unresolved_request"]


@frozen
class UnresolvedRequest:
    """A request that left and may have worked.

    Args:
        started_at: when its flow began, which it is told again at the replay.
    """

    recorded: RecordedExchanges
    started_at: datetime


def unresolved_request(history: Sequence[HistoryEntry], *, is_whole_order: bool) -> UnresolvedRequest | None:
    """What a case sent by its present route and is not proved to have had no effect; None where it sent nothing.

    Nor is there anything to send again where a lone conditional write was turned away in the end: what it rests on is
    old, so that it does nothing any more. Whoever asks again reads the order as it is.

    Args:
        is_whole_order: the cancellation is for the whole order. Its first write without a response is the one to be
            sent again; where all were answered, the last one.
    """
    attempts, began = _unresolved_attempts(history)
    intents: dict[int, Intent] = {}
    exchanges: dict[int, Exchange] = {}
    for entry in history:
        content = entry.content
        if entry.attempt in attempts and isinstance(content, Intent | Exchange):
            intent = content if isinstance(content, Intent) else content.intent
            intents.setdefault(intent.number, intent)
            if isinstance(content, Exchange) and (content.status is not None or intent.number not in exchanges):
                exchanges[intent.number] = content
    writes = [
        number
        for number, intent in sorted(intents.items())
        if not intent.read_only and not is_settled_step(intent, exchanges.get(number))
    ]
    if began is None or not writes:
        return None
    lost = [number for number in writes if number not in exchanges or exchanges[number].status is None]
    again = lost[0] if lost else writes[-1]
    if writes == [again] and again in exchanges and _is_closed(exchanges[again]):
        return None
    return UnresolvedRequest(
        RecordedExchanges(
            {number: intent for number, intent in intents.items() if number <= again},
            {number: exchange for number, exchange in exchanges.items() if number < again},
            again,
            is_whole_order,
        ),
        began,
    )


def _is_closed(exchange: Exchange) -> bool:
    return exchange.failure is not None and not exchange.failure.may_go_again


def _unresolved_attempts(history: Sequence[HistoryEntry]) -> tuple[list[int], datetime | None]:
    """The attempts since the one that began to send what is on its way, and when that began; None: nothing is."""
    attempts: list[int] = []
    began: datetime | None = None
    for entry in history:
        if not isinstance(entry.content, Event):
            continue
        if entry.content.kind is EventKind.SEND_STARTED:
            attempts.append(entry.attempt)
            began = began or entry.content.at
        elif entry.content.kind is EventKind.FELL_BACK:
            attempts, began = [], None
        elif entry.content.kind is EventKind.NOT_PROCESSED:
            # That a later request did nothing says nothing of an earlier one.
            attempts = attempts[:-1]
            began = began if attempts else None
    return attempts, began
