"""Where a flow ends without an answer of its own: responses of the wrong shape, lost calls, wrong configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from attrs import evolve

from orderdesk_devkit.testing.fake_client import ANY_ORDER, FakeClient, FakeJournal, exchange_of
from orderdesk_sdk.cases.exchange import CONDITION_FAILED, Certainty, Failure, TransportLoss
from orderdesk_sdk.errors import ConfigurationError, ConflictError
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.guard import Watchdog, current_watchdog
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError, text_at
from orderdesk_sdk.runtime.flow_options import FlowOptions
from orderdesk_sdk.runtime.flow_record import RecordedExchanges
from orderdesk_sdk.runtime.flow_runner import FlowResult, run_flow
from tests.support.flows import READ, SECRET, WRITE, driven, outcome, raises, yields

if TYPE_CHECKING:
    from orderdesk_sdk.plugin.service import Flow


def test_a_reply_of_the_wrong_shape_is_unclear(client: FakeClient, journal: FakeJournal) -> None:
    def flow() -> Flow[Answer]:
        response = yield WRITE
        return answer.canceled(response, status=text_at(response, "status"))

    client.respond(200)
    found = outcome(flow, client, journal)
    assert isinstance(found, Answer)
    assert (found.outcome, found.message) == (Outcome.UNKNOWN, "reply 200, $.status: is missing")


def test_a_malformed_reply_does_not_show_a_secret(client: FakeClient, journal: FakeJournal) -> None:
    found = outcome(raises(MalformedResponseError(f"no {SECRET}", location=SECRET)), client, journal)
    assert isinstance(found, Answer)
    assert found.message == "[hidden]: no [hidden]"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), Outcome.NOT_PROCESSED),
        ((READ,), Outcome.NOT_PROCESSED),
        ((WRITE,), Outcome.UNKNOWN),
        ((WRITE, READ), Outcome.UNKNOWN),
    ],
    ids=["first", "after a read", "after a write", "after a write and a read"],
)
@pytest.mark.parametrize("by_the_client", [False, True])
def test_a_wrong_configuration_is_not_done_unless_something_had_been_written(
    steps: tuple[httpx.Request, ...],
    expected: Outcome,
    by_the_client: bool,
    client: FakeClient,
    journal: FakeJournal,
) -> None:
    error = ConfigurationError(f"refused {SECRET}", location="settings", hint=f"mend {SECRET}")
    client.respond(*[200] * len(steps))
    client.fail(error)
    flow = yields(*steps, WRITE) if by_the_client else raises(error, *steps)
    found = outcome(flow, client, journal)
    assert isinstance(found, Answer)
    assert (found.outcome, found.message) == (expected, "refused [hidden]")
    assert found.hint == (None if expected is Outcome.UNKNOWN else "mend [hidden]")


@pytest.mark.parametrize("certainty", list(Certainty))
def test_a_lost_read_is_not_done_because_nothing_was_changed(
    certainty: Certainty, client: FakeClient, journal: FakeJournal
) -> None:
    client.lose(certainty)
    found = driven(yields(READ), client, journal)
    assert found == FlowResult(TransportLoss(Certainty.NOT_PROCESSED, "lost"), may_have_written=False, idempotent=True)


@pytest.mark.parametrize("certainty", list(Certainty))
def test_a_lost_write_is_what_its_failure_proves(
    certainty: Certainty, client: FakeClient, journal: FakeJournal
) -> None:
    client.lose(certainty)
    found = driven(yields(WRITE), client, journal)
    assert found.outcome == TransportLoss(certainty, "lost")
    assert found.may_have_written is (certainty is Certainty.UNKNOWN)


@pytest.mark.parametrize("certainty", list(Certainty))
@pytest.mark.parametrize("second", [READ, WRITE], ids=["read", "write"])
def test_after_a_write_that_was_answered_any_loss_is_unclear(
    certainty: Certainty, second: httpx.Request, client: FakeClient, journal: FakeJournal
) -> None:
    client.respond(200)
    client.lose(certainty)
    found = driven(yields(WRITE, second), client, journal)
    assert found == FlowResult(TransportLoss(Certainty.UNKNOWN, "lost"), may_have_written=True, idempotent=False)


def test_who_loses_the_case_to_somebody_else_sends_nothing(client: FakeClient, journal: FakeJournal) -> None:
    closed: list[bool] = []

    def flow() -> Flow[Answer]:
        try:
            yield WRITE
        finally:
            closed.append(True)
        raise AssertionError("there is no reply")

    journal.fail(ConflictError("somebody else has it"))
    with pytest.raises(ConflictError):
        driven(flow, client, journal)
    assert (client.requests, closed) == ([], [True])


def test_a_watch_sees_the_plugins_code_and_not_the_cores(client: FakeClient, journal: FakeJournal) -> None:
    watch = Watchdog()
    seen: list[bool] = []

    def flow() -> Flow[Answer]:
        seen.append(current_watchdog() is watch)
        response = yield READ
        seen.append(current_watchdog() is watch)
        return answer.acknowledged(response)

    client.respond(200)
    client.before_each = lambda: seen.append(current_watchdog() is watch)
    run_flow(flow, Answer, client.as_client(), journal, ANY_ORDER, FlowOptions(watchdog=watch))
    assert seen == [True, False, True]
    assert current_watchdog() is None
    assert not watch.abandon(0.0), "nothing runs that could be left behind"


@pytest.mark.parametrize("before", [(), (WRITE,)], ids=["alone", "after another write"])
def test_what_was_turned_away_with_an_old_version_is_never_repeatable(
    client: FakeClient, journal: FakeJournal, before: tuple[httpx.Request, ...]
) -> None:
    """After a crash behind a 412 to a second send: the record says that nobody knows, and that it is closed."""
    calls = [exchange_of(request, number) for number, request in enumerate(before, 1)]
    last = len(before) + 1
    closed = Failure(CONDITION_FAILED, Certainty.UNKNOWN, "changed (412)")
    calls.append(evolve(exchange_of(WRITE, last, status=412, whole=False), failure=closed))
    record = RecordedExchanges({one.intent.number: one.intent for one in calls}, dict(enumerate(calls, 1)))
    found = run_flow(
        yields(*before, WRITE), Answer, client.as_client(), journal, ANY_ORDER, FlowOptions(record)
    ).outcome
    assert found == TransportLoss(Certainty.UNKNOWN, "changed (412)")
    assert client.requests == []
