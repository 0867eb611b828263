"""Driving a flow again after a crash: from the record as far as it goes, never past a write of unknown fate."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_devkit.testing.fake_client import ANY_ORDER, FakeClient, FakeJournal, exchange_of, intent_of
from orderdesk_sdk.cases.exchange import Certainty, Exchange, TransportLoss
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection
from orderdesk_sdk.plugin.service import CALL_OPTIONS, CallOptions
from orderdesk_sdk.plugin.toolkit.json_response import text_at
from orderdesk_sdk.runtime.flow_options import FlowOptions
from orderdesk_sdk.runtime.flow_record import RecordedExchanges
from orderdesk_sdk.runtime.flow_runner import FlowResult, PluginFailure, run_flow
from orderdesk_sdk.transport.http.replay import request_digest

if TYPE_CHECKING:
    from orderdesk_sdk.plugin.service import Flow

URL = "https://acme.example/orders/1"
SURE = {CALL_OPTIONS: CallOptions("*", idempotent=True)}
QUERY = {CALL_OPTIONS: CallOptions("*", idempotent=True, read_only=True)}
READ = httpx.Request("GET", URL)
WRITE = httpx.Request("PUT", f"{URL}/cancel", content=b"{}")
REPEATABLE = httpx.Request("PUT", f"{URL}/cancel", content=b"{}", extensions=SURE)
OTHER_WRITE = httpx.Request("PUT", f"{URL}/cancel", content=b'{"force": true}')


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()


@pytest.fixture
def journal() -> FakeJournal:
    return FakeJournal()


def recorded(*exchanges: Exchange, on_its_way: tuple[httpx.Request, int] | None = None) -> RecordedExchanges:
    """A record of these exchanges, and of a request whose fate nobody wrote down."""
    intents = {exchange.intent.number: exchange.intent for exchange in exchanges}
    if on_its_way is not None:
        intents[on_its_way[1]] = intent_of(*on_its_way)
    return RecordedExchanges(intents, {exchange.intent.number: exchange for exchange in exchanges})


def flow_of(
    *steps: httpx.Request, then: object = None
) -> Callable[[], Generator[httpx.Request, httpx.Response, object]]:
    """A flow of these requests that returns `then`, or raises it."""

    def flow() -> Generator[httpx.Request, httpx.Response, object]:
        for step in steps:
            _ = yield step  # Not `yield from`: a tuple takes no send().
        if isinstance(then, Exception):
            raise then
        return then

    return flow


def replayed(
    flow: Callable[[], object], record: RecordedExchanges, client: FakeClient, journal: FakeJournal
) -> FlowResult[Answer]:
    return run_flow(flow, Answer, client.as_client(), journal, ANY_ORDER, FlowOptions(record))


def reading() -> Flow[Answer]:
    response = yield READ
    text_at(response, "status")
    response = yield WRITE
    return answer.acknowledged(response, status=text_at(response, "status"))


NEW = '{"status": "New"}'


def digests(requests: Iterable[httpx.Request]) -> list[str]:
    """What tells requests apart: a flow's own are sent as copies."""
    return [request_digest(request) for request in requests]


def test_whole_replies_are_taken_from_the_record_and_nothing_is_sent_or_kept_again(
    client: FakeClient, journal: FakeJournal
) -> None:
    record = recorded(exchange_of(READ, 1, body=NEW), exchange_of(WRITE, 2, body=NEW))
    found = replayed(reading, record, client, journal)
    assert found == FlowResult(
        Answer(Outcome.ACKNOWLEDGED, status="New", exchange=2), may_have_written=True, idempotent=False
    )
    assert (client.requests, journal.intents, journal.exchanges) == ([], [], [])


def test_after_the_record_the_flow_goes_on_with_real_calls(client: FakeClient, journal: FakeJournal) -> None:
    client.respond(200, body=NEW.encode())
    found = replayed(reading, recorded(exchange_of(READ, 1, body=NEW)), client, journal)
    assert found == FlowResult(
        Answer(Outcome.ACKNOWLEDGED, status="New", exchange=2), may_have_written=True, idempotent=False
    )
    assert [intent.number for intent in journal.intents] == [2]
    assert digests(client.requests) == digests([WRITE])


