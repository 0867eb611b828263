"""docs/how-to/django.md is run as it stands: a Django project cancels at simulated services."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orderdesk_shopify.simulator import ShopifySimulator
from tests.support.page_session import PageSession, play

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Pages, Register, Simulators

pytestmark = pytest.mark.slow

PAGE = "django.md"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the project: Django is set up once in a process."""
    folder = tmp_path_factory.mktemp("project")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture
def client(project: Path, sandbox: Simulators, page_blocks: Pages, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the page's project, which runs at the sandbox."""
    for block in page_blocks(PAGE, ["python"]):
        named = re.match(r"# (\S+\.py)\n", block.text)
        assert named is not None, f"nothing runs this block: {block.text}"
        path = project / named[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.take(), encoding="utf-8")
    monkeypatch.setenv("DJANGO_SECRET_KEY", "a key for tests")
    monkeypatch.setenv("DJANGO_ALLOWED_HOSTS", "testserver")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "project.settings")
    importlib.invalidate_caches()
    import django
    from django.test import Client

    django.setup()
    yield Client(enforce_csrf_checks=True)
    opened = sys.modules["cancellations.desk"]._opened
    for desk in opened:
        desk.close()
    opened.clear()


def token(client: Any) -> dict[str, str]:
    """What a form of the project would send along."""
    from django.middleware.csrf import _get_new_csrf_string

    client.cookies["csrftoken"] = _get_new_csrf_string()
    return {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}


def test_a_cancel_is_followed_up_by_the_worker(sandbox: Simulators, client: Any, place: Register) -> None:
    from django.core.management import call_command

    place("1042", "amazon-mcf")
    clock = sandbox["amazon-mcf"][0].clock
    asked = client.post("/orders/1042/cancel", {"by": "Ann", "reason": "customer asked", **token(client)})
    assert (asked.status_code, asked.json()) == (200, {"amazon-mcf": "acknowledged"})
    for _ in range(10):
        clock.sleep_until(clock.monotonic() + 120)
        call_command("orderdesk_work", once=True)
    assert client.get("/orders/1042/receipt").json() == {"is_canceled": True, "is_settled": True}


def test_the_plan_has_what_a_button_needs(client: Any, place: Register) -> None:
    place("1042", "mww", "commercehub")
    mww, hub = client.get("/orders/1042/plan").json()["entries"]
    assert mww["open_until"] is not None
    assert (hub["needs"], hub["reasons"][0]["code"]) == ("reason", "CXSS")


def test_a_form_needs_a_csrf_token_and_a_webhook_a_signature(sandbox: Simulators, client: Any, place: Register) -> None:
    shop, _ = sandbox["shopify"]
    assert isinstance(shop, ShopifySimulator)
    place("1042", "shopify")
    assert client.post("/orders/1042/cancel", {"by": "Ann"}).status_code == 403
    shop.cancel_in_admin("1042")
    (message,) = shop.outbox.messages

    def post(body: bytes) -> Any:
        return client.post("/webhooks/shopify", body, content_type="application/json", headers=message.headers)

    assert post(message.body).status_code == 202
    assert post(message.body).status_code == 200, "it came before"
    assert post(message.body + b" ").status_code == 401


def test_the_project_starts_from_an_empty_folder(tmp_path: Path, page_blocks: Pages) -> None:
    with PageSession(tmp_path) as session:
        play(session, page_blocks(PAGE))


def test_errors_have_a_status_text_and_remedy(client: Any, place: Register) -> None:
    place("1042", "commercehub")
    assert client.get("/orders/77/plan").status_code == 404
    unknown = client.post("/orders/1042/cancel", {"by": "Ann", "reason": "rain", **token(client)})
    assert unknown.status_code == 422
    assert "CXSS" in unknown.json()["hint"]
