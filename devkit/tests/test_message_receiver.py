"""The receiver of messages: what comes over HTTP reaches the desk byte for byte, and bad requests reach nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.testing.message_receiver import receiving
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.serialization import read_order_text
from tests.support.posted_orders import Posted, php_order, posted_order, store_messages

ORDER_ID = "58101"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(Config(tmp_path / "desk.db", messages=store_messages()), clock=VirtualClock()) as desk:
        desk.orders.import_orders(read_order_text(SAMPLE_ORDERS, location="samples"), by="a test")
        yield desk


@pytest.fixture
def url(desk: Desk) -> Iterator[str]:
    with receiving(desk) as url:
        yield url


def post(url: str, posted: Posted, path: str = "/cancel") -> httpx.Response:
    return httpx.post(url + path, content=posted.body, headers=posted.headers)


def say(url: str, text: str) -> bytes:
    """What the server answers to these bytes."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(text.encode())
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_an_order_that_is_posted_is_stored_and_the_same_again_is_known(desk: Desk, url: str) -> None:
    posted = posted_order(php_order(ORDER_ID))
    first, again = post(url, posted), post(url, posted)
    assert (first.status_code, again.status_code, first.content) == (201, 200, b"")
    assert len(desk.messages.list()) == 1


@pytest.mark.parametrize("path", ["/", "/webhook/nobody", "/webhook/", "/cancel/x", "/cancel%00"])
def test_another_path_is_not_found(desk: Desk, url: str, path: str) -> None:
    assert post(url, posted_order(php_order(ORDER_ID)), path).status_code == 404
    assert desk.messages.list() == ()


def test_a_forged_order_and_a_hash_that_comes_twice_are_refused(desk: Desk, url: str) -> None:
    assert post(url, posted_order(php_order(ORDER_ID), key="guess")).status_code == 401
    posted = posted_order(php_order(ORDER_ID))
    twice = [*posted.headers.items(), ("X-ORDER-DESK-HASH", "0" * 64)]
    assert httpx.post(f"{url}/cancel", content=posted.body, headers=twice).status_code == 401
    assert desk.messages.list() == ()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("POST /cancel HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (f"POST /cancel HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: {'9' * 400}\r\n\r\n", b"413"),
        ("POST /cancel HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", b"411"),
        ("POST /cancel HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: -1\r\n\r\n", b"411"),
        ("POST /cancel HTTP/1.1\r\nHost: 127.0.0.1:1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
        ("POST /cancel HTTP/1.1\r\nHost: evil.example:1\r\nContent-Length: 0\r\n\r\n", b"421"),
        ("GET /cancel HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", b"501"),
        ("nonsense\r\n\r\n", b"400"),
    ],
)
def test_a_request_that_is_none_of_a_sender_is_not_read(desk: Desk, url: str, head: str, status: bytes) -> None:
    assert status in say(url, head).split(b"\r\n")[0] or status in say(url, head)
    assert desk.messages.list() == ()


def test_a_body_that_ends_in_the_middle_is_not_answered(desk: Desk, url: str) -> None:
    posted = posted_order(php_order(ORDER_ID))
    head = "".join(f"{name}: {value}\r\n" for name, value in posted.headers.items())
    whole = f"POST /cancel HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: {len(posted.body)}\r\n{head}\r\n"
    assert say(url, whole + posted.body.decode()[:-5]) == b""
    assert desk.messages.list() == ()
    assert b"201" in say(url, whole + posted.body.decode())