def test_a_read_whose_reply_was_not_kept_whole_is_made_again(client: FakeClient, journal: FakeJournal) -> None:
    client.respond(200, body=NEW.encode())
    record = recorded(exchange_of(READ, 1, body='{"status": "Ne', whole=False), exchange_of(WRITE, 2, body=NEW))
    found = replayed(reading, record, client, journal)
    assert isinstance(found.outcome, Answer)
    assert found.outcome.outcome is Outcome.ACKNOWLEDGED
    assert digests(client.requests) == digests([READ])


def test_a_query_by_post_that_was_on_its_way_is_made_again_where_it_is_declared_to_read(
    client: FakeClient, journal: FakeJournal
) -> None:
    query = httpx.Request("POST", WRITE.url, content=b"{order}", extensions=QUERY)

    def asking() -> Flow[Answer]:
        response = yield query
        response = yield WRITE
        return answer.acknowledged(response, status=text_at(response, "status"))

    client.respond(200, 200, body=NEW.encode())
    found = replayed(asking, recorded(on_its_way=(query, 1)), client, journal)
    assert isinstance(found.outcome, Answer)
    assert digests(client.requests) == digests([query, WRITE])


def test_a_read_that_was_on_its_way_is_made_again(client: FakeClient, journal: FakeJournal) -> None:
    client.respond(200, 200, body=NEW.encode())
    found = replayed(reading, recorded(on_its_way=(READ, 1)), client, journal)
    assert isinstance(found.outcome, Answer)
    assert digests(client.requests) == digests([READ, WRITE])


@pytest.mark.parametrize("write", [WRITE, REPEATABLE])
def test_a_write_that_was_on_its_way_is_unclear_and_not_sent_again(
    write: httpx.Request, client: FakeClient, journal: FakeJournal
) -> None:
    found = replayed(flow_of(READ, write), recorded(exchange_of(READ, 1), on_its_way=(write, 2)), client, journal)
    text = "The process ended while the request was being sent"
    sure = write is REPEATABLE
    assert found == FlowResult(TransportLoss(Certainty.UNKNOWN, text, sure), may_have_written=True, idempotent=sure)
    assert client.requests == []


def test_a_write_whose_reply_was_not_kept_whole_is_unclear_and_not_sent_again(
    client: FakeClient, journal: FakeJournal
) -> None:
    record = recorded(exchange_of(WRITE, 1, status=202, body="{", whole=False))
    found = replayed(flow_of(WRITE), record, client, journal)
    assert isinstance(found.outcome, TransportLoss)
    assert found.outcome.certainty is Certainty.UNKNOWN
    assert "answered 202; the response is incomplete" in found.outcome.message
    assert (found.may_have_written, client.requests) == (True, [])


@pytest.mark.parametrize("certainty", list(Certainty))
def test_a_write_whose_failure_is_recorded_is_what_that_proves(
    certainty: Certainty, client: FakeClient, journal: FakeJournal
) -> None:
    found = replayed(flow_of(WRITE), recorded(exchange_of(WRITE, 1, lost=certainty)), client, journal)
    assert found.outcome == TransportLoss(certainty, "lost")
    assert client.requests == []


@pytest.mark.parametrize("certainty", list(Certainty))
def test_a_recorded_failure_after_a_write_that_was_answered_proves_nothing_about_that(
    certainty: Certainty, client: FakeClient, journal: FakeJournal
) -> None:
    record = recorded(exchange_of(WRITE, 1), exchange_of(OTHER_WRITE, 2, lost=certainty))
    found = replayed(flow_of(WRITE, OTHER_WRITE), record, client, journal)
    assert found.outcome == TransportLoss(Certainty.UNKNOWN, "lost")


def test_a_repeatable_write_on_its_way_does_not_make_the_earlier_one_repeatable(
    client: FakeClient, journal: FakeJournal
) -> None:
    record = recorded(exchange_of(OTHER_WRITE, 1), on_its_way=(REPEATABLE, 2))
    found = replayed(flow_of(OTHER_WRITE, REPEATABLE), record, client, journal)
    assert isinstance(found.outcome, TransportLoss)
    assert (found.outcome.idempotent, found.idempotent) == (False, False)


