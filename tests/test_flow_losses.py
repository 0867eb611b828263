"""Where a flow ends without an answer of its own: replies of the wrong shape, lost calls, wrong configuration."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_devkit.testing.fake_client import ANY_ORDER, FakeClient, FakeJournal
from orderdesk_sdk.cases.exchange import Certainty, Loss
from orderdesk_sdk.errors import ConfigurationError, ConflictError
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.guard import Watch, watch_here
from orderdesk_sdk.plugin.toolkit.json_response import MalformedReply, text_at
from orderdesk_sdk.runtime.flow_runner import Driven, Fault, drive

if TYPE_CHECKING:
    from orderdesk_sdk.plugin.service import Flow

URL = "https://acme.example/orders/1"
READ = httpx.Request("GET", URL)
WRITE = httpx.Request("PUT", f"{URL}/cancel", content=b"{}")
SECRET = "canary-of-a-flow"


@pytest.fixture
def client() -> FakeClient:
    return FakeClient([SECRET])


@pytest.fixture
def journal() -> FakeJournal:
    return FakeJournal()


def driven(flow: Callable[[], object], client: FakeClient, journal: FakeJournal) -> Driven[Answer]:
    return drive(flow, Answer, client.as_client(), journal, ANY_ORDER)


def outcome(flow: Callable[[], object], client: FakeClient, journal: FakeJournal) -> Answer | Loss | Fault:
    return driven(flow, client, journal).outcome


def flow_of(*steps: object, then: Exception | None = None) -> Callable[[], Generator[object, object, None]]:
    """A flow of these steps that raises `then`, or returns nothing."""

    def flow() -> Generator[object, object, None]:
        for step in steps:
            _ = yield step  # Not `yield from`: a tuple takes no send().
        if then is not None:
            raise then

    return flow


def test_a_reply_of_the_wrong_shape_is_unclear(client: FakeClient, journal: FakeJournal) -> None:
    def flow() -> Flow[Answer]:
        reply = yield WRITE
        return answer.canceled(reply, status=text_at(reply, "status"))

    client.replies(200)
    found = outcome(flow, client, journal)
    assert isinstance(found, Answer)
    assert (found.outcome, found.text) == (Outcome.UNCLEAR, "reply 200, $.status: is missing")


def test_a_malformed_reply_does_not_show_a_secret(client: FakeClient, journal: FakeJournal) -> None:
    found = outcome(flow_of(then=MalformedReply(f"no {SECRET}", place=SECRET)), client, journal)
    assert isinstance(found, Answer)
    assert found.text == "[hidden]: no [hidden]"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), Outcome.NOT_DONE),
        ((READ,), Outcome.NOT_DONE),
        ((WRITE,), Outcome.UNCLEAR),
        ((WRITE, READ), Outcome.UNCLEAR),
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
    error = ConfigurationError(f"refused {SECRET}", place="settings", remedy=f"mend {SECRET}")
    client.replies(*[200] * len(steps))
    client.raises(error)
    flow = flow_of(*steps, WRITE) if by_the_client else flow_of(*steps, then=error)
    found = outcome(flow, client, journal)
    assert isinstance(found, Answer)
    assert (found.outcome, found.text) == (expected, "refused [hidden]")
    assert found.remedy == (None if expected is Outcome.UNCLEAR else "mend [hidden]")


@pytest.mark.parametrize("certainty", list(Certainty))
def test_a_lost_read_is_not_done_because_nothing_was_changed(
    certainty: Certainty, client: FakeClient, journal: FakeJournal
) -> None:
    client.loses(certainty)
    found = driven(flow_of(READ), client, journal)
    assert found == Driven(Loss(Certainty.NOT_DONE, "lost"), wrote=False, repeatable=True)


@pytest.mark.parametrize("certainty", list(Certainty))
def test_a_lost_write_is_what_its_failure_proves(
    certainty: Certainty, client: FakeClient, journal: FakeJournal
) -> None:
    client.loses(certainty)
    found = driven(flow_of(WRITE), client, journal)
    assert found.outcome == Loss(certainty, "lost")
    assert found.wrote is (certainty is Certainty.UNCLEAR)


@pytest.mark.parametrize("certainty", list(Certainty))
@pytest.mark.parametrize("second", [READ, WRITE], ids=["read", "write"])
def test_after_a_write_that_was_answered_any_loss_is_unclear(
    certainty: Certainty, second: httpx.Request, client: FakeClient, journal: FakeJournal
) -> None:
    client.replies(200)
    client.loses(certainty)
    found = driven(flow_of(WRITE, second), client, journal)
    assert found == Driven(Loss(Certainty.UNCLEAR, "lost"), wrote=True, repeatable=False)


def test_who_loses_the_case_to_somebody_else_sends_nothing(client: FakeClient, journal: FakeJournal) -> None:
    closed: list[bool] = []

    def flow() -> Flow[Answer]:
        try:
            yield WRITE
        finally:
            closed.append(True)
        raise AssertionError("there is no reply")

    journal.refuses(ConflictError("somebody else has it"))
    with pytest.raises(ConflictError):
        driven(flow, client, journal)
    assert (client.requests, closed) == ([], [True])


def test_a_watch_sees_the_plugins_code_and_not_the_cores(client: FakeClient, journal: FakeJournal) -> None:
    watch = Watch()
    seen: list[bool] = []

    def flow() -> Flow[Answer]:
        seen.append(watch_here() is watch)
        reply = yield READ
        seen.append(watch_here() is watch)
        return answer.asked(reply)

    client.replies(200)
    client.before_each = lambda: seen.append(watch_here() is watch)
    drive(flow, Answer, client.as_client(), journal, ANY_ORDER, watch=watch)
    assert seen == [True, False, True]
    assert watch_here() is None
    assert not watch.leave(0.0), "nothing runs that could be left behind"
