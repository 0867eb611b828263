"""The tables of the ledger and how an older file becomes a newer one.

Migrations only go forward; none is ever edited.
"""

from __future__ import annotations

from orderdesk_sdk.stores.sqlite.added_tables import ADDED_TABLES
from orderdesk_sdk.stores.sqlite.case_migration import unite_cases
from orderdesk_sdk.stores.sqlite.chain_migration import add_hash_chain
from orderdesk_sdk.stores.sqlite.migrations import MigrationStep

__all__ = ["ADDITIVE", "MIGRATIONS", "VERSION_TABLE"]

VERSION_TABLE = "ledger_schema"
"""Where the numbers of the migrations stand that were made."""
ADDITIVE = frozenset({9, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 26})
"""The versions that leave programs of the version before at work. What is not among them ends these."""

_WITH_HISTORY_ONLY = (
    "a row is changed only together with its history; an older orderdesk-sdk must be ended and started again"
)
_FILL_ORDER_ID = """UPDATE registrations SET order_id = json_extract(data, '$.order_id')
    WHERE order_id IS NULL AND json_valid(data)"""
_NEVER_DELETED = "what is in the ledger is kept"
_AUDIT_APPENDS = "the audit log is append-only"

MIGRATIONS: tuple[tuple[MigrationStep, ...], ...] = (
    (
        """CREATE TABLE cancellations (
            id TEXT PRIMARY KEY, order_id TEXT NOT NULL, data TEXT NOT NULL) WITHOUT ROWID""",
        # Beside the cancellations, because a key may also name a cancellation that was under way when it came.
        """CREATE TABLE keys (
            key TEXT PRIMARY KEY, content TEXT NOT NULL, cancellation_id TEXT NOT NULL) WITHOUT ROWID""",
        "CREATE INDEX cancellations_by_order ON cancellations (order_id)",
        """CREATE TABLE cases (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, cancellation_id TEXT NOT NULL, order_id TEXT NOT NULL,
            connection TEXT NOT NULL, state TEXT NOT NULL, version INTEGER NOT NULL, due_at INTEGER,
            data TEXT NOT NULL)""",
        "CREATE INDEX cases_by_order ON cases (order_id)",
        # Two cancellations that come at once must not ask one place twice.
        "CREATE UNIQUE INDEX cases_open ON cases (order_id, connection) WHERE due_at IS NOT NULL",
        "CREATE INDEX cases_by_cancellation ON cases (cancellation_id)",
        "CREATE INDEX cases_by_state ON cases (state, number)",
        "CREATE INDEX cases_due ON cases (due_at) WHERE due_at IS NOT NULL",
        """CREATE TABLE resubmissions (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, order_number TEXT NOT NULL, original_id TEXT NOT NULL,
            connection TEXT NOT NULL, version INTEGER NOT NULL, due_at INTEGER, data TEXT NOT NULL,
            UNIQUE (order_number, connection))""",
        "CREATE INDEX resubmissions_by_original ON resubmissions (original_id)",
        "CREATE INDEX resubmissions_due ON resubmissions (due_at) WHERE due_at IS NOT NULL",
        """CREATE TABLE history (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, subject_id TEXT NOT NULL, attempt INTEGER NOT NULL,
            at INTEGER NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL)""",
        "CREATE INDEX history_by_subject ON history (subject_id, sequence)",
        # History is evidence: the database itself refuses to change or delete a line of it.
        """CREATE TRIGGER history_is_kept BEFORE DELETE ON history
            BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END""",
        """CREATE TRIGGER history_is_fixed BEFORE UPDATE ON history
            BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END""",
    ),
    (
        """CREATE TABLE occurrences (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, order_id TEXT NOT NULL, handled INTEGER NOT NULL,
            data TEXT NOT NULL)""",
        "CREATE INDEX occurrences_waiting ON occurrences (number) WHERE handled = 0",
        """CREATE TABLE firings (
            number INTEGER PRIMARY KEY, occurrence_id TEXT NOT NULL, order_id TEXT NOT NULL, at INTEGER NOT NULL,
            data TEXT NOT NULL)""",
        "CREATE INDEX firings_by_order ON firings (order_id)",
    ),
    (
        """CREATE TABLE status_changes (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, key TEXT UNIQUE, order_id TEXT NOT NULL,
            connection TEXT NOT NULL, version INTEGER NOT NULL, due_at INTEGER, data TEXT NOT NULL)""",
        "CREATE INDEX status_changes_by_order ON status_changes (order_id)",
        "CREATE INDEX status_changes_due ON status_changes (due_at) WHERE due_at IS NOT NULL",
        "CREATE UNIQUE INDEX status_changes_open ON status_changes (order_id, connection) WHERE due_at IS NOT NULL",
        # Cases that wait to be asked for together are found by their place.
        "CREATE INDEX cases_by_place ON cases (connection, state)",
        # Before all cases had one name for the end, a resubmission that was there was called submitted.
        """UPDATE resubmissions SET data = json_set(data, '$.state', 'done')
            WHERE json_extract(data, '$.state') = 'submitted'""",
    ),
    (
        # Few and short-lived: an order is about to be registered at a place.
        "CREATE TABLE registrations (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, data TEXT NOT NULL)",
    ),
    (
        # By place: a long queue at one connection must not be read through to find what is due at another.
        "DROP INDEX cases_due",
        "CREATE INDEX cases_due ON cases (connection, due_at, id) WHERE due_at IS NOT NULL",
        "DROP INDEX resubmissions_due",
        "CREATE INDEX resubmissions_due ON resubmissions (connection, due_at, id) WHERE due_at IS NOT NULL",
        "DROP INDEX status_changes_due",
        "CREATE INDEX status_changes_due ON status_changes (connection, due_at, id) WHERE due_at IS NOT NULL",
    ),
    (
        # The hash chain (`chain`), and beside it the personal texts (`personal`). What there is becomes a part of it.
        "ALTER TABLE cancellations ADD COLUMN sealed BLOB",
        "ALTER TABLE cancellations ADD COLUMN texts TEXT",
        *(
            f"ALTER TABLE {table} ADD COLUMN {column}"
            for table in ("cases", "resubmissions", "status_changes")
            for column in ("head BLOB", "sealed BLOB", "texts TEXT")
        ),
        *(
            f"ALTER TABLE history ADD COLUMN {name}"
            for name in ("link BLOB", "state BLOB", "sealed BLOB", "texts TEXT")
        ),
        # in_use: its newest lines may be in a file beside it, so it is not copied by copying it alone. latest: the
        # latest time of any line.
        """CREATE TABLE chain (
            id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL, head BLOB NOT NULL,
            in_use INTEGER NOT NULL, latest INTEGER NOT NULL)""",
        "DROP TRIGGER history_is_fixed",
        add_hash_chain,
        # Anew, without AUTOINCREMENT: the chain counts the lines, and what SQLite counts costs each commit a page more.
        """CREATE TABLE history_anew (
            sequence INTEGER PRIMARY KEY, subject_id TEXT NOT NULL, attempt INTEGER NOT NULL, at INTEGER NOT NULL,
            kind TEXT NOT NULL, link BLOB, state BLOB, sealed BLOB, data TEXT NOT NULL, texts TEXT)""",
        """INSERT INTO history_anew
            SELECT sequence, subject_id, attempt, at, kind, link, state, sealed, data, texts FROM history
            ORDER BY sequence""",
        "DROP TRIGGER history_is_kept",
        "DROP TABLE history",
        "ALTER TABLE history_anew RENAME TO history",
        "CREATE INDEX history_by_subject ON history (subject_id, sequence)",
        """CREATE TRIGGER history_is_kept BEFORE DELETE ON history
            BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END""",
        # Of a line nothing ever changes, but that its texts may be removed.
        """CREATE TRIGGER history_is_fixed
            BEFORE UPDATE OF sequence, subject_id, attempt, at, kind, data, link, state, sealed ON history
            BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END""",
        """CREATE TRIGGER history_texts_only_go BEFORE UPDATE OF texts ON history WHEN NEW.texts IS NOT NULL
            BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END""",
        # A program of an older version that still runs would write beside the chain.
        f"""CREATE TRIGGER history_is_chained BEFORE INSERT ON history WHEN NEW.link IS NULL
            BEGIN SELECT RAISE(ABORT, '{_WITH_HISTORY_ONLY}'); END""",
        *(
            f"CREATE TRIGGER {table}_are_{name} BEFORE {when} BEGIN SELECT RAISE(ABORT, '{said}'); END"
            for table in ("cases", "resubmissions", "status_changes")
            for name, when, said in (
                ("chained", f"INSERT ON {table} WHEN NEW.head IS NULL", _WITH_HISTORY_ONLY),
                (
                    "changed_with_history",
                    f"UPDATE OF data, version ON {table} WHEN NEW.head IS OLD.head",
                    _WITH_HISTORY_ONLY,
                ),
                ("kept", f"DELETE ON {table}", _NEVER_DELETED),
            )
        ),
        f"""CREATE TRIGGER cancellations_are_kept BEFORE DELETE ON cancellations
            BEGIN SELECT RAISE(ABORT, '{_NEVER_DELETED}'); END""",
    ),
    (
        # Beside the history: what came in is no evidence, and is forgotten after a while.
        """CREATE TABLE messages (
            connection TEXT NOT NULL, digest TEXT NOT NULL, at INTEGER NOT NULL, done INTEGER NOT NULL,
            PRIMARY KEY (connection, digest)) WITHOUT ROWID""",
        "CREATE INDEX messages_by_age ON messages (connection, at)",
    ),
    (
        # Version 0.2: cancels, status changes and resubmissions are cases of one table.
        """CREATE TABLE cases_anew (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, key TEXT, cancellation_id TEXT,
            order_id TEXT NOT NULL, connection TEXT NOT NULL, state TEXT NOT NULL, version INTEGER NOT NULL,
            due_at INTEGER, data TEXT NOT NULL, texts TEXT, sealed BLOB, link BLOB)""",
        unite_cases,
        "DROP TABLE cases",
        "DROP TABLE resubmissions",
        "DROP TABLE status_changes",
        "ALTER TABLE cases_anew RENAME TO cases",
        "CREATE INDEX cases_by_order ON cases (order_id, kind)",
        # Two cancellations that come at once must not ask one connection twice. Of resubmissions a second one is made
        # under another number, where a person has found that the first does not exist.
        """CREATE UNIQUE INDEX cases_open ON cases (order_id, connection, kind)
            WHERE due_at IS NOT NULL AND kind <> 'resubmission'""",
        "CREATE UNIQUE INDEX cases_by_key ON cases (kind, key) WHERE key IS NOT NULL",
        "CREATE INDEX cases_by_cancellation ON cases (cancellation_id)",
        "CREATE INDEX cases_by_state ON cases (state, number)",
        "CREATE INDEX cases_by_place ON cases (connection, state)",
        "CREATE INDEX cases_due ON cases (connection, due_at, id) WHERE due_at IS NOT NULL",
        *(
            f"CREATE TRIGGER cases_are_{name} BEFORE {when} BEGIN SELECT RAISE(ABORT, '{said}'); END"
            for name, when, said in (
                ("chained", "INSERT ON cases WHEN NEW.link IS NULL", _WITH_HISTORY_ONLY),
                (
                    "changed_with_history",
                    "UPDATE OF data, version ON cases WHEN NEW.link IS OLD.link",
                    _WITH_HISTORY_ONLY,
                ),
                ("kept", "DELETE ON cases", _NEVER_DELETED),
            )
        ),
        "ALTER TABLE occurrences RENAME TO order_events",
        "DROP INDEX occurrences_waiting",
        "CREATE INDEX order_events_pending ON order_events (number) WHERE handled = 0",
        "ALTER TABLE firings RENAME TO rule_executions",
        "DROP INDEX firings_by_order",
        "CREATE INDEX rule_executions_by_order ON rule_executions (order_id)",
    ),
    (
        # A column instead of a look into each record, which not every database can do in one with a damaged record.
        "ALTER TABLE registrations ADD COLUMN order_id TEXT",
        _FILL_ORDER_ID,
        # A program of an older version that still runs leaves it out.
        f"""CREATE TRIGGER registrations_name_their_order AFTER INSERT ON registrations WHEN NEW.order_id IS NULL
            BEGIN {_FILL_ORDER_ID}; END""",
    ),
    (
        # Nothing that is asked for often may read through what only grows; tests/unit/stores/test_query_plans.py.
        "DROP INDEX cases_by_state",
        "DROP INDEX cases_by_place",
        # By kind: a few open resubmissions are not looked for among a million open cancels.
        "CREATE INDEX cases_by_state ON cases (kind, state, number)",
        # Cases that wait to be asked for together. Of these alone: it is left as it is by most changes of a case.
        "CREATE INDEX cases_pending ON cases (connection, kind, number) WHERE state = 'pending'",
        "CREATE INDEX registrations_by_order ON registrations (order_id)",
        # Of thousands of lines a few are notes, and each webhook looks whether it is noted already.
        "CREATE INDEX history_notes ON history (subject_id, sequence) WHERE kind = 'note'",
    ),
    (
        # Old lines may lie in files (`archived_lines`). Of each its link stays, and between which lines it stood.
        """CREATE TABLE archives (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, made_by TEXT NOT NULL,
            at INTEGER NOT NULL)""",
        """CREATE TABLE archived_histories (
            subject_id TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL,
            link BLOB NOT NULL, archive INTEGER NOT NULL, PRIMARY KEY (subject_id, first)) WITHOUT ROWID""",
        "CREATE TABLE archived_links (first INTEGER PRIMARY KEY, links BLOB NOT NULL)",
        "DROP TRIGGER IF EXISTS history_is_kept",
        # Only what is said to lie in an archive.
        """CREATE TRIGGER history_is_kept BEFORE DELETE ON history
            WHEN NOT EXISTS (SELECT 1 FROM archived_histories
                WHERE subject_id = OLD.subject_id AND first <= OLD.sequence AND last >= OLD.sequence)
            BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END""",
        *(
            f"CREATE TRIGGER {table}_are_{name} BEFORE {when} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{_NEVER_DELETED}'); END"
            for table in ("archives", "archived_histories", "archived_links")
            for name, when in (("kept", "DELETE"), ("fixed", "UPDATE"))
        ),
    ),
    (
        # What workers say of themselves: no evidence, and forgotten when they end.
        "CREATE TABLE workers (id TEXT PRIMARY KEY, last_round_at INTEGER NOT NULL, data TEXT NOT NULL) WITHOUT ROWID",
    ),
    (
        # Whether the ledger was put back to an older state, and what was made of it (`epochs`).
        """CREATE TABLE ledger_epochs (
            number INTEGER PRIMARY KEY, epoch TEXT NOT NULL UNIQUE, system TEXT, timeline INTEGER, at INTEGER NOT NULL,
            lines INTEGER NOT NULL, reason TEXT NOT NULL)""",
    ),
    (
        # What came in and is to be handled, as it was read; `messages` has what was looked into while it was received.
        """CREATE TABLE inbound_messages (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, purpose TEXT NOT NULL, connection TEXT NOT NULL,
            subject TEXT NOT NULL, digest TEXT NOT NULL, received_at INTEGER NOT NULL, kind TEXT, event_id TEXT,
            order_id TEXT, state TEXT NOT NULL, attempts INTEGER NOT NULL, tries INTEGER NOT NULL, next_try INTEGER,
            result TEXT, request TEXT)""",
        "CREATE UNIQUE INDEX inbound_messages_by_digest ON inbound_messages (connection, purpose, digest)",
        "CREATE INDEX inbound_messages_due ON inbound_messages (next_try, number) WHERE state = 'received'",
        """CREATE INDEX inbound_messages_in_order ON inbound_messages (connection, purpose, subject, number)
            WHERE state = 'received'""",
        "CREATE INDEX inbound_messages_by_state ON inbound_messages (state, received_at, number)",
        "CREATE INDEX inbound_messages_by_order ON inbound_messages (order_id) WHERE order_id IS NOT NULL",
        # Of each order the last move that this program made: what its folder's rule sends of it is an echo.
        "CREATE TABLE own_moves (order_id TEXT PRIMARY KEY, folder TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE INDEX own_moves_by_age ON own_moves (at)",
    ),
    (
        # One-time links in e-mails. What they led to is in the history; these are forgotten when they are old.
        """CREATE TABLE answer_links (
            digest TEXT PRIMARY KEY, case_id TEXT NOT NULL, attempt INTEGER NOT NULL, answer TEXT NOT NULL,
            expires_at INTEGER NOT NULL, used_at INTEGER) WITHOUT ROWID""",
        "CREATE INDEX answer_links_by_case ON answer_links (case_id, attempt)",
        "CREATE INDEX answer_links_by_age ON answer_links (expires_at)",
    ),
    (
        # Of the orders of a store elsewhere: what its API does not find, or has no place for (`store_records`).
        """CREATE TABLE store_numbers (
            store TEXT NOT NULL, connection TEXT NOT NULL, remote_id TEXT NOT NULL, order_id TEXT NOT NULL,
            PRIMARY KEY (store, connection, remote_id)) WITHOUT ROWID""",
        """CREATE TABLE store_statuses (
            store TEXT NOT NULL, order_id TEXT NOT NULL, connection TEXT NOT NULL, status TEXT NOT NULL,
            at INTEGER NOT NULL, PRIMARY KEY (store, order_id, connection)) WITHOUT ROWID""",
    ),
    (
        # How far the order store was looked at for orders that are to be canceled, and which of them were seen.
        "CREATE TABLE order_watch (id INTEGER PRIMARY KEY, looked_until INTEGER, next_look INTEGER NOT NULL)",
        """CREATE TABLE watched_orders (order_id TEXT PRIMARY KEY, entries INTEGER NOT NULL, is_in INTEGER NOT NULL)
            WITHOUT ROWID""",
    ),
    (
        # Which alarms somebody has taken care of: they are settled, so nothing in their cases says it.
        """CREATE TABLE seen_alarms (case_id TEXT PRIMARY KEY, seen_by TEXT NOT NULL, at INTEGER NOT NULL)
            WITHOUT ROWID""",
    ),
    (
        # What was configured while the desk ran. Its secrets are sealed with a key that is elsewhere.
        "CREATE TABLE stored_configuration (id INTEGER PRIMARY KEY, version INTEGER NOT NULL)",
        """CREATE TABLE stored_connections (
            name TEXT PRIMARY KEY, integration TEXT NOT NULL, settings TEXT NOT NULL, secrets_set TEXT NOT NULL,
            sealed TEXT NOT NULL, cancel_requests TEXT NOT NULL, is_enabled INTEGER NOT NULL, version INTEGER NOT NULL,
            changed_by TEXT NOT NULL, changed_at INTEGER NOT NULL) WITHOUT ROWID""",
        # Every version of a rule stays: what it did long ago is explained by what it was then.
        """CREATE TABLE stored_rules (
            number INTEGER PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL, content TEXT NOT NULL,
            state TEXT NOT NULL, tested TEXT NOT NULL, changed_by TEXT NOT NULL, changed_at INTEGER NOT NULL,
            UNIQUE (name, version))""",
    ),
    (
        # What a person wants canceled at once: kept as a whole first, so that what was cut off can be gone on with.
        """CREATE TABLE bulk_lists (
            key TEXT PRIMARY KEY, requested_by TEXT NOT NULL, reason TEXT, requested_at INTEGER NOT NULL,
            orders TEXT NOT NULL, refused TEXT NOT NULL, finished_at INTEGER) WITHOUT ROWID""",
        "CREATE INDEX bulk_lists_by_time ON bulk_lists (requested_at)",
    ),
    (
        # Who may use console and API. Of a password its hash is kept, of sessions, links and tokens their digests.
        """CREATE TABLE users (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, role TEXT NOT NULL,
            is_disabled INTEGER NOT NULL, password_hash TEXT, version INTEGER NOT NULL, created_at INTEGER NOT NULL,
            identity TEXT, identity_key TEXT UNIQUE, last_sign_in INTEGER) WITHOUT ROWID""",
        """CREATE TABLE user_sessions (
            digest TEXT PRIMARY KEY, user_id TEXT NOT NULL, created_at INTEGER NOT NULL, last_used_at INTEGER NOT NULL,
            stepped_up_at INTEGER NOT NULL) WITHOUT ROWID""",
        "CREATE INDEX user_sessions_by_user ON user_sessions (user_id)",
        "CREATE INDEX user_sessions_by_age ON user_sessions (created_at)",
        "CREATE INDEX user_sessions_by_use ON user_sessions (last_used_at)",
        """CREATE TABLE sign_in_links (
            digest TEXT PRIMARY KEY, user_id TEXT NOT NULL, expires_at INTEGER NOT NULL, used_at INTEGER)
            WITHOUT ROWID""",
        "CREATE INDEX sign_in_links_by_user ON sign_in_links (user_id)",
        "CREATE INDEX sign_in_links_by_age ON sign_in_links (expires_at)",
        """CREATE TABLE sign_in_attempts (
            key TEXT PRIMARY KEY, failures INTEGER NOT NULL, last_at INTEGER NOT NULL, blocked_until INTEGER NOT NULL)
            WITHOUT ROWID""",
        "CREATE INDEX sign_in_attempts_by_age ON sign_in_attempts (last_at)",
        """CREATE TABLE api_tokens (
            name TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, role TEXT NOT NULL, connections TEXT NOT NULL,
            created_at INTEGER NOT NULL, created_by TEXT NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER,
            last_used_at INTEGER) WITHOUT ROWID""",
        # Who did what: a hash chain of its own, and beside it the texts that may be removed.
        "CREATE TABLE audit_head (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL, link BLOB NOT NULL)",
        """CREATE TABLE audit_log (
            sequence INTEGER PRIMARY KEY, actor TEXT NOT NULL, action TEXT NOT NULL, at INTEGER NOT NULL,
            data TEXT NOT NULL, link BLOB NOT NULL, sealed BLOB, texts TEXT, subject TEXT)""",
        "CREATE INDEX audit_log_by_subject ON audit_log (subject, sequence) WHERE subject IS NOT NULL",
        f"""CREATE TRIGGER audit_log_is_kept BEFORE DELETE ON audit_log
            BEGIN SELECT RAISE(ABORT, '{_AUDIT_APPENDS}'); END""",
        f"""CREATE TRIGGER audit_log_is_fixed
            BEFORE UPDATE OF sequence, actor, action, at, data, link, sealed ON audit_log
            BEGIN SELECT RAISE(ABORT, '{_AUDIT_APPENDS}'); END""",
        f"""CREATE TRIGGER audit_log_texts_only_go BEFORE UPDATE OF texts, subject ON audit_log
            WHEN NEW.texts IS NOT NULL OR NEW.subject IS NOT NULL
            BEGIN SELECT RAISE(ABORT, '{_AUDIT_APPENDS}'); END""",
    ),
    (
        # Replies to requests with keys. What a request did is in its cases; these are forgotten when they are old.
        """CREATE TABLE kept_replies (
            caller TEXT NOT NULL, key TEXT NOT NULL, operation TEXT NOT NULL, digest TEXT NOT NULL, order_id TEXT,
            begun_at INTEGER NOT NULL, attempt INTEGER NOT NULL, status INTEGER, reply TEXT,
            PRIMARY KEY (caller, key)) WITHOUT ROWID""",
        "CREATE INDEX kept_replies_by_age ON kept_replies (begun_at)",
        "CREATE INDEX kept_replies_by_order ON kept_replies (order_id) WHERE order_id IS NOT NULL",
    ),
    (
        # Links to receipts, by the digests of their tokens.
        """CREATE TABLE receipt_links (
            id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, order_id TEXT NOT NULL, created_by TEXT NOT NULL,
            created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_by TEXT, revoked_at INTEGER)
            WITHOUT ROWID""",
        "CREATE INDEX receipt_links_by_order ON receipt_links (order_id, created_at)",
        "CREATE INDEX receipt_links_by_age ON receipt_links (expires_at)",
    ),
    *ADDED_TABLES,
)
