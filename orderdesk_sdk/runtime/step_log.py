"""The prior steps of one drive: what may be called, what is done already, and what the flow says of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.history import HistoryEntry
from orderdesk_sdk.cases.prior_steps import StepResult, is_settled_step, step_results
from orderdesk_sdk.plugin.guard import PluginFailure
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.routes import Button, Route
from orderdesk_sdk.plugin.service import CALL_OPTIONS, CallOptions
from orderdesk_sdk.plugin.steps import Step, StepOutcome, StepReport
from orderdesk_sdk.transport.http.replay import recorded_response
from orderdesk_sdk.transport.redaction import Redactor

if TYPE_CHECKING:
    import httpx

__all__ = ["NO_STEPS", "RouteSteps", "StepLog", "route_steps", "step_of"]

MAX_REPORTS = 500
"""Steps that one flow may tell of. A flow that tells of more is taken for a loop."""
_INCONCLUSIVE = (408, 425, 429)


@frozen
class RouteSteps:
    """What is known of a route's prior steps before its flow is driven.

    Args:
        names: those that it declares and may do.
        unasked: those that it declares, and whose side effect nobody asked for.
        done: what earlier attempts have done, with the exchange; None where its response is not kept.
        attempt: the number of this attempt.
    """

    names: frozenset[str] = frozenset()
    done: Mapping[Step, Exchange | None] = field(factory=dict, hash=False)
    attempt: int = 0
    unasked: frozenset[str] = frozenset()

    @property
    def declared(self) -> frozenset[str]:
        """All that the route declares."""
        return self.names | self.unasked


NO_STEPS = RouteSteps()


def route_steps(
    route: Route, requested: Sequence[PriorStep], case: CancelCase, history: Sequence[HistoryEntry]
) -> RouteSteps:
    """What is known of the prior steps of a case's route.

    Args:
        requested: those of them that may be done, for what was asked for besides.
        case: as it is while it is sent; of `history` what its earlier attempts did counts.
    """
    if not isinstance(route, Button) or not route.prior:
        return NO_STEPS
    calls = {
        (entry.attempt, entry.content.intent.number): entry.content
        for entry in history
        if isinstance(entry.content, Exchange)
    }
    done = {
        one.step: _own_call(one, calls)
        for one in case.steps
        if one.outcome is StepOutcome.DONE and one.attempt != case.attempt
    }
    names = frozenset(step.name for step in requested)
    return RouteSteps(names, done, case.attempt, frozenset(step.name for step in route.prior) - names)


def _own_call(result: StepResult, calls: Mapping[tuple[int, int], Exchange]) -> Exchange | None:
    """The step's own call; None where it was found done by a read, or where that lies in an archive."""
    exchange = calls.get((result.attempt, result.exchange or 0))
    return exchange if exchange is not None and exchange.intent.step == result.step else None


def step_of(request: httpx.Request) -> Step | None:
    """The prior step that a request is a call of; None: of none."""
    options = request.extensions.get(CALL_OPTIONS)
    return options.step if isinstance(options, CallOptions) else None


class StepLog:
    """What one drive learns of prior steps."""

    def __init__(self, known: RouteSteps, redactor: Redactor) -> None:
        self._known = known
        self._redactor = redactor
        self._intents: dict[int, Intent] = {}
        self._exchanges: dict[int, Exchange] = {}
        self._reports = 0

    def answer_for(self, request: httpx.Request) -> httpx.Response | PluginFailure | None:
        """The response to a call of a step that is done already, or what is wrong with it; None: it is made."""
        step = step_of(request)
        if step is None:
            return None
        if step.name in self._known.unasked:
            return PluginFailure(f"the flow would {step.name!r}, and nobody asked for that side effect")
        if step.name not in self._known.names:
            return PluginFailure(f"the flow would {step.name!r}, which its route does not declare in `prior`")
        if step not in self._known.done:
            return None
        exchange = self._known.done[step]
        response = recorded_response(exchange, request) if exchange is not None else None
        if response is None:
            return PluginFailure(f"the flow would {_words(step)} again, which is done already")
        # Of an earlier attempt, so it is no evidence in this one.
        response.extensions.clear()
        return response

    def add(self, intent: Intent, exchange: Exchange | None) -> None:
        """Keep what was called, sent or replayed."""
        self._intents[intent.number] = intent
        if exchange is not None:
            self._exchanges[intent.number] = exchange

    def take(self, report: StepReport, last: int, response: httpx.Response | None) -> Exchange | PluginFailure | None:
        """The exchange with what the flow read in it, or what is wrong with that; None for what is known already.

        Args:
            last: the number of the last exchange, whose response the report must be of.
        """
        step = Step(report.name, report.item)
        said = f"the flow said of the step {_words(step)} that it is {report.outcome.value}"
        self._reports += 1
        if self._reports > MAX_REPORTS:
            return PluginFailure(f"the flow told of {MAX_REPORTS} steps without an end")
        if step.name not in self._known.declared:
            return PluginFailure(f"{said}, and its route does not declare it in `prior`")
        if step in self._known.done:
            return None
        exchange = self._exchanges.get(last)
        if exchange is None or response is None or report.exchange != last:
            return PluginFailure(f"{said}, and named another response than the last one: tell of it at once")
        own = exchange.intent.step
        if own != step and not exchange.intent.read_only:
            return PluginFailure(f"{said} by a response to another call: mark its request with Step.call(...)")
        if not _can_say(report.outcome, response):
            return PluginFailure(f"{said} by a response of {response.status_code}, which cannot say so")
        words = self._redactor.redact_text(report.message) if report.message else None
        told = tuple(one for one in exchange.steps if (one.name, one.item) != (step.name, step.item))
        self._exchanges[last] = evolve(exchange, steps=(*told, evolve(report, message=words)))
        return self._exchanges[last]

    def settles(self, number: int) -> bool:
        """Whether a call was a step's, and what came of it is known."""
        intent = self._intents.get(number)
        return intent is not None and is_settled_step(intent, self._exchanges.get(number))

    def results(self) -> tuple[StepResult, ...]:
        """What came of the steps in this attempt."""
        return step_results(self._known.attempt, self._intents, self._exchanges) if self._known.declared else ()


def _can_say(outcome: StepOutcome, response: httpx.Response) -> bool:
    refusal = response.is_client_error and response.status_code not in _INCONCLUSIVE
    match outcome:
        case StepOutcome.DONE:
            return response.is_success
        case StepOutcome.REFUSED:
            return response.is_success or refusal
        case StepOutcome.UNKNOWN:
            return False


def _words(step: Step) -> str:
    return f"{step.name!r} for {step.item}" if step.item else repr(step.name)
