"""Who may use console and API, under one roof. Reached as `desk.access`."""

from __future__ import annotations

import threading

from orderdesk_sdk.cases.access import AccessRecords, ApiToken, SignInError, User, UserSession
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.access.api_tokens import ApiTokenService
from orderdesk_sdk.desk.access.passwords import Passwords
from orderdesk_sdk.desk.access.sessions import SessionService, SignedIn
from orderdesk_sdk.desk.access.users import UserService
from orderdesk_sdk.desk.audit import AuditService
from orderdesk_sdk.secret import Secret

__all__ = ["AccessService"]


class AccessService:
    """Users, sessions and API tokens. Every method may be called from any thread; all raise StorageError."""

    def __init__(self, records: AccessRecords, audit: AuditService, clock: Clock) -> None:
        """clock: the machine's own; sessions, links and tokens end by it."""
        self._records = records
        self._lock = threading.Lock()
        self._made_passwords: Passwords | None = None
        self.clock = clock
        self.users = UserService(records, audit, clock, self._passwords)
        """Adds users and changes them."""
        self.api_tokens = ApiTokenService(records, audit, clock)
        """Makes API tokens and finds whose one is."""
        self._sessions = SessionService(records, audit, clock, self._passwords)

    def sign_in(self, name: str, password: Secret, *, address: str = "") -> SignedIn:
        """A new session. Raises SignInError: of an unknown name, a wrong password and too many tries alike."""
        return self._sessions.sign_in(name, password, address=address)

    def find_session(self, token: str) -> UserSession | None:
        """The session that a cookie names, which is used by that; None for one that has ended, or never was."""
        return self._sessions.find(token)

    def still_counts(self, name: str, session: UserSession | None, token: ApiToken | None) -> bool:
        """Whether somebody who was let in before would be now; to ask does not use the session or token.

        Args:
            name: of the user whom a trusted proxy has signed in, where there is neither session nor token.
        """
        if token is not None:
            return any(one.name == token.name and one.is_valid(self.clock.now()) for one in self.api_tokens.list())
        if session is not None:
            found = self._records.find_session(session.id)
            return found is not None and self.clock.now() < found.expires_at
        return self.trusted_user(name) is not None

    def step_up(self, token: str, password: Secret, *, address: str = "") -> UserSession:
        """The session after its user has given the password once more. Raises SignInError and NotFoundError."""
        return self._sessions.step_up(token, password, address=address)

    def step_up_trusted(self, token: str, *, address: str = "") -> UserSession:
        """The session of a user without a password, after a trusted proxy has named them once more.

        Raises InvalidStateError for a user who has a password, and NotFoundError for a session that has ended.
        """
        return self._sessions.step_up_trusted(token, address=address)

    def change_password(self, token: str, current: Secret, new: Secret, *, address: str = "") -> SignedIn:
        """A new session of a user who has given themselves another password; all others of theirs end.

        Raises SignInError where `current` is wrong, ValidationError for a new one that may not be, InvalidStateError
        where a user without a password has signed in too long ago, and NotFoundError for a session that has ended.
        """
        session = self._sessions.require_person(token, current, address=address)
        self.users.set_password(session.user, new, by=session.user)
        found = self._records.find_user(session.user)
        if found is None:
            raise SignInError
        return self._sessions.open_for(found, "another password", address, is_fresh=True)

    def sign_out(self, token: str, *, address: str = "") -> bool:
        """End a session; False where there is none."""
        return self._sessions.sign_out(token, address=address)

    def make_sign_in_link(self, user: str, *, by: str) -> Secret:
        """The token of a link that signs a user in once, within 15 minutes. Raises NotFoundError."""
        return self._sessions.make_link(user, by=by)

    def use_sign_in_link(self, token: str, *, address: str = "") -> SignedIn:
        """A new session by a one-time link, which is used up then. Raises NotFoundError for one that does not."""
        return self._sessions.use_link(token, address=address)

    def trusted_user(self, name: str) -> User | None:
        """The user whom a trusted proxy names; None for one that is unknown or disabled."""
        found = self._records.find_user(name)
        return found.user if found is not None and not found.user.is_disabled else None

    def sign_in_trusted(self, name: str, *, address: str = "") -> SignedIn:
        """A new session of the user whom a trusted proxy names. Raises SignInError."""
        found = self._records.find_user(name)
        if found is None:
            raise SignInError
        return self._sessions.open_for(found, "trusted proxy", address, is_fresh=False)

    def sign_in_identity(self, identity: str, *, address: str = "", is_fresh: bool = False) -> SignedIn:
        """A new session of the user whom another login names: by a subject, or a verified e-mail address.

        Raises SignInError where no user has this identity: users are added by an admin, never by a login.

        Args:
            is_fresh: the user proved there just now who they are.
        """
        found = self._records.find_identity(identity)
        if found is None:
            raise SignInError
        return self._sessions.open_for(found, "single sign-on", address, is_fresh=is_fresh)

    def _passwords(self) -> Passwords:
        with self._lock:
            if self._made_passwords is None:
                self._made_passwords = Passwords()
            return self._made_passwords
