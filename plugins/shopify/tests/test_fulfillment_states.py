"""The whole table of what the two states of a fulfillment order say together, with a reason for each cell.

The reasons are the schema's own words: a status tells of the work, a request status of the last request to the service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx
import pytest

from orderdesk_sdk.plugin.answer import Outcome
from orderdesk_shopify.api import answer_from_fulfillment_order

WORK: Mapping[str, str] = {
    "OPEN": "ready for fulfillment",
    "IN_PROGRESS": "being processed",
    "SCHEDULED": "deferred, and ready later",
    "ON_HOLD": "on hold until that is released",
    "INCOMPLETE": "cannot be completed as requested",
    "CANCELLED": "canceled by the merchant",
    "CLOSED": "completed and closed",
}
REQUESTS: Mapping[str, str] = {
    "UNSUBMITTED": "no fulfillment was requested",
    "SUBMITTED": "fulfillment was requested",
    "ACCEPTED": "the service accepted to fulfill",
    "REJECTED": "the service rejected to fulfill",
    "CANCELLATION_REQUESTED": "the merchant asked to cancel",
    "CANCELLATION_ACCEPTED": "the service accepted to cancel",
    "CANCELLATION_REJECTED": "the service rejected to cancel",
    "CLOSED": "the service closed it without completing it",
}
ALIVE = ("OPEN", "IN_PROGRESS", "SCHEDULED", "ON_HOLD", "INCOMPLETE")
_OF_LIVE: Mapping[str, tuple[Outcome, str]] = {
    "UNSUBMITTED": (Outcome.PENDING, "it stands there and can be requested"),
    "SUBMITTED": (Outcome.PENDING, "the service has not answered the request to fulfill"),
    "ACCEPTED": (Outcome.PENDING, "the service works on it"),
    "REJECTED": (Outcome.PENDING, "rejected is the request to fulfill; it can be requested again"),
    "CANCELLATION_REQUESTED": (Outcome.ACKNOWLEDGED, "the service has not answered the request to cancel"),
    "CANCELLATION_ACCEPTED": (
        Outcome.UNKNOWN,
        "an accepted cancel and work that goes on contradict",
    ),
    "CANCELLATION_REJECTED": (Outcome.REJECTED, "the service's own no"),
    "CLOSED": (Outcome.PENDING, "closed by the service, it can be requested again"),
}
_OF_CANCELLED: Mapping[str, tuple[Outcome, str]] = {
    "UNSUBMITTED": (Outcome.CANCELED, "canceled before any service was asked"),
    "SUBMITTED": (Outcome.UNKNOWN, "a service that was asked to fulfill may not know of the cancel"),
    "ACCEPTED": (Outcome.UNKNOWN, "a service that accepted to fulfill may not know of the cancel"),
    "REJECTED": (Outcome.CANCELED, "no service took it, and the merchant canceled it"),
    "CANCELLATION_REQUESTED": (Outcome.UNKNOWN, "canceled by force: Shopify warns that the service may still do it"),
    "CANCELLATION_ACCEPTED": (Outcome.CANCELED, "both sides say so"),
    "CANCELLATION_REJECTED": (Outcome.UNKNOWN, "the service said that it goes on"),
    "CLOSED": (Outcome.CANCELED, "the service let go of it, and the merchant canceled it"),
}
_OF_CLOSED: Mapping[str, tuple[Outcome, str]] = {
    "UNSUBMITTED": (Outcome.UNKNOWN, "closed without a parcel by nobody knows whom: merged or moved, say"),
    "SUBMITTED": (Outcome.UNKNOWN, "closed without a parcel while a service was being asked"),
    "ACCEPTED": (Outcome.UNKNOWN, "closed without a parcel by a service that accepted it"),
    "REJECTED": (Outcome.UNKNOWN, "completed, and rejected: a contradiction"),
    "CANCELLATION_REQUESTED": (Outcome.UNKNOWN, "closed before the service answered"),
    "CANCELLATION_ACCEPTED": (Outcome.CANCELED, "the webhook's own pair for a cancel that was accepted"),
    "CANCELLATION_REJECTED": (Outcome.UNKNOWN, "the service said that it goes on, and there is no parcel"),
    "CLOSED": (Outcome.UNKNOWN, "completed, and not completed: a contradiction"),
}
TABLE = {
    (state, request): cell
    for state in WORK
    for request, cell in {"CANCELLED": _OF_CANCELLED, "CLOSED": _OF_CLOSED}.get(state, _OF_LIVE).items()
}


def response(state: str, request: str) -> httpx.Response:
    work = {
        "id": "gid://shopify/FulfillmentOrder/1",
        "status": state,
        "requestStatus": request,
        "supportedActions": [],
        "fulfillments": {"nodes": []},
        "merchantRequests": {"nodes": []},
    }
    return httpx.Response(200, content=json.dumps({"data": {"order": work}}))


def test_every_pair_has_a_cell() -> None:
    assert set(TABLE) == {(state, request) for state in WORK for request in REQUESTS}


@pytest.mark.parametrize(("pair", "cell"), TABLE.items(), ids=[" ".join(pair) for pair in TABLE])
def test_only_what_both_states_say_together_is_believed(pair: tuple[str, str], cell: tuple[Outcome, str]) -> None:
    outcome, why = cell
    assert answer_from_fulfillment_order(response(*pair)).outcome is outcome, why


@pytest.mark.parametrize("pair", [("A_NEW_STATE", "ACCEPTED"), ("OPEN", "A_NEW_STATE"), ("CANCELLED", "A_NEW_STATE")])
def test_a_word_that_is_not_in_the_schema_says_nothing(pair: tuple[str, str]) -> None:
    assert answer_from_fulfillment_order(response(*pair)).outcome is Outcome.UNKNOWN
