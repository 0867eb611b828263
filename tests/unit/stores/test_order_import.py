"""A large import keeps nobody from writing, and one that dies half way is gone on with."""

from __future__ import annotations

import errno
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind
from orderdesk_sdk.errors import StorageError, ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.stores.sql import order_import, order_rows
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.builders import NOW

MANY = 1000


def many() -> list[Order]:
    return [Order(f"id-{number}", f"A{number}") for number in range(MANY)]


@pytest.fixture
def store(open_order_store: Callable[[], SqlOrderStore]) -> Iterator[SqlOrderStore]:
    with open_order_store() as opened:
        yield opened


def count(store: SqlOrderStore) -> int:
    with store._database.reading() as db:
        found: int = db.execute("SELECT count(*) FROM orders").fetchone()[0]
    return found


def test_others_can_write_while_many_orders_come_in(
    store: SqlOrderStore, open_order_store: Callable[[], SqlOrderStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    with open_order_store() as other:

        def others(_: float) -> None:
            with other._database.writing() as db:  # Raises where it is locked.
                db.execute("SELECT 1")
            written.append(count(other))

        monkeypatch.setattr("orderdesk_sdk.stores.sql.order_import.time.sleep", others)
        report = store.import_orders(many(), by="Ann")
        assert (len(report.added), count(store)) == (MANY, MANY)
        assert written == [250, 500, 750]
        steps = [later - earlier for earlier, later in pairwise([0, *written, MANY])]
        assert max(steps) == order_import.BATCH_SIZE
        written.clear()
        assert len(store.import_orders(many(), by="Ann").unchanged) == MANY
        assert written == [], "what changes nothing keeps nobody waiting"


def test_an_import_that_dies_half_way_says_what_it_has_done_and_is_gone_on_with(
    store: SqlOrderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_row = order_rows.insert_row

    def full(db: Cursor, order_id: str, number: str, folder_id: int, document: str) -> None:
        insert_row(db, order_id, number, folder_id, document)
        if order_id == "id-600":
            db.execute("INSERT INTO orders (id) VALUES (NULL)")

    with monkeypatch.context() as patch:
        patch.setattr(order_rows, "insert_row", full)
        with pytest.raises(StorageError, match=r"500 of 1,000 orders imported.*changed.*import the same again"):
            store.import_orders(many(), by="Ann")
    assert count(store) == 500
    report = store.import_orders(many(), by="Ann")
    assert (len(report.added), len(report.unchanged)) == (500, 500)
    assert [entry.text for entry in store.history("A0")] == ["Imported"]


def test_nothing_is_written_where_any_order_cannot_be_stored(store: SqlOrderStore) -> None:
    with pytest.raises(ValidationError, match="nothing was imported"):
        store.import_orders([*many(), Order("odd", "odd", extra={"odd": {1}})], by="Ann")
    assert count(store) == 0


def test_an_iterator_that_fails_at_its_end_leaves_everything_as_it_was(store: SqlOrderStore) -> None:
    def cut_short() -> Iterator[Order]:
        yield from many()
        raise ValidationError("the file ends here")

    with pytest.raises(ValidationError, match="ends here"):
        store.import_orders(cut_short(), by="Ann")
    assert count(store) == 0


def test_of_any_number_of_orders_few_are_in_memory(store: SqlOrderStore) -> None:
    alive: weakref.WeakSet[Order] = weakref.WeakSet()
    most: list[int] = []

    def one_by_one() -> Iterator[Order]:
        for number in range(MANY):
            order = Order(f"id-{number}", f"A{number}", email="x" * 5000)
            alive.add(order)
            yield order

    report = store.import_orders(one_by_one(), by="Ann", before_batch=lambda ids: most.append(len(alive) + len(ids)))
    assert (len(report.added), most) == (MANY, [order_import.BATCH_SIZE] * 4)


def test_where_the_orders_cannot_wait_nothing_is_imported(
    store: SqlOrderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile.write", full)
    with pytest.raises(StorageError, match=r"could not be kept until all are checked: No space left.*make room"):
        store.import_orders(many(), by="Ann")
    assert count(store) == 0


def test_what_rules_shall_hear_of_many_orders_is_written_a_few_at_a_time(tmp_path: Path) -> None:
    commits: list[str] = []
    with closing(SqliteLedger(tmp_path / "orderdesk.db")) as ledger:
        ledger._writer.set_trace_callback(lambda told: commits.append(told) if told == "COMMIT" else None)
        kind = OrderEventKind.ORDER_IMPORTED
        ledger.add_events([OrderEvent(f"imported {number}", kind, f"{number}", NOW) for number in range(2500)])
        assert len(ledger.pending_events(3000)) == 2500
    assert len(commits) == 3
