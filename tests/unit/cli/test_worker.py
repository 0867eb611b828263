"""The ticker behind `work`: when there is work for the machine, and when to give up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cli import worker
from orderdesk_sdk.cli.worker import Worker, has_automatic_work
from orderdesk_sdk.clock import SystemClock, VirtualClock, minutes, seconds
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.routes import Portal
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.runtime.scheduler import RunReport
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore


@settings
class NoSettings:
    url: str = url(help="where it is", default="https://place.example")


def by_hand(slug: str, role: ConnectionRole) -> object:
    """A plugin for a service where a person does it."""

    @hookimpl
    def orderdesk_integration() -> Integration:
        route = Portal("Call them.")
        return Integration(slug=slug, title=slug, settings=NoSettings, base_url="url", cancel=(route,), role=role)

    return SimpleNamespace(orderdesk_integration=orderdesk_integration)


def desk_with(tmp_path: Path, clock: VirtualClock | SystemClock) -> Desk:
    registry = PluginRegistry(find=lambda **_: ())
    for slug, role in (("maker", ConnectionRole.FULFILLMENT), ("cart", ConnectionRole.CART)):
        registry.register(by_hand(slug, role), slug)
    connections = {slug: ConnectionConfig(slug, slug, {}, f"[connections.{slug}]") for slug in ("maker", "cart")}
    made = Desk(Config(tmp_path / "orderdesk.db", connections), clock=clock, registry=registry)
    assert isinstance(made.order_store, SqliteOrderStore)
    made.order_store.import_orders(read_order_text(SAMPLE_ORDERS, location="samples"), by="Ann")
    return made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_with(tmp_path, VirtualClock()) as made:
        yield made


def states(desk: Desk) -> dict[str, State]:
    return {case.connection: case.state for case in desk.cases.list()}


def test_a_cart_that_waits_for_a_person_at_a_service_is_no_work_for_the_machine(desk: Desk) -> None:
    for at in ("cart", "maker"):
        desk.orders.register("1042", connection=at, by="Ann")
    desk.cancel("1042", by="Ann", send_now=False)
    assert has_automatic_work(desk)
    Worker(desk).run(until_idle=True)
    assert states(desk) == {"maker": State.ACTION_REQUIRED, "cart": State.PENDING}
    maker = next(case for case in desk.cases.list() if case.connection == "maker")
    desk.cases.confirm(maker.id, by="Ben")
    assert has_automatic_work(desk), "now it is the cart's turn"
    Worker(desk).run(until_idle=True)
    assert states(desk) == {"maker": State.CANCELED, "cart": State.ACTION_REQUIRED}
    assert not has_automatic_work(desk)


def test_an_empty_ledger_is_idle_and_costs_no_time(desk: Desk) -> None:
    before = desk.clock.now()
    assert Worker(desk).run(until_idle=True) == (0, ())
    assert desk.clock.now() == before


def test_a_virtual_clock_is_moved_to_the_moment_that_is_due_and_not_further(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(desk.clock, VirtualClock)
    desk.orders.register("1042", connection="maker", by="Ann")
    desk.cancel("1042", by="Ann", send_now=False)
    due = desk.clock.now() + minutes(7)
    reports = iter([RunReport(1, due), RunReport(1, None)])
    monkeypatch.setattr(desk, "run_due", lambda: next(reports))
    monkeypatch.setattr(worker, "has_automatic_work", lambda desk: desk.clock.now() < due)
    Worker(desk).run(until_idle=True)
    assert desk.clock.now() == due


def test_work_that_fails_again_and_again_is_an_error_and_not_a_loop(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.orders.register("1042", connection="maker", by="Ann")
    desk.cancel("1042", by="Ann", send_now=False)
    monkeypatch.setattr(desk, "run_due", lambda: RunReport(1, desk.clock.now(), ("case 1: out of order",)))
    monkeypatch.setattr(worker, "_RETRY_PAUSE", 0.001)
    with pytest.raises(OrderDeskError, match="case 1: out of order"):
        Worker(desk).run(until_idle=True)


def test_in_real_time_it_waits_and_tells_for_what(tmp_path: Path) -> None:
    told: list[datetime | None] = []
    with desk_with(tmp_path, SystemClock()) as desk:
        ticker = Worker(desk, interval=0.01)
        due = desk.clock.now() + seconds(3600)

        def stop_at_the_third(moment: datetime | None) -> None:
            told.append(moment)
            if len(told) == 3:
                ticker.stop.set()

        waiting = Worker(desk, 0.01, ticker.stop, stop_at_the_third)
        desk.run_due = lambda limit=1000: RunReport(0, due)  # type: ignore[method-assign]  # the time is what is tested
        waiting.run(until_idle=False)
    assert told == [due, due, due]
