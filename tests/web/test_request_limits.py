"""What holds for every request, on real sockets: host names, sizes, speed, headers, and what errors tell."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest

from orderdesk_sdk.desk.messages.config import MessageConfig
from orderdesk_sdk.desk.web_config import WebConfig
from orderdesk_sdk.web import server_protocol
from orderdesk_sdk.web.middleware import body_limits
from tests.web.conftest import MESSAGE_SECRET, WebShop, WebShopOpener

RawAsker = Callable[[bytes], bytes]


@pytest.fixture
def ask_raw(web_shop: WebShop) -> RawAsker:
    """Sends bytes, and gives what comes back until the server closes or falls silent for three seconds."""

    def ask(request: bytes) -> bytes:
        parts = urlsplit(web_shop.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=3) as sock:
            received = b""
            try:
                sock.sendall(request)
                while piece := sock.recv(65_536):
                    received += piece
            except (TimeoutError, ConnectionError):
                return received
            return received

    return ask


def status(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    assert found, answer[:100]
    return int(found.group(1))


class TestHosts:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:80", "[::1]:9", "localhost."])
    def test_this_machine_is_known(self, ask_raw: RawAsker, host: str) -> None:
        assert status(ask_raw(f"GET /nothing HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())) == 404

    @pytest.mark.parametrize(
        "head",
        [
            b"Host: evil.example\r\n",
            b"Host: localhost.evil.example\r\n",
            b"Host: localhost/../x\r\n",
            b"Host: localhost@evil.example\r\n",
            b"Host: evil.example#localhost\r\n",
            b"Host: \r\n",
            b"Host: 127.0.0.1\r\nX-Forwarded-Host: evil.example\r\nHost: evil.example\r\n",
            b"Host: 127.0.0.1:80:80\r\n",
        ],
    )
    def test_every_other_is_refused(self, ask_raw: RawAsker, head: bytes) -> None:
        assert status(ask_raw(b"GET /nothing HTTP/1.1\r\n" + head + b"Connection: close\r\n\r\n")) in (400, 421)

    def test_the_name_that_people_reach_it_by_is_known(self, open_web_shop: WebShopOpener) -> None:
        shop = open_web_shop(web=WebConfig(url="https://desk.example.com", hosts=("other.example.com",)))
        with shop.client() as client:
            for name in ("desk.example.com", "other.example.com"):
                assert client.get("/nothing", headers={"Host": name}).status_code == 404
            assert client.get("/nothing", headers={"Host": "third.example.com"}).status_code == 421


class TestBodies:
    def test_one_that_says_it_is_too_large_is_refused_unread(self, ask_raw: RawAsker) -> None:
        head = b"POST /answer/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n"
        assert status(ask_raw(head)) == 413

    def test_one_that_turns_out_to_be_too_large_is_refused_while_it_is_read(self, ask_raw: RawAsker) -> None:
        head = b"POST /in/abc HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunk = b"%x\r\n%s\r\n" % (100_000, b"x" * 100_000)
        assert status(ask_raw(head + chunk * 4)) == 413

    @pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "99999999999999999999999"])
    def test_a_length_that_is_none_is_refused(self, ask_raw: RawAsker, length: str) -> None:
        head = f"POST /in/abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        assert status(ask_raw(head.encode())) in (400, 413)

    def test_a_sender_that_is_too_slow_is_not_waited_for(
        self, ask_raw: RawAsker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(body_limits, "READ_WITHIN", 0.2)
        head = b"POST /in/abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf"
        assert status(ask_raw(head)) == 408

    def test_a_message_may_have_as_many_bytes_as_the_settings_say(self, open_web_shop: WebShopOpener) -> None:
        shop = open_web_shop(messages=MessageConfig(max_bytes=2000))
        with shop.client() as client:
            assert client.post("/in/abc", content=b"x" * 2001).status_code == 413
            assert client.post("/in/abc", content=b"x" * 2000).status_code == 404


class TestHeads:
    def test_one_that_does_not_come_is_not_waited_for(self, web_shop: WebShop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(server_protocol, "HEAD_WITHIN", 0.3)
        parts = urlsplit(web_shop.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as sock:
            for byte in b"GET / HTTP/1.1\r\n":
                try:
                    sock.sendall(bytes([byte]))
                except OSError:
                    return  # Closed by the server.
                time.sleep(0.05)
            assert sock.recv(1) == b""

    def test_a_connection_may_be_used_again_and_again(
        self, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server_protocol, "HEAD_WITHIN", 0.5)
        for _ in range(5):
            assert client.get("/nothing").status_code == 404
            time.sleep(0.2)

    def test_a_head_of_any_size_is_refused(self, ask_raw: RawAsker) -> None:
        head = b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-Filler: y\r\n" * 20_000
        assert ask_raw(head)[:12] in (b"HTTP/1.1 400", b"")  # Or the connection is closed before all was sent.
        assert status(ask_raw(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")) == 404


class TestHeaders:
    @pytest.mark.parametrize("path", ["/nothing", "/answer/none", "/static/nothing.css", "/in/none"])
    def test_every_answer_has_them(self, client: httpx.Client, path: str) -> None:
        headers = client.get(path).headers
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers
        assert "strict-transport-security" not in headers

    def test_browsers_are_told_to_come_back_over_tls(self, open_web_shop: WebShopOpener) -> None:
        with open_web_shop(web=WebConfig(url="https://desk.example.com")).client() as client:
            assert "strict-transport-security" in client.get("/nothing").headers


class TestErrors:
    def test_a_page_that_is_not_there(self, client: httpx.Client) -> None:
        response = client.get("/no<b>thing")
        assert (response.status_code, "<b>thing" in response.text) == (404, False)

    def test_the_api_answers_in_json(self, client: httpx.Client) -> None:
        error = client.get("/api/v1/nothing").json()["error"]
        assert (error["code"], set(error)) == ("not_found", {"code", "id", "message"})

    @pytest.mark.parametrize(
        "path",
        ["//evil.example", "/../etc/passwd", "/static/../app.py", "/static/%2e%2e/app.py", "/%00", "/" + "a" * 9000],
    )
    def test_tricks_with_paths_find_nothing(self, ask_raw: RawAsker, path: str) -> None:
        answer = ask_raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert status(answer) in (400, 404, 405)
        assert b"root:" not in answer
        assert b"location: //" not in answer.lower()


def test_the_secret_of_the_message_paths_is_on_no_page(client: httpx.Client) -> None:
    assert MESSAGE_SECRET.reveal() not in client.get("/nothing").text
