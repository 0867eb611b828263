"""The checks of `doctor` on the ledger: which database it is in, its tables, its integrity, and the work on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.damaged_rows import RESTORE_HINT as DAMAGED
from orderdesk_sdk.cli.session import clock_of
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.health import HealthCheck, HealthCode, error_check
from orderdesk_sdk.desk.health_checks import check_health
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError, StorageError
from orderdesk_sdk.plugin.toolkit.private_files import paths_open_to_others
from orderdesk_sdk.runtime.engines.choosing import waker_of
from orderdesk_sdk.stores.opening import (
    LedgerLocation,
    clock_of_ledger,
    database_name,
    open_ledger,
    tables_of,
)
from orderdesk_sdk.stores.sql.tables_version import TablesVersion
from orderdesk_sdk.stores.sqlite.connection import wal_path

if TYPE_CHECKING:
    from orderdesk_sdk.stores.postgres.ledger import PostgresLedger
    from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger

__all__ = ["check_ledger"]

MAX_FLAWS = 20
"""The most flaws of a ledger that are shown; one is enough to distrust it."""


def check_ledger(config: Config) -> Iterator[HealthCheck]:
    """What there is to say of the ledger of a configuration. Makes none."""
    path, place = config.ledger_file, str(config.ledger_file or "[ledger].url")
    if path is not None:
        if not path.exists():
            yield _missing_ledger(path)
            return
        yield from _files_open_to_others(path)
    try:
        version = tables_of(config.ledger)[0].version
        tables = _tables(config.ledger, place, version)
        if not version.is_usable:
            yield tables
            return
        with closing(open_ledger(config.ledger)) as ledger:
            yield tables  # It says that the ledger can be opened, which one that was copied elsewhere cannot.
            yield from _integrity(ledger, place)
            yield from check_health(ledger, _now(config, ledger), place)
            waker_of(config.engine, ledger)  # Raises where the engine cannot be used, as each command would.
    except (StorageError, ConfigurationError) as error:
        yield error_check(HealthCode.LEDGER, error, place)


def _now(config: Config, ledger: SqliteLedger | PostgresLedger) -> datetime:
    """The time by which cases are due: the sandbox's, else that of whoever works on the ledger."""
    if config.sandbox is not None:
        with suppress(OrderDeskError):  # That the sandbox does not answer is reported already.
            return clock_of(config).now()
    return clock_of_ledger(ledger).now()


def _files_open_to_others(path: Path) -> Iterator[HealthCheck]:
    beside = (wal_path(path), path.with_name(f"{path.name}-shm"), *path.parent.glob(f"{path.name}.*.token"))
    for open_file in paths_open_to_others(path, *beside):
        yield HealthCheck.degraded(
            HealthCode.LEDGER,
            str(open_file),
            "other users of this machine can read the file",
            f"run `chmod 600 {open_file}`",
        )


def _missing_ledger(path: Path) -> HealthCheck:
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        text = "the ledger cannot be created: its folder is missing or not writable"
        hint = f"create the folder {path.parent}, or make it writable"
        return HealthCheck.failing(HealthCode.LEDGER, str(path), text, hint)
    text = "does not exist yet; the first command that needs the ledger creates it"
    return HealthCheck.ok(HealthCode.LEDGER, str(path), text)


def _tables(location: LedgerLocation, place: str, version: TablesVersion) -> HealthCheck:
    """Whether this program can use the ledger as it is. Where not, nothing more can be said of it."""
    found, known = version.found, version.known
    if version.oldest > known:
        text = f"the ledger has version {found}; this program supports versions up to {known}"
        return HealthCheck.failing(
            HealthCode.LEDGER,
            place,
            text,
            "install the newer orderdesk-sdk that wrote the ledger",
        )
    if found == 0 and not isinstance(location, Path):
        text = "has no tables yet; the first command that needs the ledger creates them"
        return HealthCheck.ok(HealthCode.LEDGER, place, text)
    if version.is_behind:
        text = f"the ledger has version {found}; the next command migrates it to {known}"
        hint = "if you may need the older program again, stop every program that uses the ledger, and copy it first"
        return HealthCheck.degraded(HealthCode.LEDGER, place, text, hint)
    kind = "SQLite" if isinstance(location, Path) else database_name(location)
    return HealthCheck.ok(HealthCode.LEDGER, place, f"{kind}, version {found}, can be opened and written")


def _integrity(ledger: SqliteLedger | PostgresLedger, place: str) -> Iterator[HealthCheck]:
    for line in ledger.look_for_damage():
        row, _, text = line.partition(": ")
        yield HealthCheck.failing(HealthCode.LEDGER, row, text, DAMAGED)
    head = ledger.head()
    flaws = [str(flaw) for flaw in islice(ledger.find_flaws(), MAX_FLAWS)]
    for flaw in flaws:
        hint = "the ledger was changed or damaged: keep it, and compare it with the last backup"
        yield HealthCheck.failing(HealthCode.EVIDENCE, place, f"the history was changed or damaged: {flaw}", hint)
    if not flaws:
        entries = counted(head.count, "entry", "entries")
        yield HealthCheck.ok(HealthCode.EVIDENCE, place, f"{entries} of the history checked: unchanged")
        records = ledger.audit_count()
        if records:
            text = f"{counted(records, 'record')} of the audit log checked: unchanged"
            yield HealthCheck.ok(HealthCode.EVIDENCE, place, text)
