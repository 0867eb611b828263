"""The states of an order at MWW: what each means, in whatever spelling, and what is kept of it."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

import orderdesk_mww
from orderdesk_devkit.testing.harness import ORDER, SimulatedHarness
from orderdesk_mww.settings import MwwSettings
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.requests import PollRequest
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.secret import Secret

integration = "mww"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def read(response: httpx.Response) -> Answer:
    """What the check makes of a response."""
    settings = MwwSettings(api_key=Secret("a key"), cancel_email_to="a@example.com")
    service = Service("print", settings, "https://mww.example/api", NOW, "agent", ConnectionRole.FULFILLMENT)
    request = PollRequest(Order("1", ORDER), RemoteOrder("print", "A/1", NOW, ConnectionRole.FULFILLMENT))
    flow = orderdesk_mww.orderdesk_poll(request, service)
    assert next(flow).url.raw_path == b"/api/orders/A%2F1"
    with pytest.raises(StopIteration) as ended:
        flow.send(response)
    answer = ended.value.value
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("received", Outcome.PENDING),
        ("Cancelled", Outcome.CANCELED),
        ("CANCELED", Outcome.CANCELED),
        ("Packed", Outcome.REJECTED),
        ("Shipped", Outcome.REJECTED),
        ("quality_control", Outcome.UNKNOWN),
        ("not cancelled", Outcome.UNKNOWN),
    ],
)
def test_a_state_is_read_in_any_spelling_and_an_unknown_one_is_unclear(state: str, outcome: Outcome) -> None:
    answer = read(httpx.Response(200, json={"data": {"attributes": {"state": state}}}))
    assert (answer.outcome, answer.status) == (outcome, state)


@pytest.mark.parametrize(
    ("status", "outcome"), [(401, Outcome.NOT_PROCESSED), (404, Outcome.UNKNOWN), (500, Outcome.UNKNOWN)]
)
def test_a_state_that_cannot_be_read_tells_nothing(status: int, outcome: Outcome) -> None:
    said = {"data": {"attributes": {"state": "cancelled"}}, "errors": [{"title": "no"}]}
    assert read(httpx.Response(status, json=said)).outcome is outcome


@pytest.mark.parametrize("status", [404, 405])
def test_a_404_in_other_words_than_mwws_is_of_the_path(status: int) -> None:
    found = read(httpx.Response(status, json={"message": "no Route matched with those values"}))
    assert found.outcome is Outcome.NOT_PROCESSED
    assert "base URL" in str(found.hint)


def test_people_stay_out_of_the_evidence_and_the_state_is_in_it(harness: SimulatedHarness) -> None:
    redactor = harness.desk.connections.get("mww").client.redactor
    hidden = ("name", "address1", "address2", "city", "postal-code", "phone", "email")
    assert [name for name in (*hidden, "state") if not redactor.is_redacted(name)] == ["state"]
