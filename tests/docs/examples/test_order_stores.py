"""docs/examples: the order store of each app passes the suite, and its endpoint cancels an order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from psycopg.conninfo import conninfo_to_dict

from orderdesk_devkit.testing.engines.shop import Shop
from orderdesk_devkit.testing.order_stores import OrderStoreConformance
from orderdesk_devkit.testing.raw_server import RawServer, responding
from tests.support.installed_shop import connection_tables, install_shop

if TYPE_CHECKING:
    from tests.docs.examples.conftest import ExampleRunner

pytestmark = pytest.mark.slow

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent.parent / "docs" / "examples"
TESTS = sum(name.startswith("test_") for name in dir(OrderStoreConformance))
SKIPPED = 1
"""Tests that each example skips, as it declares: numbers are unique there."""
LONGEST = 80
POSTGRES_SETTINGS = "from django_shop.settings import *\n\nDATABASES = {{'default': {!r}}}\n"


def test_the_fastapi_shop_passes_the_suite(
    run_example: ExampleRunner, postgres_or_none: str | None, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}?timeout=30"
    if postgres_or_none is not None:
        url = postgres_or_none.replace("postgresql://", "postgresql+psycopg://")
    counts = run_example(EXAMPLES / "fastapi_shop" / "test_orders.py", SHOP_DATABASE=url)
    assert counts == {"passed": TESTS - SKIPPED, "skipped": SKIPPED}


def test_the_django_shop_passes_the_suite(
    run_example: ExampleRunner, postgres_or_none: str | None, tmp_path: Path
) -> None:
    environment = {"DJANGO_SETTINGS_MODULE": "django_shop.settings", "SHOP_DATABASE": str(tmp_path / "shop.db")}
    if postgres_or_none is not None:
        told = conninfo_to_dict(postgres_or_none)
        names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
        database = {names[key]: value for key, value in told.items() if key in names}
        written = POSTGRES_SETTINGS.format({"ENGINE": "django.db.backends.postgresql", **database})
        (tmp_path / "postgres_settings.py").write_text(written, encoding="utf-8")
        environment["DJANGO_SETTINGS_MODULE"] = "postgres_settings"
    tests = EXAMPLES / "django_shop" / "test_orders.py"
    counts = run_example(tests, DJANGO_SECRET_KEY="a key for tests", **environment)
    assert counts == {"passed": TESTS - SKIPPED, "skipped": SKIPPED}


@pytest.mark.parametrize("name", ["fastapi", "django"])
def test_the_app_cancels_an_order_of_its_own(run_example: ExampleRunner, tmp_path: Path, name: str) -> None:
    install_shop(tmp_path)
    shop = Shop()
    environment = {
        "SHOP_DATABASE": f"sqlite:///{tmp_path / 'shop.db'}?timeout=30"
        if name == "fastapi"
        else str(tmp_path / "shop.db"),
        "DJANGO_SETTINGS_MODULE": "django_shop.settings",
        "DJANGO_SECRET_KEY": "a key for tests",
        "DJANGO_ALLOWED_HOSTS": "testserver",
    }
    with RawServer(responding(shop)) as server:
        (tmp_path / "orderdesk.toml").write_text(connection_tables(server.url), encoding="utf-8")
        assert run_example(HERE / f"{name}_shop_cancels.py", **environment) == {"passed": 1}
    assert dict(shop.asked) == {"1042": 1}


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.py")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_example_is_short(path: Path) -> None:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) < LONGEST
