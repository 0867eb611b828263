"""What the log says of requests that come to nothing: a fault of ours once, and of a client that has gone nothing."""

from __future__ import annotations

import logging
import socket
from urllib.parse import urlsplit

import pytest

from orderdesk_sdk.desk.access.service import AccessService
from tests.web.conftest import WebShop


def errors_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.name for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_client_that_goes_away_within_its_body_is_no_fault(
    web_shop: WebShop, caplog: pytest.LogCaptureFixture
) -> None:
    shop = urlsplit(web_shop.url)
    with socket.create_connection((shop.hostname, shop.port)) as sock:
        sock.sendall(b"POST /in/unknown HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf")
    with web_shop.client() as client:
        for _ in range(3):  # Answered after the end of that connection was seen.
            assert client.get("/readyz").status_code in (200, 503)
    assert errors_of(caplog) == []


def test_a_fault_is_logged_once_with_the_id_that_was_answered(
    web_shop: WebShop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr(AccessService, "find_session", broken)
    with web_shop.client() as client:
        client.cookies.set("orderdesk", "any")
        answer = client.get("/inbox")
    assert answer.status_code == 500
    assert "canary" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert errors_of(caplog) == ["orderdesk_sdk.web"]


def test_a_stranger_writes_no_line_of_the_log_by_a_broken_form(
    web_shop: WebShop, caplog: pytest.LogCaptureFixture
) -> None:
    with web_shop.client() as client:
        headers = {"Content-Type": "multipart/form-data; boundary=B", "Sec-Fetch-Site": "same-origin"}
        assert client.post("/sign-in", content=b"no boundary", headers=headers).status_code == 400
    assert errors_of(caplog) == []
    # Without a handler of its own Python writes its warnings to stderr.
    assert logging.getLogger("python_multipart").handlers
