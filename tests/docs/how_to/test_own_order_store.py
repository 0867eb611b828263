"""docs/how-to/own-order-store.md: its store and its tests are those of an example, which passes the suite."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orderdesk_devkit.testing.order_stores import BrokenRule, StoreRule
from orderdesk_sdk.orders.order import OrderLine
from orderdesk_sdk.orders.store import OrderStore

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Pages

PAGE = "own-order-store.md"
DOCS = Path(__file__).resolve().parent.parent.parent.parent / "docs"
EXAMPLES = DOCS / "examples"


def test_the_table_has_every_method() -> None:
    named = re.findall(r"^\| `(\w+)\(", (DOCS / "how-to" / PAGE).read_text(encoding="utf-8"), re.MULTILINE)
    assert named == [name for name in vars(OrderStore) if not name.startswith("_")]


def test_the_store_and_its_tests_are_those_of_the_example(page_blocks: Pages) -> None:
    """Which tests/docs/examples runs, on each database."""
    store, _, judged = page_blocks(PAGE, ["python"])
    assert store.take() == (EXAMPLES / "fastapi_shop" / "orders.py").read_text(encoding="utf-8")
    assert judged.take() == (EXAMPLES / "fastapi_shop" / "test_orders.py").read_text(encoding="utf-8")


@pytest.fixture
def _importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SHOP_DATABASE", f"sqlite:///{tmp_path / 'shop.db'}")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.chdir(tmp_path)
    Path("orderdesk.toml").write_text("", encoding="utf-8")
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "fastapi_shop"]:
        del sys.modules[name]


@pytest.mark.usefixtures("_importable")
def test_a_desk_takes_the_store(page_blocks: Pages) -> None:
    _, wiring, _ = page_blocks(PAGE, ["python"])
    names: dict[str, Any] = {}
    wiring.run(names)
    models = sys.modules["fastapi_shop.models"]
    models.Base.metadata.create_all(models.engine)
    with names["transaction"]():
        models.Session.add(models.ShopOrder(number="1042", email="", lines=[{"id": "1", "quantity": 2}]))
    with names["desk"] as desk:
        assert desk.orders.get("1042").lines == (OrderLine(2, id="1"),)
    models.engine.dispose()


def test_the_message_is_that_of_the_suite(page_blocks: Pages) -> None:
    (said,) = page_blocks(PAGE, ["text"])
    seen = "status and its time: ('Received', 2), expected ('Printing', 3)"
    said.check(str(BrokenRule(StoreRule.NEWEST_STATUS, [seen])))
