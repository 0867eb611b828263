"""Replies to requests with keys: asked twice is done once, in every database and by any number of processes."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from threading import Barrier

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.kept_replies import (
    ABANDONED_AFTER,
    KEPT_FOR,
    BeganRequest,
    FinishedRequest,
    KeptReply,
    KeyedRequest,
    RunningRequest,
)
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.clock import hours, seconds
from orderdesk_sdk.errors import ConflictError
from tests.support.builders import NOW, open_case
from tests.support.ledgers import LedgerDatabase, SqlLedger

REQUEST = KeyedRequest("token shop", "key 1", "cancel", "ab12", "1")
REPLY = KeptReply(202, '{"id": "c1"}')


def test_a_reply_is_given_again_to_the_same_request(ledger: SqlLedger) -> None:
    assert ledger.begin_request(REQUEST, NOW) == BeganRequest(1)
    assert ledger.begin_request(REQUEST, NOW + seconds(59)) == RunningRequest(NOW)
    assert ledger.finish_request(REQUEST, 1, REPLY)
    for later in (seconds(1), hours(23), hours(100)):
        assert ledger.begin_request(REQUEST, NOW + later) == FinishedRequest(REPLY)


@pytest.mark.parametrize("other", [{"digest": "cd34"}, {"operation": "withdraw"}])
@pytest.mark.parametrize("is_finished", [True, False])
def test_a_key_is_for_one_request(ledger: SqlLedger, other: dict[str, str], is_finished: bool) -> None:
    ledger.begin_request(REQUEST, NOW)
    if is_finished:
        ledger.finish_request(REQUEST, 1, REPLY)
    changed = evolve(REQUEST, **other)
    with pytest.raises(ConflictError, match="used for another request"):
        ledger.begin_request(changed, NOW + hours(1))
    assert ledger.begin_request(REQUEST, NOW) == (FinishedRequest(REPLY) if is_finished else RunningRequest(NOW))


def test_each_caller_has_keys_of_its_own(ledger: SqlLedger) -> None:
    ledger.begin_request(REQUEST, NOW)
    ledger.finish_request(REQUEST, 1, REPLY)
    assert ledger.begin_request(evolve(REQUEST, caller="Ann", digest="cd34"), NOW) == BeganRequest(1)


def test_what_was_begun_and_never_finished_may_be_begun_again(ledger: SqlLedger) -> None:
    ledger.begin_request(REQUEST, NOW)
    later = NOW + ABANDONED_AFTER
    assert ledger.begin_request(REQUEST, later) == BeganRequest(2)
    assert ledger.begin_request(REQUEST, later + seconds(1)) == RunningRequest(later)
    assert not ledger.finish_request(REQUEST, 1, KeptReply(500, "late")), "the second one is at work"
    assert ledger.finish_request(REQUEST, 2, REPLY)
    assert not ledger.finish_request(REQUEST, 2, KeptReply(500, "again"))
    assert ledger.begin_request(REQUEST, later) == FinishedRequest(REPLY)


def test_what_a_clock_ahead_of_time_began_is_not_waited_for(ledger: SqlLedger) -> None:
    ledger.begin_request(REQUEST, NOW + hours(100))
    assert ledger.begin_request(REQUEST, NOW) == BeganRequest(2)


def test_what_did_nothing_may_be_begun_at_once(ledger: SqlLedger) -> None:
    ledger.begin_request(REQUEST, NOW)
    ledger.abandon_request(REQUEST, 1)
    assert ledger.begin_request(evolve(REQUEST, digest="cd34"), NOW) == BeganRequest(1)
    ledger.finish_request(REQUEST, 1, REPLY)
    ledger.abandon_request(REQUEST, 1)
    assert ledger.begin_request(evolve(REQUEST, digest="cd34"), NOW) == FinishedRequest(REPLY)


def test_old_replies_are_forgotten_a_few_at_a_time(ledger: SqlLedger, database: LedgerDatabase) -> None:
    for number in range(70):
        ledger.begin_request(evolve(REQUEST, key=f"old {number}"), NOW)
    ledger.begin_request(evolve(REQUEST, key="young"), NOW + seconds(1))
    counts = []
    for number in range(3):
        ledger.begin_request(evolve(REQUEST, key=f"new {number}"), NOW + KEPT_FOR + seconds(1))
        with database.stranger() as cursor:
            counts.append(cursor.execute("SELECT count(*) FROM kept_replies").fetchone()[0])
    assert counts == [22, 3, 4], "what is a day old stays"


def test_of_many_at_once_one_does_it(database: LedgerDatabase) -> None:
    processes, keys = 6, 8
    barrier = Barrier(processes)
    with ExitStack() as opened:
        ledgers = [opened.enter_context(closing(database.open())) for _ in range(processes)]

        def ask(ledger: SqlLedger) -> list[type]:
            barrier.wait()
            found = [ledger.begin_request(evolve(REQUEST, key=f"{number}"), NOW) for number in range(keys)]
            return [type(one) for one in found]

        with ThreadPoolExecutor(processes) as pool:
            answers = [one for each in pool.map(ask, ledgers) for one in each]
    assert Counter(answers) == {BeganRequest: keys, RunningRequest: keys * (processes - 1)}


def test_of_many_that_find_an_abandoned_one_one_goes_on(database: LedgerDatabase) -> None:
    processes = 6
    barrier = Barrier(processes)
    with ExitStack() as opened:
        ledgers = [opened.enter_context(closing(database.open())) for _ in range(processes)]
        ledgers[0].begin_request(REQUEST, NOW)

        def ask(ledger: SqlLedger) -> object:
            barrier.wait()
            return ledger.begin_request(REQUEST, NOW + ABANDONED_AFTER)

        with ThreadPoolExecutor(processes) as pool:
            answers = list(pool.map(ask, ledgers))
    assert answers.count(BeganRequest(2)) == 1
    assert answers.count(RunningRequest(NOW + ABANDONED_AFTER)) == processes - 1


def test_what_was_answered_about_an_order_goes_with_its_personal_texts(ledger: SqlLedger) -> None:
    case = open_case(ledger, "1")
    ledger.write(CaseUpdate(case, evolve(case, state=State.CANCELED, due_at=None, version=case.version + 1)))
    for order_id in ("1", "2", None):
        request = evolve(REQUEST, key=f"about {order_id}", order_id=order_id)
        ledger.begin_request(request, NOW)
        ledger.finish_request(request, 1, REPLY)
    ledger.remove_personal_texts("1", by="Ann", at=NOW)
    again = [ledger.begin_request(evolve(REQUEST, key=f"about {one}", order_id=one), NOW) for one in ("1", "2", None)]
    assert again == [BeganRequest(1), FinishedRequest(REPLY), FinishedRequest(REPLY)]
