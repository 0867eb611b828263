"""The examinations of `doctor`. None shows a secret, makes a file or calls a service."""

from __future__ import annotations

import enum
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from attrs import frozen

from orderdesk_sdk.cases.damaged_rows import RESTORE_HINT as DAMAGED
from orderdesk_sdk.cli.output.times import format_time, span, zone
from orderdesk_sdk.cli.sandbox_client import require_simulator
from orderdesk_sdk.cli.session import Session, clock_of
from orderdesk_sdk.clock import SystemClock, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError, PluginError, StorageError
from orderdesk_sdk.orders.numbering import duplicate_number
from orderdesk_sdk.plugin.bulkhead import DEFAULT_TIMEOUT, Bulkhead
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields
from orderdesk_sdk.plugin.guard import PluginFailure
from orderdesk_sdk.plugin.hookspecs import LISTENERS
from orderdesk_sdk.plugin.integration import NewNumber
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.toolkit.private_files import paths_open_to_others
from orderdesk_sdk.plugin.urls import is_loopback
from orderdesk_sdk.plugin.validation import routes_for_connection
from orderdesk_sdk.rules.actions import ActionCatalog
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings
from orderdesk_sdk.runtime.listeners import Listeners
from orderdesk_sdk.stores.sqlite.connection import open_connection, wal_path
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.ledger_schema import MIGRATIONS

__all__ = ["Finding", "Severity", "run_checks"]

OVERDUE_AFTER = minutes(10)
"""Work that is overdue by more has nobody who does it."""
MAX_FLAWS = 20
"""Flaws of a ledger that are told; the first is enough to distrust it."""


