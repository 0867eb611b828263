"""Driving a flow: the plugin describes calls, the core makes them; what the transport lost never reaches the plugin.

After a crash the same flow is driven again with the exchanges that were recorded; the first write whose fate is
unknown ends it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from attrs import evolve, field, frozen

from orderdesk_sdk.answer import Answer, Answers, not_done, unclear
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError, in_words
from orderdesk_sdk.exchange import Certainty, Exchange, Intent
from orderdesk_sdk.followup import Loss
from orderdesk_sdk.grounds import Grounds, Received, Unfounded
from orderdesk_sdk.http.replay import digest_of, is_request, operation_of, response_of
from orderdesk_sdk.reading import Ended, MalformedReply
from orderdesk_sdk.redaction import Redactor

if TYPE_CHECKING:
    import httpx

    from orderdesk_sdk.http.client import ConnectionClient

__all__ = ["MAX_CALLS", "Driven", "Fault", "Journal", "Recorded", "cleaned", "drive", "fault_text"]

T = TypeVar("T")

MAX_CALLS = 50
"""Calls that one flow may make. A flow that wants more is taken for a loop."""

LONGEST_WORDS = 2000
"""Characters of what a plugin says, in an answer or an exception, that are kept."""


class Journal(Protocol):
    """Where a flow's exchanges are kept."""

    def intend(self, intent: Intent) -> None:
        """Commit an intent. Raises ConflictError when somebody else has the case now; then nothing may be sent."""

    def keep(self, exchange: Exchange) -> None:
        """Keep an exchange with the next commit."""


@frozen
class Recorded:
    """What an earlier, interrupted drive of the same flow left in the ledger, by number."""

    intents: Mapping[int, Intent] = field(factory=dict)
    exchanges: Mapping[int, Exchange] = field(factory=dict)


NOTHING = Recorded()


@frozen
class Fault:
    """What a plugin did wrong, without secrets."""

    text: str


@frozen
class Driven(Generic[T]):
    """How a drive ended. wrote: a request that may change something left. repeatable: each such was declared so."""

    outcome: T | Answer | Loss | Fault
    wrote: bool
    repeatable: bool


@frozen
class _Returned:
    value: object


@frozen
class _Plugin:
    """Plugin code under guard: whatever it raises becomes a value."""

    redactor: Redactor
    guard: AbstractContextManager[object]

    def run(self, step: Callable[[], object]) -> object:
        try:
            with self.guard:
                return step()
        except StopIteration as stop:
            return _Returned(stop.value)
        except Ended as over:
            return _Returned(over.answer)
        except (MalformedReply, ConfigurationError) as said:
            return said
        except Unfounded as fault:
            return Fault(self.redactor.text(str(fault))[:LONGEST_WORDS])
        except BaseException as error:  # noqa: BLE001 - also SystemExit: a plugin must not end anything but its own case
            return Fault(fault_text(error, self.redactor))


