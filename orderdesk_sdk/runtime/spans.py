"""What the spans of flows and calls say: closed words and numbers, never a secret and never a person."""

from __future__ import annotations

from orderdesk_sdk.cases.exchange import Exchange, TransportLoss
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.guard import PluginFailure
from orderdesk_sdk.plugin.telemetry import Span

__all__ = ["describe_call", "outcome_word"]


def describe_call(observed: Span, exchange: Exchange) -> None:
    """Say of a span what became of a call: by which method, with which status, and what a failure proves."""
    failure = exchange.failure
    observed.set("method", exchange.intent.method)
    observed.set("outcome", "answered" if failure is None else failure.certainty.value)
    observed.set("status_code", exchange.status)
    observed.set("attempts", exchange.attempts)


def outcome_word(outcome: object) -> str:
    """How a flow ended: an answer's outcome, what a loss proves, or that it is something else."""
    if isinstance(outcome, Answer):
        return outcome.outcome.value
    if isinstance(outcome, TransportLoss):
        return outcome.certainty.value
    return "plugin failed" if isinstance(outcome, PluginFailure) else "done"
