"""Sign-in, step-up, sign-out and one-time links: how a person gets a session, and which one a cookie names."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from attrs import evolve, frozen

from orderdesk_sdk.cases.access import (
    STEP_UP_LIFETIME,
    AccessRecords,
    AttemptLimit,
    NewSession,
    SignInError,
    StoredUser,
    UserSession,
    digest_of,
)
from orderdesk_sdk.cases.audit import AuditAction, AuditRecord
from orderdesk_sdk.clock import Clock, minutes
from orderdesk_sdk.desk.access.passwords import Passwords
from orderdesk_sdk.desk.access.users import user_subject
from orderdesk_sdk.desk.audit import AuditService
from orderdesk_sdk.desk.parts import require_actor
from orderdesk_sdk.errors import InProgressError, InvalidStateError, NotFoundError
from orderdesk_sdk.secret import Secret

__all__ = ["SessionService", "SignedIn"]

LINK_LIFETIME: Final = minutes(15)
"""A one-time link counts for so long."""
TOUCHED_EVERY: Final = minutes(1)
"""How exactly it is known when a session was used last."""
RANDOM_BYTES: Final = 32
MAX_TOKEN_LENGTH: Final = 100
"""Characters of a token that are looked at; one of ours is shorter."""
MAX_NAME_LENGTH: Final = 200
"""Characters of a name that are looked at."""
FREE_PER_ACCOUNT, LONGEST_PER_ACCOUNT = 5, minutes(5)
"""Failed sign-ins of one account without a wait, and the longest wait after more of them."""
FREE_PER_ADDRESS, LONGEST_PER_ADDRESS = 20, minutes(15)
"""The same from one address, from which a whole office may come."""


@frozen
class SignedIn:
    """A session that has begun. token: goes into the browser's cookie, and is kept nowhere else."""

    session: UserSession
    token: Secret


