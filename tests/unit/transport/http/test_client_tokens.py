"""Credentials of a connection: one token for all, a new one when it is refused, and what a missing one proves."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_devkit.testing.fake_client import ANY_ORDER, FakeJournal
from orderdesk_devkit.testing.raw_server import RawConnection, RawServer, http_response, responding
from orderdesk_sdk.cases.exchange import NOT_TODAY, Certainty
from orderdesk_sdk.clock import VirtualClock, minutes, seconds
from orderdesk_sdk.errors import ConfigurationError, PluginError
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.auth import Token, TokenAuth
from orderdesk_sdk.plugin.integration import Quota
from orderdesk_sdk.plugin.oauth import RefreshTokenAuth
from orderdesk_sdk.plugin.service import Flow
from orderdesk_sdk.runtime.flow_runner import run_flow
from orderdesk_sdk.secret import Secret
from tests.support.http_calls import ONE_TRY, put_order
from tests.support.token_service import AcmeAuth, TokenService

if TYPE_CHECKING:
    from tests.conftest import ClientMaker


def failing_token(answer: Callable[[RawConnection], None]) -> Callable[[RawConnection], None]:
    """A service that has nothing but a token endpoint, which does this."""

    def script(connection: RawConnection) -> None:
        request = connection.read_request()
        assert request.startswith(b"POST /token "), "the call itself never left"
        answer(connection)

    return script


def test_sixteen_threads_share_one_token_call(client_of: ClientMaker) -> None:
    service = TokenService()
    with RawServer(responding(service)) as server:
        client = client_of(server.url, auth=AcmeAuth)
        with ThreadPoolExecutor(16) as threads:
            exchanges = list(threads.map(lambda _: put_order(client, server.url), range(48)))
    assert {exchange.status for exchange in exchanges} == {200}
    assert service.issued == 1
    assert service.calls == ["token-1"] * 48


def test_sixteen_threads_with_a_spent_token_fetch_one_new_one(client_of: ClientMaker) -> None:
    all_here = threading.Barrier(8, timeout=120)
    waiting = threading.local()

    def good(token: str) -> bool:
        if token == "token-1" and not hasattr(waiting, "done"):
            waiting.done = True
            all_here.wait()  # Eight calls are on their way with the spent token before the first hears of it.
        return token != "token-1"

    service = TokenService(good=good)
    with RawServer(responding(service)) as server:
        client = client_of(server.url, auth=AcmeAuth)
        with ThreadPoolExecutor(16) as threads:
            exchanges = list(threads.map(lambda _: put_order(client, server.url), range(16)))
    assert {exchange.status for exchange in exchanges} == {200}
    assert service.issued == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_renewed_once_and_the_second_refusal_is_handed_on(
    status: int, client_of: ClientMaker
) -> None:
    service = TokenService(good=lambda token: False)
    service.rejection = http_response(status, b'{"error": "no"}')
    with RawServer(responding(service)) as server:
        exchange = put_order(client_of(server.url, auth=AcmeAuth), server.url)
    assert (exchange.status, exchange.body, exchange.attempts) == (status, '{"error": "no"}', 1)
    assert service.calls == ["token-1", "token-2"]


def test_a_token_is_renewed_a_minute_before_its_end(client_of: ClientMaker) -> None:
    clock = VirtualClock()
    service = TokenService(expires_in=600)
    with RawServer(responding(service)) as server:
        client = client_of(server.url, clock=clock, auth=AcmeAuth)
        for step in (seconds(0), minutes(9) - seconds(1), seconds(1)):
            clock.advance(step)
            put_order(client, server.url)
    assert service.calls == ["token-1", "token-1", "token-2"]


@pytest.mark.parametrize(
    "answer",
    [
        RawConnection.close,
        RawConnection.reset,
        lambda connection: connection.send(http_response(503, b"<h1>Away</h1>")),
        lambda connection: connection.send(http_response(429)),
        lambda connection: connection.send(http_response(200, b'{"access_token": ""}')),
        lambda connection: connection.send(http_response(200, b'{"access_token": "abcdef", "expires_in": "soon"}')),
        lambda connection: connection.send(http_response(400, b'{"error": "temporarily_unavailable"}')),
        lambda connection: connection.send(http_response(302, b"", location="https://elsewhere.invalid/")),
    ],
    ids=["closes", "resets", "is away", "is busy", "gives none", "gives no time", "is away for now", "redirects"],
)
def test_without_a_token_the_call_is_not_sent_whatever_the_token_endpoint_did(
    answer: Callable[[RawConnection], None], client_of: ClientMaker
) -> None:
    with RawServer(failing_token(answer)) as server:
        exchange = put_order(client_of(server.url, ONE_TRY, auth=AcmeAuth), server.url)
        assert exchange.failure is not None
        assert exchange.failure.certainty is Certainty.NOT_SENT
        assert exchange.failure.message.startswith("no token was had: ")


def test_a_call_whose_token_could_not_be_renewed_is_not_done(client_of: ClientMaker) -> None:
    """The service refused the call, and no second one left."""
    service = TokenService(good=lambda token: False)

    def answer(request: bytes) -> bytes:
        if request.startswith(b"POST /token ") and service.issued == 1:
            return http_response(503)
        return service(request)

    with RawServer(responding(answer)) as server:
        exchange = put_order(client_of(server.url, ONE_TRY, auth=AcmeAuth), server.url)
        assert exchange.failure is not None
        assert exchange.failure.certainty is Certainty.NOT_SENT
    assert service.calls == ["token-1"]


def test_a_lost_reply_after_a_renewed_token_is_unclear(client_of: ClientMaker) -> None:
    def script(connection: RawConnection) -> None:
        while request := connection.read_request():
            if b"bearer token-2" in request.lower():
                connection.reset()
                return
            connection.send(service(request))

    service = TokenService(good=lambda token: False)
    with RawServer(script) as server:
        exchange = put_order(client_of(server.url, auth=AcmeAuth), server.url)
        assert exchange.failure is not None
        assert (exchange.failure.certainty, exchange.attempts) == (Certainty.UNKNOWN, 1)


@pytest.mark.parametrize("code", ["invalid_grant", "invalid_client", "unauthorized_client"])
def test_refused_credentials_are_a_configuration_error_and_the_case_is_not_done(
    code: str, client_of: ClientMaker
) -> None:
    rejection = http_response(400, json.dumps({"error": code, "error_description": "the refresh token"}).encode())

    def flow(url: str) -> Flow[Answer]:
        yield httpx.Request("PUT", url)
        raise AssertionError("there is no reply")

    with RawServer(responding(lambda _: rejection)) as server:
        client = client_of(server.url, auth=AcmeAuth)
        with pytest.raises(ConfigurationError, match=f"the service rejected the credentials: {code}") as caught:
            put_order(client, server.url)
        assert caught.value.location == f"{server.url}/token"
        assert "check refresh_token, client_id, client_secret" in (caught.value.hint or "")
        journal = FakeJournal()
        driven = run_flow(lambda: flow(server.url), Answer, client, journal, ANY_ORDER)
        assert b"PUT" not in server.received
    (kept,) = journal.exchanges
    assert kept.failure is not None
    assert kept.failure.certainty is Certainty.NOT_PROCESSED, "the request is not lost"
    assert isinstance(driven.outcome, Answer)
    assert (driven.outcome.outcome, driven.outcome.hint) == (Outcome.NOT_PROCESSED, caught.value.hint)
    assert not driven.may_have_written


def test_a_token_endpoint_at_a_foreign_host_gets_no_byte(client_of: ClientMaker) -> None:
    with RawServer(RawConnection.close) as foreign, RawServer(RawConnection.close) as own:

        class Elsewhere(AcmeAuth):
            def token_request(self) -> httpx.Request:
                return httpx.Request("POST", foreign.url, data={"client_secret": "secret"})

        with pytest.raises(PluginError, match="none of the connection's hosts"):
            put_order(client_of(own.url, auth=Elsewhere), own.url)
        assert (own.connections, foreign.connections) == ([], [])


class Breaks(TokenAuth):
    """Credentials whose own code does this."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    def token_request(self) -> httpx.Request:
        raise self._error

    def parse_token(self, response: httpx.Response) -> Token:
        raise AssertionError("there is no reply")

    def sign(self, request: httpx.Request, token: Secret) -> None:
        raise AssertionError("there is no token")


