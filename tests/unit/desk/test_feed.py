"""The event feed as a host app reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orderdesk_sdk.desk.feed import MAX_LIMIT, EventFeedService
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.builders import open_case


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    with closing(SqliteLedger(tmp_path / "ledger.db")) as opened:
        yield opened


@pytest.fixture
def feed(ledger: SqliteLedger) -> EventFeedService:
    return EventFeedService(ledger)


def test_who_goes_on_after_the_head_hears_what_happens_next(feed: EventFeedService, ledger: SqliteLedger) -> None:
    assert feed.head() == 0
    open_case(ledger)
    head = feed.head()
    assert feed.read(head).events == ()
    open_case(ledger, "2")
    assert [event.case_id for event in feed.read(head).events] == ["c2-1"]


def test_only_of_the_connections_that_the_reader_may_see(feed: EventFeedService, ledger: SqliteLedger) -> None:
    open_case(ledger)
    assert feed.read(0, connections=["shop-1"]).events
    assert feed.read(0, connections=[]).events == ()
    assert feed.read(0, connections=["other"]).next_after == 1


@pytest.mark.parametrize(("after", "limit"), [(-1, 1), (0, 0), (0, MAX_LIMIT + 1)])
def test_numbers_that_are_none_are_refused(feed: EventFeedService, after: int, limit: int) -> None:
    with pytest.raises(ValidationError, match="the feed cannot be read"):
        feed.read(after, limit)
