"""Many orders asked for at once: one answer each, in order, and what spoils one stays its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
import pytest

from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.batching import run_batch
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.service import Flow
from orderdesk_sdk.plugin.toolkit.json_response import require_success, text_at

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
URL = "https://acme.example"
ACCESS = "check the key"
REQUESTS = [CancelRequest(Order(n, n), RemoteOrder("acme", n, NOW, ConnectionRole.CART), "c1") for n in ("1", "2", "3")]
Left = Sequence[tuple[CancelRequest, str]]


def look(request: CancelRequest) -> Flow[Answer | str]:
    response = require_success(
        (yield httpx.Request("GET", f"{URL}/{request.remote_id}")), access_hint=ACCESS, fallback=answer.not_processed
    )
    status = text_at(response, "status")
    return answer.canceled(response, status=status) if status == "canceled" else status


def ask(left: Left) -> Flow[Sequence[Answer]]:
    response = require_success((yield httpx.Request("POST", f"{URL}/cancel")), access_hint=ACCESS)
    job = text_at(response, "job")
    return [
        answer.acknowledged(response, status=known, request_reference=f"{job}/{one.remote_id}") for one, known in left
    ]


def answers(*responses: httpx.Response) -> tuple[Sequence[Answer], list[str]]:
    """What `together` ends with when it is answered with these, and what it called."""
    flow = run_batch(REQUESTS, look, ask)
    called: list[str] = []
    try:
        request = next(flow)
        for response in responses:
            called.append(f"{request.method} {request.url.path}")
            request = flow.send(response)
    except StopIteration as stop:
        told: Sequence[Answer] = stop.value
        return told, called
    raise AssertionError(f"it wanted {request.method} {request.url}")


def status(word: str) -> httpx.Response:
    return httpx.Response(200, json={"status": word})


def test_each_order_that_is_open_is_asked_for_and_gets_the_answer_in_its_place() -> None:
    told, called = answers(status("a"), status("canceled"), status("c"), httpx.Response(200, json={"job": "7"}))
    assert called == ["GET /1", "GET /2", "GET /3", "POST /cancel"]
    assert [(one.outcome, one.status, one.request_reference) for one in told] == [
        (Outcome.ACKNOWLEDGED, "a", "7/1"),
        (Outcome.CANCELED, "canceled", None),
        (Outcome.ACKNOWLEDGED, "c", "7/3"),
    ]


def test_nothing_is_asked_where_nothing_is_left() -> None:
    told, called = answers(*[status("canceled")] * 3)
    assert [one.outcome for one in told] == [Outcome.CANCELED] * 3
    assert "POST /cancel" not in called


@pytest.mark.parametrize(
    "bad",
    [
        httpx.Response(503),
        httpx.Response(403),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={}),
    ],
    ids=repr,
)
def test_a_look_that_told_nothing_is_that_orders_own_trouble(bad: httpx.Response) -> None:
    told, called = answers(status("a"), bad, status("c"), httpx.Response(200, json={"job": "7"}))
    assert [one.outcome for one in told] == [Outcome.ACKNOWLEDGED, Outcome.NOT_PROCESSED, Outcome.ACKNOWLEDGED]
    assert called[-1] == "POST /cancel"


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (httpx.Response(503), Outcome.UNKNOWN),
        (httpx.Response(200, text="<html>"), Outcome.UNKNOWN),
        (httpx.Response(429), Outcome.NOT_PROCESSED),
        (httpx.Response(403), Outcome.NOT_PROCESSED),
    ],
)
def test_what_became_of_asking_is_told_to_those_who_were_asked_for(response: httpx.Response, outcome: Outcome) -> None:
    told, _ = answers(status("a"), status("canceled"), status("c"), response)
    assert [one.outcome for one in told] == [outcome, Outcome.CANCELED, outcome]


@pytest.mark.parametrize("many", [0, 1, 4])
def test_more_or_fewer_answers_than_orders_are_the_plugins_fault(many: int) -> None:
    def careless(left: Left) -> Flow[Sequence[Answer]]:
        response = yield httpx.Request("POST", f"{URL}/cancel")
        return [answer.acknowledged(response)] * many

    flow = run_batch(REQUESTS, lambda request: look(request), careless)
    next(flow)
    for response in (status("a"), status("b"), status("c")):
        flow.send(response)
    with pytest.raises(ValueError, match="answers for 3 orders"):
        flow.send(httpx.Response(200))