class Unshowable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("and not even that")


@pytest.mark.parametrize(
    ("error", "said"),
    [(KeyError("region"), "KeyError: 'region'"), (SystemExit(3), "SystemExit: 3"), (Unshowable(), "Unshowable")],
)
def test_credentials_that_break_are_the_plugins_fault_and_nothing_is_sent(
    error: BaseException, said: str, client_of: ClientMaker
) -> None:
    with RawServer(RawConnection.close) as server:
        with pytest.raises(PluginError, match=said):
            put_order(client_of(server.url, auth=lambda settings: Breaks(error)), server.url)
        assert server.connections == []


def test_a_broken_refresh_leaves_the_next_caller_free_to_try(client_of: ClientMaker) -> None:
    responses = iter([http_response(503)])
    service = TokenService()

    def answer(request: bytes) -> bytes:
        return next(responses, b"") or service(request)

    with RawServer(responding(answer)) as server:
        client = client_of(server.url, ONE_TRY, auth=AcmeAuth)
        assert put_order(client, server.url).failure is not None
        assert put_order(client, server.url).status == 200


# A token that has ended, told with 200


class TellsByBody(AcmeAuth):
    def is_token_expired(self, response: httpx.Response) -> bool:
        return b"token_expired" in response.content


def test_a_token_that_has_ended_by_the_body_of_a_200_is_renewed_once(client_of: ClientMaker) -> None:
    service = TokenService(good=lambda token: token != "token-1")
    service.rejection = http_response(200, b'{"code": "token_expired"}')
    with RawServer(responding(service)) as server:
        client = client_of(server.url, auth=TellsByBody)
        exchange = put_order(client, server.url)
        assert (exchange.status, exchange.body, service.calls) == (200, "{}", ["token-1", "token-2"])
        plain = put_order(client_of(server.url, auth=AcmeAuth), server.url)
        assert plain.status == 200