def fault_text(error: BaseException, redactor: Redactor) -> str:
    """An exception for the history: its type and words, and where it was raised, without secrets."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
    return redactor.text(f"{in_words(error)}{where}")[:LONGEST_WORDS]


def drive(
    start: Callable[[], object],
    result: type[T],
    client: ConnectionClient,
    journal: Journal,
    grounds: Grounds,
    recorded: Recorded = NOTHING,
    watch: AbstractContextManager[object] | None = None,
) -> Driven[T]:
    """Drive the flow that `start` returns to its result, or to the loss, fault or answer that ended it.

    grounds: what the result may rest on; what does not hold is a fault of the plugin, or unclear.
    watch: entered whenever plugin code runs, so that a hang can be told from a slow service; None watches nothing.
    Raises only what the core raises: ConflictError and LedgerError from the journal.
    """
    plugin = _Plugin(client.redactor, watch or nullcontext())
    flow = plugin.run(start)
    if not isinstance(flow, Generator):
        return Driven(_started(flow, client.redactor), wrote=False, repeatable=True)
    try:
        return _Drive(flow, result, client, journal, grounds, recorded, plugin).run()
    finally:
        plugin.run(flow.close)


class _Drive(Generic[T]):
    def __init__(
        self,
        flow: Generator[httpx.Request, httpx.Response, object],
        result: type[T],
        client: ConnectionClient,
        journal: Journal,
        grounds: Grounds,
        recorded: Recorded,
        plugin: _Plugin,
    ) -> None:
        self._flow = flow
        self._result = result
        self._client = client
        self._journal = journal
        self._grounds = grounds
        self._recorded = recorded
        self._plugin = plugin
        self._received: dict[int, Received] = {}
        self._wrote = False
        self._repeatable = True
        self._number = 0

    def run(self) -> Driven[T]:
        step = self._plugin.run(lambda: next(self._flow))
        while True:
            if not is_request(step):
                return self._end(self._result_of(step))
            if self._number == MAX_CALLS:
                return self._end(Fault(f"the flow made {MAX_CALLS} calls and wanted more; it never ends"))
            self._number += 1
            reply = self._reply(step, self._number)
            if isinstance(reply, Loss | Fault | Answer):
                return self._end(reply)
            self._received[self._number] = Received(operation_of(step), reply)
            step = self._plugin.run(lambda response=reply: self._flow.send(response))  # type: ignore[misc]

    def _end(self, outcome: T | Answer | Loss | Fault) -> Driven[T]:
        sent = [
            intent
            for number, intent in self._recorded.intents.items()
            if number > self._number and not intent.reads_only
        ]
        if not sent:
            return Driven(outcome, self._wrote, self._repeatable)
        # The plugin or a read's reply is another than before the crash: whatever it says, more had been sent by then.
        repeatable = self._repeatable and all(intent.repeatable for intent in sent)
        if not isinstance(outcome, Fault):
            outcome = Loss(
                Certainty.UNCLEAR, "the replay after a crash ended before a request that was sent", repeatable
            )
        return Driven(outcome, wrote=True, repeatable=repeatable)

    def _reply(self, request: httpx.Request, number: int) -> httpx.Response | Loss | Fault | Answer:
        try:
            replayed = self._replay(request, number)
        except Exception as error:  # noqa: BLE001 - such as a body that can be read only once, and so not be compared
            return self._no_request(error)
        if replayed is not None:
            return replayed
        wrote, repeatable = self._wrote, self._repeatable
        intents: list[Intent] = []

        def intend(intent: Intent) -> None:
            # A read needs no intent of its own; its exchange is kept with the next commit. The first call brings the
            # claim.
            if number == 1 or not intent.reads_only:
                self._journal.intend(intent)
            intents.append(intent)

        try:
            exchange, response = self._client.call(request, number, intend)
        except Unfounded as fault:
            self._may_have_written(intents)
            return Fault(str(fault))
        except ConfigurationError as error:
            return self._misconfigured(error)
        except OrderDeskError:
            raise  # The journal's: somebody else has the case, or the ledger cannot be written.
        except Exception as error:  # noqa: BLE001 - the client knows every error of a call, so the request is to blame
            self._may_have_written(intents)
            return self._no_request(error)
        self._journal.keep(exchange)
        if not exchange.intent.reads_only:
            self._wrote, self._repeatable = True, repeatable and exchange.intent.repeatable
        if response is not None:
            return response
        failure = exchange.failure
        assert failure is not None, "an exchange has a response or a failure"
        if wrote:  # An earlier write of this flow has been answered; what it did stands, whatever became of this call.
            return Loss(Certainty.UNCLEAR, failure.text, self._repeatable)
        if exchange.intent.reads_only or failure.certainty is not Certainty.UNCLEAR:
            self._wrote = False
            return Loss(Certainty.NOT_DONE if exchange.intent.reads_only else failure.certainty, failure.text)
        return Loss(Certainty.UNCLEAR, failure.text, exchange.intent.repeatable)

    def _may_have_written(self, intents: Sequence[Intent]) -> None:
        """Plugin code failed around a call: if it was about to write, it may have."""
        if intents and not intents[0].reads_only:
            self._wrote, self._repeatable = True, self._repeatable and intents[0].repeatable

    def _no_request(self, error: Exception) -> Fault:
        return Fault(f"the flow yielded a request that cannot be sent: {fault_text(error, self._client.redactor)}")

    def _replay(self, request: httpx.Request, number: int) -> httpx.Response | Loss | None:
        """The recorded response, the loss that the record proves, or None to make the call."""
        intent = self._recorded.intents.get(number)
        if intent is None:
            return None
        wrote = self._wrote
        if not intent.reads_only:
            self._wrote, self._repeatable = True, self._repeatable and intent.repeatable
        exchange = self._recorded.exchanges.get(number)
        if digest_of(request) != intent.digest:
            if self._wrote or any(not later.reads_only for later in self._recorded.intents.values()):
                return Loss(Certainty.UNCLEAR, "the replay after a crash made another request than before")
            return None
        response = response_of(exchange, request) if exchange is not None else None
        if response is not None:
            return response
        if intent.reads_only:
            return None
        if exchange is not None and exchange.failure is not None:
            certainty = Certainty.UNCLEAR if wrote else exchange.failure.certainty
            return Loss(certainty, exchange.failure.text, self._repeatable)
        text = "the process ended while the request was on its way"
        if exchange is not None:
            text = f"the process ended after the service answered {exchange.status}, and its reply was not kept whole"
        return Loss(Certainty.UNCLEAR, text, self._repeatable)

    def _result_of(self, step: object) -> T | Answer | Fault:
        match step:
            case Fault():
                return step
            case MalformedReply():
                text = self._client.redactor.text(str(step))
                return unclear(None, text=text) if self._wrote else not_done(None, text=text)
            case ConfigurationError():
                return self._misconfigured(step)
            case _Returned(value) if isinstance(value, Answer | self._result):
                held = self._plugin.run(lambda: _Returned(self._grounds.hold(value, self._received)))
                return self._cleaned(held)
            case _Returned(value):
                return Fault(f"the flow returned {type(value).__name__}, not {self._result.__name__}")
            case _:
                return Fault(
                    f"the flow yielded {type(step).__name__}, not a request; yield service.get(...) or the like"
                )

    def _cleaned(self, held: object) -> T | Answer | Fault:
        """What the grounds made of a result, without secrets."""
        redactor = self._client.redactor
        match held:
            case _Returned(Answer() as answer):
                return cleaned(answer, redactor)
            case _Returned(Answers(answers) as found) if isinstance(found, self._result):
                return evolve(found, answers=tuple(cleaned(answer, redactor) for answer in answers))
            case _Returned(value) if isinstance(value, self._result):
                return value
            case _:
                return self._result_of(held)

    def _misconfigured(self, error: ConfigurationError) -> Answer:
        told = unclear(None, text=error.text) if self._wrote else not_done(None, text=error.text, remedy=error.remedy)
        return cleaned(told, self._client.redactor)


def cleaned(answer: Answer, redactor: Redactor) -> Answer:
    """The answer without secrets: its words are often the service's, which may quote what it was sent."""

    def words(text: str) -> str:
        return redactor.text(text)[:LONGEST_WORDS]

    return evolve(
        answer,
        status=words(answer.status) if answer.status is not None else None,
        text=words(answer.text) if answer.text is not None else None,
        remedy=words(answer.remedy) if answer.remedy is not None else None,
        lines=tuple(evolve(line, line=words(line.line)) for line in answer.lines),
    )


def _started(flow: object, redactor: Redactor) -> Answer | Fault:
    match flow:
        case Fault():
            return flow
        case ConfigurationError():
            return cleaned(not_done(None, text=flow.text, remedy=flow.remedy), redactor)
        case None:
            return Fault("the hook returned nothing; it must be a generator function")
        case _:
            return Fault(f"the hook returned {type(flow).__name__}, not a flow; write it with yield and return")
