"""Who does not hear what happens is told, with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_sdk.cases.event_webhooks import DeliveryState, EventDelivery, EventEndpoint, EventType
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.desk.event_webhooks.health import check_endpoints
from orderdesk_sdk.desk.health import HealthCode, HealthStatus
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.builders import NOW

ENDPOINT = EventEndpoint(
    id="e1",
    url="https://shop.example",
    types=(),
    connections=(),
    sealed="",
    cursor=0,
    created_by="Ann",
    created_at=NOW,
)
WAITING = EventDelivery(
    endpoint_id="e1",
    sequence=7,
    type=EventType.CANCELED,
    case_id="c1-1",
    body="{}",
    created_at=NOW,
    next_try_at=NOW,
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    with closing(SqliteLedger(tmp_path / "ledger.db")) as opened:
        yield opened


def told(ledger: SqliteLedger, later: float = 0) -> list[str]:
    checks = list(check_endpoints(ledger, NOW + minutes(later)))
    assert {check.code for check in checks} == {HealthCode.EVENTS_UNDELIVERED}
    assert all(check.hint for check in checks if check.status is not HealthStatus.OK)
    return [check.message for check in checks]


def test_nobody_hears_and_all_is_well(ledger: SqliteLedger) -> None:
    assert told(ledger) == ["no endpoint hears of events"]
    ledger.add_endpoint(ENDPOINT)
    assert told(ledger) == ["every event is delivered, or on its way"]


def test_what_was_given_up_or_waits_or_is_missing_or_disabled(ledger: SqliteLedger) -> None:
    ledger.add_endpoint(ENDPOINT)
    ledger.record_deliveries(ENDPOINT, 9, [WAITING, evolve(WAITING, sequence=8, case_id="c2-1")], gap="lines are gone")
    claimed = ledger.claim_delivery("e1", NOW, NOW)
    assert claimed is not None
    tried = evolve(claimed, last_problem="the endpoint answered 500", tried_at=NOW)
    ledger.update_delivery(tried, NOW)
    assert told(ledger, 5) == ["lines are gone"]
    assert told(ledger, 20)[1] == "2 events wait, the oldest for 20 min: the endpoint answered 500"
    ledger.update_delivery(evolve(tried, state=DeliveryState.FAILED, next_try_at=None), NOW)
    assert told(ledger)[0] == "1 event was given up after many tries"
    (endpoint,) = ledger.endpoints()
    ledger.change_endpoint(evolve(endpoint, disabled_reason="it answered 410 Gone", gap=None, version=2))
    assert told(ledger, 20) == ["1 event was given up after many tries", "it is disabled: it answered 410 Gone"]
