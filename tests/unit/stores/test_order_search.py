"""Orders are found by the words of their numbers, names and addresses, in every database, and never by a long read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.orders.order import Address, ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.orders.order_search import MAX_WORDS, SearchableOrderStore
from orderdesk_sdk.stores.sql import order_search, order_store
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore
from orderdesk_sdk.stores.sql.order_terms import order_terms
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.builders import NOW

ANNA = Order(
    "9001",
    "WEB-4042",
    email="Anna.Ångström@Example.com",
    customer=Address(first_name="Anna", last_name="Ångström-Smith", company="Paper & Co"),
    shipping=Address(first_name="Bo", last_name="O'Neil"),
)
BEN = Order("9002", "WEB-4043", email="ben@shop.example", customer=Address(first_name="Ben", last_name="Smith"))
CAT = Order("9003", "77", customer=Address(first_name="Annabel", last_name="Yi"))
MILL = RemoteOrder("mill", "M-555", NOW, ConnectionRole.FULFILLMENT)


@pytest.fixture
def store(order_store: SqlOrderStore) -> SqlOrderStore:
    """A store with three orders besides those of the samples."""
    order_store.import_orders([ANNA, BEN, CAT], by="mara")
    order_store.add_remote_order("id:9001", MILL, by="mara")
    return order_store


def found(store: SqlOrderStore, text: str | None, folder: str | None = None, **page: object) -> list[str]:
    return [one.order.id for one in store.search_orders(text, folder, **page).orders]  # type: ignore[arg-type]  # limit and after, as each test names them


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("WEB-4042", ["9001"]),
        ("web-40", ["9002", "9001"]),
        ("4043", ["9002"]),
        ("9001", ["9001"]),
        ("m-555", ["9001"]),
        ("555", ["9001"]),
        ("77", ["9003"]),
        ("anna", ["9003", "9001"]),
        ("ANNA smith", ["9001"]),
        ("smith", ["9002", "9001"]),
        ("  Ångström ", ["9001"]),
        ("A\u030angstro\u0308m", ["9001"]),
        ("anna.ångström@example.com", ["9001"]),
        ("ben@", ["9002"]),
        ("shop.exam", ["9002"]),
        ("o'neil", ["9001"]),
        ("neil paper", ["9001"]),
        ("yi", ["9003"]),
        ("an", []),
        ("web", ["9002", "9001"]),
        ("nobody", []),
        ("anna ben", []),
        ("%", []),
        ("_nna", []),
        ("' OR 1=1 --", []),
        ("\ud800\x00", []),
    ],
)
def test_orders_are_found_by_the_beginnings_of_words(store: SqlOrderStore, text: str, ids: list[str]) -> None:
    assert found(store, text) == ids


def test_all_orders_come_the_newest_first_and_by_folder(store: SqlOrderStore) -> None:
    everything = ["9003", "9002", "9001", "58104", "58103", "58102", "58101"]
    assert found(store, None) == found(store, " ") == everything
    store.move("id:9002", "Prepared", by="mara")
    assert found(store, None, "prepared") == ["9002", "58104"]
    assert found(store, "smith", "Prepared") == ["9002"]
    (one,) = store.search_orders("smith", "Prepared").orders
    assert (one.folder, one.remote_orders) == ("Prepared", ())
    (one,) = store.search_orders("m-555").orders
    assert (one.order, one.remote_orders) == (evolve(ANNA, folder_id=one.order.folder_id), (MILL,))
    with pytest.raises(NotFoundError, match="folder"):
        store.search_orders(None, "Nowhere")


@pytest.mark.parametrize("text", [None, "smith", "web-4"])
def test_pages_follow_each_other(store: SqlOrderStore, text: str | None) -> None:
    whole = found(store, text)
    paged: list[str] = []
    while True:
        page = store.search_orders(text, limit=1, after=paged[-1] if paged else None)
        paged += [one.order.id for one in page.orders]
        if not page.has_more:
            break
    assert paged == whole
    with pytest.raises(NotFoundError):
        store.search_orders(text, after="unknown")
    for limit in (0, 501):
        with pytest.raises(ValidationError, match="limit 1 to 500"):
            store.search_orders(text, limit=limit)


def test_what_an_order_is_found_by_follows_it(store: SqlOrderStore) -> None:
    store.import_orders([evolve(BEN, number="NEW-9", customer=Address(first_name="Eve"))], by="mara")
    assert found(store, "eve") == found(store, "new-9") == ["9002"]
    assert found(store, "web-4043") == []
    copy = store.duplicate("id:9001", by="mara")
    assert found(store, copy.number) == [copy.id]
    assert found(store, "m-555") == ["9001"], "the number elsewhere is the original's"


def test_whom_an_order_was_for_is_forgotten_with_its_texts(store: SqlOrderStore) -> None:
    store.remove_texts("id:9001", by="mara")
    for text in ("anna.ångström@example.com", "ångström", "paper", "neil"):
        assert found(store, text) == []
    assert found(store, "web-4042") == found(store, "m-555") == ["9001"]


def test_orders_by_id_come_as_they_are_named(store: SqlOrderStore) -> None:
    assert [one.order.id for one in store.find_orders(["9003", "x", "58101"])] == ["9003", "58101"]
    assert store.find_orders([]) == ()
    assert len(store.find_orders([f"{number}" for number in range(500)] + ["9001"])) == 1


def test_more_than_is_looked_at_is_said(store: SqlOrderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.search_orders("smith").is_complete
    monkeypatch.setattr(order_search, "MAX_MATCHES", 1)
    page = store.search_orders("smith")
    assert (len(page.orders), page.is_complete) == (1, False)


def test_long_texts_are_refused(store: SqlOrderStore) -> None:
    for text in ("x" * 201, "a " * (MAX_WORDS + 1)):
        with pytest.raises(ValidationError, match="too long"):
            store.search_orders(text)


def test_few_and_short_words_of_an_order_are_kept() -> None:
    order = evolve(ANNA, email="e" * 1000, customer=Address(first_name=" ".join(map(str, range(1000)))))
    terms = order_terms(order)
    assert len(terms) == 100
    assert max(map(len, terms)) <= 100


def test_the_embedded_store_lists_orders(store: SqlOrderStore) -> None:
    assert isinstance(store, SearchableOrderStore)
    assert store.folder_names() == ("New", "Prepared", "Closed", "Canceled")


def test_what_another_program_wrote_is_found_when_somebody_looks(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older one writes orders and no words; a file of the version before has none at all."""
    with SqliteOrderStore(path, clock=clock) as store:
        store.import_orders([ANNA, BEN, CAT], by="mara")
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM order_terms")
        db.execute("UPDATE orders SET document = replace(document, 'Ben', 'Zoe')")
        db.commit()
    with SqliteOrderStore(path, clock=clock) as store:
        with monkeypatch.context() as patch:
            patch.setattr(order_store, "INDEXING_TIME", 0)
            page = store.search_orders("anna")
            assert (page.orders, page.is_complete) == ((), False), "there is no time for it now"
        assert store.search_orders("anna").is_complete
        assert found(store, "anna") == ["9003", "9001"]
        assert (found(store, "zoe"), found(store, "ben")) == (["9002"], ["9002"]), "its address begins so"


def test_a_damaged_order_hides_no_other(path: Path, clock: Clock) -> None:
    with SqliteOrderStore(path, clock=clock) as store:
        store.import_orders([ANNA, BEN], by="mara")
        with closing(sqlite3.connect(path)) as db:
            db.execute("UPDATE orders SET document = 'no json' WHERE id = '9001'")
            db.commit()
        assert found(store, "ben") == ["9002"]
