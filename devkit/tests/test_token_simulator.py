"""The simulator whose clients fetch their tokens: who is given one, how long it is good, and how it ends early."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import httpx
import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.token import TokenSimulator
from orderdesk_sdk.clock import VirtualClock, minutes

GOOD = {
    "grant_type": "client_credentials",
    "client_id": TokenSimulator.client_id,
    "client_secret": TokenSimulator.client_secret,
}


class Kiln(TokenSimulator):
    """As small as one can be."""

    def settings(self, url: str) -> Mapping[str, object]:
        return {"base_url": url}


@pytest.fixture
def kiln() -> Kiln:
    made = Kiln(VirtualClock())
    made.add_order("1042")
    return made


@pytest.fixture
def client(kiln: Kiln) -> Iterator[httpx.Client]:
    with serve(kiln.app) as served, httpx.Client(base_url=served.url, trust_env=False) as made:
        yield made


def token_of(client: httpx.Client) -> str:
    token: str = client.post("/oauth/token", data=GOOD).json()["access_token"]
    return token


def read(client: httpx.Client, authorization: str) -> int:
    return client.get("/orders/1042", headers={"authorization": authorization}).status_code


def test_a_known_client_is_given_a_token_that_lets_it_in(client: httpx.Client) -> None:
    response = client.post("/oauth/token", data=GOOD)
    told = response.json()
    assert (response.status_code, told["token_type"], told["expires_in"]) == (200, "Bearer", 3600)
    assert read(client, f"Bearer {told['access_token']}") == 200


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "unsupported_grant_type"),
        ({"client_id": "another"}, 401, "invalid_client"),
        ({"client_secret": "another"}, 401, "invalid_client"),
    ],
)
def test_a_wrong_token_request_is_refused(
    client: httpx.Client, changed: dict[str, str], status: int, error: str
) -> None:
    response = client.post("/oauth/token", data=GOOD | changed)
    assert (response.status_code, response.json()) == (status, {"error": error})


def test_a_token_request_that_is_no_form_is_refused(client: httpx.Client) -> None:
    assert client.post("/oauth/token", content=b"\xff\x00").status_code == 400


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer made-up", "Basic made-up"])
def test_nobody_else_is_let_in(client: httpx.Client, authorization: str) -> None:
    token_of(client)
    assert read(client, authorization) == 401


def test_a_token_without_its_scheme_lets_nobody_in(client: httpx.Client) -> None:
    assert read(client, token_of(client)) == 401


def test_a_token_ends_after_its_hour(kiln: Kiln, client: httpx.Client) -> None:
    token = token_of(client)
    assert isinstance(kiln.clock, VirtualClock)
    kiln.clock.advance(minutes(59))
    assert read(client, f"Bearer {token}") == 200
    kiln.clock.advance(minutes(1))
    assert read(client, f"Bearer {token}") == 401


def test_every_token_is_another_one_though_no_time_passes(client: httpx.Client) -> None:
    first = token_of(client)
    assert token_of(client) != first
    assert read(client, f"Bearer {first}") == 200


def test_the_fault_of_an_expired_token_ends_those_that_are_out_and_a_new_one_is_good(
    kiln: Kiln, client: httpx.Client
) -> None:
    token = token_of(client)
    kiln.faults.add(Fault.EXPIRED_TOKEN, path="^/orders")
    assert [read(client, f"Bearer {token}") for _ in range(2)] == [401, 401]
    fresh = token_of(client)
    assert fresh != token
    assert read(client, f"Bearer {fresh}") == 200


def test_no_token_is_written_to_the_log(kiln: Kiln, client: httpx.Client) -> None:
    token = token_of(client)
    (record,) = (record for record in kiln.log if record.operation == "token")
    assert record.effect == "issued"
    assert token not in repr(kiln.log)
