"""The methods of a ledger that are about access and the audit log; see `cases.access` and `cases.audit`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from orderdesk_sdk.cases.access import ApiToken, AttemptLimit, NewSession, StoredUser, User, UserChange, UserSession
from orderdesk_sdk.cases.audit import AuditEntry, AuditRecord
from orderdesk_sdk.cases.integrity import IntegrityFlaw
from orderdesk_sdk.stores.sql import api_token_records, audit_log, session_records, user_records
from orderdesk_sdk.stores.sql.database import Commits, Cursor

__all__ = ["SqlAccessRecords"]


class SqlAccessRecords(ABC):
    """Access and audit log in the ledger's own database, each read and written in one transaction."""

    _commits: Commits

    @abstractmethod
    def _read(self) -> AbstractContextManager[Cursor]:
        """A cursor for reading."""

    @abstractmethod
    def _snapshot(self, *, is_long: bool) -> AbstractContextManager[Cursor]:
        """A cursor for several reads of one moment."""

    def append_audit(self, record: AuditRecord) -> None:
        self._commits.run(lambda cursor: audit_log.append_audit(cursor, record))

    def audit_entries(
        self, limit: int, *, before: int | None = None, subject: str | None = None
    ) -> tuple[AuditEntry, ...]:
        with self._read() as cursor:
            return audit_log.read_audit(cursor, limit, before, subject)

    def remove_audit_texts(self, subject: str, *, by: str, at: datetime) -> int:
        return self._commits.run(lambda cursor: audit_log.remove_audit_texts(cursor, subject, by=by, at=at))

    def audit_count(self) -> int:
        with self._read() as cursor:
            return audit_log.audit_count(cursor)

    def find_audit_flaws(self) -> Iterator[IntegrityFlaw]:
        with self._snapshot(is_long=True) as cursor:
            yield from audit_log.audit_flaws(cursor)

    def add_user(self, user: User, password_hash: str | None, record: AuditRecord) -> None:
        self._commits.run(lambda cursor: user_records.add_user(cursor, user, password_hash, record))

    def users(self) -> tuple[User, ...]:
        with self._read() as cursor:
            return user_records.list_users(cursor)

    def find_user(self, name: str) -> StoredUser | None:
        with self._read() as cursor:
            return user_records.find_user(cursor, "name_key", name)

    def find_identity(self, identity: str) -> StoredUser | None:
        with self._read() as cursor:
            return user_records.find_user(cursor, "identity_key", identity)

    def change_user(self, user_id: str, change: UserChange, record: AuditRecord) -> User:
        return self._commits.run(lambda cursor: user_records.change_user(cursor, user_id, change, record))

    def replace_password_hash(self, user_id: str, old: str, new: str) -> None:
        self._commits.run(lambda cursor: user_records.replace_password_hash(cursor, user_id, old, new))

    def begin_sign_in(self, limits: Sequence[AttemptLimit], now: datetime) -> timedelta | None:
        return self._commits.run(lambda cursor: session_records.begin_sign_in(cursor, limits, now))

    def clear_sign_ins(self, key: str, others: Sequence[str] = ()) -> None:
        self._commits.run(lambda cursor: session_records.clear_sign_ins(cursor, key, others))

    def open_session(self, session: NewSession, record: AuditRecord) -> bool:
        return self._commits.run(lambda cursor: session_records.open_session(cursor, session, record))

    def find_session(self, digest: str) -> UserSession | None:
        with self._read() as cursor:
            return session_records.find_session(cursor, digest)

    def touch_session(self, digest: str, now: datetime) -> None:
        self._commits.run(lambda cursor: session_records.touch_session(cursor, digest, now))

    def step_up_session(self, digest: str, now: datetime, record: AuditRecord) -> None:
        self._commits.run(lambda cursor: session_records.step_up_session(cursor, digest, now, record))

    def end_session(self, digest: str, record: AuditRecord) -> bool:
        return self._commits.run(lambda cursor: session_records.end_session(cursor, digest, record))

    def add_sign_in_link(self, digest: str, user_id: str, expires_at: datetime, record: AuditRecord) -> None:
        self._commits.run(lambda cursor: session_records.add_sign_in_link(cursor, digest, user_id, expires_at, record))

    def sign_in_link_user(self, digest: str, now: datetime) -> StoredUser | None:
        with self._read() as cursor:
            return session_records.sign_in_link_user(cursor, digest, now)

    def use_sign_in_link(self, digest: str, session: NewSession, record: AuditRecord) -> bool:
        return self._commits.run(lambda cursor: session_records.use_sign_in_link(cursor, digest, session, record))

    def add_api_token(self, token: ApiToken, digest: str, record: AuditRecord) -> None:
        self._commits.run(lambda cursor: api_token_records.add_api_token(cursor, token, digest, record))

    def api_tokens(self) -> tuple[ApiToken, ...]:
        with self._read() as cursor:
            return api_token_records.list_api_tokens(cursor)

    def find_api_token(self, digest: str) -> ApiToken | None:
        with self._read() as cursor:
            return api_token_records.find_api_token(cursor, "digest", digest)

    def touch_api_token(self, name: str, now: datetime) -> None:
        self._commits.run(lambda cursor: api_token_records.touch_api_token(cursor, name, now))

    def revoke_api_token(self, name: str, record: AuditRecord) -> ApiToken:
        return self._commits.run(lambda cursor: api_token_records.revoke_api_token(cursor, name, record))
