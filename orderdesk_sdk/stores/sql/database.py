"""What a SQL database is here: a cursor that takes `?`, and somebody who runs writes in transactions.

`sqlite3.Cursor` is such a cursor as it is. Statements number no parameters, name the target of each
`ON CONFLICT ... DO UPDATE`, and begin, end and abort no transaction: that does whoever hands out the cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

__all__ = ["NO_LIMIT", "Commits", "Cursor", "Write"]

T = TypeVar("T")

NO_LIMIT = 2**63 - 1
"""What stands after LIMIT where every row is wanted."""


class Cursor(Protocol):
    """A cursor of a database. Each statement ends what the one before it still had to give."""

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run a statement; this cursor, which then has its rows."""

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Cursor:
        """Run a statement once for each of the rows of parameters."""

    def fetchone(self) -> Any:
        """The next row; None where there is no more."""

    def fetchall(self) -> list[Any]:
        """Every row that is left."""

    def __iter__(self) -> Iterator[Any]:
        """The rows that are left, one by one."""


Write = Callable[[Cursor], T]
"""What is done inside one transaction. It may be run again in another one, where a write that shared the first failed:
what the first run did is undone then, and what it gave is forgotten. So it changes nothing beside the database."""


class Commits(Protocol):
    """Runs writes in transactions."""

    def run(self, write: Write[T]) -> T:
        """Run a write in a transaction, perhaps together with others; what it gave, once that is durable.

        A write that raises changes nothing and hurts no other.
        """
