"""Connections that were made while the desk ran, and what a ledger keeps of them. Pure.

What is secret of them is sealed before it gets here, with a key that is not in the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

__all__ = ["StoredConnection", "StoredConnectionRecords"]


def _hide(text: str) -> str:
    return f"<sealed, {len(text)} characters>"


@frozen(kw_only=True)
class StoredConnection:
    """A connection as it is stored.

    Args:
        settings: those that are not secret, as they stand in a `[connections.NAME.settings]` table.
        secrets_set: by the name of each secret setting that has a value, when it was given.
        sealed: the values of the secrets, with a digest of everything that tells where they go: who changes the
            settings in the database gets no secrets sent there.
        cancel_requests: "automatic" or "person", as in orderdesk.toml.
        version: of this connection, 1 for a new one.
        by, at: who made the last change, and when.
    """

    name: str
    integration: str
    settings: Mapping[str, object]
    secrets_set: Mapping[str, datetime]
    sealed: str = field(repr=_hide)
    cancel_requests: str
    is_enabled: bool
    version: int
    by: str
    at: datetime


class StoredConnectionRecords(Protocol):
    """What a ledger keeps of connections made at run time. All raise StorageError when the database fails."""

    def configuration_version(self) -> int:
        """A number that grows with every change of a stored connection or rule; 0 where there never was one.

        One read of one row: it may be asked in every round of a worker.
        """

    def stored_connections(self) -> tuple[StoredConnection, ...]:
        """All of them by name, the disabled ones too."""

    def save_stored_connection(self, connection: StoredConnection) -> None:
        """Store a new connection, or a new version of one.

        Raises ConflictError where the version before it is not the one that is stored: somebody was faster.
        """
