"""One try of an event: what an endpoint answers, and whom no event reaches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orderdesk_devkit.testing.raw_server import RawConnection, RawServer, http_response, responding
from orderdesk_sdk.clock import seconds
from orderdesk_sdk.transport.http.event_post import EventPoster
from orderdesk_sdk.transport.http.reach import Reach
from tests.support.builders import NOW

HEADERS = {"content-type": "application/json", "webhook-id": "e1_7_69"}


@pytest.fixture
def poster() -> Iterator[EventPoster]:
    made = EventPoster(Reach.SANDBOX, 2)
    yield made
    made.close()


def test_it_is_posted_whole_with_its_headers(poster: EventPoster) -> None:
    with RawServer(responding(lambda _: http_response(204, b""))) as server:
        result = poster.post(f"{server.url}/events?shop=1", HEADERS, b'{"a":1}', NOW)
        assert (result.status, result.problem, result.is_success) == (204, None, True)
        head, _, body = server.received.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /events?shop=1 HTTP/1.1\r\n")
    assert b"webhook-id: e1_7_69" in head.lower()
    assert body == b'{"a":1}'


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(poster: EventPoster, status: int) -> None:
    with RawServer(responding(lambda _: http_response(status, b"", location="/elsewhere"))) as server:
        assert poster.post(server.url, HEADERS, b"{}", NOW).status == status
        assert server.received.count(b"POST ") == 1


def test_how_long_to_wait_is_read(poster: EventPoster) -> None:
    with RawServer(responding(lambda _: http_response(429, b"", retry_after="90"))) as server:
        result = poster.post(server.url, HEADERS, b"{}", NOW)
    assert (result.is_success, result.retry_after) == (False, seconds(90))


@pytest.mark.parametrize("answer", [b"", b"junk\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab"])
def test_who_does_not_answer_whole_has_not_taken_it(poster: EventPoster, answer: bytes) -> None:
    def script(connection: RawConnection) -> None:
        connection.read_request()
        connection.send(answer)

    with RawServer(script) as server:
        result = poster.post(server.url, HEADERS, b"{}", NOW)
    assert (result.status, result.is_success) == (None, False)
    assert result.problem


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"])  # noqa: S104 - where no event goes
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_nothing_goes_to_this_machine_or_in_clear(scheme: str, host: str) -> None:
    poster = EventPoster(Reach.PUBLIC, 1)
    with RawServer(responding(lambda _: http_response())) as server:
        result = poster.post(f"{scheme}://{host}:{server.port}/", HEADERS, b"{}", NOW)
        assert (result.status, server.connections) == (None, [])
    poster.close()
