"""The users of a desk: added, listed and changed. Reached as `desk.access.users`."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from orderdesk_sdk.cases.access import AccessRecords, Role, User, UserChange
from orderdesk_sdk.cases.audit import AuditAction, AuditRecord
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.access.names import clean_identity, clean_user_name
from orderdesk_sdk.desk.access.passwords import Passwords
from orderdesk_sdk.desk.audit import AuditService
from orderdesk_sdk.desk.parts import require_actor
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.secret import Secret

__all__ = ["UserService", "user_subject"]


def user_subject(name: str) -> str:
    """The subject of the audit log's records about a user."""
    return f"user {name}"


class UserService:
    """Adds users and changes them. What ends the sessions of a user: another role, another password, disabling."""

    def __init__(
        self, records: AccessRecords, audit: AuditService, clock: Clock, passwords: Callable[[], Passwords]
    ) -> None:
        self._records = records
        self._audit = audit
        self._clock = clock
        self._passwords = passwords

    def add(
        self, name: str, *, role: Role, password: Secret | None = None, by: str, identity: str | None = None
    ) -> User:
        """Add a user.

        Raises ValidationError for a name or password that may not be, ConflictError where the name is taken.

        Args:
            password: None: the user signs in by a one-time link, or by another login.
            identity: how the other login names the user, a subject or an e-mail address; None: it does not.
        """
        actor = require_actor(by)
        user = User(
            id=secrets.token_hex(8),
            name=clean_user_name(name),
            role=role,
            is_disabled=False,
            has_password=password is not None,
            created_at=self._clock.now(),
            identity=clean_identity(identity) if identity is not None else None,
        )
        password_hash = self._passwords().hash(password, user.name) if password is not None else None
        self._records.add_user(
            user, password_hash, self._record(actor, AuditAction.USER_ADDED, user.name, f"role {role.value}")
        )
        return user

    def list(self) -> tuple[User, ...]:
        """All users, by name."""
        return self._records.users()

    def get(self, name: str) -> User:
        """A user by their name, in whatever case. Raises NotFoundError."""
        found = self._records.find_user(name)
        if found is None:
            raise NotFoundError("there is no such user", location=f"user {name}", hint="see `orderdesk users list`")
        return found.user

    def set_role(self, name: str, role: Role, *, by: str) -> User:
        """Give a user another role. Raises InvalidStateError where no admin would be left."""
        return self._change(name, UserChange(role=role), f"role {role.value}", by)

    def disable(self, name: str, *, by: str) -> User:
        """Let a user not sign in any more. Raises InvalidStateError where no admin would be left."""
        return self._change(name, UserChange(is_disabled=True), "disabled", by)

    def enable(self, name: str, *, by: str) -> User:
        """Let a user sign in again."""
        return self._change(name, UserChange(is_disabled=False), "enabled", by)

    def set_password(self, name: str, password: Secret, *, by: str) -> User:
        """Give a user another password. Raises ValidationError for one that may not be."""
        user = self.get(name)
        password_hash = self._passwords().hash(password, user.name)
        return self._change(name, UserChange(password_hash=password_hash), "password", by)

    def set_identity(self, name: str, identity: str, *, by: str) -> User:
        """Say how another login names a user. Raises ConflictError where it is another user's."""
        return self._change(name, UserChange(identity=clean_identity(identity)), "identity", by)

    def remove_audit_texts(self, name: str, *, by: str) -> int:
        """Remove the addresses and details of what the audit log has about a user; of how many records.

        That they signed in, or were changed, and when, stays, and so does what they did. Raises NotFoundError.
        """
        return self._audit.remove_texts(user_subject(self.get(name).name), by=by)

    def _change(self, name: str, change: UserChange, detail: str, by: str) -> User:
        user = self.get(name)
        record = self._record(require_actor(by), AuditAction.USER_CHANGED, user.name, detail)
        return self._records.change_user(user.id, change, record)

    def _record(self, actor: str, action: AuditAction, name: str, detail: str) -> AuditRecord:
        return self._audit.make_record(actor, action, user_subject(name), detail)
