"""What a single response of Shopify proves, and what it does not."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_sdk.clock import seconds
from orderdesk_sdk.plugin.answer import Outcome
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_shopify.api import answer_from_order, answer_without_data, throttle_wait


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        ("2026-01-05T09:00:20Z", Outcome.CANCELED),
        ("2026-01-05T09:00:20.123-05:00", Outcome.CANCELED),
        (None, Outcome.PENDING),
    ],
)
def test_only_a_moment_in_cancelledAt_is_believed(at: str | None, outcome: Outcome) -> None:  # noqa: N802 - the field
    assert answer_from_order(order_of(at)).outcome is outcome


@pytest.mark.parametrize("at", ["never", "0000-00-00T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-05T09:00:20", 1, ""])
def test_what_is_no_moment_in_cancelledAt_is_malformed(at: object) -> None:  # noqa: N802 - the field
    with pytest.raises(MalformedResponseError):
        answer_from_order(order_of(at))


def order_of(at: object) -> httpx.Response:
    order = {"id": "gid://shopify/Order/1", "cancelledAt": at, "displayFulfillmentStatus": "UNFULFILLED"}
    return httpx.Response(200, json={"data": {"order": order}})


@pytest.mark.parametrize(
    ("error", "wrote", "outcome"),
    [
        ({"extensions": {"code": "ACCESS_DENIED"}, "path": ["done"]}, True, Outcome.NOT_PROCESSED),
        ({"extensions": {"code": "ACCESS_DENIED"}, "path": ["done", "job"]}, True, Outcome.UNKNOWN),
        ({"extensions": {"code": "MAX_COST_EXCEEDED"}}, True, Outcome.NOT_PROCESSED),
        ({"extensions": {"code": "INTERNAL_SERVER_ERROR"}}, True, Outcome.UNKNOWN),
        ({"message": "a code that nobody knows"}, True, Outcome.UNKNOWN),
        ({"extensions": {"code": "INTERNAL_SERVER_ERROR"}}, False, Outcome.NOT_PROCESSED),
    ],
)
def test_an_error_at_the_top_proves_only_what_it_says(error: dict[str, object], wrote: bool, outcome: Outcome) -> None:
    found = answer_without_data(httpx.Response(200, json={"errors": [{"message": "m", **error}]}), wrote=wrote)
    assert found is not None
    assert found.outcome is outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (401, Outcome.NOT_PROCESSED),
        (402, Outcome.NOT_PROCESSED),
        (423, Outcome.NOT_PROCESSED),
        (429, Outcome.NOT_PROCESSED),
        (502, Outcome.UNKNOWN),
    ],
)
def test_a_status_that_turns_a_change_away_did_nothing(status: int, outcome: Outcome) -> None:
    found = answer_without_data(httpx.Response(status, content=b"<html>"), wrote=True)
    assert found is not None
    assert found.outcome is outcome


@pytest.mark.parametrize(
    ("cost", "waits"),
    [
        ({"requestedQueryCost": 110, "throttleStatus": {"currentlyAvailable": 10, "restoreRate": 50}}, 2.0),
        ({"requestedQueryCost": 10, "throttleStatus": {"currentlyAvailable": 10.5, "restoreRate": 50}}, 0.0),
        ({"requestedQueryCost": 10, "throttleStatus": {"currentlyAvailable": 0, "restoreRate": 0}}, 1.0),
        ({"requestedQueryCost": 1e308, "throttleStatus": {"currentlyAvailable": 0, "restoreRate": 1e-9}}, 86_400.0),
        ({"requestedQueryCost": "10"}, 1.0),
        (None, 1.0),
    ],
)
def test_a_wait_is_what_the_missing_cost_takes(cost: object, waits: float) -> None:
    body = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], "extensions": {"cost": cost}}
    assert throttle_wait(httpx.Response(200, json=body)) == seconds(waits)


@pytest.mark.parametrize("body", ["<html>", "[]", '{"data": {"order": null}}', '{"errors": [{"message": "no"}]}'])
def test_what_is_not_throttled_is_not_waited_for(body: str) -> None:
    assert throttle_wait(httpx.Response(200, text=body)) is None
