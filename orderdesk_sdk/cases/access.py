"""Who may use console and API: users, their sessions and one-time links, API tokens, and what a ledger keeps of them.

Of a password only a slow hash is kept, of every session, link and token only the SHA-256: they are 256 random bits, of
which no slow hash is needed. Pure.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.cases.audit import AuditRecord
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.errors import ValidationError

__all__ = [
    "ABSOLUTE_LIFETIME",
    "IDLE_LIFETIME",
    "STEP_UP_LIFETIME",
    "AccessRecords",
    "ApiToken",
    "AttemptLimit",
    "NewSession",
    "Role",
    "SignInError",
    "StoredUser",
    "User",
    "UserChange",
    "UserSession",
    "digest_of",
]

IDLE_LIFETIME = minutes(30)
"""A session that is not used for so long has ended."""
ABSOLUTE_LIFETIME = hours(12)
"""A session has ended so long after the sign-in, however much it is used."""
STEP_UP_LIFETIME = minutes(10)
"""For so long after a sign-in or step-up, a session may do what needs a fresh one."""


class Role(enum.Enum):
    """What somebody may do; each may what the ones before may."""

    VIEWER = "viewer"
    """Look."""
    OPERATOR = "operator"
    """Cancel and withdraw."""
    SUPERVISOR = "supervisor"
    """Confirm, reject, retry, resubmit, set a status, answer requests, report what was shipped."""
    ADMIN = "admin"
    """Connections, rules, users, tokens, audit log."""

    def allows(self, needed: Role) -> bool:
        """Whether this role may do what another one may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class SignInError(ValidationError):
    """Try again later or with other words: of a wrong name, a wrong password and too many tries the text is the same.

    `retry_after` is how many seconds to wait; None where there is no need.
    """

    def __init__(self, retry_after: int | None = None) -> None:
        super().__init__(
            "name or password is wrong, or there were too many tries",
            hint="check both, and wait a while before the next try; an admin can make a new sign-in link",
        )
        self.retry_after = retry_after


@frozen(kw_only=True)
class User:
    """A person who may sign in.

    Args:
        identity: how another login names this person: a subject, or an e-mail address; None: it does not.
    """

    id: str
    name: str
    role: Role
    is_disabled: bool
    has_password: bool
    created_at: datetime
    identity: str | None = None
    last_sign_in_at: datetime | None = None


@frozen
class StoredUser:
    """A user with what is needed to let them in.

    Args:
        password_hash: None: there is no password.
        version: another one after each change that ends the sessions.
    """

    user: User
    password_hash: str | None
    version: int


@frozen(kw_only=True)
class UserChange:
    """What is to be changed of a user; None leaves it. Every change ends the user's sessions, but of `identity`."""

    role: Role | None = None
    is_disabled: bool | None = None
    password_hash: str | None = None
    identity: str | None = None


@frozen(kw_only=True)
class UserSession:
    """A sign-in that is going on. Name and role are the user's of the moment.

    Args:
        id: names the session and opens nothing.
        csrf_token: must be in every form of the session.
        stepped_up_at: when the user last proved who they are.
    """

    id: str
    user_id: str
    user: str
    role: Role
    csrf_token: str
    created_at: datetime
    last_used_at: datetime
    stepped_up_at: datetime

    @property
    def expires_at(self) -> datetime:
        """When it ends unless it is used before."""
        return min(self.last_used_at + IDLE_LIFETIME, self.created_at + ABSOLUTE_LIFETIME)

    def is_stepped_up(self, now: datetime) -> bool:
        """Whether the user proved a short while ago who they are."""
        return timedelta(0) <= now - self.stepped_up_at < STEP_UP_LIFETIME


@frozen(kw_only=True)
class NewSession:
    """A session that is to begin.

    Args:
        user_version: the user as they were when the password was checked; after a change there is no session.
        stepped_up_at: when the user last proved who they are.
    """

    digest: str
    user_id: str
    user_version: int
    at: datetime
    stepped_up_at: datetime


