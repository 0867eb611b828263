"""What a token endpoint is asked, and what its responses mean.

How long a token lasts, rejections, and to be left alone.
"""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.exchange import Certainty
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.oauth import ClientCredentialsAuth
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.secret import Secret
from tests.support.http_calls import ONE_TRY, ignore_intent, put_order
from tests.support.token_service import AcmeAuth, TokenService

if TYPE_CHECKING:
    from tests.conftest import ClientMaker


@pytest.mark.parametrize(("scope", "form"), [("read write", b"&scope=read+write"), ("", b"")])
def test_a_client_asks_for_the_scope_that_it_is_given(scope: str, form: bytes) -> None:
    auth = ClientCredentialsAuth("https://acme.example/token", Secret("id"), Secret("key"), scope=scope)
    wanted = b"grant_type=client_credentials" + form + b"&client_id=id&client_secret=key"
    assert auth.token_request().content == wanted


def test_a_client_may_say_who_it_is_in_a_header() -> None:
    login = (Secret("an id"), Secret("a:key"))
    request = ClientCredentialsAuth("https://acme.example/token", *login, client_auth="basic").token_request()
    assert request.headers["authorization"] == f"Basic {b64encode(b'an+id:a%3Akey').decode()}"  # RFC 6749, 2.3.1
    assert request.content == b"grant_type=client_credentials"


def test_a_token_that_does_not_tell_lasts_as_documented_and_else_is_none() -> None:
    bare = httpx.Response(200, json={"access_token": "t"})
    told = httpx.Response(200, json={"access_token": "t", "expires_in": 60})
    auth = ClientCredentialsAuth("https://acme.example/token", Secret("id"), Secret("key"), expires_in=7200)
    assert [auth.parse_token(response).expires_in for response in (bare, told)] == [hours(2), minutes(1)]
    # RFC 6749, 5.1: a service need not tell. A good token that is thrown away would keep every call from being made.
    untold = ClientCredentialsAuth("https://acme.example/token", Secret("id"), Secret("key"))
    assert untold.parse_token(bare).expires_in == minutes(10)


@pytest.mark.parametrize(
    ("told", "lasts"),
    [
        (3600, 3600),
        ("3600", 3600),
        (" 3600 ", 3600),
        (3600.0, 3600),
        ("3600.0", 3600),
        (3599.5, 3599.5),
        (0, 0),
        (-5, -5),
        (10**30, 365 * 86_400),
        ("9" * 400, 365 * 86_400),
        (-(10**30), -365 * 86_400),
    ],
)
def test_a_token_lasts_as_long_as_the_number_says_however_it_is_written(told: object, lasts: float) -> None:
    response = httpx.Response(200, json={"access_token": "t", "expires_in": told})
    auth = ClientCredentialsAuth("https://acme.example/token", Secret("id"), Secret("key"))
    assert auth.parse_token(response).expires_in == seconds(lasts)


@pytest.mark.parametrize("told", ["soon", "", "nan", "inf", "1e3", "0x10", True, [3600], {"seconds": 3600}])
def test_what_is_no_number_of_seconds_is_no_life_of_a_token(told: object) -> None:
    response = httpx.Response(200, json={"access_token": "t", "expires_in": told})
    with pytest.raises(MalformedResponseError, match="how long its access token lasts"):
        ClientCredentialsAuth("https://acme.example/token", Secret("id"), Secret("key"), expires_in=60).parse_token(
            response
        )


@pytest.mark.parametrize(("lasts", "used_for"), [(600, 540), (120, 60), (90, 45), (10, 5)])
def test_a_short_token_is_used_for_half_of_its_life(lasts: int, used_for: int, client_of: ClientMaker) -> None:
    clock = VirtualClock()
    service = TokenService(expires_in=lasts)
    with RawServer(responding(service)) as server:
        client = client_of(server.url, clock=clock, auth=AcmeAuth)
        for step in (0, used_for - 1, 1):
            clock.advance(seconds(step))
            put_order(client, server.url)
    assert service.calls == ["token-1", "token-1", "token-2"]


@pytest.mark.parametrize("lasts", [0, -3600])
def test_a_token_that_has_ended_when_it_comes_is_used_for_one_call(lasts: int, client_of: ClientMaker) -> None:
    service = TokenService(expires_in=lasts)
    with RawServer(responding(service)) as server:
        client = client_of(server.url, auth=AcmeAuth)
        assert [put_order(client, server.url).status for _ in range(2)] == [200, 200]
    assert service.calls == ["token-1", "token-2"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, "invalid_grant"),
        (400, "invalid_grant"),
        (401, "invalid_client"),
        (404, "invalid_client"),
        (200, {"code": "invalid_grant", "message": "no"}),
    ],
)
def test_an_error_is_a_refused_credential_whatever_the_status(status: int, error: object) -> None:
    response = httpx.Response(status, json={"error": error, "access_token": "t", "expires_in": 60})
    with pytest.raises(ConfigurationError, match=r"the service rejected the credentials: invalid_(grant|client)"):
        ClientCredentialsAuth("https://acme.example/token", Secret("id"), Secret("key")).parse_token(response)


