"""The simulator of Amazon MCF: tokens, quotas, headers, ids in paths, and what else all operations share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from orderdesk_amazon_mcf.simulator import McfSimulator, example_order
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_sdk.clock import VirtualClock, hours, seconds

Renew = Callable[[], httpx.Client]
ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"
AGENT = "orderdesk-tests/1.0 (Language=Python/3.11; Platform=Linux)"


def error_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def cancel(client: httpx.Client, remote_id: str = "A-1") -> httpx.Response:
    return client.put(f"{ORDERS}/{remote_id}/cancel")


def token_form(amazon: McfSimulator) -> dict[str, str]:
    settings = amazon.settings("")
    names = ("refresh_token", "client_id", "client_secret")
    return {"grant_type": "refresh_token"} | {name: settings[name] for name in names}


def test_a_refresh_token_buys_an_access_token_for_an_hour(
    clock: VirtualClock, amazon: McfSimulator, client: httpx.Client
) -> None:
    response = client.post("/auth/o2/token", data=token_form(amazon))
    bought = response.json()
    assert (response.status_code, bought["token_type"], bought["expires_in"]) == (200, "bearer", 3600)
    assert bought["access_token"].startswith("Atza|")
    assert bought["refresh_token"] == amazon.settings("")["refresh_token"]
    client.headers["x-amz-access-token"] = bought["access_token"]
    clock.advance(seconds(3599))
    assert client.get(ORDERS).status_code == 200
    clock.advance(seconds(1))
    assert error_of(client.get(ORDERS)) == (403, "Unauthorized")


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"refresh_token": "Atzr|other"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"client_secret": ""}, 400, "invalid_request"),
        ({"refresh_token": ""}, 400, "invalid_request"),
    ],
)
def test_a_bad_token_request_is_refused_with_its_code(
    amazon: McfSimulator, client: httpx.Client, changed: dict[str, str], status: int, code: str
) -> None:
    response = client.post("/auth/o2/token", data=token_form(amazon) | changed)
    assert (response.status_code, response.json()["error"]) == (status, code)
    assert "access_token" not in response.json()


def test_a_token_request_is_a_posted_form_or_json_as_two_public_clients_send_it(
    amazon: McfSimulator, client: httpx.Client
) -> None:
    form = token_form(amazon)
    response = client.post("/auth/o2/token", json=form)
    assert (response.status_code, response.json()["token_type"]) == (200, "bearer")
    for bad in (
        client.get("/auth/o2/token"),
        client.post("/auth/o2/token", json=[form]),
        client.post("/auth/o2/token", json=form | {"client_id": 1}),
        client.post("/auth/o2/token", content=b"{", headers={"content-type": "application/json"}),
        client.post("/auth/o2/token", content=b"grant_type=refresh_token", headers={"content-type": "text/plain"}),
    ):
        assert (bad.status_code, bad.json()["error"]) == (400, "invalid_request")


def test_tokens_differ_within_a_simulator_and_are_the_same_in_the_next(clock: VirtualClock) -> None:
    def three() -> list[str]:
        amazon = McfSimulator(clock)
        with serve(amazon.app) as served:
            url = served.url + "/auth/o2/token"
            bought = [httpx.post(url, data=token_form(amazon), trust_env=False) for _ in range(3)]
        return [response.json()["access_token"] for response in bought]

    first = three()
    assert len(set(first)) == 3
    assert three() == first


@pytest.mark.parametrize("token", [None, "Atza|made-up"])
def test_without_a_good_token_nothing_is_done(amazon: McfSimulator, client: httpx.Client, token: str | None) -> None:
    amazon.add_order("A-1", lines=[("MUG", 2)])
    del client.headers["x-amz-access-token"]
    response = client.put(f"{ORDERS}/A-1/cancel", headers={"x-amz-access-token": token} if token else {})
    assert response.json()["errors"][0]["message"] == "Access to requested resource is denied."
    assert error_of(response) == (403, "Unauthorized")
    assert not any("accepted" in record.effect for record in amazon.log)


def test_the_expired_token_fault_ends_the_token_for_real(
    amazon: McfSimulator, client: httpx.Client, renew: Renew
) -> None:
    amazon.faults.add(Fault.EXPIRED_TOKEN, path=ORDERS)
    assert [error_of(client.get(ORDERS)), error_of(client.get(ORDERS))] == [(403, "Unauthorized")] * 2
    assert renew().get(ORDERS).status_code == 200
    amazon.expire_tokens()
    assert error_of(client.get(ORDERS)) == (403, "Unauthorized")


@pytest.mark.parametrize("agent", ["python-requests/2.32", "app/1 (Platform=Linux)", f"{AGENT}{'x' * 500}"])
def test_a_user_agent_without_language_is_taken_as_amazons_own_client_sends_it_unless_switched_on(
    amazon: McfSimulator, client: httpx.Client, agent: str
) -> None:
    assert client.get(ORDERS, headers={"user-agent": agent}).status_code == 200
    amazon.set_option("user_agent", "required")
    assert error_of(client.get(ORDERS, headers={"user-agent": agent})) == (400, "InvalidInput")
    assert client.get(ORDERS, headers={"user-agent": AGENT}).status_code == 200


def test_every_answer_has_its_own_request_id_and_only_some_name_the_rate(
    amazon: McfSimulator, client: httpx.Client
) -> None:
    amazon.add_order("A-1", lines=[("MUG", 2)])
    rated = [client.get(ORDERS), client.put(f"{ORDERS}/A-1", json=[]), client.get(f"{ORDERS}/none")]
    denied = client.get(f"{ORDERS}/A%20B")
    status = client.put(f"{ORDERS}/A-1/status", json={"fulfillmentOrderStatus": "Planning"})
    unrated = [denied, status, client.post("/auth/o2/token"), client.get("/elsewhere")]
    assert [response.status_code for response in rated] == [200, 400, 404]
    assert [response.headers["x-amzn-ratelimit-limit"] for response in rated] == ["2.0"] * 3
    assert [response.status_code for response in unrated] == [403, 200, 400, 404]
    assert not any("x-amzn-ratelimit-limit" in response.headers for response in unrated)
    assert len({response.headers["x-amzn-requestid"] for response in rated + unrated}) == 7


def test_each_operation_has_a_bucket_of_30_that_fills_with_two_a_second(
    clock: VirtualClock, amazon: McfSimulator, client: httpx.Client, renew: Renew
) -> None:
    amazon.add_order("A-1", lines=[("MUG", 2)])
    assert [client.get(ORDERS).status_code for _ in range(31)] == [200] * 30 + [429]
    throttled = client.get(ORDERS)
    assert error_of(throttled) == (429, "QuotaExceeded")
    assert "x-amzn-ratelimit-limit" not in throttled.headers
    assert client.get(f"{ORDERS}/A-1").status_code == 200
    clock.advance(seconds(0.4))
    assert client.get(ORDERS).status_code == 429
    clock.advance(seconds(0.6))
    assert [client.get(ORDERS).status_code for _ in range(3)] == [200, 200, 429]
    clock.advance(hours(1))
    again = renew()
    assert [again.get(ORDERS).status_code for _ in range(31)] == [200] * 30 + [429]


def test_the_status_call_of_the_sandbox_is_not_throttled(amazon: McfSimulator, client: httpx.Client) -> None:
    amazon.add_order("A-1", lines=[("MUG", 2)])
    body = {"fulfillmentOrderStatus": "Planning"}
    assert {client.put(f"{ORDERS}/A-1/status", json=body).status_code for _ in range(40)} == {200}


def test_a_plus_in_a_path_becomes_a_space_however_it_is_encoded_and_a_space_is_denied(
    amazon: McfSimulator, client: httpx.Client
) -> None:
    assert client.post(ORDERS, json=example_order("A+1")).status_code == 200
    assert amazon.actual_status("A+1") == "New"
    for path in ("A+1", "A%2B1", "A%201"):
        assert error_of(client.get(f"{ORDERS}/{path}")) == (403, "Unauthorized")


def test_an_encoded_slash_stays_in_its_id(amazon: McfSimulator, client: httpx.Client) -> None:
    amazon.add_order("A/1", lines=[("MUG", 2)])
    response = client.get(f"{ORDERS}/A%2F1")
    assert response.json()["payload"]["fulfillmentOrder"]["sellerFulfillmentOrderId"] == "A/1"


def test_unknown_ids_paths_and_methods_and_ids_too_long_are_refused(client: httpx.Client) -> None:
    assert error_of(client.get(f"{ORDERS}/none")) == (404, "InvalidInput")
    assert error_of(cancel(client, "none")) == (404, "InvalidInput")
    assert error_of(client.get(f"{ORDERS}/{'x' * 41}")) == (400, "InvalidInput")
    assert error_of(client.delete(f"{ORDERS}/A-1")) == (404, "InvalidInput")
    assert error_of(client.put(f"{ORDERS}/A-1/return", json={})) == (404, "InvalidInput")


def test_a_body_that_is_no_json_is_refused(amazon: McfSimulator, client: httpx.Client) -> None:
    amazon.add_order("A-1", lines=[("MUG", 2)])
    assert error_of(client.post(ORDERS, content=b"{")) == (400, "InvalidInput")
    assert error_of(client.put(f"{ORDERS}/A-1/status", content=b"")) == (400, "InvalidInput")
    assert cancel(client).status_code == 200


def test_methods_may_be_called_while_the_server_answers(amazon: McfSimulator, client: httpx.Client) -> None:
    def seed(worker: int) -> None:
        for number in range(200):
            amazon.add_order(f"{worker}-{number}", lines=[("MUG", 1)], status="Complete")

    with ThreadPoolExecutor(4) as pool:
        seeding = [pool.submit(seed, worker) for worker in range(4)]
        answers = [client.get(ORDERS).status_code for _ in range(30)]
        for one in seeding:
            one.result()
    assert answers == [200] * 30
    assert sum(record.operation == "add_order" for record in amazon.log) == 800


def test_it_is_built_as_every_simulator_is(clock: VirtualClock) -> None:
    amazon: Simulator = McfSimulator(clock)
    settings = amazon.settings("http://127.0.0.1:8000")
    assert settings["endpoint"] == "http://127.0.0.1:8000"
    assert settings["token_url"] == "http://127.0.0.1:8000/auth/o2/token"
    assert settings["marketplace_id"] == "ATVPDKIKX0DER"
    assert set(settings) == {
        "refresh_token",
        "client_id",
        "client_secret",
        "endpoint",
        "token_url",
        "marketplace_id",
    }
