"""A role that lacks a right is told which one, and what grants it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from attrs import frozen
from psycopg import sql

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.ledger import PostgresLedger
from orderdesk_sdk.stores.postgres.ledger_schema import MIGRATIONS, VERSION_TABLE
from orderdesk_sdk.stores.postgres.migrations import Migration, migrate
from orderdesk_sdk.stores.postgres.pool import PostgresPool


@frozen
class Owned:
    """A database, by its owner's URL, with a role that owns nothing of it, and its URL."""

    owner_url: str
    role: str
    url: str

    def run(self, statement: str) -> None:
        """Let the owner run a statement."""
        with psycopg.connect(self.owner_url, autocommit=True) as db:
            db.execute(statement.encode())


@pytest.fixture
def owned(postgres_url: str) -> Iterator[Owned]:
    role = f"clerk_{uuid.uuid4().hex[:8]}"
    made = Owned(postgres_url, role, postgres_url.replace("postgres@", f"{role}@"))
    made.run(f"CREATE ROLE {role} LOGIN")
    yield made
    with psycopg.connect(postgres_url, autocommit=True) as db:
        db.execute(sql.SQL("DROP OWNED BY {role}; DROP ROLE {role}").format(role=sql.Identifier(role)))


def refused(owned: Owned) -> StorageError:
    with pytest.raises(StorageError) as told:
        PostgresLedger(Secret(owned.url))
    return told.value


def granted(error: StorageError) -> str:
    """The statement that the hint gives."""
    assert error.hint is not None
    return error.hint.removeprefix("let the owner run `").removesuffix("`")


def test_each_hint_grants_what_is_lacking(owned: Owned) -> None:
    error = refused(owned)
    assert f"the role {owned.role} lacks the right CREATE on the database" in error.message
    assert granted(error).startswith("GRANT CREATE ON DATABASE")

    owned.run("CREATE SCHEMA orderdesk")
    error = refused(owned)
    assert f"the role {owned.role} lacks the right USAGE on the schema orderdesk" in error.message
    owned.run(granted(error))
    error = refused(owned)
    assert f"the role {owned.role} lacks the right CREATE on the schema orderdesk" in error.message
    owned.run(granted(error))
    PostgresLedger(Secret(owned.url)).close()


def test_a_role_that_may_make_the_schema_makes_it(owned: Owned) -> None:
    owned.run(granted(refused(owned)))
    PostgresLedger(Secret(owned.url)).close()


def test_a_role_that_works_with_the_tables_of_another_is_told_what_it_needs(owned: Owned) -> None:
    PostgresLedger(Secret(owned.owner_url)).close()
    owned.run(granted(refused(owned)))
    error = refused(owned)
    assert "SELECT on the tables in the schema orderdesk" in error.message
    owned.run(granted(error))
    PostgresLedger(Secret(owned.url)).close()
    more = (*MIGRATIONS, Migration(("ALTER TABLE orderdesk.cases ADD COLUMN later text",)))
    owned.run(f"GRANT CREATE ON SCHEMA orderdesk TO {owned.role}")
    with closing(PostgresPool(Secret(owned.url))) as pool, pytest.raises(StorageError) as told:
        migrate(pool, VERSION_TABLE, more)
    assert "must be owner of table cases" in told.value.message
    assert "the role that made the tables" in str(told.value.hint)