class SessionService:
    """Lets people in, and knows who is."""

    def __init__(
        self, records: AccessRecords, audit: AuditService, clock: Clock, passwords: Callable[[], Passwords]
    ) -> None:
        self._records = records
        self._audit = audit
        self._clock = clock
        self._passwords = passwords

    def sign_in(self, name: str, password: Secret, *, address: str = "") -> SignedIn:
        """A new session of a user. Raises SignInError, whatever the cause.

        Args:
            address: where the browser is; "" limits and records none.
        """
        stored = self._check(name, password, address, AuditAction.SIGN_IN_FAILED)
        found = self._open(stored, "password", address) if stored is not None else None
        if found is None:
            raise SignInError
        return found

    def step_up(self, token: str, password: Secret, *, address: str = "") -> UserSession:
        """The session after its user has proved once more who they are.

        Raises SignInError, and NotFoundError for a session that has ended.
        """
        session = self._require(token)
        self._check_again(session, password, address)
        return self._stepped_up(session, address)

    def require_person(self, token: str, password: Secret, *, address: str = "") -> UserSession:
        """The session of a user who has given their password; who has none must have stepped up a short while ago.

        Raises SignInError, InvalidStateError where that was too long ago, and NotFoundError as `step_up`.
        """
        session = self._require(token)
        stored = self._records.find_user(session.user)
        if stored is not None and stored.user.has_password:
            self._check_again(session, password, address)
        elif not session.is_stepped_up(self._clock.now()):
            raise InvalidStateError("the sign-in was too long ago for this", hint="sign in again, and then do it")
        return session

    def _require(self, token: str) -> UserSession:
        session = self.find(token)
        if session is None:
            raise NotFoundError("the session has ended", hint="sign in again")
        return session

    def _check_again(self, session: UserSession, password: Secret, address: str) -> None:
        stored = self._check(session.user, password, address, AuditAction.STEP_UP_FAILED)
        if stored is None or stored.user.id != session.user_id:
            raise SignInError

    def step_up_trusted(self, token: str, *, address: str = "") -> UserSession:
        """The session of a user without a password, for whom another login vouches once more.

        Raises InvalidStateError for a user who has a password, and NotFoundError for a session that has ended.
        """
        session = self.find(token)
        stored = self._records.find_user(session.user) if session is not None else None
        if session is None or stored is None:
            raise NotFoundError("the session has ended", hint="sign in again")
        if stored.user.has_password:
            raise InvalidStateError("this user has a password", hint="give the password")
        return self._stepped_up(session, address)

    def _stepped_up(self, session: UserSession, address: str) -> UserSession:
        now = self._clock.now()
        record = self._about(session.user, AuditAction.STEPPED_UP, address)
        self._records.step_up_session(session.id, now, record)
        return evolve(session, last_used_at=now, stepped_up_at=now)

    def find(self, token: str) -> UserSession | None:
        """The session that a cookie names; None for one that has ended, or never was."""
        if not 0 < len(token) <= MAX_TOKEN_LENGTH:
            return None
        found, now = self._records.find_session(digest_of(token)), self._clock.now()
        if found is None or now >= found.expires_at:
            return None
        if abs(now - found.last_used_at) >= TOUCHED_EVERY:
            self._records.touch_session(found.id, now)
            found = evolve(found, last_used_at=now)
        return evolve(found, csrf_token=_csrf_token(token))

    def sign_out(self, token: str, *, address: str = "") -> bool:
        """End a session; False where there is none."""
        session = self.find(token)
        if session is None:
            return False
        record = self._about(session.user, AuditAction.SIGNED_OUT, address)
        return self._records.end_session(session.id, record)

    def make_link(self, name: str, *, by: str) -> Secret:
        """The token of a link by which a user signs in once, within a quarter of an hour. Raises NotFoundError."""
        stored = self._records.find_user(name)
        if stored is None or stored.user.is_disabled:
            raise NotFoundError(
                "there is no such user, or they are disabled",
                location=f"user {name}",
                hint="see `orderdesk users list`",
            )
        token = secrets.token_urlsafe(RANDOM_BYTES)
        subject = user_subject(stored.user.name)
        record = self._audit.make_record(require_actor(by), AuditAction.SIGN_IN_LINK_MADE, subject)
        expires_at = self._clock.now() + LINK_LIFETIME
        self._records.add_sign_in_link(digest_of(token), stored.user.id, expires_at, record)
        return Secret(token)

    def use_link(self, token: str, *, address: str = "") -> SignedIn:
        """A new session of the user whose link it is, which is used up then. Raises NotFoundError."""
        digest = digest_of(token[:MAX_TOKEN_LENGTH])
        stored = self._records.sign_in_link_user(digest, self._clock.now())
        found = self._open(stored, "one-time link", address, link=digest) if stored is not None else None
        if found is None:
            raise NotFoundError("this sign-in link was used already, or has expired", hint="ask an admin for a new one")
        return found

    def open_for(self, stored: StoredUser, way: str, address: str, *, is_fresh: bool) -> SignedIn:
        """A new session of a user whom another login has let in. Raises SignInError for one who is disabled.

        Args:
            is_fresh: the user proved there just now who they are.
        """
        found = self._open(stored, way, address, is_fresh=is_fresh)
        if found is None:
            raise SignInError
        return found

    def _about(self, name: str, action: AuditAction, address: str, detail: str = "") -> AuditRecord:
        """A record of a user about themselves: so their addresses go when the texts about them are removed."""
        return self._audit.make_record(name, action, user_subject(name), detail, address)

    def _check(self, name: str, password: Secret, address: str, failure: AuditAction) -> StoredUser | None:
        """The user of a name where the password is right; None, and a record of it, where not.

        Raises SignInError where it is not looked at, because there were too many tries.
        """
        name = unicodedata.normalize("NFKC", name[:MAX_NAME_LENGTH])
        account, *others = limits = _limits(name, address)
        wait = self._records.begin_sign_in(limits, self._clock.now())
        if wait is not None:
            raise SignInError(math.ceil(wait / timedelta(seconds=1)))
        stored = self._records.find_user(name)
        try:
            checked = self._passwords().check(stored.password_hash if stored is not None else None, password)
        except InProgressError:
            raise SignInError(60) from None
        if stored is None or not checked.is_right or stored.user.is_disabled:
            # What was typed for a name may be a password: it is not written down.
            subject = user_subject(stored.user.name) if stored is not None else "an unknown user"
            self._audit.record("", failure, subject, address=address)
            return None
        self._records.clear_sign_ins(account.key, [limit.key for limit in others])
        if checked.renewed_hash is not None and stored.password_hash is not None:
            self._records.replace_password_hash(stored.user.id, stored.password_hash, checked.renewed_hash)
        return stored

    def _open(
        self, stored: StoredUser, way: str, address: str, *, link: str | None = None, is_fresh: bool = True
    ) -> SignedIn | None:
        """A new session; None where the user was changed or disabled meanwhile, or the link was used."""
        now, user, token = self._clock.now(), stored.user, secrets.token_urlsafe(RANDOM_BYTES)
        session = NewSession(
            digest=digest_of(token),
            user_id=user.id,
            user_version=stored.version,
            at=now,
            stepped_up_at=now if is_fresh else now - STEP_UP_LIFETIME,
        )
        record = self._about(user.name, AuditAction.SIGNED_IN, address, way)
        if link is None:
            opened = self._records.open_session(session, record)
        else:
            opened = self._records.use_sign_in_link(link, session, record)
        found = self.find(token) if opened else None
        return SignedIn(found, Secret(token)) if found is not None else None


def _limits(name: str, address: str) -> tuple[AttemptLimit, ...]:
    account = AttemptLimit(_key("account", name.casefold()), FREE_PER_ACCOUNT, LONGEST_PER_ACCOUNT)
    if not address:
        return (account,)
    return account, AttemptLimit(_key("address", _network(address)), FREE_PER_ADDRESS, LONGEST_PER_ADDRESS)


def _key(kind: str, text: str) -> str:
    return f"{kind} {digest_of(text)}"


def _network(address: str) -> str:
    """What one person has of addresses: of version 6 a whole network of them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped is not None else str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _csrf_token(token: str) -> str:
    """What the forms of a session carry: made of the cookie's secret, so that nobody who reads the database has it."""
    return hmac.new(token.encode(), b"orderdesk form", hashlib.sha256).hexdigest()
