"""docs/how-to/fastapi.md is run as it stands: a FastAPI app that knows no service cancels at simulated ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from attrs import frozen

from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.errors import StorageError
from orderdesk_shopify.simulator import ShopifySimulator
from tests.support.page_session import PageSession, play

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Pages, Register, Simulators

pytestmark = pytest.mark.slow

PAGE = "fastapi.md"
WITHIN = 120.0
"""Real seconds after which the worker thread is taken for idle; it looks every second."""


@frozen
class Running:
    """The page's app, served on loopback. names: what its program defines."""

    client: httpx.Client
    names: dict[str, Any]

    def get(self, path: str) -> httpx.Response:
        """The answer to a GET."""
        return self.client.get(path)

    def post(self, path: str, **sent: Any) -> httpx.Response:
        """The answer to a POST; keywords are httpx's."""
        return self.client.post(path, **sent)


@pytest.fixture
def app(sandbox: Simulators, page_blocks: Pages) -> Iterator[Running]:
    """The page's app, at the sandbox."""
    names: dict[str, Any] = {"__name__": "main"}
    for block in page_blocks(PAGE, ["python"]):
        block.run(names)
    with serve(names["app"]) as served, httpx.Client(base_url=served.url, timeout=WITHIN) as client:
        yield Running(client, names)


def test_a_cancel_is_followed_up_by_the_thread_of_the_app(sandbox: Simulators, app: Running, place: Register) -> None:
    place("1042", "amazon-mcf")
    simulator, _ = sandbox["amazon-mcf"]
    asked = app.post("/orders/1042/cancel", json={"by": "Ann", "reason": "customer asked"})
    assert (asked.status_code, asked.json()) == (200, {"amazon-mcf": "acknowledged"})
    assert app.get("/orders/1042/receipt").json()["is_canceled"] is False
    give_up = time.monotonic() + WITHIN
    while not (told := app.get("/orders/1042/receipt").json())["is_settled"]:
        assert time.monotonic() < give_up, "the worker thread did nothing"
        simulator.clock.sleep_until(simulator.clock.monotonic() + 60)
        time.sleep(0.05)
    assert told["is_canceled"] is True
    assert [case["state"] for case in told["cases"]] == ["canceled"]


def test_a_page_is_drawn_from_what_services_declare(app: Running, place: Register) -> None:
    place("1042", "mww", "commercehub")
    drawn = app.get("/orders/1042").text
    assert '<time datetime="' in drawn
    assert '<option value="CXSS">Out of Stock</option>' in drawn
    assert drawn.index("MWW") < drawn.index("CommerceHub"), "the cart is last"


def test_capabilities_are_those_of_the_connection(app: Running) -> None:
    told = app.get("/connections/mww").json()
    assert [route["kind"] for route in told["routes"]] == ["button", "e-mail"]


def test_a_webhook_is_taken_as_it_was_signed(sandbox: Simulators, app: Running, place: Register) -> None:
    shop, _ = sandbox["shopify"]
    assert isinstance(shop, ShopifySimulator)
    place("1042", "shopify")
    shop.cancel_in_admin("1042")
    (message,) = shop.outbox.messages
    taken = app.post("/webhooks/shopify", content=message.body, headers=dict(message.headers))
    assert (taken.status_code, taken.content) == (202, b"")
    forged = app.post("/webhooks/shopify", content=message.body + b" ", headers=dict(message.headers))
    assert forged.status_code == 401


def test_the_app_starts_from_an_empty_folder(tmp_path: Path, page_blocks: Pages) -> None:
    with PageSession(tmp_path) as session:
        play(session, page_blocks(PAGE))


def test_errors_have_a_status_text_and_remedy(app: Running, monkeypatch: pytest.MonkeyPatch, place: Register) -> None:
    place("1042", "commercehub")
    assert app.get("/orders/77").status_code == 404
    unknown = app.post("/orders/1042/cancel", json={"by": "Ann", "reason": "rain"})
    assert unknown.status_code == 422
    assert "CXSS" in unknown.json()["hint"]
    assert app.post("/orders/1043/cancel", json={"by": "Ann"}).status_code == 409

    def full(*_: object, **__: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(app.names["app"].state.desk, "cancel", full)
    assert app.post("/orders/1042/cancel", json={"by": "Ann"}).status_code == 500
