"""Opens the ledger and the order store where the configuration says: the one place that knows which database it is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from orderdesk_sdk.clock import Clock, SystemClock
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.orders.numbering import DEFAULT_SUFFIX
from orderdesk_sdk.secret import Secret

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime

    from orderdesk_sdk.cases.call_counts import CallCounts
    from orderdesk_sdk.stores.ledger_copy import CopyEnd, LedgerCopy
    from orderdesk_sdk.stores.orderdesk_api.connection_names import ConnectionNames
    from orderdesk_sdk.stores.orderdesk_api.settings import OrderDeskSettings
    from orderdesk_sdk.stores.orderdesk_api.store import OrderDeskStore
    from orderdesk_sdk.stores.postgres.ledger import PostgresLedger
    from orderdesk_sdk.stores.sql.order_store import SqlOrderStore
    from orderdesk_sdk.stores.sql.tables_version import VersionedTables
    from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
    from orderdesk_sdk.stores.store_records import StoreRecords
    from orderdesk_sdk.transport.http.connection_state import StateOfConnection
    from orderdesk_sdk.transport.http.limits import HttpLimits

__all__ = [
    "LedgerLocation",
    "clock_of_ledger",
    "copy_ledger",
    "database_name",
    "migrate_tables",
    "open_ledger",
    "open_order_desk_store",
    "open_order_store",
    "states_of_connections",
    "tables_of",
]

T = TypeVar("T")

LedgerLocation = Path | Secret
"""Where a ledger is: a file, or the URL of a PostgreSQL database, which may hold a password."""
_IN_CONFIGURATION = "[ledger].url"


def open_ledger(location: LedgerLocation, *, keeps_events: bool = True) -> SqliteLedger | PostgresLedger:
    """The ledger at a location, made where there is none.

    Raises StorageError where it cannot be opened, ConfigurationError for what is no URL, or where psycopg is missing.

    Args:
        keeps_events: whether the order events that come with changes are recorded; where there are no rules, nobody
            would ever handle them.
    """
    if isinstance(location, Path):
        from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger

        return SqliteLedger(location, keeps_events=keeps_events)
    url = location

    def opened() -> PostgresLedger:
        from orderdesk_sdk.stores.postgres.ledger import PostgresLedger

        return PostgresLedger(url, keeps_events=keeps_events, location=_IN_CONFIGURATION)

    return _with_driver(opened)


def open_order_store(
    location: LedgerLocation, *, clock: Clock, suffix: str = DEFAULT_SUFFIX, place: str = _IN_CONFIGURATION
) -> SqlOrderStore:
    """The embedded order store at a location, which may be the ledger's. Raises as `open_ledger`.

    Args:
        suffix: of the numbers of duplicates.
        place: where the location stands in the configuration, for messages.
    """
    if isinstance(location, Path):
        from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

        return SqliteOrderStore(location, clock=clock, suffix=suffix)
    url = location

    def opened() -> SqlOrderStore:
        from orderdesk_sdk.stores.postgres.orders import PostgresOrderStore

        return PostgresOrderStore(url, clock=clock, suffix=suffix, location=place)

    return _with_driver(opened, place)


def open_order_desk_store(
    settings: OrderDeskSettings,
    names: ConnectionNames,
    ledger: object,
    states: StateOfConnection,
    clock: Clock,
    suffix: str = DEFAULT_SUFFIX,
    limits: HttpLimits | None = None,
) -> OrderDeskStore:
    """The order store over Order Desk's API. Nothing is called before an order is asked for.

    Args:
        ledger: keeps beside itself what the API has no place for; one that is not of this package leaves that to the
            process.
        states: of the connections; this store's calls share one bucket.
    """
    from orderdesk_sdk.stores.orderdesk_api.api import OrderDeskApi
    from orderdesk_sdk.stores.orderdesk_api.store import OrderDeskStore

    name = f"order-desk {settings.store_id}"
    records_of: Callable[[str], StoreRecords] | None = getattr(ledger, "store_records", None)
    records = records_of(name) if records_of is not None else None
    api = OrderDeskApi(settings, clock, states(name), limits)
    return OrderDeskStore(api, settings, names, clock, records=records, suffix=suffix)


def states_of_connections(location: LedgerLocation, ledger: object, clock: Clock) -> StateOfConnection:
    """What is known of each connection beyond a call: shared by all processes that work on a PostgreSQL database.

    Raises StorageError.

    Args:
        ledger: the one that is open; None of this package leaves each process to itself.
    """
    shared: Callable[[Clock], StateOfConnection] | None = getattr(ledger, "states_of_connections", None)
    if shared is not None:
        return shared(clock)
    from orderdesk_sdk.cases.call_counts import LocalCallCounts
    from orderdesk_sdk.transport.http.connection_state import LocalConnectionState
    from orderdesk_sdk.transport.http.stored_tokens import token_store_beside

    counts_of: Callable[[str], CallCounts] = getattr(ledger, "call_counts", lambda _: LocalCallCounts())
    if not isinstance(location, Path):
        return lambda connection: LocalConnectionState(clock, None, counts_of(connection))
    file = location
    return lambda connection: LocalConnectionState(clock, token_store_beside(file, connection), counts_of(connection))


def database_name(location: LedgerLocation) -> str:
    """What a ledger is kept in, for people: the kind of database, and where it is. Raises as `open_ledger`."""
    if isinstance(location, Path):
        return f"SQLite file {location}"
    url = location

    def found() -> str:
        from orderdesk_sdk.stores.postgres.tables import server_name

        return server_name(url, _IN_CONFIGURATION)

    return _with_driver(found)


def tables_of(location: LedgerLocation) -> tuple[VersionedTables, ...]:
    """Which versions the tables at a location have, the ledger's first. Makes none. Raises as `open_ledger`."""
    if isinstance(location, Path):
        from orderdesk_sdk.stores.sqlite import tables as sqlite_tables

        return sqlite_tables.tables_of(location)
    url = location

    def found() -> tuple[VersionedTables, ...]:
        from orderdesk_sdk.stores.postgres import tables as postgres_tables

        return postgres_tables.tables_of(url, _IN_CONFIGURATION)

    return _with_driver(found)


