"""A connection to PostgreSQL: every text comes back as it was given, and nobody waits without end."""

from __future__ import annotations

from contextlib import closing

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.stores.postgres.connection import connect, location_of
from orderdesk_sdk.stores.postgres.cursor import PostgresCursor

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(ANY_TEXT, unique=True, max_size=5))
@example(texts=["a\x00b", "half \ud83d", "\ue000", "\ue0000000", "100 % ä 😀", ""])
def test_every_text_comes_back_and_is_found_as_it_was_given(postgres_url: str, texts: list[str]) -> None:
    with closing(connect(postgres_url)) as connection:
        cursor = PostgresCursor(connection)
        cursor.execute("CREATE TEMPORARY TABLE texts (id TEXT PRIMARY KEY)")
        cursor.executemany("INSERT INTO texts VALUES (?)", [(text,) for text in texts])
        for text in texts:
            assert cursor.execute("SELECT id FROM texts WHERE id = ?", (text,)).fetchall() == [(text,)]
        assert {text for (text,) in cursor.execute("SELECT id FROM texts")} == set(texts)


def test_every_commit_is_durable_and_every_wait_ends(postgres_url: str) -> None:
    with closing(connect(f"{postgres_url}&options=-csynchronous_commit%3Doff")) as connection:
        cursor = PostgresCursor(connection)
        found = {
            name: cursor.execute("SELECT current_setting(?)", (name,)).fetchone()[0]
            for name in ("synchronous_commit", "statement_timeout", "lock_timeout")
        }
        idle = cursor.execute("SHOW idle_in_transaction_session_timeout").fetchone()
        name = cursor.execute("SHOW application_name").fetchone()
    assert found == {"synchronous_commit": "on", "statement_timeout": "30s", "lock_timeout": "10s"}
    assert idle == ("30s",)
    assert name[0].startswith("orderdesk ")


def test_no_message_names_the_password() -> None:
    assert location_of("postgresql://me:hidden@db.example:5433/desk") == "postgresql://db.example:5433/desk"
    with pytest.raises(ValidationError) as raised:
        connect("postgresql://me:hidden@db.example:port/desk?nonsense=1")
    assert "hidden" not in str(raised.value)
