"""The outbox: what is new in the history becomes deliveries, once, and is read once where nothing is wanted of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_sdk.cases.event_feed import FeedPage
from orderdesk_sdk.cases.event_webhooks import DeliveryState, EventEndpoint, EventType
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.desk.event_webhooks.outbox import FEW, PAGE, PAGES, EventOutbox
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.builders import LATER, NOW, open_case
from tests.unit.stores.test_event_feed import cancel

ENDPOINT = EventEndpoint(
    id="e1", url="https://x.example", types=(), connections=(), sealed="", cursor=0, created_by="Ann", created_at=NOW
)
EVERYTHING = tuple(DeliveryState)


class CountedLedger(SqliteLedger):
    """A ledger that counts how often the feed is read."""

    reads = 0

    def read_feed(self, after: int, limit: int) -> FeedPage:
        self.reads += 1
        return super().read_feed(after, limit)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[CountedLedger]:
    with closing(CountedLedger(tmp_path / "ledger.db")) as opened:
        opened.add_endpoint(ENDPOINT)
        yield opened


@pytest.fixture
def outbox(ledger: CountedLedger) -> EventOutbox:
    return EventOutbox(ledger, VirtualClock())


def collect(outbox: EventOutbox, ledger: CountedLedger) -> int:
    """Do a round; how many deliveries there are then."""
    (endpoint,) = ledger.endpoints()
    outbox.collect(endpoint, ledger.head().count)
    return len(ledger.deliveries("e1", EVERYTHING, 10_000))


def test_what_is_new_is_recorded_once(outbox: EventOutbox, ledger: CountedLedger) -> None:
    cancel(ledger)
    assert collect(outbox, ledger) == 4
    assert collect(outbox, ledger) == 4
    assert ledger.reads == 1
    open_case(ledger, "2")
    assert collect(outbox, ledger) == 5
    assert ledger.endpoints()[0].cursor == ledger.head().count


def test_where_nothing_is_wanted_nothing_is_written_and_read_again(outbox: EventOutbox, ledger: CountedLedger) -> None:
    ledger.change_endpoint(evolve(ENDPOINT, types=(EventType.REJECTED,), version=2))
    for number in range(1, FEW - 1):
        open_case(ledger, str(number))
        assert collect(outbox, ledger) == 0
    assert (ledger.reads, ledger.endpoints()[0].cursor) == (FEW - 2, 0)
    open_case(ledger, "1000")
    open_case(ledger, "1001")
    collect(outbox, ledger)
    assert ledger.endpoints()[0].cursor == FEW, "now a commit is worth it"


def test_who_wants_more_from_now_on_is_looked_for_anew(outbox: EventOutbox, ledger: CountedLedger) -> None:
    ledger.change_endpoint(evolve(ENDPOINT, types=(EventType.REJECTED,), version=2))
    open_case(ledger)
    assert collect(outbox, ledger) == 0
    ledger.change_endpoint(evolve(ENDPOINT, version=3))
    assert collect(outbox, ledger) == 1


def test_a_round_takes_only_so_much(outbox: EventOutbox, ledger: CountedLedger) -> None:
    for number in range(1, 4):
        cancel(ledger, str(number))
    case = ledger.cases_by_prefix("c1", 1)[0]
    ledger.append(case, ["a note"] * (PAGE * PAGES), if_unchanged=False)
    open_case(ledger, "9")
    assert collect(outbox, ledger) == 12
    assert collect(outbox, ledger) == 13


def test_what_was_archived_before_is_said(outbox: EventOutbox, ledger: CountedLedger, tmp_path: Path) -> None:
    cancel(ledger)
    ledger.archive(LATER + hours(1), tmp_path / "old.jsonl", by="Ann", at=LATER)
    assert collect(outbox, ledger) == 2, "the first line, and the one that settled it"
    assert ledger.endpoints()[0].gap == "events after 0 up to 6 were archived before they were looked at"
