"""A service that answers nobody holds up no later step of other services' cases either."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderdesk_devkit.testing.engines.shop import Shop, connections_to, import_orders, shop_registry
from orderdesk_devkit.testing.engines.suite import eventually
from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.run_loop import run_until_stopped


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.gate.set()


@pytest.fixture
def desk(tmp_path: Path, shop: Shop) -> Iterator[Desk]:
    """On the real clock: the shop's orders are polled a moment after they were asked for."""
    with RawServer(responding(shop)) as server:
        config = Config(tmp_path / "orderdesk.db", connections_to(server.url))
        with Desk(config, registry=shop_registry()) as made:
            yield made
            shop.gate.set()


def states(desk: Desk, connection: str) -> set[State]:
    return {case.state for case in desk.ledger.cases(CancelCase, connection=connection)}


@pytest.fixture
def is_answered(shop: Shop) -> threading.Event:
    """The cancels of the connection `first` are answered once it is set."""
    event = threading.Event()
    shop.at_cancel = lambda number: event.wait(20) if int(number.split("-")[1]) % 2 == 0 else None
    return event


def test_a_poll_waits_for_no_cancel_of_another_service(desk: Desk, is_answered: threading.Event) -> None:
    for number in import_orders(desk, 12):
        desk.cancel(number, by="Ann", send_now=False)
    stop = threading.Event()
    worker = threading.Thread(target=run_until_stopped, args=(desk, stop, print, 0.1), daemon=True)
    worker.start()
    try:
        eventually(lambda: states(desk, "second") == {State.CANCELED}, "the other service's cases are settled")
        assert states(desk, "first") <= {State.SENDING, State.PENDING}, "none was answered, or given up, meanwhile"
    finally:
        is_answered.set()
        eventually(lambda: states(desk, "first") == {State.CANCELED}, "all cases are settled")
        stop.set()
        worker.join(120)


def test_a_round_that_ends_for_others_says_so(desk: Desk, is_answered: threading.Event) -> None:
    for number in import_orders(desk, 2):
        desk.cancel(number, by="Ann", send_now=False)
    assert not desk.run_due().is_complete
    assert states(desk, "second") == {State.ACKNOWLEDGED}
    is_answered.set()
    eventually(lambda: desk.run_due().next_due is None, "all cases are settled")
    assert states(desk, "first") == states(desk, "second") == {State.CANCELED}
