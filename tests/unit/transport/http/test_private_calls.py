"""Calls to presigned URLs, and responses that are nobody's business: what goes out, and what is kept of them."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_devkit.testing.raw_server import RawConnection, RawServer, http_response, responding
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.plugin.auth import HeaderAuth
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from tests.support.http_calls import ignore_intent, service_at

if TYPE_CHECKING:
    from orderdesk_devkit.testing.canary import Finder
    from tests.conftest import ClientMaker

QUERY = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAEXAMPLE%2Fs3&X-Amz-Signature=0123456789abcdef01234567"
REPORT = b"<report>a name and an address</report>"


def test_an_upload_to_a_presigned_url_carries_its_bytes_and_none_of_the_credentials(client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response(200, b""))) as server:
        client = client_of(server.url, auth=lambda _: HeaderAuth({"x-api-key": "acme-api-key"}))
        url = f"{server.url}/bucket/file?{QUERY}"
        upload = service_at(server.url).request_url(
            "PUT", url, operation="upload", content=b"<xml/>", content_type="text/xml; charset=UTF-8"
        )
        exchange, _ = client.call(upload, 1, ignore_intent)
        client.call(service_at(server.url).put("/orders"), 2, ignore_intent)
    assert exchange.status == 200
    sent, other = server.received.split(b"PUT ")[1:]
    assert sent.startswith(b"/bucket/file?" + QUERY.encode())
    assert sent.endswith(b"\r\n\r\n<xml/>")
    assert b"content-type: text/xml; charset=UTF-8" in sent.lower().replace(b"utf-8", b"UTF-8")
    assert b"acme-api-key" not in sent
    assert b"acme-api-key" in other, "only that one call goes without"


def test_a_presigned_url_is_shown_without_its_query_wherever_it_is_told(
    client_of: ClientMaker, finder: type[Finder], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    intents: list[Intent] = []

    def lose(connection: RawConnection) -> None:
        connection.read_request()
        connection.reset()

    with RawServer(lose) as server:
        client = client_of(server.url)
        upload = service_at(server.url).request_url("PUT", f"{server.url}/file?{QUERY}", operation="upload")
        exchange, response = client.call(upload, 1, intents.append)
    assert response is None
    assert exchange.intent.url == f"{server.url}/file?[hidden]"
    told = client.redactor.redact_text(f"the plugin failed at {upload.url}")
    with pytest.raises(PluginError) as fault:
        client.call(
            service_at("").request_url("PUT", f"https://evil.example/x?{QUERY}9", operation="x"), 2, ignore_intent
        )
    assert finder(QUERY).found(exchange, intents, told, fault.value, caplog.text, client.redactor) == set()


def test_of_a_private_reply_the_flow_sees_all_and_the_evidence_its_length_and_digest(client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response(200, REPORT))) as server:
        client = client_of(server.url)
        for request in (
            service_at(server.url).get("/report", redact_response=True),
            service_at(server.url).post("/report", redact_response=True),
            service_at(server.url).request_url("GET", f"{server.url}/report?{QUERY}", operation="download"),
        ):
            exchange, response = client.call(request, 1, ignore_intent)
            assert response is not None
            assert response.content == REPORT
            digest = hashlib.sha256(REPORT).hexdigest()
            assert exchange.body == f"[kept out: {len(REPORT)} bytes, SHA-256 {digest}]"
            assert (exchange.status, exchange.is_complete) == (200, False)


def test_many_presigned_urls_do_not_make_the_token_forgotten(client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response(200, b""))) as server:
        client = client_of(server.url)
        for number in range(200):
            client.redactor.add_presigned_url(f"{server.url}/file?signature-{number:09}")
        assert client.redactor.redact_text("it is acme-api-key") == "it is [hidden]"
        assert client.redactor.redact_text("the last: signature-000000199") == "the last: [hidden]"


def test_a_whole_url_at_a_foreign_host_is_not_called(client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response(200, b""))) as server:
        client = client_of("https://*.store.example")
        stray = httpx.Request("PUT", "https://bucket.store.example/file")
        with pytest.raises(PluginError, match="none of the connection's hosts"):
            client.call(stray, 1, ignore_intent)
        with pytest.raises(PluginError, match="none of the connection's hosts"):
            client.call(service_at("").request_url("PUT", server.url, operation="upload"), 1, ignore_intent)
        assert server.received == b""


@pytest.mark.parametrize("given", ["\x00", "", "a text", "/file", "https://", "http://a:b", "https://\ud83d"])
def test_what_the_service_gave_and_is_no_whole_url_is_malformed_and_not_shown(given: str) -> None:
    with pytest.raises(MalformedResponseError, match="it is not a whole URL") as fault:
        service_at("").request_url("PUT", given, operation="upload")
    assert fault.value.__cause__ is fault.value.__context__ is None


class Boom(logging.Handler):
    """A handler whose log is full."""

    def emit(self, record: logging.LogRecord) -> None:
        raise OSError("the log is full")


def test_a_log_that_fails_makes_no_call_look_lost(client_of: ClientMaker) -> None:
    root, boom = logging.getLogger(), Boom()
    level = root.level
    root.addHandler(boom)
    root.setLevel(logging.DEBUG)
    try:
        with RawServer(responding(lambda _: http_response(200, b"{}"))) as server:
            exchange, _ = client_of(server.url).call(service_at(server.url).put("/orders"), 1, ignore_intent)
    finally:
        root.removeHandler(boom)
        root.setLevel(level)
    assert (exchange.status, exchange.failure) == (200, None)
