"""What came of the steps before a cancel: of one attempt, of a case, and in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from orderdesk_sdk.cases.exchange import Certainty, Exchange, Intent
from orderdesk_sdk.plugin.steps import Step, StepOutcome, StepReport

__all__ = [
    "StepResult",
    "describe_steps",
    "is_settled_step",
    "merge_steps",
    "results_of_attempt",
    "step_results",
    "unsettled_writes",
]

REQUEST_TIMEOUT = 408


@frozen
class StepResult:
    """What came of a step at a case.

    Args:
        name, item: which step, and what it was done to; item None where it is done once.
        message: the service's words; None where there are none.
        attempt, exchange: where the history has the call that it is known by.
    """

    name: str
    item: str | None
    outcome: StepOutcome
    attempt: int
    exchange: int | None = None
    message: str | None = None

    @property
    def step(self) -> Step:
        """Which step it is of."""
        return Step(self.name, self.item)


def is_settled_step(intent: Intent, exchange: Exchange | None) -> bool:
    """Whether a request was a step's, and it is known what came of it: then it says nothing of the cancel itself."""
    reports: Sequence[StepReport] = exchange.steps if exchange is not None else ()
    return intent.step is not None and any(_is_of(report, intent.step) for report in reports)


def _is_of(report: StepReport, step: Step) -> bool:
    return (report.name, report.item) == (step.name, step.item)


def step_results(
    attempt: int, intents: Mapping[int, Intent], exchanges: Mapping[int, Exchange]
) -> tuple[StepResult, ...]:
    """What came of the steps of one attempt, by its requests; unknown where a call was lost or nobody read its answer.

    Args:
        intents, exchanges: by number.
    """
    return tuple(
        result
        for number, intent in sorted(intents.items())
        for result in _results_of_call(attempt, intent, exchanges.get(number))
    )


def _results_of_call(attempt: int, intent: Intent, exchange: Exchange | None) -> Iterator[StepResult]:
    reports: Sequence[StepReport] = exchange.steps if exchange is not None else ()
    for one in reports:
        yield StepResult(one.name, one.item, one.outcome, attempt, intent.number, one.message)
    step = intent.step
    if step is None or is_settled_step(intent, exchange) or (exchange is not None and _proves_nothing_done(exchange)):
        return
    said = None if exchange is None or exchange.status is None else f"answered {exchange.status}"
    yield StepResult(step.name, step.item, StepOutcome.UNKNOWN, attempt, intent.number, said)


def _proves_nothing_done(exchange: Exchange) -> bool:
    if exchange.failure is not None:
        return exchange.failure.certainty is not Certainty.UNKNOWN
    return exchange.status is not None and 400 <= exchange.status < 500 and exchange.status != REQUEST_TIMEOUT


def results_of_attempt(attempt: int, entries: Sequence[object]) -> tuple[StepResult, ...]:
    """The same by what the history has of an attempt."""
    exchanges = {entry.intent.number: entry for entry in entries if isinstance(entry, Exchange)}
    intents = {entry.number: entry for entry in entries if isinstance(entry, Intent)}
    return step_results(attempt, {number: one.intent for number, one in exchanges.items()} | intents, exchanges)


def unsettled_writes(entries: Sequence[object]) -> tuple[Intent, ...]:
    """What an attempt sent that may have changed something, but for steps of which it is known what came of them."""
    exchanges = {entry.intent.number: entry for entry in entries if isinstance(entry, Exchange)}
    writes = [entry for entry in entries if isinstance(entry, Intent) and not entry.read_only]
    return tuple(intent for intent in writes if not is_settled_step(intent, exchanges.get(intent.number)))


def merge_steps(before: Sequence[StepResult], later: Sequence[StepResult]) -> tuple[StepResult, ...]:
    """The steps of a case after a further attempt. What was done stays done."""
    merged = {one.step: one for one in before}
    for one in later:
        known = merged.get(one.step)
        if known is None or known.outcome is not StepOutcome.DONE:
            merged[one.step] = one
    return tuple(merged.values())


def describe_steps(steps: Sequence[StepResult]) -> str:
    """What came of them, for people: "void the labels: label 1 done, label 2 refused (in transit)"; "" for none."""
    names = dict.fromkeys(one.name for one in steps)
    return "; ".join(f"{name}: {', '.join(_words(one) for one in steps if one.name == name)}" for name in names)


def tell_steps(message: str | None, steps: Sequence[StepResult]) -> str | None:
    """A message with what came of the steps, which stands whatever became of the cancel; told once."""
    said = describe_steps(steps)
    return message if not said or said in (message or "") else "; ".join(filter(None, (message, said)))


def _words(result: StepResult) -> str:
    outcome = "outcome unknown" if result.outcome is StepOutcome.UNKNOWN else result.outcome.value
    said = f" ({result.message})" if result.message else ""
    return f"{result.item} {outcome}{said}" if result.item else f"{outcome}{said}"
