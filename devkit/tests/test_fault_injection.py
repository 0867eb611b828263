"""Each fault on a real socket: what the client sees, and whether the service carried the request out."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orderdesk_devkit.simulators.fault_injection import FOREIGN_HOST, Fault, FaultQueue
from orderdesk_devkit.simulators.server import Served, serve
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import NotFoundError, ValidationError

ORDER = "/orders/A-1"


class Shop(Simulator):
    """One order; PUT cancels it, GET reads it."""

    def __init__(self) -> None:
        super().__init__(VirtualClock())
        self.status = "open"

    def respond(self, request: Request, body: bytes) -> Response:
        if request.method == "PUT":
            self.status = "canceled"
            self.record("cancel", "A-1", "canceled")
        answer = {"order": {"status": self.status, "lines": [1, 2], "notes": [], "paid": True}}
        return JSONResponse(answer, headers={"x-request-id": "42"})

    def settings(self, url: str) -> dict[str, str]:
        return {"endpoint": url}

    def actual_status(self, remote_id: str) -> str:
        if remote_id != "A-1":
            raise NotFoundError("no such order", location=remote_id)
        return self.status


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def served(shop: Shop) -> Iterator[Served]:
    with serve(shop.app) as running:
        yield running


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=5, trust_env=False) as made:
        yield made


def raw_exchange(served: Served) -> bytes:
    """Every byte of the answer to a PUT, up to the end of the connection; raises ConnectionResetError on RST."""
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as sock:
        sock.sendall(f"PUT {ORDER} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".encode())
        received = bytearray()
        while part := sock.recv(65_536):
            received += part
        return bytes(received)


def test_without_a_fault_the_request_is_done_and_answered(shop: Shop, client: httpx.Client) -> None:
    assert client.put(ORDER).json()["order"]["status"] == "canceled"
    assert [record.effect for record in shop.log] == ["canceled"]


@pytest.mark.parametrize(("fault", "truth"), [(Fault.LOST_RESPONSE, "canceled"), (Fault.RESET_BEFORE, "open")])
def test_a_reset_looks_the_same_whether_or_not_the_request_was_done(
    shop: Shop, served: Served, fault: Fault, truth: str
) -> None:
    shop.faults.add(fault)
    with pytest.raises(ConnectionResetError):
        raw_exchange(served)
    assert shop.actual_status("A-1") == truth


def test_httpx_reports_a_lost_reply_as_a_read_error(shop: Shop, client: httpx.Client) -> None:
    shop.faults.add(Fault.LOST_RESPONSE)
    with pytest.raises(httpx.ReadError):
        client.put(ORDER)
    assert shop.actual_status("A-1") == "canceled"


@pytest.mark.parametrize(
    ("fault", "truth"), [(Fault.SERVER_ERROR_HTML, "open"), (Fault.SERVER_ERROR_HTML_AFTER, "canceled")]
)
def test_a_503_page_looks_the_same_whether_or_not_the_request_was_done(
    shop: Shop, client: httpx.Client, fault: Fault, truth: str
) -> None:
    shop.faults.add(fault)
    response = client.put(ORDER, content=b"x" * 100_000)
    assert (response.status_code, response.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "<h1>" in response.text
    assert shop.actual_status("A-1") == truth


def test_error_without_errors_is_json_that_lacks_the_key_and_nothing_is_done(shop: Shop, client: httpx.Client) -> None:
    shop.faults.add(Fault.ERROR_WITHOUT_ERRORS)
    response = client.put(ORDER)
    assert response.status_code == 500
    assert isinstance(response.json(), dict)
    assert "errors" not in response.json()
    assert shop.actual_status("A-1") == "open"


def test_ok_html_and_ok_empty_look_like_success_and_nothing_is_done(shop: Shop, client: httpx.Client) -> None:
    shop.faults.add(Fault.OK_HTML)
    shop.faults.add(Fault.OK_EMPTY)
    page, empty = client.put(ORDER), client.put(ORDER)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (empty.status_code, empty.content) == (200, b"")
    assert shop.actual_status("A-1") == "open"


def test_truncated_sends_less_than_promised_and_the_request_is_done(shop: Shop, served: Served) -> None:
    shop.faults.add(Fault.TRUNCATED, times=2)
    head, _, body = raw_exchange(served).partition(b"\r\n\r\n")
    promised = int(dict(line.split(b": ") for line in head.lower().split(b"\r\n")[1:])[b"content-length"])
    assert 0 < len(body) < promised
    with httpx.Client(trust_env=False) as client, pytest.raises(httpx.RemoteProtocolError):
        client.put(served.url + ORDER)
    assert shop.actual_status("A-1") == "canceled"


def test_oversized_is_valid_json_of_the_chosen_size_without_a_length(shop: Shop, client: httpx.Client) -> None:
    shop.faults.add(Fault.OVERSIZED, size=3_000_000)
    response = client.put(ORDER)
    assert "content-length" not in response.headers
    assert len(response.content) == 3_000_000
    assert isinstance(response.json(), str)
    assert shop.actual_status("A-1") == "canceled"


def test_a_client_may_leave_an_oversized_body_of_the_default_size_early(shop: Shop, client: httpx.Client) -> None:
    shop.faults.add(Fault.OVERSIZED)
    with client.stream("PUT", ORDER) as response:
        read = 0
        for part in response.iter_raw():
            read += len(part)
            if read > 1_000_000:
                break
    assert client.get(ORDER).json()["order"]["status"] == "canceled"


def test_slow_drip_sends_byte_after_byte_so_that_no_read_times_out_but_a_deadline_does(
    shop: Shop, served: Served
) -> None:
    shop.faults.add(Fault.SLOW_DRIP, seconds=0.01)
    parts: list[bytes] = []
    with (
        httpx.Client(timeout=0.5, trust_env=False) as client,
        client.stream("PUT", served.url + ORDER) as response,
    ):
        assert int(response.headers["content-length"]) == 1_000
        for part in response.iter_raw():
            parts.append(part)
            if len(parts) == 3:  # It goes on for longer than the client would wait for all of it.
                break
    assert 3 <= len(b"".join(parts)) < 1_000
    assert shop.actual_status("A-1") == "canceled"


def test_slow_drip_ends_with_the_whole_reply(shop: Shop, client: httpx.Client) -> None:
    shop.faults.add(Fault.SLOW_DRIP, seconds=0.0001, size=200)
    assert client.put(ORDER).json()["order"]["status"] == "canceled"


def test_malformed_json_has_the_right_length_and_the_request_is_done(shop: Shop, client: httpx.Client) -> None:
    shop.faults.add(Fault.MALFORMED_JSON)
    response = client.put(ORDER)
    assert response.headers["content-type"] == "application/json"
    with pytest.raises(json.JSONDecodeError):
        response.json()
    assert shop.actual_status("A-1") == "canceled"


def test_wrong_types_keeps_the_shape_and_swaps_every_leaf(shop: Shop, client: httpx.Client) -> None:
    shop.faults.add(Fault.WRONG_TYPES)
    response = client.put(ORDER)
    assert response.json() == {"order": {"status": 8, "lines": ["1", "2"], "notes": {}, "paid": "yes"}}
    assert response.headers["x-request-id"] == "42"
    assert shop.actual_status("A-1") == "canceled"


def test_garbage_gzip_cannot_be_decoded_and_the_request_is_done(shop: Shop, served: Served) -> None:
    shop.faults.add(Fault.GARBAGE_GZIP, times=2)
    head, _, body = raw_exchange(served).partition(b"\r\n\r\n")
    assert b"content-encoding: gzip" in head.lower()
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(body)
    with httpx.Client(trust_env=False) as client, pytest.raises(httpx.DecodingError):
        client.put(served.url + ORDER)
    assert shop.actual_status("A-1") == "canceled"


def test_redirect_points_to_a_foreign_host_and_nothing_is_done(shop: Shop, client: httpx.Client) -> None:
    shop.faults.add(Fault.REDIRECT)
    response = client.put(ORDER)
    assert (response.status_code, response.headers["location"]) == (302, FOREIGN_HOST + ORDER)
    assert shop.actual_status("A-1") == "open"


def test_expired_token_is_answered_by_the_simulator_and_nothing_is_done(shop: Shop, client: httpx.Client) -> None:
    shop.faults.add(Fault.EXPIRED_TOKEN)
    assert client.put(ORDER).status_code == 401
    assert shop.actual_status("A-1") == "open"


def test_delay_does_the_request_at_once_and_answers_late(shop: Shop, served: Served) -> None:
    shop.faults.add(Fault.DELAY, times=2, seconds=0.3)
    with httpx.Client(timeout=0.1, trust_env=False) as client, pytest.raises(httpx.ReadTimeout):
        client.put(served.url + ORDER)
    assert shop.actual_status("A-1") == "canceled"
    assert httpx.put(served.url + ORDER, trust_env=False).json()["order"]["status"] == "canceled"


@pytest.mark.parametrize("fault", list(Fault))
def test_what_a_kind_says_it_leaves_done_is_what_it_leaves_done(shop: Shop, served: Served, fault: Fault) -> None:
    small = {Fault.OVERSIZED: 1_000, Fault.SLOW_DRIP: 10}
    seconds = 0.001 if fault in {Fault.SLOW_DRIP, Fault.DELAY} else None
    shop.faults.add(fault, size=small.get(fault), seconds=seconds)
    try:
        raw_exchange(served)
    except ConnectionResetError:
        assert fault in {Fault.LOST_RESPONSE, Fault.RESET_BEFORE}
    assert shop.actual_status("A-1") == ("canceled" if fault.takes_effect else "open")


def test_a_fault_waits_for_its_method_and_path_and_meets_as_many_requests_as_it_should(
    shop: Shop, client: httpx.Client
) -> None:
    shop.faults.add(Fault.SERVER_ERROR_HTML, method="put", path=r"^/orders/A-\d$", times=2)
    answers = [client.get(ORDER), client.put("/other"), client.put(ORDER), client.put(ORDER), client.put(ORDER)]
    assert [response.status_code for response in answers] == [200, 200, 503, 503, 200]
    assert shop.faults.pending() == ()


def test_of_two_faults_that_match_the_older_comes_first() -> None:
    queue = FaultQueue()
    queue.add(Fault.REDIRECT, path="orders", times=2)
    queue.add(Fault.OK_HTML)
    taken = [queue.take("GET", "/orders"), queue.take("GET", "/x"), queue.take("GET", "/orders")]
    assert [planned and planned.kind for planned in taken] == [Fault.REDIRECT, Fault.OK_HTML, Fault.REDIRECT]
    assert queue.take("GET", "/orders") is None


@pytest.mark.parametrize(("times", "size", "seconds"), [(0, None, None), (1, 0, None), (1, None, 0.0)])
def test_numbers_that_make_no_sense_are_refused(times: int, size: int | None, seconds: float | None) -> None:
    with pytest.raises(ValidationError, match="positive"):
        FaultQueue().add(Fault.DELAY, times=times, size=size, seconds=seconds)


def test_a_path_that_is_no_regular_expression_is_refused() -> None:
    with pytest.raises(ValidationError, match="no regular expression"):
        FaultQueue().add(Fault.DELAY, path="(")


def test_a_fault_lets_pass_as_many_of_its_requests_as_it_is_told() -> None:
    faults = FaultQueue()
    faults.add(Fault.OK_EMPTY, method="POST", skip_first=1)
    taken = [faults.take("POST", "/"), faults.take("GET", "/"), faults.take("POST", "/"), faults.take("POST", "/")]
    assert [planned is not None for planned in taken] == [False, False, True, False]