@pytest.mark.parametrize("before", [(), (READ,)], ids=["first", "second"])
def test_a_changed_write_is_unclear_and_sends_nothing(
    before: Iterable[httpx.Request], client: FakeClient, journal: FakeJournal
) -> None:
    number = len(list(before)) + 1
    record = recorded(*[exchange_of(READ, 1) for _ in before], on_its_way=(WRITE, number))
    found = replayed(flow_of(*before, OTHER_WRITE), record, client, journal)
    assert isinstance(found.outcome, TransportLoss)
    assert "made another request than before" in found.outcome.message
    assert (found.outcome.certainty, found.may_have_written, client.requests) == (Certainty.UNKNOWN, True, [])


def test_a_changed_read_before_a_recorded_write_is_unclear(client: FakeClient, journal: FakeJournal) -> None:
    record = recorded(exchange_of(READ, 1), on_its_way=(WRITE, 2))
    found = replayed(flow_of(httpx.Request("GET", f"{URL}?v=2"), WRITE), record, client, journal)
    assert isinstance(found.outcome, TransportLoss)
    assert found.outcome.certainty is Certainty.UNKNOWN
    assert client.requests == []


def test_a_changed_read_with_no_write_on_record_is_simply_made(client: FakeClient, journal: FakeJournal) -> None:
    client.respond(200)
    said = Answer(Outcome.NOT_PROCESSED)
    changed = httpx.Request("GET", f"{URL}?v=2")
    found = replayed(flow_of(changed, then=said), recorded(exchange_of(READ, 1)), client, journal)
    assert found == FlowResult(said, may_have_written=False, idempotent=True)
    assert digests(client.requests) == digests([changed])


@pytest.mark.parametrize(
    "said",
    [
        Answer(Outcome.NOT_PROCESSED),
        Answer(Outcome.REJECTED, Rejection.TOO_LATE, exchange=1),
        Answer(Outcome.CANCELED, exchange=1),
        Answer(Outcome.UNKNOWN),
    ],
    ids=lambda said: said.outcome.value,
)
def test_an_answer_that_comes_before_a_recorded_write_is_unclear_because_that_had_been_sent(
    said: Answer, client: FakeClient, journal: FakeJournal
) -> None:
    """The read was not stored completely, so it is made again, and this time it leads elsewhere."""
    client.respond(200)
    record = recorded(exchange_of(READ, 1, whole=False), on_its_way=(WRITE, 2))
    found = replayed(flow_of(READ, then=said), record, client, journal)
    assert isinstance(found.outcome, TransportLoss)
    assert (found.outcome.certainty, found.outcome.idempotent) == (Certainty.UNKNOWN, False)
    assert found.may_have_written
    assert digests(client.requests) == digests([READ])


def test_a_read_that_is_lost_before_a_recorded_write_is_unclear(client: FakeClient, journal: FakeJournal) -> None:
    client.lose(Certainty.NOT_SENT)
    record = recorded(exchange_of(READ, 1, whole=False), on_its_way=(WRITE, 2))
    found = replayed(flow_of(READ, WRITE), record, client, journal)
    assert isinstance(found.outcome, TransportLoss)
    assert (found.outcome.certainty, found.may_have_written) == (Certainty.UNKNOWN, True)


def test_a_fault_before_a_recorded_write_knows_that_it_had_been_sent(client: FakeClient, journal: FakeJournal) -> None:
    record = recorded(exchange_of(READ, 1), on_its_way=(WRITE, 2))
    found = replayed(flow_of(READ, then=KeyError("new version")), record, client, journal)
    assert isinstance(found.outcome, PluginFailure)
    assert found.may_have_written


def test_a_replay_is_as_good_as_the_first_drive_wherever_that_was_cut(client: FakeClient, journal: FakeJournal) -> None:
    """Cut after each exchange in turn, the second drive makes the rest of the calls and ends the same."""

    def flow() -> Flow[Answer]:
        response = yield READ
        for status in ("held", "canceled"):
            response = yield httpx.Request("PUT", URL, json={"status": status, "after": response.status_code})
        return answer.acknowledged(response)

    client.respond(200, 201, 202)
    first = replayed(flow, RecordedExchanges(), client, journal)
    exchanges = list(journal.exchanges)
    for kept in range(len(exchanges) + 1):
        again = FakeClient()
        again.respond(*[200, 201, 202][kept:])
        assert replayed(flow, recorded(*exchanges[:kept]), again, FakeJournal()) == first
        assert len(again.requests) == len(exchanges) - kept
