"""Requests with a condition or a body of their own: what they are made of, and what a 412 to them means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.exchange import Certainty
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.toolkit.etags import etag_of
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.transport.http.replay import request_digest
from tests.support.http_calls import ignore_intent

if TYPE_CHECKING:
    from tests.conftest import ClientMaker


def test_a_conditional_write_that_was_turned_away_is_not_sent_again(client_of: ClientMaker) -> None:
    """412 proves that nothing was done; the same ETag would only be turned away again."""
    with RawServer(responding(lambda _: http_response(412, b"{}"))) as server:
        conditional = httpx.Request("PUT", server.url, headers={"if-match": '"v1"'})
        exchange, response = client_of(server.url).call(conditional, 1, ignore_intent)
        assert response is None
        assert (exchange.status, exchange.attempts) == (412, 1)
        assert exchange.failure is not None
        assert exchange.failure.certainty is Certainty.NOT_PROCESSED
        unconditional, response = client_of(server.url).call(httpx.Request("PUT", server.url), 1, ignore_intent)
        assert response is not None
        assert unconditional.failure is None


def test_the_condition_of_a_write_is_a_part_of_the_request() -> None:
    """Whoever replays a flow and gets another ETag would make another request."""
    first, second = (httpx.Request("PUT", "https://acme.example/1", headers={"if-match": tag}) for tag in ("1", "2"))
    plain = httpx.Request("PUT", "https://acme.example/1")
    assert len({request_digest(request) for request in (first, second, plain)}) == 3


def test_a_request_has_one_body() -> None:
    service = Service("acme", None, "https://acme.example", VirtualClock().now(), "agent", ConnectionRole.FULFILLMENT)
    soap = service.request("POST", "/orders", content=b"<a/>", content_type="text/xml", if_match='"v1"')
    assert (soap.content, soap.headers["content-type"], soap.headers["if-match"]) == (b"<a/>", "text/xml", '"v1"')
    bodies: list[dict[str, Any]] = [
        {"content": b"<a/>"},
        {"content_type": "text/xml"},
        {"json": {}, "form": {"a": "b"}},
    ]
    for body in bodies:
        with pytest.raises(ValueError, match="one of json, form and content at most"):
            service.request("POST", "/orders", **body)


def test_an_etag_is_read_as_it_stands_and_must_be_there() -> None:
    assert etag_of(httpx.Response(200, headers={"ETag": ' W/"1" '})) == 'W/"1"'
    with pytest.raises(MalformedResponseError, match="no ETag"):
        etag_of(httpx.Response(200))
