"""The suite of order stores catches a store that breaks a promise, and says which and what mends it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_devkit.testing.order_stores import (
    Ability,
    BrokenRule,
    HistoryText,
    OrderStoreConformance,
    OrderStoreUnderTest,
    StoreRule,
    StoreTrial,
)
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import InvalidStateError, NotFoundError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.references import OrderId, OrderNumber
from orderdesk_sdk.orders.store import FolderMove
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

TESTS = sorted(name for name in dir(OrderStoreConformance) if name.startswith("test_"))
FOLDERS = ("New", "Prepared", "Closed", "Canceled")


class TakesNumbersForIds(SqliteOrderStore):
    """`remote_orders` finds the order by whatever it is given."""

    def remote_orders(self, order_id: str) -> tuple[RemoteOrder, ...]:
        return super().remote_orders(self.get_order(str(order_id)).id)


class TrimsRefs(SqliteOrderStore):
    """An id is found with blanks around it."""

    def get_order(self, ref: str) -> Order:
        return super().get_order(type(ref)(ref.strip()))


class GuessesNumber(SqliteOrderStore):
    """What is an id is never taken for ambiguous."""

    def get_order(self, ref: str) -> Order:
        try:
            return super().get_order(OrderId(ref))
        except NotFoundError:
            return super().get_order(OrderNumber(ref))


class DropsHistory(SqliteOrderStore):
    """Keeps the first line of a text."""

    def add_history(self, ref: str, text: str, *, by: str) -> None:
        super().add_history(ref, text.splitlines()[0], by=by)


class ForgetsWho(SqliteOrderStore):
    """Writes each move down as its own."""

    def move(self, ref: str, folder: str, *, by: str) -> FolderMove:
        return super().move(ref, folder, by="system")


class GivesNumbersTwice(SqliteOrderStore):
    """A number that is taken is given to another order."""

    def duplicate(self, ref: str, *, by: str, number: str | None = None) -> Order:
        if number is None or not number.strip():
            return super().duplicate(ref, by=by, number=number)
        copy = super().duplicate(ref, by=by)
        self.import_orders([evolve(copy, number=number)], by=by)
        return evolve(copy, number=number)


class KeepsOlderStatus(SqliteOrderStore):
    """The last call wins, whatever its time."""

    def record_status(self, order_id: str, connection: str, status: str, at: datetime) -> None:
        for known in self.remote_orders(order_id):
            if known.connection == connection and known.status_at is not None:
                at = max(at, known.status_at)
        super().record_status(order_id, connection, status, at)


class TellsOfStatuses(SqliteOrderStore):
    """Every poll goes into the history."""

    def record_status(self, order_id: str, connection: str, status: str, at: datetime) -> None:
        super().record_status(order_id, connection, status, at)
        self.add_history(OrderId(order_id), f"{connection}: {status}", by="poll")


class ForgetsMoves(SqliteOrderStore):
    """Says that it moved the order."""

    def move(self, ref: str, folder: str, *, by: str) -> FolderMove:
        order = self.get_order(ref)
        return FolderMove(order.id, self.folder_of(OrderId(order.id)), self.resolve_folder_name(folder))


class FoldersInOneCase(SqliteOrderStore):
    """Finds folders as they are spelled alone."""

    def resolve_folder_name(self, name: str) -> str:
        if name not in FOLDERS:
            raise NotFoundError(f"no folder {name!r}, but {FOLDERS}")
        return name


class AddsRemoteOrdersAgain(SqliteOrderStore):
    """The same remote order again is another one."""

    def add_remote_order(self, ref: str, remote_order: RemoteOrder, *, by: str) -> None:
        taken = {one.connection for one in self.remote_orders(self.get_order(ref).id)}
        while remote_order.connection in taken:
            remote_order = evolve(remote_order, connection=f"{remote_order.connection}+")
        super().add_remote_order(ref, remote_order, by=by)


class GivesNumberForRemoteId(SqliteOrderStore):
    """Finds the right order, and gives its number."""

    def find_by_remote_id(self, connection: str, remote_id: str) -> str | None:
        found = super().find_by_remote_id(connection, remote_id)
        return found and self.get_order(OrderId(found)).number


class ComparesRemoteIdsAsNumbers(SqliteOrderStore):
    """007 is 7."""

    def find_by_remote_id(self, connection: str, remote_id: str) -> str | None:
        return super().find_by_remote_id(connection, remote_id.lstrip("0"))


class DoesNotLink(SqliteOrderStore):
    """A duplicate does not know what it is a duplicate of."""

    def original_of(self, order_id: str) -> str | None:
        super().original_of(order_id)
        return None


class CopiesRemoteOrders(SqliteOrderStore):
    """A duplicate is where its original is."""

    def remote_orders(self, order_id: str) -> tuple[RemoteOrder, ...]:
        original = self.original_of(order_id)
        return super().remote_orders(original or order_id)


class NaiveTimes(SqliteOrderStore):
    """Reads times as a database without zones has them, in some other zone."""

    def remote_orders(self, order_id: str) -> tuple[RemoteOrder, ...]:
        return tuple(
            evolve(one, submitted_at=one.submitted_at.astimezone(UTC).replace(tzinfo=None))
            for one in super().remote_orders(order_id)
        )


class LosesQuantities(SqliteOrderStore):
    """Every line is one piece."""

    def get_order(self, ref: str) -> Order:
        order = super().get_order(ref)
        return evolve(order, lines=tuple(evolve(line, quantity=1) for line in order.lines))


class KeepsAnAnswer(SqliteOrderStore):
    """Remembers where an order was submitted, and does not look again."""

    def __init__(self, path: Path, clock: VirtualClock) -> None:
        super().__init__(path, clock=clock)
        self._known: dict[str, tuple[RemoteOrder, ...]] = {}

    def remote_orders(self, order_id: str) -> tuple[RemoteOrder, ...]:
        return self._known.setdefault(order_id, super().remote_orders(order_id))


class TakesNumbersLater(SqliteOrderStore):
    """Looks for a free number, and takes it a moment later."""

    def duplicate(self, ref: str, *, by: str, number: str | None = None) -> Order:
        proposed = number or self.next_free_number(ref)
        time.sleep(0.05)
        return super().duplicate(ref, by=by, number=proposed)


class KnowsNoUnknown(SqliteOrderStore):
    """An order that does not exist is in no folder."""

    def folder_of(self, ref: str) -> str | None:
        try:
            return super().folder_of(ref)
        except NotFoundError:
            return None


class CutsTexts(SqliteOrderStore):
    """Has a column of 255 characters."""

    def add_history(self, ref: str, text: str, *, by: str) -> None:
        super().add_history(ref, text[:255], by=by)


class NewestFirst(SqliteOrderStore):
    """Sorts the other way."""

    def remote_orders(self, order_id: str) -> tuple[RemoteOrder, ...]:
        return super().remote_orders(order_id)[::-1]


class TellsAllOrders(SqliteOrderStore):
    """A text comes into the history of every order."""

    def add_history(self, ref: str, text: str, *, by: str) -> None:
        self.get_order(ref)
        for found in self.search_orders().orders:
            super().add_history(OrderId(found.order.id), text, by=by)


MUTANTS: dict[type[SqliteOrderStore], StoreRule] = {
    TakesNumbersForIds: StoreRule.IDS_ARE_IDS,
    TrimsRefs: StoreRule.FOUND_AS_WRITTEN,
    GuessesNumber: StoreRule.NEVER_GUESSED,
    DropsHistory: StoreRule.HISTORY_GROWS,
    ForgetsWho: StoreRule.CHANGES_NAME_WHO,
    GivesNumbersTwice: StoreRule.NUMBER_GIVEN_ONCE,
    KeepsOlderStatus: StoreRule.NEWEST_STATUS,
    TellsOfStatuses: StoreRule.STATUS_STAYS_IN_PLACE,
    ForgetsMoves: StoreRule.MOVED_ONCE,
    FoldersInOneCase: StoreRule.FOLDERS_BY_NAME,
    AddsRemoteOrdersAgain: StoreRule.REGISTERED_ONCE,
    GivesNumberForRemoteId: StoreRule.REMOTE_ID_IS_ONE_ORDERS,
    ComparesRemoteIdsAsNumbers: StoreRule.REMOTE_ID_IS_ONE_ORDERS,
    DoesNotLink: StoreRule.LINKED_BOTH_WAYS,
    CopiesRemoteOrders: StoreRule.DUPLICATE_IS_NEW,
    NaiveTimes: StoreRule.TIMES_ARE_AWARE,
    LosesQuantities: StoreRule.LINES_ARE_KEPT,
    KeepsAnAnswer: StoreRule.DURABLE,
    TakesNumbersLater: StoreRule.THREAD_SAFE,
    KnowsNoUnknown: StoreRule.UNKNOWN_IS_SAID,
    CutsTexts: StoreRule.TEXTS_ARE_KEPT,
    NewestFirst: StoreRule.OLDEST_FIRST,
    TellsAllOrders: StoreRule.NOTHING_ELSE_CHANGES,
}


def sqlite_under_test(folder: Path, kind: type[SqliteOrderStore], cannot: dict[Ability, str]) -> OrderStoreUnderTest:
    """A store of a kind, in a file of its own."""
    path, clock = folder / f"{len(list(folder.iterdir()))}.db", VirtualClock()

    def seed(orders: Sequence[Order]) -> list[str]:
        with closing(SqliteOrderStore(path, clock=clock)) as store:
            seq = len(store.search_orders(limit=500).orders)
            new = [evolve(order, id=f"58{seq}{place}") for place, order in enumerate(orders)]
            store.import_orders(new, by="mara")
            return [order.id for order in new]

    def history(order_id: str) -> list[HistoryText]:
        with closing(SqliteOrderStore(path, clock=clock)) as store:
            return [HistoryText(entry.by, entry.text) for entry in store.history(OrderId(order_id))]

    return OrderStoreUnderTest(lambda: kind(path, clock=clock), seed, history, FOLDERS, cannot)


def run(name: str, under_test: OrderStoreUnderTest) -> None:
    """One test of the suite."""
    with StoreTrial(under_test) as trial:
        getattr(OrderStoreConformance(), name)(trial)


@pytest.mark.slow
@pytest.mark.parametrize("kind", MUTANTS, ids=lambda kind: kind.__name__)
def test_a_broken_store_is_caught_with_rule_and_hint(tmp_path: Path, kind: type[SqliteOrderStore]) -> None:
    wanted, told = MUTANTS[kind], dict[StoreRule, str]()
    for name in TESTS:
        try:
            run(name, sqlite_under_test(tmp_path, kind, {}))
        except BrokenRule as error:
            told[error.rule] = str(error)
        if wanted in told:
            break
    assert wanted in told, f"caught with {sorted(rule.name for rule in told)} only"
    promise, hint = wanted.value
    assert told[wanted].startswith(f"rule: {promise}\n  ")
    assert told[wanted].endswith(f"\nhint: {hint}")


def test_every_rule_has_a_store_that_breaks_it() -> None:
    assert {*MUTANTS.values(), StoreRule.AS_DECLARED} == set(StoreRule)


# What a store declares


class MakesNoDuplicates(SqliteOrderStore):
    """For an app that cannot."""

    def next_free_number(self, ref: str) -> str:
        raise self._error()

    def duplicate(self, ref: str, *, by: str, number: str | None = None) -> Order:
        raise self._error()

    def _error(self) -> InvalidStateError:
        return InvalidStateError("this shop duplicates no order", hint="enter it anew in the shop")


def test_what_is_declared_is_skipped_with_its_reason(tmp_path: Path) -> None:
    under_test = sqlite_under_test(tmp_path, MakesNoDuplicates, {Ability.DUPLICATES: "the shop has no such thing"})
    with pytest.raises(pytest.skip.Exception, match="declared: no duplicates: the shop has no such thing"):
        run("test_a_duplicate_is_linked_both_ways", under_test)
    run("test_a_store_that_makes_no_duplicates_says_so", under_test)


@pytest.mark.parametrize(
    ("ability", "name"),
    [
        (Ability.DUPLICATES, "test_a_store_that_makes_no_duplicates_says_so"),
        (Ability.FOLDERS, "test_a_store_without_folders_is_in_none"),
        (Ability.SHARED_NUMBERS, "test_an_app_refuses_what_the_store_declares_to_be_impossible"),
        (Ability.NUMBER_LIKE_ID, "test_an_app_refuses_what_the_store_declares_to_be_impossible"),
    ],
)
def test_what_is_declared_must_be_so(tmp_path: Path, ability: Ability, name: str) -> None:
    with pytest.raises(BrokenRule, match="what a store declares that it cannot do") as caught:
        run(name, sqlite_under_test(tmp_path, SqliteOrderStore, {ability: "it is said"}))
    assert caught.value.rule is StoreRule.AS_DECLARED


def test_a_standard_test_is_not_dropped() -> None:
    with pytest.raises(TypeError, match="a standard test, which no store replaces or drops"):
        type("TestMine", (OrderStoreConformance,), {"test_a_long_text_is_kept_whole": lambda self: None})


def test_what_cannot_be_stood_yet_is_marked() -> None:
    @pytest.mark.xfail(reason="the shop cuts texts until March")
    def marked(self: OrderStoreConformance, trial: StoreTrial) -> None:
        OrderStoreConformance.test_a_long_text_is_kept_whole(self, trial)

    made = type("TestMine", (OrderStoreConformance,), {"test_a_long_text_is_kept_whole": marked})
    assert issubclass(made, OrderStoreConformance)