def test_where_a_new_token_has_ended_too_no_flow_takes_that_for_an_answer(client_of: ClientMaker) -> None:
    service = TokenService(good=lambda token: False)
    service.rejection = http_response(200, b'{"code": "token_expired"}')
    with RawServer(responding(service)) as server, pytest.raises(ConfigurationError, match="which it has just given"):
        put_order(client_of(server.url, auth=TellsByBody), server.url)
    assert service.calls == ["token-1", "token-2"]


def test_a_token_goes_into_the_header_that_the_service_wants_and_a_date_beside_it() -> None:
    login = (Secret("refresh"), Secret("id"), Secret("secret"))
    request = httpx.Request("GET", "https://acme.example", headers={"x-date": "old"})
    RefreshTokenAuth("", *login, header="x-token", date_header="x-date").sign(request, Secret("token-1"))
    assert request.headers["x-token"] == "token-1"
    assert re.fullmatch(r"\d{8}T\d{6}Z", request.headers["x-date"])
    assert "authorization" not in request.headers


def test_a_call_that_is_repeated_with_a_new_token_counts_against_the_quota(client_of: ClientMaker) -> None:
    """The service counts both. Where nothing is left for the second, it waits for the next day."""
    quotas = {"*": Quota(2)}
    service = TokenService(good=lambda token: token != "token-1")
    with RawServer(responding(service)) as server:
        client = client_of(server.url, auth=AcmeAuth, quotas=quotas)
        assert put_order(client, server.url).status == 200
        third = put_order(client, server.url)
    assert service.calls == ["token-1", "token-2"]
    assert third.failure is not None
    assert (third.failure.kind, third.failure.certainty) == (NOT_TODAY, Certainty.NOT_SENT)
    again = TokenService(good=lambda token: token != "token-1")
    with RawServer(responding(again)) as server:
        exchange = put_order(client_of(server.url, auth=AcmeAuth, quotas={"*": Quota(1)}), server.url)
    assert again.calls == ["token-1"]
    assert exchange.failure is not None
    assert (exchange.failure.kind, exchange.failure.certainty) == (NOT_TODAY, Certainty.NOT_SENT)
