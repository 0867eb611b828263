"""Credentials are tried by a token alone: nothing else is asked of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.auth import HeaderAuth
from orderdesk_sdk.plugin.guard import Guard
from orderdesk_sdk.transport.http.host_check import connect_failure
from orderdesk_sdk.transport.http.reach import Reach
from tests.support.http_calls import ONE_TRY
from tests.support.token_service import AcmeAuth, TokenService

if TYPE_CHECKING:
    from tests.conftest import ClientMaker


def failure_of(client_of: ClientMaker, url: str) -> str | None:
    credentials = client_of(url, ONE_TRY, auth=AcmeAuth).credentials
    assert credentials is not None
    assert credentials.uses_tokens
    failure = credentials.token_failure(Guard())
    return None if failure is None else failure.message


def test_a_token_is_had_and_nothing_else_is_asked_for(client_of: ClientMaker) -> None:
    service = TokenService()
    with RawServer(responding(service)) as server:
        assert failure_of(client_of, server.url) is None
    assert service.issued == 1
    assert service.calls == []


def test_what_keeps_a_token_from_being_had_is_told(client_of: ClientMaker, clock: VirtualClock) -> None:
    for answer, said in (
        (http_response(500, b"down"), "no token was had"),
        (http_response(429, b"", retry_after="60"), "asks to be left alone for 60 s"),
        (http_response(200, b"<html>"), "no token was had"),
    ):
        with RawServer(responding(lambda _, answer=answer: answer)) as server:  # type: ignore[misc]  # bound at once
            assert said in (failure_of(client_of, server.url) or "")
    assert "no token was had" in (failure_of(client_of, "http://127.0.0.1:9") or "")


def test_wrong_credentials_are_an_error_of_the_configuration(client_of: ClientMaker) -> None:
    refused = http_response(400, b'{"error": "invalid_client"}')
    with RawServer(responding(lambda _: refused)) as server, pytest.raises(ConfigurationError, match="invalid_client"):
        failure_of(client_of, server.url)


def test_credentials_without_a_token_need_none(client_of: ClientMaker) -> None:
    credentials = client_of("http://127.0.0.1:9", auth=lambda _: HeaderAuth({"x-key": "1"})).credentials
    assert credentials is not None
    assert not credentials.uses_tokens
    assert credentials.token_failure(Guard()) is None


def test_a_host_is_tried_by_a_connection_alone() -> None:
    with RawServer(responding(lambda _: http_response())) as server:
        assert connect_failure(server.url, Reach.SANDBOX, 2.0) is None
        assert server.received == b""
        refused = connect_failure(server.url.replace("http:", "https:"), Reach.PUBLIC, 2.0)
    assert "private network" in (refused or "")
    assert connect_failure("https://nowhere.invalid", Reach.PUBLIC, 2.0)