@pytest.mark.parametrize(("status", "error"), [(200, "slow_down"), (400, "server_error"), (500, "invalid_grant")])
def test_an_error_that_passes_is_no_token_and_refuses_nothing(status: int, error: str) -> None:
    response = httpx.Response(status, json={"error": error, "access_token": "t", "expires_in": 60})
    with pytest.raises(MalformedResponseError, match="no access token"):
        ClientCredentialsAuth("https://acme.example/token", Secret("id"), Secret("key")).parse_token(response)


# A token endpoint that wants to be left alone


class Busy(TokenService):
    """Its token endpoint says this until it is told otherwise."""

    def __init__(self, busy: bytes) -> None:
        super().__init__()
        self.busy: bytes | None = busy
        self.asked = 0

    def token_reply(self) -> bytes:
        self.asked += 1
        return self.busy or super().token_reply()


@pytest.mark.parametrize(
    ("busy", "waits"),
    [
        (http_response(429, b"{}", retry_after="60"), 60),
        (http_response(429, b"{}", x_retry_after="60.0"), 60),
        (http_response(503, b"<h1>Later</h1>", retry_after="90"), 90),
        (http_response(429, b"{}", retry_after="Fri, 01 Jan 2999 00:00:00 GMT"), 86_400),
    ],
    ids=["429", "X-Retry-After", "503", "far ahead"],
)
def test_a_token_endpoint_that_throttles_is_asked_by_nobody_before_its_time_and_said_so(
    busy: bytes, waits: int, client_of: ClientMaker
) -> None:
    clock = VirtualClock()
    service = Busy(busy)
    with RawServer(responding(service)) as server:
        client = client_of(server.url, clock=clock, auth=AcmeAuth)
        for passed, left in ((0, waits), (0, waits), (waits - 1, 1)):
            clock.advance(seconds(passed))
            failure = client.call(httpx.Request("PUT", server.url), 1, ignore_intent)[0].failure
            if left == 1:
                break  # A second is waited for within the call, and the endpoint is asked again after it.
            assert failure is not None
            assert (failure.certainty, failure.retry_after) == (Certainty.NOT_SENT, seconds(left))
            assert "throttles its tokens" in failure.message
            assert service.asked == 1
        assert clock.monotonic() >= waits
        service.busy = None
        clock.advance(hours(48))
        assert put_order(client, server.url).status == 200


def test_a_token_endpoint_that_does_not_say_for_how_long_is_asked_less_and_less_often(client_of: ClientMaker) -> None:
    clock = VirtualClock()
    service = Busy(http_response(429))
    with RawServer(responding(service)) as server:
        client = client_of(server.url, ONE_TRY, clock, auth=AcmeAuth)
        waits = []
        for _ in range(4):
            failure = put_order(client, server.url).failure
            assert failure is not None
            assert failure.retry_after is not None
            waits.append(failure.retry_after.total_seconds())
            clock.advance(failure.retry_after)
    assert waits == [15, 30, 60, 120]
    assert service.asked == 4


def test_a_token_endpoint_may_throttle_in_a_way_of_its_own(client_of: ClientMaker) -> None:
    class Own(AcmeAuth):
        def retry_after(self, response: httpx.Response) -> timedelta | None:
            return minutes(2) if response.json().get("error") == "busy" else None

    service = Busy(http_response(200, b'{"error": "busy"}'))
    with RawServer(responding(service)) as server:
        failure = put_order(client_of(server.url, auth=Own), server.url).failure
        assert failure is not None
        assert (failure.certainty, failure.retry_after) == (Certainty.NOT_SENT, minutes(2))


@pytest.mark.parametrize("token", ["a\r\nx-evil: 1", "a\x00", "tök", "\ud83d", "x" * 20_000], ids=ascii)
def test_a_token_that_no_header_takes_is_none_and_the_call_is_not_sent(token: str, client_of: ClientMaker) -> None:
    body = json.dumps({"access_token": token, "expires_in": 3600}).encode()
    with RawServer(responding(lambda _: http_response(200, body))) as server:
        failure = put_order(client_of(server.url, ONE_TRY, auth=AcmeAuth), server.url).failure
        assert failure is not None
        assert failure.certainty is Certainty.NOT_SENT
        assert b"PUT " not in server.received
