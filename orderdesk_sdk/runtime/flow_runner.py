"""Driving a flow: the plugin describes calls, the core makes them; what the transport lost never reaches the plugin.

After a crash the same flow is driven again with the exchanges that were recorded; the first write whose fate is
unknown ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from attrs import field, frozen

from orderdesk_sdk.cases.evidence_check import Grounds, Received, Unfounded
from orderdesk_sdk.cases.exchange import Certainty, Exchange, Failure, Intent, Loss
from orderdesk_sdk.errors import ConfigurationError, ConflictError, InputError, OrderDeskError, PluginFault
from orderdesk_sdk.plugin.answer import Answer, not_done, unclear
from orderdesk_sdk.plugin.guard import LONGEST_WORDS, Fault, Guard, Watch, fault_text
from orderdesk_sdk.plugin.plain_values import name_of, plain_of
from orderdesk_sdk.plugin.toolkit.json_response import Ended, MalformedReply
from orderdesk_sdk.transport.http.replay import (
    digest_of,
    is_private,
    is_request,
    operation_of,
    plain_request,
    response_of,
)
from orderdesk_sdk.transport.http.shared_reads import copy_of
from orderdesk_sdk.transport.redaction import Redactor, cleaned

if TYPE_CHECKING:
    import httpx

    from orderdesk_sdk.transport.http.client import ConnectionClient

__all__ = [
    "ANOTHER",
    "LONGEST_REQUEST",
    "MAX_CALLS",
    "Driven",
    "Fault",
    "HeldBack",
    "Journal",
    "Recorded",
    "drive",
]

T = TypeVar("T")

MAX_CALLS = 50
"""Calls that one flow may make. A flow that wants more is taken for a loop."""
ANOTHER = "it would now ask for something else"
"""What is said of a flow that would make another request in place of the one that is to be made again."""
LONGEST_REQUEST = 600
"""Characters of a request that are shown to whoever must decide about it."""


class Journal(Protocol):
    """Where a flow's exchanges are kept."""

    def intend(self, intent: Intent) -> None:
        """Commit an intent. Raises ConflictError when somebody else has the case now; then nothing may be sent.

        Raises HeldBack when the request must not be sent any more; then the flow ends there.
        """

    def keep(self, exchange: Exchange) -> None:
        """Keep an exchange with the next commit."""

    def leave(self) -> None:
        """Commit what is kept although the work was given to somebody else meanwhile: it happened."""


@frozen
class Recorded:
    """What an earlier drive of the same flow left in the ledger, by number.

    again: the number of the request that is to be made again; None where the drive was interrupted, and goes on.
    is_whole: what was asked for is a whole order, which canceling twice does not cancel more of.
    """

    intents: Mapping[int, Intent] = field(factory=dict)
    exchanges: Mapping[int, Exchange] = field(factory=dict)
    again: int | None = None
    is_whole: bool = False


class HeldBack(ConflictError):
    """Raised by a journal in place of committing an intent: what allowed the request is no longer so."""


NOTHING = Recorded()


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
    """A flow's code under guard: each step gives a request or a result, both plain, or what went wrong with it."""

    guard: Guard
    result: type

    def start(self, begin: Callable[[], object]) -> object:
        return self.guard.run(begin, _SAYS)

    def step(self, go_on: Callable[[], object]) -> object:
        return self.guard.run(lambda: self._taken(go_on), _SAYS)

    def _taken(self, go_on: Callable[[], object]) -> object:
        try:
            found = go_on()
        except StopIteration as stop:
            return self._returned(stop.value)
        except Ended as over:
            return self._returned(over.answer)
        if is_request(found):
            return plain_request(found)
        return Fault(f"the flow yielded {name_of(found)}, not a request; yield service.get(...) or the like")

    def _returned(self, value: object) -> _Returned | Fault:
        for kind in (self.result, Answer):
            if issubclass(type(value), kind):
                return _Returned(plain_of(kind, value))
        return Fault(f"the flow returned {name_of(value)}, not {self.result.__name__}")


_SAYS = (MalformedReply, ConfigurationError, InputError)
"""The errors that a flow may raise; what they come to is the core's to say."""
_HOLDS = (*_SAYS, Unfounded)


