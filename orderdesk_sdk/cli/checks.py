"""The checks of `doctor`. None shows a secret, creates a file or calls a service."""

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
from orderdesk_sdk.plugin.integration import Integration, NewNumber
from orderdesk_sdk.plugin.registry import LoadedPlugin, PluginRegistry
from orderdesk_sdk.plugin.toolkit.private_files import paths_open_to_others
from orderdesk_sdk.plugin.urls import is_loopback
from orderdesk_sdk.plugin.validation import routes_for_connection
from orderdesk_sdk.rules.actions import ActionCatalog
from orderdesk_sdk.rules.conditions import check_filters
from orderdesk_sdk.rules.model import Rule
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings
from orderdesk_sdk.runtime.listeners import Listeners
from orderdesk_sdk.stores.sqlite.connection import open_connection, wal_path
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.ledger_schema import MIGRATIONS

__all__ = ["Finding", "Severity", "run_checks"]

OVERDUE_AFTER = minutes(10)
"""Cases that are overdue by more show that no worker is running."""
MAX_FLAWS = 20
"""The most flaws of a ledger that are shown; one is enough to distrust it."""


class Severity(enum.Enum):
    """How serious a finding is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@frozen
class Finding:
    """The result of one check. hint: what to do; None where nothing is to be done."""

    area: str
    location: str
    severity: Severity
    message: str
    hint: str | None = None


def run_checks(session: Session) -> list[Finding]:
    """The findings of all checks, in the order in which they ran."""
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
            finding
            for connection in config.connections.values()
            for finding in _connection(
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
            "this folder has no orderdesk.toml, so no service is connected",
            "write an orderdesk.toml, or name one with --config; `orderdesk sandbox` writes one to try things out",
        )
        return
    count = len(config.connections)
    text = f"{count} connection{'' if count == 1 else 's'}; times without a zone are {config.timezone}"
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
            "sandbox", "[sandbox]", Severity.OK, f"a sandbox in {kind} time, now {format_time(now)} {zone(now)}"
        )


def _plugins(registry: PluginRegistry) -> Iterator[Finding]:
    slugs = registry.slugs()
    for error in registry.distribution_errors():
        yield _error_finding("plugin", error)
    if not slugs:
        hint = "install an integration, such as orderdesk-amazon-mcf"
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
        return  # Reported as an error of the plugin already.
    except OrderDeskError as error:
        yield Finding("connection", place, Severity.ERROR, f"{error.location}: {error.message}", error.hint)
        return
    declared = loaded.integration
    missing = [name for name in _environment_variables(connection.settings) if not os.environ.get(name)]
    for name in missing:
        text = f"the environment variable {name} is not set"
        yield Finding("credentials", place, Severity.ERROR, text, f"set {name} before you start `orderdesk`")
    settings = _read_settings(connection, loaded, missing)
    if isinstance(settings, OrderDeskError):
        yield _error_finding("settings", settings, place)
        return
    fields = settings_fields(declared.settings)
    urls = [str(getattr(settings, field.name)) for field in fields if field.kind is SettingKind.URL]
    if not all(is_loopback(urlsplit(url).hostname or "") for url in urls):
        yield from _plain_text_secrets(connection, files)
    yield from _duplicate_numbers(declared, suffix)
    if connection.insecure:
        text = "insecure = true: credentials and orders may be sent unencrypted"
        yield Finding(
            "connection",
            place,
            Severity.WARNING,
            text,
            "remove insecure once every URL begins with https://",
        )
    if not missing:
        count = sum(field.kind is SettingKind.SECRET for field in fields)
        secrets = "1 secret is set" if count == 1 else f"{count} secrets are set"
        yield Finding("connection", place, Severity.OK, f"{declared.title}: the settings are complete, {secrets}")


def _read_settings(
    connection: ConnectionConfig, plugin: LoadedPlugin, missing: Sequence[str]
) -> object | OrderDeskError:
    """The settings of a connection, or what is wrong with them or with the credentials that are made of them."""
    environment = {**os.environ, **dict.fromkeys(missing, "missing")}
    declared = plugin.integration

    def read() -> object:
        settings = make_settings(declared.settings, connection, environment)
        routes_for_connection(declared, plugin.manager, settings, f"{connection.location}.settings")
        if declared.auth is not None and not missing:
            declared.auth(settings)  # A connection makes them with its first call.
        return settings

    # Isolated, as the connection itself is made. An error text may quote a setting, so only its type is shown.
    settings = Bulkhead(connection.name, 1, DEFAULT_TIMEOUT).run_isolated(
        read, allowed_errors=(ConfigurationError, PluginError)
    )
    if isinstance(settings, PluginFailure):
        failure = f"the plugin raised {settings.error_type}" if settings.error_type else "the plugin timed out"
        return PluginError(failure, hint="report this error to the plugin's author")
    return settings


def _plain_text_secrets(connection: ConnectionConfig, files: Sequence[Path]) -> Iterator[Finding]:
    """The secrets that stand in the configuration itself, which other users of the machine may be able to read."""
    readable = ", readable by other users of this machine" if any(paths_open_to_others(*files)) else ""
    for name, given in connection.settings.items():
        if isinstance(given, Mapping) and "text" in given:
            yield Finding(
                "credentials",
                f"{connection.location}.settings.{name}",
                Severity.WARNING,
                f"the secret is written in the file in plain text{readable}",
                f'put the secret into an environment variable, and write {name} = {{ env = "NAME" }}',
            )


def _duplicate_numbers(declared: Integration, suffix: str) -> Iterator[Finding]:
    """Whether the service would take the numbers that duplicates are given."""
    if declared.remote_id_format is None or not isinstance(declared.resubmission, NewNumber):
        return
    problem = declared.remote_id_format.error(duplicate_number("1", suffix, 1))
    if problem is not None:
        text = (
            f"{declared.title} would reject the numbers of duplicates, such as 1{suffix.replace('{n}', '1')}: {problem}"
        )
        yield Finding(
            "resubmission",
            "[resubmission].suffix",
            Severity.WARNING,
            text,
            "choose another suffix, or resubmit with --number",
        )


def _rules(config: Config, registry: PluginRegistry) -> Iterator[Finding]:
    slugs = dict.fromkeys(connection.integration for connection in config.connections.values())
    declared = {slug: registry.describe(slug) for slug in slugs}
    catalog = ActionCatalog.from_integrations(declared, tuple(config.connections))
    errors = [*_filter_errors(config.rules), *catalog.errors(config.rules)]
    for error in errors:
        yield _error_finding("rule", error)
    if config.rules and not errors:
        count = len(config.rules)
        yield Finding(
            "rule",
            "[[rules]]",
            Severity.OK,
            f"{count} rule{'' if count == 1 else 's'}; every filter and action is sound",
        )


def _filter_errors(rules: Sequence[Rule]) -> Iterator[ConfigurationError]:
    for rule in rules:
        try:
            check_filters([rule])
        except ConfigurationError as error:
            yield error


def _environment_variables(settings: Mapping[str, object]) -> list[str]:
    """The environment variables that settings refer to."""
    return [
        name for given in settings.values() if isinstance(given, Mapping) and isinstance(name := given.get("env"), str)
    ]


def _ledger(config: Config) -> Iterator[Finding]:
    path, place = config.ledger, str(config.ledger)
    if not path.exists():
        yield _missing_ledger(path)
        return
    beside = (wal_path(path), path.with_name(f"{path.name}-shm"), *path.parent.glob(f"{path.name}.*.token"))
    for open_file in paths_open_to_others(path, *beside):
        yield Finding(
            "ledger",
            str(open_file),
            Severity.WARNING,
            "other users of this machine can read the file",
            f"run `chmod 600 {open_file}`",
        )
    finding = _ledger_version(path)
    yield finding
    if finding.severity is not Severity.OK:
        return
    try:
        now = clock_of(config).now()
    except OrderDeskError:
        now = SystemClock().now()  # That the sandbox does not answer is reported already.
    try:
        yield from _integrity(path)
        yield from _overdue(path, now)
    except StorageError as error:
        yield _error_finding("ledger", error, place)


def _missing_ledger(path: Path) -> Finding:
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        text = "the ledger cannot be created: its folder is missing or not writable"
        hint = f"create the folder {path.parent}, or make it writable"
        return Finding("ledger", str(path), Severity.ERROR, text, hint)
    text = "does not exist yet; the first command that needs the ledger creates it"
    return Finding("ledger", str(path), Severity.OK, text)


def _ledger_version(path: Path) -> Finding:
    """Whether this program can use the ledger as it is. Anything but OK: nothing more can be said of it."""
    place = str(path)
    try:
        version = _version_of_writable(path)
    except StorageError as error:
        return _error_finding("ledger", error, place)
    except sqlite3.Error as error:
        text = f"the ledger cannot be opened for writing: {error}"
        hint = "check the file's permissions, and that no other program locks it"
        return Finding("ledger", place, Severity.ERROR, text, hint)
    if version > len(MIGRATIONS):
        text = f"the ledger has version {version}; this program supports versions up to {len(MIGRATIONS)}"
        return Finding("ledger", place, Severity.ERROR, text, "install the newer orderdesk-sdk that wrote the ledger")
    if version < len(MIGRATIONS):
        text = f"the ledger has version {version}; the next command migrates it to {len(MIGRATIONS)}"
        hint = "if you may need the older program again, stop every program that uses the ledger, and copy it first"
        return Finding("ledger", place, Severity.WARNING, text, hint)
    return Finding("ledger", place, Severity.OK, f"version {version}, can be opened and written")


def _version_of_writable(path: Path) -> int:
    """The version of the ledger's tables, 0 where it has none. Writes nothing.

    Raises sqlite3.Error unless the file can be written, and StorageError where a part of the ledger is missing.
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
        hint = "the file was changed or damaged: keep it, and compare it with the last backup"
        yield Finding("evidence", str(path), Severity.ERROR, f"the history was changed or damaged: {flaw}", hint)
    if not flaws:
        yield Finding("evidence", str(path), Severity.OK, f"all {head.count} entries of the history are unchanged")


def _overdue(path: Path, now: datetime) -> Iterator[Finding]:
    with closing(SqliteLedger(path)) as ledger:
        due, following = ledger.due(now - OVERDUE_AFTER, 1000), ledger.next_due()
    if due:
        oldest = due[0].due_at or now
        count = (
            "1000 or more cases are" if len(due) == 1000 else f"{len(due)} cases are" if len(due) > 1 else "1 case is"
        )
        yield Finding(
            "work",
            str(path),
            Severity.ERROR,
            f"no worker is running: {count} overdue, the oldest by {span(now - oldest)}",
            "run `orderdesk work`",
        )
    elif following is None:
        yield Finding("work", str(path), Severity.OK, "no case is open")
    else:
        yield Finding(
            "work",
            str(path),
            Severity.OK,
            f"the next case is due {format_time(following)} {zone(following)}",
        )