class Severity(enum.Enum):
    """What a finding amounts to."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@frozen
class Finding:
    """One thing that was looked at. hint: what to do; None where there is nothing to do."""

    area: str
    location: str
    severity: Severity
    message: str
    hint: str | None = None


def run_checks(session: Session) -> list[Finding]:
    """Everything that was found, in the order of looking."""
    registry = PluginRegistry()
    try:
        config = session.config()
    except OrderDeskError as error:
        return [_error_finding("configuration", error), *_plugins(registry), *_listeners(registry)]
    return [
        *_configuration(config),
        *_plugins(registry),
        *_listeners(registry),
        *(
            found
            for connection in config.connections.values()
            for found in _connection(
                connection, registry, config.resubmission_suffix, [config.path] if config.path is not None else []
            )
        ),
        *_rules(config, registry),
        *_ledger(config),
    ]


def _error_finding(area: str, error: OrderDeskError, location: str = "-") -> Finding:
    return Finding(area, error.location or location, Severity.ERROR, error.message, error.hint)


def _configuration(config: Config) -> Iterator[Finding]:
    if config.path is None:
        yield Finding(
            "configuration",
            str(Path.cwd()),
            Severity.WARNING,
            "there is no orderdesk.toml here, so nothing is connected",
            "write one, or name it with --config; `orderdesk sandbox` writes one to try things out",
        )
        return
    count = len(config.connections)
    text = f"is read; {count} connection{'' if count == 1 else 's'}, times without a zone are {config.timezone}"
    yield Finding("configuration", str(config.path.resolve()), Severity.OK, text)
    if config.sandbox is not None:
        try:
            for url in config.sandbox.simulators.values():
                require_simulator(url)
            now = clock_of(config).now()
        except OrderDeskError as error:
            yield _error_finding("sandbox", error)
            return
        kind = "real" if config.sandbox.clock is None else "virtual"
        yield Finding(
            "sandbox", "[sandbox]", Severity.OK, f"a sandbox in {kind} time; there it is {format_time(now)} {zone(now)}"
        )


def _plugins(registry: PluginRegistry) -> Iterator[Finding]:
    slugs = registry.slugs()
    for error in registry.distribution_errors():
        yield _error_finding("plugin", error)
    if not slugs:
        hint = "install one, such as orderdesk-amazon-mcf"
        yield Finding("plugin", "this Python", Severity.WARNING, "no integration is installed", hint)
    for slug in slugs:
        try:
            registry.load(slug)
        except PluginError as error:
            yield _error_finding("plugin", error, slug)
        else:
            yield Finding("plugin", slug, Severity.OK, f"{registry.distribution(slug)} loads")


def _listeners(registry: PluginRegistry) -> Iterator[Finding]:
    for error in Listeners((), lambda: registry.entry_points(LISTENERS)).load().values():
        yield _error_finding("listener", error)


def _connection(
    connection: ConnectionConfig, registry: PluginRegistry, suffix: str, files: Sequence[Path]
) -> Iterator[Finding]:
    place = connection.location
    try:
        loaded = registry.load(connection.integration)
    except PluginError:
        return  # Told as the plugin's own fault already.
    except OrderDeskError as error:
        yield Finding("connection", place, Severity.ERROR, f"{error.location}: {error.message}", error.hint)
        return
    declared = loaded.integration
    fields = {field.name: field for field in settings_fields(declared.settings)}
    missing = [name for name in _environment_variables(connection.settings) if not os.environ.get(name)]
    for name in missing:
        text = f"the environment variable {name} is not set"
        yield Finding("credentials", place, Severity.ERROR, text, f"set {name} before `orderdesk` starts")
    stand_ins = {**os.environ, **dict.fromkeys(missing, "missing")}

    def ready() -> object:
        made = make_settings(declared.settings, connection, stand_ins)
        routes_for_connection(declared, loaded.manager, made, f"{place}.settings")
        return made

    # Under the guard, as the connection itself is made; its words may quote a setting, so only the kind is told.
    made = Bulkhead(connection.name, 1, DEFAULT_TIMEOUT).run_isolated(
        ready, allowed_errors=(ConfigurationError, PluginError)
    )
    if isinstance(made, PluginFailure):
        made = PluginError(f"{made.error_type or 'a hang'} in the plugin", hint="report it to the plugin's author")
    if isinstance(made, OrderDeskError):
        yield _error_finding("settings", made, place)
        return
    hosts = [str(getattr(made, field.name)) for field in fields.values() if field.kind is SettingKind.URL]
    if not all(is_loopback(urlsplit(host).hostname or "") for host in hosts):
        for name, given in connection.settings.items():
            if isinstance(given, Mapping) and "text" in given:
                seen = ", and others on this machine may read it" if any(paths_open_to_others(*files)) else ""
                yield Finding(
                    "credentials",
                    f"{place}.settings.{name}",
                    Severity.WARNING,
                    f"a secret stands in the file in plain text{seen}",
                    f'put it into an environment variable, and write {name} = {{ env = "NAME" }}',
                )
    fault = (
        declared.remote_id_format.error(duplicate_number("1", suffix, 1))
        if declared.remote_id_format is not None
        else None
    )
    if fault is not None and isinstance(declared.resubmission, NewNumber):
        text = (
            f"{declared.title} would refuse the numbers of duplicates, such as 1{suffix.replace('{n}', '1')}: {fault}"
        )
        yield Finding(
            "resubmit", "[resubmission].suffix", Severity.WARNING, text, "choose another suffix, or give --number"
        )
    if connection.insecure:
        text = "insecure = true: credentials and orders may go out in clear"
        yield Finding("connection", place, Severity.WARNING, text, "remove it once its hosts are called by https://")
    if not missing:
        count = sum(field.kind is SettingKind.SECRET for field in fields.values())
        secrets = "1 secret is there" if count == 1 else f"{count} secrets are there"
        yield Finding("connection", place, Severity.OK, f"{declared.title}: settings are complete, {secrets}")


def _rules(config: Config, registry: PluginRegistry) -> Iterator[Finding]:
    slugs = dict.fromkeys(connection.integration for connection in config.connections.values())
    declared = {slug: registry.describe(slug) for slug in slugs}
    faults = ActionCatalog.from_integrations(declared, tuple(config.connections)).errors(config.rules)
    for error in faults:
        yield _error_finding("rule", error)
    if config.rules and not faults:
        count = len(config.rules)
        yield Finding(
            "rule", "[[rules]]", Severity.OK, f"{count} rule{'' if count == 1 else 's'}; every action is known"
        )


def _environment_variables(settings: Mapping[str, object]) -> list[str]:
    """The environment variables that settings refer to."""
    return [
        name for given in settings.values() if isinstance(given, Mapping) and isinstance(name := given.get("env"), str)
    ]


def _ledger(config: Config) -> Iterator[Finding]:
    path, place = config.ledger, str(config.ledger)
    if not path.exists():
        if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            text = "there is no ledger yet, and its folder is missing or not writable"
            yield Finding("ledger", place, Severity.ERROR, text, f"make {path.parent} a folder that you may write to")
        else:
            yield Finding(
                "ledger", place, Severity.OK, "there is no ledger yet; the first command that needs one makes it"
            )
        return
    beside = (wal_path(path), path.with_name(f"{path.name}-shm"), *path.parent.glob(f"{path.name}.*.token"))
    for open_file in paths_open_to_others(path, *beside):
        yield Finding(
            "ledger",
            str(open_file),
            Severity.WARNING,
            "others on this machine may read it",
            f"chmod 600 {open_file}",
        )
    try:
        version = _version_of_writable(path)
    except StorageError as error:
        yield _error_finding("ledger", error, place)
        return
    except sqlite3.Error as error:
        text = f"cannot be opened and written: {error}"
        yield Finding(
            "ledger", place, Severity.ERROR, text, "check its permissions, and that no other program holds it"
        )
        return
    if version > len(MIGRATIONS):
        text = f"its tables have version {version}; this program knows {len(MIGRATIONS)}"
        yield Finding("ledger", place, Severity.ERROR, text, "install the newer orderdesk-sdk that wrote it")
        return
    if version < len(MIGRATIONS):
        text = f"its tables have version {version}; the next command brings them to {len(MIGRATIONS)}"
        yield Finding(
            "ledger",
            place,
            Severity.WARNING,
            text,
            "end every program that uses it and copy it first, if you may need the older program again",
        )
        return
    yield Finding("ledger", place, Severity.OK, f"opens, can be written, version {version}")
    try:
        now = clock_of(config).now()
    except OrderDeskError:
        now = SystemClock().now()  # The sandbox that does not answer is a finding of its own already.
    try:
        yield from _integrity(path)
        yield from _overdue(path, now)
    except StorageError as error:
        yield _error_finding("ledger", error, place)


def _version_of_writable(path: Path) -> int:
    """The version of its tables, 0 where there are none. Writes nothing.

    Raises sqlite3.Error unless it can be written, and StorageError where it is not all there.
    """
    with open_connection(path) as db:
        db.execute("PRAGMA busy_timeout = 2000")
        db.execute("BEGIN IMMEDIATE")
        named = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'ledger_schema'").fetchone()
        version = db.execute("SELECT max(version) FROM ledger_schema").fetchone()[0] if named[0] else 0
        db.execute("ROLLBACK")
    return version or 0


def _integrity(path: Path) -> Iterator[Finding]:
    with closing(SqliteLedger(path)) as ledger:
        for line in ledger.look_for_damage():
            place, _, text = line.partition(": ")
            yield Finding("ledger", place, Severity.ERROR, text, DAMAGED)
        head = ledger.head()
        flaws = [str(flaw) for flaw in islice(ledger.find_flaws(), MAX_FLAWS)]
    for flaw in flaws:
        hint = "somebody wrote into the file, or it is damaged: keep it, and compare it with the last backup"
        yield Finding("evidence", str(path), Severity.ERROR, f"not as it was written: {flaw}", hint)
    if not flaws:
        yield Finding(
            "evidence", str(path), Severity.OK, f"all {head.count} lines of its history are as they were written"
        )


def _overdue(path: Path, now: datetime) -> Iterator[Finding]:
    with closing(SqliteLedger(path)) as ledger:
        due, following = ledger.due(now - OVERDUE_AFTER, 1000), ledger.next_due()
    if due:
        oldest = due[0].due_at or now
        count = "1000 or more" if len(due) == 1000 else str(len(due))
        yield Finding(
            "work",
            str(path),
            Severity.ERROR,
            f"{count} overdue, the longest by {span(now - oldest)}",
            "run `orderdesk work`: nobody does what is due",
        )
    elif following is None:
        yield Finding("work", str(path), Severity.OK, "nothing is open")
    else:
        yield Finding(
            "work", str(path), Severity.OK, f"the next is due {format_time(following, seconds=True)} {zone(following)}"
        )
