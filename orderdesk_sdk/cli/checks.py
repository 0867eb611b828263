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

from orderdesk_sdk.cases.damage import REMEDY as DAMAGED
from orderdesk_sdk.cli.output.times import shown, span, zone
from orderdesk_sdk.cli.sandbox_client import must_answer
from orderdesk_sdk.cli.session import Session, clock_of
from orderdesk_sdk.clock import SystemClock, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.errors import ConfigurationError, LedgerError, OrderDeskError, PluginFault
from orderdesk_sdk.orders.numbering import suffixed
from orderdesk_sdk.plugin.bulkhead import PATIENCE, Bulkhead
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields
from orderdesk_sdk.plugin.guard import Fault
from orderdesk_sdk.plugin.hookspecs import LISTENERS
from orderdesk_sdk.plugin.integration import NewNumber
from orderdesk_sdk.plugin.registry import Registry
from orderdesk_sdk.plugin.toolkit.private_files import too_open
from orderdesk_sdk.plugin.urls import is_loopback
from orderdesk_sdk.plugin.validation import ladder_of
from orderdesk_sdk.rules.actions import Actions
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings
from orderdesk_sdk.runtime.listeners import Listeners
from orderdesk_sdk.stores.sqlite.connection import opened, wal_of
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.ledger_schema import MIGRATIONS

__all__ = ["Finding", "Grade", "examine"]

_LATE = minutes(10)
"""Work that is overdue by more has nobody who does it."""
_FLAWS = 20
"""Flaws of a ledger that are told; the first is enough to distrust it."""


