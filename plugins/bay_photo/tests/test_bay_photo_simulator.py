"""The simulated Bay Photo: what is documented of it is judged, and the plugin's own bodies pass."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from orderdesk_bay_photo.api import new_order
from orderdesk_bay_photo.settings import SCOPES, BayPhotoSettings
from orderdesk_bay_photo.simulator import CLIENT_ID, CLIENT_SECRET, SUBMIT, TOKEN, BayPhotoSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.clock import hours, seconds
from orderdesk_sdk.orders.order import Address, Order, OrderLine
from orderdesk_sdk.secret import Secret

integration = "bay-photo"
V1 = {"authorization": f'Token token="{TOKEN}"'}
URL = "https://files.example.com/sea.jpg"
GRANT = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "scope": SCOPES}


@pytest.fixture
def client(simulator: BayPhotoSimulator) -> Iterator[httpx.Client]:
    with serve(simulator.app) as served, httpx.Client(base_url=served.url, trust_env=False) as made:
        yield made


def body(api: str, now: datetime, **order: Any) -> dict[str, Any]:
    """What the plugin sends for order A."""
    given = BayPhotoSettings(
        api_version=api,
        token=Secret("t"),
        client_id=Secret("i"),
        client_secret=Secret("s"),
        submit_path=SUBMIT,
        shipping_code="FEDEX2",
    )
    line = OrderLine(1, code="SEA", metadata={"print_sku": "8x10", "print_url": URL})
    return new_order(Order("id-A", "A", lines=(line,), shipping=Address(country="US"), **order), given, now)[1]


def token(client: httpx.Client) -> dict[str, str]:
    return {"authorization": f"Bearer {client.post('/oauth/token', data=GRANT).json()['access_token']}"}


def test_a_number_is_used_once(client: httpx.Client, simulator: BayPhotoSimulator) -> None:
    new = body("v1", simulator.clock.now())
    made = [client.post("/api/v1/orders.json", headers=V1, json=new) for _ in range(2)]
    assert [response.status_code for response in made] == [201, 422]
    assert made[0].json()["note"] == "simulator-defined API, not Bay Photo's"
    simulator.set_option("api", "v2")
    again = client.post(f"/order_api/v2{SUBMIT}", headers=token(client), json=body("v2", simulator.clock.now()))
    assert again.json()["error"] == "integrator_identifier A is used"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"order_name": 7}, "order_name is wrong"),
        ({"order_date": "2026-01-05"}, "order_date is wrong"),
        ({"customer": {"name": "Robin"}}, "email is missing"),
        ({"products": []}, "customer or products are wrong"),
        ({"products": [{"product_id": "8x10", "qty": 0, "photos": [{}]}]}, "a product is wrong"),
        ({"products": [{"product_id": "8x10", "qty": 1, "photos": [{}]}]}, "image_file_name is missing"),
    ],
)
def test_v1_judges_what_its_document_has(
    client: httpx.Client, simulator: BayPhotoSimulator, changed: dict[str, object], said: str
) -> None:
    response = client.post("/api/v1/orders.json", headers=V1, json={**body("v1", simulator.clock.now()), **changed})
    assert (response.status_code, response.json()["error"]) == (422, said)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"integrator_identifier": "A" * 256}, "integrator_identifier has 1 to 255 characters"),
        ({"placed_at": "2999-01-01T00:00:00Z"}, "placed_at is not in the past"),
        ({"placed_at": "yesterday"}, "placed_at is wrong"),
        ({"gift": True}, "gift is not allowed"),
        ({"images": {}}, "an image is not there"),
        ({"shipping": {"code": "", "destination_address": {}}}, "shipping or images are wrong"),
    ],
)
def test_v2_judges_what_its_schema_has(
    client: httpx.Client, simulator: BayPhotoSimulator, changed: dict[str, object], said: str
) -> None:
    simulator.set_option("api", "v2")
    new = {**body("v2", simulator.clock.now()), **changed}
    response = client.post(f"/order_api/v2{SUBMIT}", headers=token(client), json=new)
    assert (response.status_code, response.json()["error"]) == (422, said)


def test_an_order_is_placed_in_the_past_however_the_hosts_clock_goes(simulator: BayPhotoSimulator) -> None:
    now = datetime(2026, 1, 5, 9, tzinfo=UTC)
    placed = [body("v2", now, added_at=added)["placed_at"] for added in (None, now - hours(1), now + hours(1))]
    assert placed == ["2026-01-05T09:00:00Z", "2026-01-05T08:00:00Z", "2026-01-05T09:00:00Z"]


@pytest.mark.parametrize(
    ("changed", "status"), [({"client_secret": "x"}, 401), ({"grant_type": "password"}, 400), ({"scope": "all"}, 400)]
)
def test_a_token_needs_client_grant_and_scope(
    client: httpx.Client, simulator: BayPhotoSimulator, changed: dict[str, str], status: int
) -> None:
    simulator.set_option("api", "v2")
    assert client.post("/oauth/token", data={**GRANT, **changed}).status_code == status


@pytest.mark.parametrize(("after", "status"), [(hours(2) - seconds(1), 200), (hours(2), 401)])
def test_a_token_lasts_two_hours(
    client: httpx.Client, simulator: BayPhotoSimulator, after: timedelta, status: int
) -> None:
    simulator.set_option("api", "v2")
    header = token(client)
    simulator.clock.sleep_until(simulator.clock.monotonic() + after.total_seconds())
    assert client.get("/simulated-api/orders/1042", headers=header).status_code == status


def test_each_api_has_credentials_of_its_own(client: httpx.Client, simulator: BayPhotoSimulator) -> None:
    assert client.post("/api/v1/orders.json", json=body("v1", simulator.clock.now())).status_code == 401
    simulator.set_option("api", "v2")
    assert client.get("/simulated-api/orders/1042", headers=V1).status_code == 401
