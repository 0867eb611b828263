"""What was configured while the desk ran: connections and rules, with one version over all of it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from orderdesk_sdk.cases.damaged_rows import DamagedRows, parse_row
from orderdesk_sdk.cases.stored_connections import StoredConnection
from orderdesk_sdk.cases.stored_rules import RuleState, StoredRule
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.database import Commits, Cursor

__all__ = ["SqlStoredConfiguration"]

_ONE = 1
"""The key of the one row."""
_CONNECTION = (
    "name, integration, settings, secrets_set, sealed, cancel_requests, is_enabled, version, changed_by, changed_at"
)
_RULE = "name, version, content, state, tested, changed_by, changed_at"


class SqlStoredConfiguration(ABC):
    """The methods of a ledger that are about stored connections and rules; see `cases.stored_connections`."""

    _commits: Commits
    damage: DamagedRows

    @abstractmethod
    def _read(self) -> AbstractContextManager[Cursor]:
        """A cursor for reading."""

    def configuration_version(self) -> int:
        with self._read() as cursor:
            row = cursor.execute("SELECT version FROM stored_configuration WHERE id = ?", (_ONE,)).fetchone()
        return int(row[0]) if row is not None else 0

    def stored_connections(self) -> tuple[StoredConnection, ...]:
        with self._read() as cursor:
            rows = cursor.execute(f"SELECT {_CONNECTION} FROM stored_connections ORDER BY name").fetchall()  # noqa: S608 - constants
        found = (self.damage.read_or_none(f"stored connection {row[0]}", partial(_connection_of, row)) for row in rows)
        return tuple(one for one in found if one is not None)

    def save_stored_connection(self, connection: StoredConnection) -> None:
        self._commits.run(partial(_save_connection, connection=connection))

    def stored_rules(self) -> tuple[StoredRule, ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                f"SELECT {_RULE}, latest.number FROM stored_rules JOIN ("  # noqa: S608 - constants
                "SELECT name AS its_name, max(version) AS latest_version, min(number) AS number"
                " FROM stored_rules GROUP BY name) AS latest ON name = its_name AND version = latest_version"
                " WHERE state <> ? ORDER BY latest.number",
                (RuleState.DELETED.value,),
            ).fetchall()
        return self._rules_of([row[:-1] for row in rows])

    def stored_rule_versions(self, name: str) -> tuple[StoredRule, ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                f"SELECT {_RULE} FROM stored_rules WHERE name = ? ORDER BY version DESC",  # noqa: S608 - constants
                (name,),
            ).fetchall()
        return self._rules_of(rows)

    def _rules_of(self, rows: Iterable[tuple[Any, ...]]) -> tuple[StoredRule, ...]:
        found = (self.damage.read_or_none(f"stored rule {row[0]}", partial(_rule_of, row)) for row in rows)
        return tuple(one for one in found if one is not None)

    def save_stored_rule(self, rule: StoredRule) -> None:
        self._commits.run(partial(_save_rule, rule=rule))


def _save_connection(cursor: Cursor, connection: StoredConnection) -> None:
    values = (
        connection.integration,
        json.dumps(connection.settings),
        json.dumps({name: to_microseconds(at) for name, at in connection.secrets_set.items()}),
        connection.sealed,
        connection.cancel_requests,
        int(connection.is_enabled),
        connection.version,
        connection.by,
        to_microseconds(connection.at),
        connection.name,
    )
    if connection.version == 1:
        cursor.execute(
            "INSERT INTO stored_connections (integration, settings, secrets_set, sealed, cancel_requests, is_enabled,"
            " version, changed_by, changed_at, name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            values,
        )
    else:
        cursor.execute(
            "UPDATE stored_connections SET integration = ?, settings = ?, secrets_set = ?, sealed = ?,"
            " cancel_requests = ?, is_enabled = ?, version = ?, changed_by = ?, changed_at = ?"
            " WHERE name = ? AND version = ?",
            (*values, connection.version - 1),
        )
    _require_written(cursor, f"connection {connection.name!r}")


def _save_rule(cursor: Cursor, rule: StoredRule) -> None:
    (latest,) = cursor.execute(
        "SELECT coalesce(max(version), 0) FROM stored_rules WHERE name = ?", (rule.name,)
    ).fetchone()
    values = (rule.name, rule.version, rule.content, rule.state.value, rule.tested, rule.by, to_microseconds(rule.at))
    if latest != rule.version - 1:
        raise _conflict(f"rule {rule.name!r}")
    cursor.execute(
        f"INSERT INTO stored_rules ({_RULE}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",  # noqa: S608 - constants
        values,
    )
    _require_written(cursor, f"rule {rule.name!r}")


def _require_written(cursor: Cursor, location: str) -> None:
    """Count the change. Raises ConflictError where the last statement wrote nothing."""
    if cursor.rowcount != 1:
        raise _conflict(location)
    cursor.execute("INSERT INTO stored_configuration (id, version) VALUES (?, 0) ON CONFLICT DO NOTHING", (_ONE,))
    cursor.execute("UPDATE stored_configuration SET version = version + 1 WHERE id = ?", (_ONE,))


def _conflict(location: str) -> ConflictError:
    return ConflictError(
        "somebody else has changed it meanwhile", location=location, hint="look at it again, then make your change"
    )


def _connection_of(row: tuple[Any, ...]) -> StoredConnection:
    """Raises DamagedRowError."""
    name, integration, settings, secrets_set, sealed, cancel_requests, is_enabled, version, by, at = row
    return parse_row(
        lambda: StoredConnection(
            name=name,
            integration=integration,
            settings=_object(settings),
            secrets_set={secret: from_microseconds(given) for secret, given in _object(secrets_set).items()},
            sealed=sealed,
            cancel_requests=cancel_requests,
            is_enabled=bool(is_enabled),
            version=version,
            by=by,
            at=from_microseconds(at),
        )
    )


def _rule_of(row: tuple[Any, ...]) -> StoredRule:
    """Raises DamagedRowError."""
    name, version, content, state, tested, by, at = row
    return parse_row(
        lambda: StoredRule(
            name=name,
            content=json.dumps(_object(content), sort_keys=True),
            state=RuleState(state),
            tested=tested,
            version=version,
            by=by,
            at=from_microseconds(at),
        )
    )


def _object(text: str) -> dict[str, Any]:
    """A JSON object. Raises ValueError for anything else."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("this is no JSON object")
    return found
