"""docs/how-to/own-queue.md is run as it stands: Celery, with a broker in memory, wakes a desk."""

from __future__ import annotations

import importlib
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orderdesk_devkit.testing.engines import suite
from orderdesk_devkit.testing.engines.shop import Shop, import_orders
from orderdesk_devkit.testing.engines.worker import has_open_cases
from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk import CancelCase, Desk, State
from tests.support.installed_shop import connection_tables, install_shop

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Pages

pytestmark = pytest.mark.slow

PAGE = "own-queue.md"
WITHIN = 120.0
"""Real seconds after which a test gives up; none of them waits that long."""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    install_shop(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BROKER_URL", "memory://")
    made = Shop()
    with RawServer(responding(made)) as server:
        Path("orderdesk.toml").write_text(connection_tables(server.url), encoding="utf-8")
        yield made


@pytest.fixture
def cancellations(shop: Shop, page_blocks: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module of the page."""
    module, _ = page_blocks(PAGE, ["python"])
    text = module.take()
    assert len(text.splitlines()) < 60
    (tmp_path / "site" / "cancellations.py").write_text(text, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "cancellations", raising=False)  # Other pages name a module so too.
    importlib.invalidate_caches()  # It was written just now, into a folder that was read before.
    made = importlib.import_module("cancellations")
    assert made.__file__ == str(tmp_path / "site" / "cancellations.py")
    yield made
    made.close()
    del sys.modules["cancellations"]


@pytest.fixture
def celery_worker(cancellations: Any) -> Iterator[None]:
    from celery.contrib.testing.worker import start_worker

    with start_worker(cancellations.app, pool="threads", concurrency=2, perform_ping_check=False):
        yield


def settle(desk: Desk) -> None:
    give_up = time.monotonic() + WITHIN
    while has_open_cases(desk):
        assert time.monotonic() < give_up
        time.sleep(0.05)


def judge(desk: Desk, shop: Shop, numbers: list[str]) -> None:
    assert {case.state for case in desk.ledger.cases(CancelCase)} == {State.CANCELED}
    assert shop.asked == Counter(numbers)


@pytest.mark.usefixtures("celery_worker")
def test_celery_wakes_the_desk_until_every_case_is_settled(cancellations: Any, shop: Shop) -> None:
    desk = cancellations.desk()
    numbers = import_orders(desk, 5)
    for number in numbers:
        desk.cancel(number, by="Ann", send_now=False)
    settle(desk)
    judge(desk, shop, numbers)


def test_what_the_broker_lost_is_swept_up(cancellations: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = cancellations.desk()
    monkeypatch.setattr(cancellations.handle, "apply_async", lambda *_, **__: None)
    numbers = import_orders(desk, 3)
    for number in numbers:
        desk.cancel(number, by="Ann", send_now=False)
    sweep = desk.sweep
    monkeypatch.setattr(desk, "sweep", lambda: sweep(timedelta(0)))  # A minute would have to pass.
    give_up = time.monotonic() + WITHIN
    while has_open_cases(desk):
        assert time.monotonic() < give_up
        cancellations.sweep()
    judge(desk, shop, numbers)


def test_the_suite_of_the_page_is_there(page_blocks: Pages) -> None:
    _, conformance = page_blocks(PAGE, ["python"])
    names: dict[str, Any] = {}
    conformance.run(names)
    assert issubclass(names["TestMyEngine"], suite.EngineConformance)


def test_cron_has_a_command_that_ends(page_blocks: Pages) -> None:
    (line,) = page_blocks(PAGE, ["text"])
    assert "orderdesk work --until-idle --quiet" in line.take()