def drive(
    start: Callable[[], object],
    result: type[T],
    client: ConnectionClient,
    journal: Journal,
    grounds: Grounds,
    recorded: Recorded = NOTHING,
    watch: Watch | None = None,
    since: datetime | None = None,
) -> Driven[T]:
    """Drive the flow that `start` returns to its result, or to the loss, fault or answer that ended it.

    grounds: what the result may rest on; what does not hold is a fault of the plugin, or unclear.
    since: when what it is about changed last; a shared read that is older tells nothing of it. None: any does.
    watch: of the thread this runs on; None where nobody would leave that behind. Raises only what the core raises:
    ConflictError and LedgerError from the journal, PluginHung where the thread was left behind.
    """
    watch = watch or Watch()
    watch.at_leave = journal.leave
    plugin = _Plugin(Guard(watch, client.redactor.text), result)
    flow = plugin.start(start)
    if not isinstance(flow, Generator):
        return Driven(_started(flow, client.redactor), wrote=False, repeatable=True)
    try:
        return _Drive(flow, result, client, journal, grounds, recorded, plugin, since).run()
    except OrderDeskError as error:
        # Without the frames below, whose variables hold requests, which show their URLs: whoever logs it may show them.
        raise error.with_traceback(None)  # noqa: B904 - it is the same error, not one that came of it
    finally:
        plugin.start(flow.close)


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
        since: datetime | None,
    ) -> None:
        self._flow = flow
        self._result = result
        self._client = client
        self._journal = journal
        self._grounds = grounds
        self._recorded = recorded
        self._plugin = plugin
        self._since = since
        self._sent: set[int] = set()
        self._received: dict[int, Received] = {}
        self._wrote = False
        self._repeatable = True
        self._number = 0

    def run(self) -> Driven[T]:
        step = self._plugin.step(lambda: next(self._flow))
        while True:
            if not is_request(step):
                return self._end(self._result_of(step))
            if self._number == MAX_CALLS:
                return self._end(Fault(f"the flow made {MAX_CALLS} calls and wanted more; it never ends"))
            self._number += 1
            reply = self._reply(step, self._number)
            if isinstance(reply, Loss | Fault | Answer):
                return self._end(reply)
            changes = self._number in self._sent
            self._received[self._number] = Received(operation_of(step), reply, changes, step)
            # A copy: what the answer is held against later is out of the plugin's reach.
            given = copy_of(reply, step)
            step = self._plugin.step(lambda response=given: self._flow.send(response))  # type: ignore[misc]  # mypy infers no default; it binds the value now

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
        if not isinstance(outcome, Fault) and not (isinstance(outcome, Loss) and outcome.another):
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
            exchange, response = self._client.call(request, number, intend, self._plugin.guard, self._since)
        except PluginFault as fault:
            self._may_have_written(intents)
            return Fault(str(fault))
        except ConfigurationError as error:
            if intents:  # Who was not let in has done nothing; with no word of that the request would seem to be lost.
                shut = Failure("NotLetIn", Certainty.NOT_DONE, self._client.redactor.text(error.text))
                self._journal.keep(Exchange(intents[0], intents[0].at, failure=shut, tries=0))
            return self._misconfigured(error)
        except HeldBack as held:
            if wrote:  # What an earlier write of this flow did stands.
                return Loss(Certainty.UNCLEAR, held.text, repeatable)
            return Loss(Certainty.NOT_SENT, held.text, held=True)
        except OrderDeskError:
            raise  # The journal's: somebody else has the case, or the ledger cannot be written.
        except Exception as error:  # noqa: BLE001 - the client knows every error of a call, so the request is to blame
            self._may_have_written(intents)
            return self._no_request(error)
        self._journal.keep(exchange)
        self._note(exchange.intent)
        if response is not None:
            return response
        failure = exchange.failure
        assert failure is not None, "an exchange has a response or a failure"
        if wrote:  # An earlier write of this flow has been answered; what it did stands, whatever became of this call.
            return Loss(Certainty.UNCLEAR, failure.text, self._repeatable, failure.retry_after)
        if exchange.intent.reads_only or failure.certainty is not Certainty.UNCLEAR:
            self._wrote = False
            certainty = Certainty.NOT_DONE if exchange.intent.reads_only else failure.certainty
            return Loss(certainty, failure.text, retry_after=failure.retry_after)
        return Loss(Certainty.UNCLEAR, failure.text, exchange.intent.repeatable)

    def _may_have_written(self, intents: Sequence[Intent]) -> None:
        """Plugin code failed around a call: if it was about to write, it may have."""
        if intents:
            self._note(intents[0])

    def _note(self, intent: Intent) -> None:
        """A request has left: what may have had an effect is remembered."""
        if not intent.reads_only:
            self._wrote, self._repeatable = True, self._repeatable and intent.repeatable
            self._sent |= set() if intent.repeatable else {intent.number}

    def _no_request(self, error: Exception) -> Fault:
        return Fault(f"the flow yielded a request that cannot be sent: {fault_text(error, self._client.redactor.text)}")

    def _replay(self, request: httpx.Request, number: int) -> httpx.Response | Loss | None:
        """The recorded response, the loss that the record proves, or None to make the call."""
        intent = self._recorded.intents.get(number)
        if intent is None:
            return None
        is_same = digest_of(request) == intent.digest
        if self._recorded.again is not None and not is_same:
            return self._another(request, intent)
        if number == self._recorded.again:
            return None
        wrote = self._wrote
        self._note(intent)
        exchange = self._recorded.exchanges.get(number)
        if not is_same:
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
            return Loss(certainty, exchange.failure.text, self._repeatable, exchange.failure.retry_after)
        if self._recorded.again is not None and exchange is not None and self._may_begin_anew(request):
            self._recorded, self._wrote = NOTHING, wrote
            return None
        text = "the process ended while the request was on its way"
        if exchange is not None:
            text = f"the process ended after the service answered {exchange.status}, and its reply was not kept whole"
        if self._recorded.again is not None:
            text = (
                f"what was sent cannot be made again: the reply to its {intent.method} {intent.url} was not kept whole"
            )
            return Loss(Certainty.UNCLEAR, text, another=True)
        return Loss(Certainty.UNCLEAR, text, self._repeatable)

    def _may_begin_anew(self, request: httpx.Request) -> bool:
        """Whether what was sent is made again from here on: a private reply is kept nowhere, a presigned URL say, every
        write of the flow was declared repeatable, and whole orders are asked for, so that nothing more can be canceled.
        """
        writes = [intent for intent in self._recorded.intents.values() if not intent.reads_only]
        return self._recorded.is_whole and is_private(request) and all(intent.repeatable for intent in writes)

    def _another(self, request: httpx.Request, intent: Intent) -> Loss:
        """The flow asks for something else than was sent: whether that is wanted, a person says (law 3)."""
        redactor = self._client.redactor
        body = redactor.body(request.content.decode("utf-8", "replace")) if not intent.reads_only else ""
        now = f"{request.method} {redactor.url(str(request.url))} {body}"[:LONGEST_REQUEST].strip()
        before = f"{intent.method} {intent.url} {intent.body}"[:LONGEST_REQUEST].strip()
        return Loss(Certainty.UNCLEAR, f"{ANOTHER}: {now}; what was sent: {before}", another=True)

    def _result_of(self, step: object) -> T | Answer | Fault:
        match step:
            case Fault():
                return step
            case MalformedReply():
                text = self._client.redactor.text(str(step))
                return unclear(None, text=text) if self._wrote else not_done(None, text=text)
            case ConfigurationError() | InputError():
                return self._misconfigured(step)
            case _Returned(value):
                # What the declaration reads of a response is the plugin's own code too.
                return self._held(self._plugin.guard.run(lambda: self._grounds.hold(value, self._received), _HOLDS))
            case _:
                raise AssertionError(f"a step of a flow gave {name_of(step)}")

    def _held(self, found: object) -> T | Answer | Fault:
        """What the grounds made of a result, without secrets."""
        match found:
            case Answer():
                return cleaned(found, self._client.redactor)
            case Unfounded():
                return Fault(self._client.redactor.text(str(found))[:LONGEST_WORDS], Unfounded.__name__)
            case Fault() | OrderDeskError():
                return self._result_of(found)
            case _:
                assert isinstance(found, self._result), "the guard lets nothing else through"
                return found

    def _misconfigured(self, error: ConfigurationError | InputError) -> Answer:
        told = unclear(None, text=error.text) if self._wrote else not_done(None, text=error.text, remedy=error.remedy)
        return cleaned(told, self._client.redactor)


def _started(flow: object, redactor: Redactor) -> Answer | Fault:
    match flow:
        case Fault():
            return flow
        case ConfigurationError() | InputError():
            return cleaned(not_done(None, text=flow.text, remedy=flow.remedy), redactor)
        case None:
            return Fault("the hook returned nothing; it must be a generator function")
        case _:
            return Fault(f"the hook returned {name_of(flow)}, not a flow; write it with yield and return")