def migrate_tables(location: LedgerLocation, names: Collection[str]) -> None:
    """Bring the kinds of tables with these names to the version of the program, also where that ends older programs.

    Those that are not there are made. Raises as `open_ledger`.
    """
    if isinstance(location, Path):
        from orderdesk_sdk.stores.sqlite import tables as sqlite_tables

        sqlite_tables.migrate_tables(location, names)
        return
    url = location

    def migrated() -> None:
        from orderdesk_sdk.stores.postgres import tables as postgres_tables

        postgres_tables.migrate_tables(url, _IN_CONFIGURATION, names)

    _with_driver(migrated)


def copy_ledger(source: LedgerLocation, target: LedgerLocation, now: datetime) -> LedgerCopy:
    """Copy a ledger with its orders into a new one, and retire the first; see `ledger_copy`. Raises as that does."""
    from orderdesk_sdk.stores import ledger_copy

    def copied() -> LedgerCopy:
        return ledger_copy.copy_ledger(_copy_end(source, is_source=True), _copy_end(target, is_source=False), now)

    return _with_driver(copied)


def _copy_end(location: LedgerLocation, *, is_source: bool) -> AbstractContextManager[CopyEnd]:
    if isinstance(location, Path):
        from orderdesk_sdk.stores.sqlite import copy_ends as sqlite_ends

        return sqlite_ends.copy_source(location) if is_source else sqlite_ends.copy_target(location)
    from orderdesk_sdk.stores.postgres import copy_ends as postgres_ends

    where = "--from" if is_source else "--to"
    return postgres_ends.copy_source(location, where) if is_source else postgres_ends.copy_target(location, where)


def clock_of_ledger(ledger: object) -> Clock:
    """The clock that everybody who works on a ledger shares: its server's, or for a file the machine's."""
    clock = getattr(ledger, "clock", None)
    return clock if clock is not None else SystemClock()


def _with_driver(opened: Callable[[], T], place: str = _IN_CONFIGURATION) -> T:
    try:
        return opened()
    except ImportError as error:
        if not (error.name or "psycopg").startswith("psycopg"):
            raise
        raise ConfigurationError(
            f"PostgreSQL needs psycopg: {error}",
            location=place,
            hint="run `pip install 'orderdesk-sdk[postgres]' 'psycopg[binary]'`",
        ) from None
