"""Which version the tables of a database have, and whether a program may work with them as they are.

A migration that only adds leaves programs of the version before at work: beside the version stands the oldest one whose
programs may go on. What they need is taken away by a later migration, when none of them runs any more.
"""

from __future__ import annotations

from attrs import frozen

from orderdesk_sdk.errors import StorageError

__all__ = ["TablesVersion", "VersionedTables"]


@frozen
class TablesVersion:
    """The version that the tables have, the one that this program knows, and the oldest that may work with them.

    found: 0 where there are none yet.
    """

    found: int
    known: int
    oldest: int

    @property
    def is_usable(self) -> bool:
        """Whether this program may work with the tables as they are."""
        return self.oldest <= self.known <= self.found

    @property
    def is_behind(self) -> bool:
        """Whether there are migrations to be made."""
        return self.found < self.known

    def require_not_too_new(self, location: str) -> None:
        """Raises StorageError where the tables are those of a newer program, and this one must not use them."""
        if self.oldest > self.known:
            raise StorageError(
                f"the tables have version {self.found}, which needs a program of version {self.oldest} or newer; this"
                f" program knows {self.known}",
                location=location,
                hint="install the newer orderdesk-sdk that made them; nothing was changed",
            )


@frozen
class VersionedTables:
    """The tables of one kind in a database.

    Args:
        name: the ledger, or the order store.
        breaks_older: the migrations that are to be made end the programs of the versions before.
    """

    name: str
    version: TablesVersion
    breaks_older: bool = False