@frozen(kw_only=True)
class ApiToken:
    """What lets a program use the API.

    Args:
        connections: what it may see and do is about these alone; empty: about all.
        last_used_at: to the minute; None: never.
    """

    name: str
    role: Role
    connections: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it counts now."""
        return self.revoked_at is None and now < self.expires_at


@frozen
class AttemptLimit:
    """How many failed sign-ins of one account, or from one address, are free, and how the wait after them grows.

    Args:
        key: what is counted; never a text that somebody typed.
        longest: the wait doubles with each failure, up to this.
    """

    key: str
    free: int
    longest: timedelta


def digest_of(token: str) -> str:
    """What a ledger keeps of a session's, a link's or an API token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class AccessRecords(Protocol):
    """What a ledger keeps of access. All raise StorageError when the database fails.

    What changes something takes the record of the audit log that tells it, and writes both or none.
    """

    def add_user(self, user: User, password_hash: str | None, record: AuditRecord) -> None:
        """Record a user. Raises ConflictError where one has this name, or this identity, in whatever case."""

    def users(self) -> tuple[User, ...]:
        """All users, by name."""

    def find_user(self, name: str) -> StoredUser | None:
        """A user by their name, in whatever case."""

    def find_identity(self, identity: str) -> StoredUser | None:
        """A user by how another login names them, in whatever case."""

    def change_user(self, user_id: str, change: UserChange, record: AuditRecord) -> User:
        """Change a user; them as they are then.

        Raises InvalidStateError where no admin would be left who may sign in, and ConflictError for an identity that
        another user has.
        """

    def replace_password_hash(self, user_id: str, old: str, new: str) -> None:
        """Keep another hash of the same password, unless the password was changed meanwhile."""

    def begin_sign_in(self, limits: Sequence[AttemptLimit], now: datetime) -> timedelta | None:
        """Count an attempt to sign in as failed, before it is looked at; None: it may be.

        Else how long to wait, and nothing is counted. So of many attempts at once no more are looked at than one after
        the other.
        """

    def clear_sign_ins(self, key: str, others: Sequence[str] = ()) -> None:
        """Forget the failures that are counted under a key, and one under each of the others."""

    def open_session(self, session: NewSession, record: AuditRecord) -> bool:
        """Record a session, and forget those that have ended; False where the user was changed meanwhile."""

    def find_session(self, digest: str) -> UserSession | None:
        """A session of a user who is not disabled, however old; its `csrf_token` is ""."""

    def touch_session(self, digest: str, now: datetime) -> None:
        """Record that a session is used."""

    def step_up_session(self, digest: str, now: datetime, record: AuditRecord) -> None:
        """Record that a session's user has proved who they are."""

    def end_session(self, digest: str, record: AuditRecord) -> bool:
        """End a session; False where there is none."""

    def add_sign_in_link(self, digest: str, user_id: str, expires_at: datetime, record: AuditRecord) -> None:
        """Record a one-time link of a user, and forget old ones."""

    def sign_in_link_user(self, digest: str, now: datetime) -> StoredUser | None:
        """Whose a link is that counts now; None: none, used, expired, or of a user who is disabled."""

    def use_sign_in_link(self, digest: str, session: NewSession, record: AuditRecord) -> bool:
        """Use up a link and open the session, both or none: of two callers at once, one. False: the link counts not."""

    def add_api_token(self, token: ApiToken, digest: str, record: AuditRecord) -> None:
        """Record an API token. Raises ConflictError where there is, or was, one of this name."""

    def api_tokens(self) -> tuple[ApiToken, ...]:
        """All API tokens, by name, those too that count no more."""

    def find_api_token(self, digest: str) -> ApiToken | None:
        """An API token, whether it counts or not."""

    def touch_api_token(self, name: str, now: datetime) -> None:
        """Record that a token is used."""

    def revoke_api_token(self, name: str, record: AuditRecord) -> ApiToken:
        """Let a token count no more. Raises NotFoundError, and InvalidStateError for one that was revoked already."""
