"""What PostgreSQL refuses as a text is stored all the same, and comes back as it was given."""

from __future__ import annotations

from contextlib import closing

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.pool import PostgresPool

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(ANY_TEXT, unique=True, max_size=5))
@example(texts=["a\x00b", "half \ud83d", "\ue000", "\ue0000000", "100 % ä 😀", ""])
def test_every_text_comes_back_and_is_found_as_it_was_given(postgres_url: str, texts: list[str]) -> None:
    with closing(PostgresPool(Secret(postgres_url))) as pool, pool.transaction() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE texts (id TEXT PRIMARY KEY) ON COMMIT DROP")
        cursor.executemany("INSERT INTO texts VALUES (?)", [(text,) for text in texts])
        for text in texts:
            assert cursor.execute("SELECT id FROM texts WHERE id = ?", (text,)).fetchall() == [(text,)]
        assert {text for (text,) in cursor.execute("SELECT id FROM texts")} == set(texts)
