"""A cancel that is turned down by an API profile: the order is read, and its status says what that means."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection
from orderdesk_sdk.plugin.profiles.api_flows import cancel_by_profile
from orderdesk_sdk.plugin.requests import CancelRequest
from tests.support.api_profiles import ORDER, SERVICE, good
from tests.support.builders import NOW

REQUEST = CancelRequest(ORDER, RemoteOrder("acme", "R/7", NOW, ConnectionRole.FULFILLMENT), "w1")


def answer_after(read: httpx.Response) -> Answer:
    """What a cancel ends with that is answered 409, by what the read says then."""
    flow = cancel_by_profile(good(), REQUEST, SERVICE)
    next(flow)
    assert flow.send(httpx.Response(409)).method == "GET"
    with pytest.raises(StopIteration) as ended:
        flow.send(read)
    assert isinstance(ended.value.value, Answer)
    return ended.value.value


@pytest.mark.parametrize(
    ("word", "outcome", "rejection"),
    [
        ("cancelled", Outcome.CANCELED, None),
        ("shipped", Outcome.REJECTED, Rejection.SHIPPED),
        ("in production", Outcome.REJECTED, Rejection.TOO_LATE),
        ("on the moon", Outcome.REJECTED, Rejection.TOO_LATE),
    ],
)
def test_what_turns_a_cancel_down_is_told_by_the_order(
    word: str, outcome: Outcome, rejection: Rejection | None
) -> None:
    found = answer_after(httpx.Response(200, json={"order": {"states": [{"name": word}]}}))
    assert (found.outcome, found.rejection, found.status) == (outcome, rejection, word)


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_a_cancel_that_was_turned_down_is_asked_again_until_the_order_can_be_read(status: int) -> None:
    assert answer_after(httpx.Response(status)).outcome is Outcome.NOT_PROCESSED
