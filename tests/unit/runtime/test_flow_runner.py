"""Driving a flow: what becomes of what a plugin yields, returns and raises, and of what the transport lost."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, cast

import httpx
import pytest

from orderdesk_devkit.testing.fake_client import ANY_ORDER, FakeClient, FakeJournal
from orderdesk_sdk.cases.exchange import Certainty, TransportLoss
from orderdesk_sdk.errors import ConflictError, PluginError, ValidationError
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, LineAnswer, Outcome, Rejection
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.toolkit.json_response import require_success
from orderdesk_sdk.runtime.flow_runner import MAX_CALLS, FlowResult, PluginFailure, run_flow
from tests.support.flows import READ, SECRET, URL, WRITE, driven, fault, outcome, raises, yields

if TYPE_CHECKING:
    from orderdesk_sdk.plugin.service import Flow
    from tests.conftest import ClientMaker


# What goes well


def test_a_flow_gets_each_reply_and_its_answer_names_the_exchange(client: FakeClient, journal: FakeJournal) -> None:
    seen: list[int] = []

    def flow() -> Flow[Answer]:
        seen.append((yield READ).status_code)
        response = yield WRITE
        seen.append(response.status_code)
        return answer.canceled(response)

    client.respond(404, 202)
    found = driven(flow, client, journal)
    assert seen == [404, 202]
    assert found == FlowResult(
        Answer(Outcome.CANCELED, exchange=2, unidentified_reason="a test of flows names no order"),
        may_have_written=True,
        idempotent=False,
    )
    assert [exchange.intent.number for exchange in journal.exchanges] == [1, 2]


def test_an_order_that_lacks_what_a_flow_needs_is_not_sent_and_the_remedy_is_told(
    client: FakeClient, journal: FakeJournal
) -> None:
    error = ValidationError(f"no country {SECRET}", hint="write one")
    found = outcome(raises(error), client, journal)
    assert isinstance(found, Answer)
    assert (found.outcome, found.hint, client.requests) == (Outcome.NOT_PROCESSED, "write one", [])
    assert SECRET not in str(found)
    client.respond(200)
    after = outcome(raises(error, WRITE), client, journal)
    assert isinstance(after, Answer)
    assert after.outcome is Outcome.UNKNOWN


def test_the_first_call_brings_the_claim_and_after_it_only_writes_need_an_intent(
    client: FakeClient, journal: FakeJournal
) -> None:
    client.respond(200, 200, 200, 200)
    outcome(yields(READ, READ, WRITE, READ), client, journal)
    assert [intent.number for intent in journal.intents] == [1, 3]
    assert [exchange.intent.number for exchange in journal.exchanges] == [1, 2, 3, 4]


def test_the_same_replies_lead_to_the_same_calls_and_the_same_end(client: FakeClient, journal: FakeJournal) -> None:
    def flow() -> Flow[Answer]:
        response = yield READ
        while response.status_code == 404:
            response = yield httpx.Request("PUT", URL, json={"status": response.status_code})
        return answer.acknowledged(response)

    ends = []
    for _ in range(3):
        client.respond(404, 404, 202)
        ends.append(driven(flow, client, journal))
    digests = [exchange.intent.digest for exchange in journal.exchanges]
    assert ends[0] == ends[1] == ends[2]
    assert digests[:3] == digests[3:6] == digests[6:]


def test_a_flow_that_needs_no_call_makes_none(client: FakeClient, journal: FakeJournal) -> None:
    said = answer.rejected(None, Rejection.NOT_ALLOWED, message="wrong number")
    assert driven(yields(then=said), client, journal) == FlowResult(said, may_have_written=False, idempotent=True)
    assert (client.requests, journal.intents) == ([], [])


# What a plugin does wrong


def test_a_flow_ends_with_its_answer_where_a_reply_that_it_needs_is_none(
    client: FakeClient, journal: FakeJournal
) -> None:
    def needing() -> Flow[Answer]:
        response = require_success((yield READ), access_hint="the key")
        raise AssertionError(f"it went on with {response.status_code}")

    client.respond(403)
    ended = outcome(needing, client, journal)
    assert isinstance(ended, Answer)
    assert (ended.outcome, ended.hint, ended.exchange) == (Outcome.NOT_PROCESSED, "the key", 1)


@pytest.mark.parametrize(
    "step", [None, 42, "GET /", b"", object(), [READ], (READ, READ), CancelRequest, httpx.Response(200), READ.url]
)
def test_whatever_is_no_request_is_a_fault_that_names_it(
    step: object, client: FakeClient, journal: FakeJournal
) -> None:
    assert f"the flow yielded {type(step).__name__}, not a request" in fault(yields(step), client, journal)
    assert client.requests == []


@pytest.mark.parametrize("result", [None, True, "canceled", {"outcome": "canceled"}, Answer, Outcome.CANCELED, READ])
def test_whatever_is_no_answer_is_a_fault_that_names_it(
    result: object, client: FakeClient, journal: FakeJournal
) -> None:
    client.respond(200)
    said = fault(yields(WRITE, then=result), client, journal)
    assert said == f"the flow returned {type(result).__name__}, not Answer"


@pytest.mark.parametrize(
    "junk",
    [
        lambda: Answer(cast(Outcome, "canceled")),
        lambda: Answer(Outcome.REJECTED),
        lambda: Answer(Outcome.ACKNOWLEDGED, message=cast(str, 42)),
        lambda: Answer(Outcome.ACKNOWLEDGED, status=cast(str, ["New"])),
        lambda: Answer(Outcome.NOT_PROCESSED, retry_after=cast("None", 30)),
        lambda: Answer(Outcome.CANCELED, lines=cast("tuple[LineAnswer, ...]", ("A-1",))),
        lambda: Answer(Outcome.CANCELED, exchange=cast(int, "1")),
        lambda: LineAnswer("A-1", cast(int, "2"), 0),
    ],
)
def test_an_answer_of_wrong_parts_is_a_fault_at_the_plugins_own_line(
    junk: Callable[[], object], client: FakeClient, journal: FakeJournal
) -> None:
    def flow() -> Generator[httpx.Request, httpx.Response, object]:
        yield WRITE
        return junk()

    client.respond(200)
    found = driven(flow, client, journal)
    assert isinstance(found.outcome, PluginFailure)
    assert found.may_have_written


class Unshowable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even that")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("status"), "KeyError: 'status'"),
        (SystemExit(1), "SystemExit: 1"),
        (KeyboardInterrupt(), "KeyboardInterrupt: "),
        (GeneratorExit(), "GeneratorExit: "),
        (StopIteration("canceled"), "RuntimeError: generator raised StopIteration"),
        (RecursionError("deep"), "RecursionError: deep"),
        (MemoryError(), "MemoryError: "),
        (BaseExceptionGroup("two", [KeyError("a")]), "ExceptionGroup: two"),
        (httpx.ReadTimeout("made up"), "ReadTimeout: made up"),
        (ConflictError("made up"), "ConflictError: made up"),
        (PluginError("its own word"), "PluginError: its own word"),
        (Unshowable(), "Unshowable, whose words cannot be shown"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("steps", [(), (READ,), (WRITE,)], ids=["before a call", "after a read", "after a write"])
def test_whatever_a_plugin_raises_is_a_fault_that_knows_what_had_left(
    error: BaseException, said: str, steps: Iterable[httpx.Request], client: FakeClient, journal: FakeJournal
) -> None:
    client.respond(200)
    found = driven(raises(error, *steps), client, journal)
    assert isinstance(found.outcome, PluginFailure)
    assert found.outcome.message.startswith(said)
    if not isinstance(error, StopIteration):  # Of that Python keeps the line in a cause only.
        assert " at flows.py:" in found.outcome.message
    assert found.may_have_written is (list(steps) == [WRITE])


def test_a_fault_is_short_and_without_secrets(client: FakeClient, journal: FakeJournal) -> None:
    text = fault(raises(ValueError(f"{SECRET} {'x' * 100_000}")), client, journal)
    assert text.startswith("ValueError: [hidden] xxx")
    assert len(text) == 2000


def test_the_words_of_an_answer_are_short_and_without_secrets(client: FakeClient, journal: FakeJournal) -> None:
    words = f"{SECRET} {'x' * 100_000}"
    said = Answer(
        Outcome.ACKNOWLEDGED,
        status=words,
        message=words,
        hint=words,
        lines=(LineAnswer(words, ordered=1, canceled=0),),
        exchange=1,
    )
    client.respond(200)
    found = outcome(yields(READ, then=said), client, journal)
    assert isinstance(found, Answer)
    for text in (found.status, found.message, found.hint, found.lines[0].line):
        assert text is not None
        assert text.startswith("[hidden] xxx")
        assert len(text) == 2000


def test_a_flow_that_never_ends_is_stopped_after_the_last_allowed_call(
    client: FakeClient, journal: FakeJournal
) -> None:
    def flow() -> Flow[Answer]:
        while True:
            yield READ

    client.respond(*[200] * (MAX_CALLS + 5))
    assert f"made {MAX_CALLS} calls without an end" in fault(flow, client, journal)
    assert len(client.requests) == MAX_CALLS


def test_a_flow_may_make_as_many_calls_as_are_allowed(client: FakeClient, journal: FakeJournal) -> None:
    client.respond(*[200] * MAX_CALLS)
    said = Answer(Outcome.ACKNOWLEDGED, exchange=MAX_CALLS)
    assert outcome(yields(*[READ] * MAX_CALLS, then=said), client, journal) == said


@pytest.mark.parametrize("hook", [lambda: None, lambda: 42, lambda: iter([READ]), lambda: Answer(Outcome.CANCELED)])
def test_a_hook_that_is_no_flow_is_a_fault(
    hook: Callable[[], object], client: FakeClient, journal: FakeJournal
) -> None:
    assert fault(hook, client, journal).startswith("the hook returned ")


@pytest.mark.parametrize("at_the_end", [KeyError("cleanup"), SystemExit(2), Unshowable()])
def test_what_a_flow_does_while_it_is_closed_changes_nothing(
    at_the_end: BaseException, client: FakeClient, journal: FakeJournal
) -> None:
    def flow() -> Flow[Answer]:
        try:
            yield WRITE
        finally:
            raise at_the_end

    client.lose(Certainty.UNKNOWN)
    assert isinstance(outcome(flow, client, journal), TransportLoss)


def test_a_flow_that_wants_to_go_on_while_it_is_closed_makes_no_call(client: FakeClient, journal: FakeJournal) -> None:
    def flow() -> Flow[Answer]:
        while True:
            try:
                yield WRITE
            except GeneratorExit:
                yield WRITE

    client.lose(Certainty.UNKNOWN)
    assert isinstance(outcome(flow, client, journal), TransportLoss)
    assert len(client.requests) == 1


@pytest.mark.parametrize(
    "request_of",
    [
        lambda: httpx.Request("PUT", URL, content=iter([b"a", b"b"])),
        lambda: httpx.Request("PUT", URL, extensions={"orderdesk.call": "cancel"}),
        lambda: httpx.Request("PUT", URL, extensions={"timeout": "long"}),
        lambda: httpx.Request("PUT", "/orders/1"),
        lambda: httpx.Request("PUT", "mailto:acme@acme.example"),
    ],
    ids=["a body that can be read once", "junk for options", "junk for a timeout", "no host", "no http"],
)
def test_a_request_that_cannot_be_sent_is_a_fault_or_a_loss_and_never_the_cores_error(
    request_of: Callable[[], httpx.Request], client_of: ClientMaker, journal: FakeJournal
) -> None:
    found = run_flow(yields(request_of()), Answer, client_of("https://acme.example"), journal, ANY_ORDER)
    assert isinstance(found.outcome, PluginFailure | TransportLoss)


def test_a_reply_that_the_plugin_rewrites_is_held_against_what_was_received(
    client: FakeClient, journal: FakeJournal
) -> None:
    def flow() -> Flow[Answer]:
        response = yield READ
        response.status_code = 200
        return answer.canceled(response)

    client.respond(500)
    assert "by a response of 500, which cannot say so" in fault(flow, client, journal)