class Grade(enum.Enum):
    """What a finding amounts to."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@frozen
class Finding:
    """One thing that was looked at. remedy: what to do; None where there is nothing to do."""

    area: str
    place: str
    grade: Grade
    text: str
    remedy: str | None = None


def examine(session: Session) -> list[Finding]:
    """Everything that was found, in the order of looking."""
    registry = Registry()
    try:
        config = session.config()
    except OrderDeskError as error:
        return [_wrong("configuration", error), *_plugins(registry), *_listeners(registry)]
    return [
        *_configuration(config),
        *_plugins(registry),
        *_listeners(registry),
        *(
            found
            for connection in config.connections.values()
            for found in _connection(
                connection, registry, config.suffix, [config.path] if config.path is not None else []
            )
        ),
        *_rules(config, registry),
        *_ledger(config),
    ]


def _wrong(area: str, error: OrderDeskError, place: str = "-") -> Finding:
    return Finding(area, error.place or place, Grade.ERROR, error.text, error.remedy)


def _configuration(config: Config) -> Iterator[Finding]:
    if config.path is None:
        yield Finding(
            "configuration",
            str(Path.cwd()),
            Grade.WARNING,
            "there is no orderdesk.toml here, so nothing is connected",
            "write one, or name it with --config; `orderdesk sandbox` writes one to try things out",
        )
        return
    count = len(config.connections)
    text = f"is read; {count} connection{'' if count == 1 else 's'}, times without a zone are {config.timezone}"
    yield Finding("configuration", str(config.path.resolve()), Grade.OK, text)
    if config.sandbox is not None:
        try:
            for url in config.sandbox.simulators.values():
                must_answer(url)
            now = clock_of(config).now()
        except OrderDeskError as error:
            yield _wrong("sandbox", error)
            return
        kind = "real" if config.sandbox.clock is None else "virtual"
        yield Finding(
            "sandbox", "[sandbox]", Grade.OK, f"a sandbox in {kind} time; there it is {shown(now)} {zone(now)}"
        )


def _plugins(registry: Registry) -> Iterator[Finding]:
    slugs = registry.slugs()
    for error in registry.unreadable():
        yield _wrong("plugin", error)
    if not slugs:
        remedy = "install one, such as orderdesk-amazon-mcf"
        yield Finding("plugin", "this Python", Grade.WARNING, "no integration is installed", remedy)
    for slug in slugs:
        try:
            registry.load(slug)
        except PluginFault as error:
            yield _wrong("plugin", error, slug)
        else:
            yield Finding("plugin", slug, Grade.OK, f"{registry.distribution(slug)} loads")


def _listeners(registry: Registry) -> Iterator[Finding]:
    for error in Listeners((), lambda: registry.entry_points(LISTENERS)).load().values():
        yield _wrong("listener", error)


def _connection(
    connection: ConnectionConfig, registry: Registry, suffix: str, files: Sequence[Path]
) -> Iterator[Finding]:
    place = connection.place
    try:
        loaded = registry.load(connection.integration)
    except PluginFault:
        return  # Told as the plugin's own fault already.
    except OrderDeskError as error:
        yield Finding("connection", place, Grade.ERROR, f"{error.place}: {error.text}", error.remedy)
        return
    declared = loaded.integration
    fields = {field.name: field for field in settings_fields(declared.settings)}
    missing = [name for name in _variables(connection.settings) if not os.environ.get(name)]
    for name in missing:
        text = f"the environment variable {name} is not set"
        yield Finding("credentials", place, Grade.ERROR, text, f"set {name} before `orderdesk` starts")
    stand_ins = {**os.environ, **dict.fromkeys(missing, "missing")}

    def ready() -> object:
        made = make_settings(declared.settings, connection, stand_ins)
        ladder_of(declared, loaded.manager, made, f"{place}.settings")
        return made

    # Under the guard, as the connection itself is made; its words may quote a setting, so only the kind is told.
    made = Bulkhead(connection.name, 1, PATIENCE).aside(ready, passes=(ConfigurationError, PluginFault))
    if isinstance(made, Fault):
        made = PluginFault(f"{made.kind or 'a hang'} in the plugin", remedy="report it to the plugin's author")
    if isinstance(made, OrderDeskError):
        yield _wrong("settings", made, place)
        return
    hosts = [str(getattr(made, field.name)) for field in fields.values() if field.kind is SettingKind.HOST]
    if not all(is_loopback(urlsplit(host).hostname or "") for host in hosts):
        for name, given in connection.settings.items():
            if isinstance(given, Mapping) and "text" in given:
                seen = ", and others on this machine may read it" if any(too_open(*files)) else ""
                yield Finding(
                    "credentials",
                    f"{place}.settings.{name}",
                    Grade.WARNING,
                    f"a secret stands in the file in plain text{seen}",
                    f'put it into an environment variable, and write {name} = {{ env = "NAME" }}',
                )
    fault = declared.remote_id.fault(suffixed("1", suffix, 1)) if declared.remote_id is not None else None
    if fault is not None and isinstance(declared.resubmit, NewNumber):
        text = (
            f"{declared.title} would refuse the numbers of duplicates, such as 1{suffix.replace('{n}', '1')}: {fault}"
        )
        yield Finding("resubmit", "[resubmit].suffix", Grade.WARNING, text, "choose another suffix, or give --number")
    if connection.insecure:
        text = "insecure = true: credentials and orders may go out in clear"
        yield Finding("connection", place, Grade.WARNING, text, "remove it once its hosts are called by https://")
    if not missing:
        count = sum(field.kind is SettingKind.SECRET for field in fields.values())
        secrets = "1 secret is there" if count == 1 else f"{count} secrets are there"
        yield Finding("connection", place, Grade.OK, f"{declared.title}: settings are complete, {secrets}")


def _rules(config: Config, registry: Registry) -> Iterator[Finding]:
    slugs = dict.fromkeys(connection.integration for connection in config.connections.values())
    declared = {slug: registry.declared(slug) for slug in slugs}
    faults = Actions.of(declared, tuple(config.connections)).faults(config.rules)
    for error in faults:
        yield _wrong("rule", error)
    if config.rules and not faults:
        count = len(config.rules)
        yield Finding("rule", "[[rules]]", Grade.OK, f"{count} rule{'' if count == 1 else 's'}; every action is known")


def _variables(settings: Mapping[str, object]) -> list[str]:
    """The environment variables that settings refer to."""
    return [
        name for given in settings.values() if isinstance(given, Mapping) and isinstance(name := given.get("env"), str)
    ]


def _ledger(config: Config) -> Iterator[Finding]:
    path, place = config.ledger, str(config.ledger)
    if not path.exists():
        if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            text = "there is no ledger yet, and its folder is missing or not writable"
            yield Finding("ledger", place, Grade.ERROR, text, f"make {path.parent} a folder that you may write to")
        else:
            yield Finding(
                "ledger", place, Grade.OK, "there is no ledger yet; the first command that needs one makes it"
            )
        return
    beside = (wal_of(path), path.with_name(f"{path.name}-shm"), *path.parent.glob(f"{path.name}.*.token"))
    for open_file in too_open(path, *beside):
        yield Finding(
            "ledger",
            str(open_file),
            Grade.WARNING,
            "others on this machine may read it",
            f"chmod 600 {open_file}",
        )
    try:
        version = _version_of_writable(path)
    except LedgerError as error:
        yield _wrong("ledger", error, place)
        return
    except sqlite3.Error as error:
        text = f"cannot be opened and written: {error}"
        yield Finding("ledger", place, Grade.ERROR, text, "check its permissions, and that no other program holds it")
        return
    if version > len(MIGRATIONS):
        text = f"its tables have version {version}; this program knows {len(MIGRATIONS)}"
        yield Finding("ledger", place, Grade.ERROR, text, "install the newer orderdesk-sdk that wrote it")
        return
    if version < len(MIGRATIONS):
        text = f"its tables have version {version}; the next command brings them to {len(MIGRATIONS)}"
        yield Finding(
            "ledger",
            place,
            Grade.WARNING,
            text,
            "end every program that uses it and copy it first, if you may need the older program again",
        )
        return
    yield Finding("ledger", place, Grade.OK, f"opens, can be written, version {version}")
    try:
        now = clock_of(config).now()
    except OrderDeskError:
        now = SystemClock().now()  # The sandbox that does not answer is a finding of its own already.
    try:
        yield from _chain(path)
        yield from _due(path, now)
    except LedgerError as error:
        yield _wrong("ledger", error, place)


def _version_of_writable(path: Path) -> int:
    """The version of its tables, 0 where there are none. Writes nothing.

    Raises sqlite3.Error unless it can be written, and LedgerError where it is not all there.
    """
    with opened(path) as db:
        db.execute("PRAGMA busy_timeout = 2000")
        db.execute("BEGIN IMMEDIATE")
        named = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'ledger_schema'").fetchone()
        version = db.execute("SELECT max(version) FROM ledger_schema").fetchone()[0] if named[0] else 0
        db.execute("ROLLBACK")
    return version or 0


def _chain(path: Path) -> Iterator[Finding]:
    with closing(SqliteLedger(path)) as ledger:
        for line in ledger.look_for_damage():
            place, _, text = line.partition(": ")
            yield Finding("ledger", place, Grade.ERROR, text, DAMAGED)
        head = ledger.head()
        flaws = [str(flaw) for flaw in islice(ledger.examine(), _FLAWS)]
    for flaw in flaws:
        remedy = "somebody wrote into the file, or it is damaged: keep it, and compare it with the last backup"
        yield Finding("evidence", str(path), Grade.ERROR, f"not as it was written: {flaw}", remedy)
    if not flaws:
        yield Finding(
            "evidence", str(path), Grade.OK, f"all {head.count} lines of its history are as they were written"
        )


def _due(path: Path, now: datetime) -> Iterator[Finding]:
    with closing(SqliteLedger(path)) as ledger:
        due, following = ledger.due(now - _LATE, 1000), ledger.next_due()
    if due:
        oldest = due[0].due_at or now
        count = "1000 or more" if len(due) == 1000 else str(len(due))
        yield Finding(
            "work",
            str(path),
            Grade.ERROR,
            f"{count} overdue, the longest by {span(now - oldest)}",
            "run `orderdesk work`: nobody does what is due",
        )
    elif following is None:
        yield Finding("work", str(path), Grade.OK, "nothing is open")
    else:
        yield Finding(
            "work", str(path), Grade.OK, f"the next is due {shown(following, seconds=True)} {zone(following)}"
        )
