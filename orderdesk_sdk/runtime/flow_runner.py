"""Driving a flow: the plugin describes calls, the core makes them; what the transport lost never reaches the plugin.

After a crash the same flow is driven again with the exchanges that were recorded; the first write whose fate is
unknown ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from types import GeneratorType
from typing import TYPE_CHECKING, Generic, TypeVar

from attrs import evolve, frozen

from orderdesk_sdk.cases.answer_verification import AnswerVerifier, ReceivedResponse
from orderdesk_sdk.cases.exchange import NOT_TODAY, Certainty, Exchange, Failure, Intent, TransportLoss
from orderdesk_sdk.cases.prior_steps import StepResult
from orderdesk_sdk.cases.stated_numbers import UnverifiedAnswerError
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError, PluginError, ValidationError
from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER, Answer, not_processed, unknown
from orderdesk_sdk.plugin.guard import MAX_MESSAGE_LENGTH, Guard, PluginFailure, Watchdog
from orderdesk_sdk.plugin.plain_values import class_name
from orderdesk_sdk.plugin.steps import StepReport
from orderdesk_sdk.plugin.telemetry import span
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.runtime.flow_failures import (
    after_resend,
    configuration_failure,
    not_a_request,
    outcome_without_flow,
    request_changed,
)
from orderdesk_sdk.runtime.flow_options import FlowOptions
from orderdesk_sdk.runtime.flow_record import (
    NO_RECORD,
    Journal,
    RequestWithheldError,
)
from orderdesk_sdk.runtime.guarded_flow import FLOW_ERRORS, GuardedFlow, ReturnValue
from orderdesk_sdk.runtime.spans import describe_call, outcome_word
from orderdesk_sdk.runtime.step_log import StepLog, step_of
from orderdesk_sdk.transport.http.replay import (
    is_request,
    is_response_redacted,
    operation_of,
    recorded_response,
    request_digest,
)
from orderdesk_sdk.transport.http.shared_reads import copy_response
from orderdesk_sdk.transport.redaction import redact_answer

if TYPE_CHECKING:
    import httpx

    from orderdesk_sdk.transport.http.client import HttpClient

__all__ = [
    "MAX_CALLS",
    "FlowResult",
    "PluginFailure",
    "run_flow",
]

T = TypeVar("T")

MAX_CALLS = 50
"""Calls that one flow may make. A flow that wants more is taken for a loop."""
_RESULT_ERRORS = (*FLOW_ERRORS, UnverifiedAnswerError)


@frozen
class FlowResult(Generic[T]):
    """How a drive ended.

    Args:
        may_have_written: a request that may change something left, but for prior steps of which it is known what came.
        idempotent: each such request was declared so.
        steps: what came of prior steps.
    """

    outcome: T | Answer | TransportLoss | PluginFailure
    may_have_written: bool
    idempotent: bool
    steps: tuple[StepResult, ...] = ()


def run_flow(
    start: Callable[[], object],
    result_type: type[T],
    client: HttpClient,
    journal: Journal,
    verifier: AnswerVerifier,
    options: FlowOptions | None = None,
) -> FlowResult[T]:
    """Drive the flow that `start` returns to its result, or to the loss, fault or answer that ended it.

    Raises only what the core raises: ConflictError and StorageError from the journal, PluginTimeout where the thread
    was left behind.

    Args:
        verifier: what the result may rest on; what does not hold is a fault of the plugin, or unclear.
    """
    options = options or FlowOptions()
    with span("flow") as observed:
        observed.set("integration", options.integration)
        observed.set("route", options.route)
        result = _drive(start, result_type, client, journal, verifier, options)
        observed.set("outcome", outcome_word(result.outcome))
        return result


def _drive(
    start: Callable[[], object],
    result_type: type[T],
    client: HttpClient,
    journal: Journal,
    verifier: AnswerVerifier,
    options: FlowOptions,
) -> FlowResult[T]:
    watchdog = options.watchdog or Watchdog()
    watchdog.on_abandon = journal.save_late
    plugin = GuardedFlow(Guard(watchdog, client.redactor.redact_text), result_type)
    flow = plugin.start(start)
    if not isinstance(flow, Generator):
        return FlowResult(outcome_without_flow(flow, client.redactor), may_have_written=False, idempotent=True)
    try:
        return _FlowRun(flow, result_type, client, journal, verifier, options, plugin).run()
    except OrderDeskError as error:
        # Without the frames below, whose variables hold requests, which show their URLs: whoever logs it may show them.
        raise error.with_traceback(None)  # noqa: B904 - it is the same error, not one that came of it
    finally:
        if not isinstance(flow, GeneratorType) or flow.gi_frame is not None:  # Where it has not ended.
            plugin.start(flow.close)


class _FlowRun(Generic[T]):
    def __init__(
        self,
        flow: Generator[httpx.Request, httpx.Response, object],
        result_type: type[T],
        client: HttpClient,
        journal: Journal,
        verifier: AnswerVerifier,
        options: FlowOptions,
        flow_guard: GuardedFlow,
    ) -> None:
        self._flow = flow
        self._result_type = result_type
        self._client = client
        self._journal = journal
        self._verifier = verifier
        self._recorded = options.recorded
        self._sent_before = frozenset(options.recorded.intents)
        self._flow_guard = flow_guard
        self._started_at = options.started_at
        self._steps = StepLog(options.steps, client.redactor)
        self._received: dict[int, ReceivedResponse] = {}
        self._writes: dict[int, bool] = {}
        """By number those that have left and may have changed something: whether each is idempotent."""
        self._number = 0

    @property
    def _has_written(self) -> bool:
        return bool(self._writes)

    @property
    def _idempotent(self) -> bool:
        return all(self._writes.values())

    def run(self) -> FlowResult[T]:
        step = self._flow_guard.advance(lambda: next(self._flow))
        while True:
            step = self._after_reports(step)
            if not is_request(step):
                return self._finish(self._result_of(step))
            if self._number == MAX_CALLS:
                return self._finish(PluginFailure(f"the flow made {MAX_CALLS} calls without an end"))
            self._number += 1
            response = self._respond(step, self._number)
            if isinstance(response, TransportLoss | PluginFailure | Answer):
                return self._finish(response)
            changes = not self._writes.get(self._number, True)
            if EXCHANGE_NUMBER in response.extensions:  # A step's of an earlier attempt proves nothing in this one.
                prior = step_of(step)
                self._received[self._number] = ReceivedResponse(
                    operation_of(step), response, changes, step, prior.name if prior is not None else None
                )
            # A copy: what the answer is held against later is out of the plugin's reach.
            given = copy_response(response, step)
            step = self._flow_guard.advance(lambda response=given: self._flow.send(response))  # type: ignore[misc]  # mypy infers no default; it binds the value now

    def _after_reports(self, step: object) -> object:
        """The flow's next request or end, once it has told what came of prior steps."""
        while isinstance(step, StepReport):
            received = self._received.get(self._number)
            response = received.response if received is not None else None
            exchange = self._steps.take(step, self._number, response)
            if isinstance(exchange, PluginFailure):
                step = exchange
                break
            if exchange is not None and self._number not in self._recorded.exchanges:
                self._journal.record_steps(exchange)
            step = self._flow_guard.advance(lambda: next(self._flow))
        if self._number in self._writes and self._steps.settles(self._number):
            del self._writes[self._number]
            self._received[self._number] = evolve(self._received[self._number], may_write=False)
        return step

    def _finish(self, outcome: T | Answer | TransportLoss | PluginFailure) -> FlowResult[T]:
        sent = [
            intent
            for number, intent in self._recorded.intents.items()
            if number > self._number and not intent.read_only
        ]
        steps = self._steps.results()
        if not sent:
            return FlowResult(outcome, self._has_written, self._idempotent, steps)
        # The plugin or a read's response is another than before the crash: whatever it says, more had been sent by
        # then.
        repeatable = self._idempotent and all(intent.idempotent for intent in sent)
        if not isinstance(outcome, PluginFailure) and not (
            isinstance(outcome, TransportLoss) and outcome.request_changed
        ):
            outcome = TransportLoss(
                Certainty.UNKNOWN, "the replay after a crash ended before a request that was sent", repeatable
            )
        return FlowResult(outcome, may_have_written=True, idempotent=repeatable, steps=steps)

    def _respond(self, request: httpx.Request, number: int) -> httpx.Response | TransportLoss | PluginFailure | Answer:
        try:
            replayed = self._replay(request, number) or self._steps.answer_for(request)
        except Exception as error:  # noqa: BLE001 - such as a body that can be read only once, and so not be compared
            return not_a_request(error, self._client.redactor)
        if replayed is not None:
            return replayed
        wrote, repeatable = self._has_written, self._idempotent
        intents: list[Intent] = []

        def intend(intent: Intent) -> None:
            # A read needs no intent of its own; its exchange is kept with the next commit. The first call brings the
            # claim.
            if number == 1 or not intent.read_only:
                self._journal.record_intent(intent)
            intents.append(intent)

        try:
            exchange, response = self._call(request, number, intend)
        except PluginError as fault:
            self._may_have_written(intents)
            return PluginFailure(str(fault))
        except ConfigurationError as error:
            self._record_not_let_in(intents, error)
            return configuration_failure(error, self._client.redactor, has_written=self._has_written)
        except RequestWithheldError as held:
            if wrote:  # What an earlier write of this flow did stands.
                return TransportLoss(Certainty.UNKNOWN, held.message, repeatable)
            return TransportLoss(Certainty.NOT_SENT, held.message, withheld=True)
        except OrderDeskError:
            raise  # The journal's: another process has the case, or the ledger cannot be written.
        except Exception as error:  # noqa: BLE001 - the client knows every error of a call, so the request is to blame
            self._may_have_written(intents)
            return not_a_request(error, self._client.redactor)
        exchange = after_resend(exchange) if number in self._sent_before else exchange
        self._journal.record_exchange(exchange, is_about_order=self._is_about_order(request, exchange, response))
        self._record_sent(exchange.intent)
        self._steps.add(exchange.intent, exchange)
        return response if response is not None else self._loss_of(exchange, wrote=wrote)

    def _call(
        self, request: httpx.Request, number: int, intend: Callable[[Intent], None]
    ) -> tuple[Exchange, httpx.Response | None]:
        with span("call") as observed:
            exchange, response = self._client.call(request, number, intend, self._flow_guard.guard, self._started_at)
            if observed.is_recorded:
                describe_call(observed, exchange)
            return exchange, response

    def _loss_of(self, exchange: Exchange, *, wrote: bool) -> TransportLoss:
        """What a call without a response proves. wrote: whether a write of this flow had left before it."""
        failure = exchange.failure
        assert failure is not None, "an exchange has a response or a failure"
        if wrote:  # An earlier write of this flow has been answered; what it did stands, whatever became of this call.
            repeatable = self._idempotent and failure.may_go_again
            return TransportLoss(Certainty.UNKNOWN, failure.message, repeatable, failure.retry_after)
        if exchange.intent.read_only or failure.certainty is not Certainty.UNKNOWN:
            self._writes.clear()
            certainty = Certainty.NOT_PROCESSED if exchange.intent.read_only else failure.certainty
            not_today = failure.kind == NOT_TODAY
            return TransportLoss(certainty, failure.message, retry_after=failure.retry_after, not_today=not_today)
        return TransportLoss(Certainty.UNKNOWN, failure.message, exchange.intent.idempotent and failure.may_go_again)

    def _record_not_let_in(self, intents: Sequence[Intent], error: ConfigurationError) -> None:
        """Who was not let in has done nothing; with no word of that the request would seem to be lost."""
        if intents:
            shut = Failure("NotLetIn", Certainty.NOT_PROCESSED, self._client.redactor.redact_text(error.message))
            self._journal.record_exchange(Exchange(intents[0], intents[0].at, failure=shut, attempts=0))

    def _is_about_order(self, request: httpx.Request, exchange: Exchange, response: httpx.Response | None) -> bool:
        if response is None or not exchange.intent.read_only:
            return True
        received = ReceivedResponse(operation_of(request), response, request=request)
        # How a plugin's declaration reads a response is its own code: what fails there tells nothing.
        return self._flow_guard.guard.run(lambda: self._verifier.is_about_order(received), _RESULT_ERRORS) is True

    def _may_have_written(self, intents: Sequence[Intent]) -> None:
        """Plugin code failed around a call: if it was about to write, it may have."""
        if intents:
            self._record_sent(intents[0])
            self._steps.add(intents[0], None)

    def _record_sent(self, intent: Intent) -> None:
        """A request has left: what may have had an effect is remembered."""
        if not intent.read_only:
            self._writes[intent.number] = intent.idempotent

    def _replay(self, request: httpx.Request, number: int) -> httpx.Response | TransportLoss | None:
        """The recorded response, the loss that the record proves, or None to make the call."""
        intent = self._recorded.intents.get(number)
        if intent is None:
            return None
        is_same = request_digest(request) == intent.digest
        if self._recorded.resend_number is not None and not is_same:
            return request_changed(request, intent, self._client.redactor)
        if number == self._recorded.resend_number:
            return None
        wrote = self._has_written
        self._record_sent(intent)
        exchange = self._recorded.exchanges.get(number)
        self._steps.add(intent, exchange)
        if not is_same:
            if self._has_written or any(not later.read_only for later in self._recorded.intents.values()):
                return TransportLoss(Certainty.UNKNOWN, "the replay after a crash made another request than before")
            return None
        response = recorded_response(exchange, request) if exchange is not None else None
        if response is not None:
            return response
        if intent.read_only:
            return None
        if exchange is not None and exchange.failure is not None:
            certainty = Certainty.UNKNOWN if wrote else exchange.failure.certainty
            repeatable = self._idempotent and exchange.failure.may_go_again
            return TransportLoss(certainty, exchange.failure.message, repeatable, exchange.failure.retry_after)
        if self._recorded.resend_number is not None and exchange is not None and self._may_restart(request):
            self._recorded = NO_RECORD
            del self._writes[number]
            return None
        text = "The process ended while the request was being sent"
        if exchange is not None:
            text = f"The process ended after the service answered {exchange.status}; the response is incomplete"
        if self._recorded.resend_number is not None:
            text = f"The request cannot be replayed: the response to {intent.method} {intent.url} is incomplete"
            return TransportLoss(Certainty.UNKNOWN, text, request_changed=True)
        return TransportLoss(Certainty.UNKNOWN, text, self._idempotent)

    def _may_restart(self, request: httpx.Request) -> bool:
        """Whether what was sent is made again from here on.

        A private response is kept nowhere, a presigned URL say, every
        write of the flow was declared repeatable, and whole orders are asked for, so that nothing more can be canceled.
        """
        writes = [intent for intent in self._recorded.intents.values() if not intent.read_only]
        return (
            self._recorded.is_whole_order
            and is_response_redacted(request)
            and all(intent.idempotent for intent in writes)
        )

    def _result_of(self, step: object) -> T | Answer | PluginFailure:
        match step:
            case PluginFailure():
                return step
            case MalformedResponseError():
                text = self._client.redactor.redact_text(str(step))
                return unknown(None, message=text) if self._has_written else not_processed(None, message=text)
            case ConfigurationError() | ValidationError():
                return configuration_failure(step, self._client.redactor, has_written=self._has_written)
            case ReturnValue(value):
                # What the declaration reads of a response is the plugin's own code too.
                return self._verify(
                    self._flow_guard.guard.run(lambda: self._verifier.verify(value, self._received), _RESULT_ERRORS)
                )
            case _:
                raise AssertionError(f"a step of a flow gave {class_name(step)}")

    def _verify(self, result: object) -> T | Answer | PluginFailure:
        """What the grounds made of a result, without secrets."""
        match result:
            case Answer():
                return redact_answer(result, self._client.redactor)
            case UnverifiedAnswerError():
                return PluginFailure(
                    self._client.redactor.redact_text(str(result))[:MAX_MESSAGE_LENGTH], UnverifiedAnswerError.__name__
                )
            case PluginFailure() | OrderDeskError():
                return self._result_of(result)
            case _:
                assert isinstance(result, self._result_type), "the guard lets nothing else through"
                return result
