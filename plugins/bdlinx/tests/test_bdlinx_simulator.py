"""The invented print shop: what it answers, by whom it lets itself be called, and its life by the clock."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from orderdesk_bdlinx.settings import BdlinxSettings
from orderdesk_bdlinx.simulator import BdlinxSimulator
from orderdesk_devkit.simulators.profile import API_SECRET, API_USER, BASE, Durations
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings

GOOD = httpx.BasicAuth(API_USER, API_SECRET)


@pytest.fixture
def shop() -> BdlinxSimulator:
    """A print shop with order 1042 in its queue."""
    made = BdlinxSimulator(VirtualClock())
    made.add_order("1042")
    return made


@pytest.fixture
def client(shop: BdlinxSimulator) -> Iterator[httpx.Client]:
    with serve(shop.app) as served, httpx.Client(base_url=served.url, auth=GOOD, trust_env=False) as made:
        yield made


def test_every_answer_says_that_it_is_not_bdlinx(client: httpx.Client) -> None:
    for response in (client.get(f"{BASE}/1042"), client.get("/"), client.get(f"{BASE}/1042", auth=("a", "b"))):
        assert response.json()["note"] == "simulator-defined API, not BDLinx's"


def test_a_stop_is_taken_in_the_queue_and_then_too_late(client: httpx.Client, shop: BdlinxSimulator) -> None:
    assert isinstance(shop.clock, VirtualClock)
    assert client.post(f"{BASE}/1042/stop", json={"why": ""}).status_code == 202
    shop.clock.advance(Durations().cancel)
    assert client.get(f"{BASE}/1042").json()["simulated"] == {"order": "1042", "stage": "stopped"}
    assert client.post(f"{BASE}/1042/stop", json={"why": ""}).status_code == 409


def test_the_life_of_an_order_goes_by_the_clock(shop: BdlinxSimulator) -> None:
    assert isinstance(shop.clock, VirtualClock)
    shop.clock.advance(minutes(30))
    assert shop.actual_status("1042") == "printing"
    shop.clock.advance(hours(4))
    assert shop.actual_status("1042") == "gone"
    assert [record.effect for record in shop.log if record.operation == "life cycle"] == [
        "queued -> printing",
        "printing -> gone",
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": ""},
        {"authorization": "Basic !"},
        {"authorization": "Basic YTpi"},
        {"authorization": "Bearer YTpi"},
        {"authorization": "Basic gICA"},
    ],
)
def test_who_is_not_the_user_is_not_let_in(shop: BdlinxSimulator, headers: dict[str, str]) -> None:
    with serve(shop.app) as served, httpx.Client(base_url=served.url, trust_env=False) as client:
        assert client.post(f"{BASE}/1042/stop", headers=headers).status_code == 401
        shop.set_option("auth", "headers")
        assert client.get(f"{BASE}/1042", headers=headers).status_code == 401
    assert [record.effect for record in shop.log[1:]] == ["refused: credentials"] * 2


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", f"{BASE}/7", 404), ("GET", "/1042", 404), ("PUT", f"{BASE}/1042", 405), ("POST", f"{BASE}/1042/go", 405)],
)
def test_what_is_not_there_is_said_so(client: httpx.Client, method: str, path: str, status: int) -> None:
    assert client.request(method, path).status_code == status


def test_its_settings_are_settings_of_the_plugin(shop: BdlinxSimulator) -> None:
    table = {**shop.settings("http://127.0.0.1:1"), "api_secret": {"text": API_SECRET}}
    made = make_settings(BdlinxSettings, ConnectionConfig("print", "bdlinx", table, "[connections.print]"))
    assert isinstance(made, BdlinxSettings)
    assert made.api is not None
    assert made.api.read is not None


def test_orders_are_added_once_and_asked_for_by_name(shop: BdlinxSimulator) -> None:
    with pytest.raises(ValidationError, match="used"):
        shop.add_order("1042")
    with pytest.raises(NotFoundError, match="7"):
        shop.actual_status("7")
