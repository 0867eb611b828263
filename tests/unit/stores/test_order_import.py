"""A large import keeps nobody from writing, and one that dies half way is gone on with."""

from __future__ import annotations

import errno
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import StorageError, ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.stores.sqlite import order_import
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.builders import NOW

MANY = 1000


def many() -> list[Order]:
    return [Order(f"id-{number}", f"A{number}") for number in range(MANY)]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[SqliteOrderStore]:
    with SqliteOrderStore(tmp_path / "orderdesk.db", clock=VirtualClock()) as opened:
        yield opened


def count(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        found: int = db.execute("SELECT count(*) FROM host_orders").fetchone()[0]
    return found


def test_others_can_write_while_many_orders_come_in(
    host: SqliteOrderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "orderdesk.db"
    written: list[int] = []

    def others(_: float) -> None:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # Raises at once where it is locked.
            other.execute("ROLLBACK")
        written.append(count(path))

    monkeypatch.setattr("orderdesk_sdk.stores.sqlite.order_import.time.sleep", others)
    report = host.import_orders(many(), by="Ann")
    assert (len(report.added), count(path)) == (MANY, MANY)
    assert written == [250, 500, 750]
    steps = [later - earlier for earlier, later in pairwise([0, *written, MANY])]
    assert max(steps) == order_import.BATCH_SIZE
    written.clear()
    assert len(host.import_orders(many(), by="Ann").unchanged) == MANY
    assert written == [], "what changes nothing keeps nobody waiting"


def test_an_import_that_dies_half_way_says_what_it_has_done_and_is_gone_on_with(
    host: SqliteOrderStore, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "orderdesk.db", isolation_level=None)) as disk:
        disk.execute(
            "CREATE TRIGGER full_disk BEFORE INSERT ON host_orders WHEN NEW.id = 'id-600'"
            " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        with pytest.raises(StorageError, match=r"500 of 1000 orders are imported.*disk full.*import the same again"):
            host.import_orders(many(), by="Ann")
        assert count(tmp_path / "orderdesk.db") == 500
        disk.execute("DROP TRIGGER full_disk")
    report = host.import_orders(many(), by="Ann")
    assert (len(report.added), len(report.unchanged)) == (500, 500)
    assert [entry.text for entry in host.history("A0")] == ["Imported"]


def test_nothing_is_written_where_any_order_cannot_be_stored(host: SqliteOrderStore, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="nothing was imported"):
        host.import_orders([*many(), Order("odd", "odd", extra={"odd": {1}})], by="Ann")
    assert count(tmp_path / "orderdesk.db") == 0


def test_an_iterator_that_fails_at_its_end_leaves_everything_as_it_was(host: SqliteOrderStore, tmp_path: Path) -> None:
    def cut_short() -> Iterator[Order]:
        yield from many()
        raise ValidationError("the file ends here")

    with pytest.raises(ValidationError, match="ends here"):
        host.import_orders(cut_short(), by="Ann")
    assert count(tmp_path / "orderdesk.db") == 0


def test_of_any_number_of_orders_few_are_in_memory(host: SqliteOrderStore) -> None:
    alive: weakref.WeakSet[Order] = weakref.WeakSet()
    most: list[int] = []

    def one_by_one() -> Iterator[Order]:
        for number in range(MANY):
            order = Order(f"id-{number}", f"A{number}", email="x" * 5000)
            alive.add(order)
            yield order

    report = host.import_orders(one_by_one(), by="Ann", before_batch=lambda ids: most.append(len(alive) + len(ids)))
    assert (len(report.added), most) == (MANY, [order_import.BATCH_SIZE] * 4)


def test_where_the_orders_cannot_wait_nothing_is_imported(
    host: SqliteOrderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile.write", full)
    with pytest.raises(StorageError, match=r"could not be kept until all are checked: No space left.*make room"):
        host.import_orders(many(), by="Ann")
    assert count(tmp_path / "orderdesk.db") == 0


def test_what_rules_shall_hear_of_many_orders_is_written_a_few_at_a_time(tmp_path: Path) -> None:
    commits: list[str] = []
    with closing(SqliteLedger(tmp_path / "orderdesk.db")) as ledger:
        ledger._writer.set_trace_callback(lambda told: commits.append(told) if told == "COMMIT" else None)
        kind = OrderEventKind.ORDER_IMPORTED
        ledger.add_events([OrderEvent(f"imported {number}", kind, f"{number}", NOW) for number in range(2500)])
        assert len(ledger.pending_events(3000)) == 2500
    assert len(commits) == 3
