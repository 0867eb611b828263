"""Passwords: hashed by Argon2id, and checked in the same time whether there is a hash to check against or not."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from typing import TYPE_CHECKING, Final

from attrs import frozen

from orderdesk_sdk.errors import ConfigurationError, InProgressError, ValidationError
from orderdesk_sdk.secret import Secret

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["MAX_PASSWORD_LENGTH", "MIN_PASSWORD_LENGTH", "CheckedPassword", "Passwords"]

MIN_PASSWORD_LENGTH: Final = 10
"""Characters of a password, at least."""
MAX_PASSWORD_LENGTH: Final = 200
"""Characters of a password, at most."""
TIME_COST, MEMORY_COST, PARALLELISM = 3, 65_536, 4
"""The second choice of RFC 9106, section 4: three passes over 64 MiB. Other hashes are renewed at the next sign-in."""
MAX_AT_ONCE: Final = 2
"""Hashes that are computed at once in one process: each takes a processor and 64 MiB."""
LONGEST_WAIT: Final = 15.0
"""Seconds that somebody waits for the turn; whoever comes in a crowd that large is sent away."""

_turns = threading.BoundedSemaphore(MAX_AT_ONCE)


@frozen
class CheckedPassword:
    """What a check found. renewed_hash: to be kept in place of the old one, whose parameters are outdated; or None."""

    is_right: bool
    renewed_hash: str | None = None


class Passwords:
    """Hashes passwords and checks them. Safe from many threads.

    Raises ConfigurationError where argon2-cffi is not installed.
    """

    def __init__(self) -> None:
        try:
            from argon2 import PasswordHasher
        except ImportError:
            raise ConfigurationError(
                "passwords need argon2-cffi, which is not installed", hint="run `pip install 'orderdesk-sdk[web]'`"
            ) from None
        self._hasher: PasswordHasher = PasswordHasher(
            time_cost=TIME_COST, memory_cost=MEMORY_COST, parallelism=PARALLELISM
        )
        self._lock = threading.Lock()
        self._made_decoy: str | None = None

    def hash(self, password: Secret, user_name: str) -> str:
        """What is kept of a password. Raises ValidationError for one that is too short, too long, or the user's name.

        Raises InProgressError where too many are hashed already.
        """
        text = _normalized(password)
        problem = None
        if len(text) < MIN_PASSWORD_LENGTH:
            problem = f"the password has fewer than {MIN_PASSWORD_LENGTH} characters"
        elif len(text) > MAX_PASSWORD_LENGTH:
            problem = f"the password has more than {MAX_PASSWORD_LENGTH} characters"
        elif text.casefold() == user_name.casefold() or len(set(text)) == 1:
            problem = "the password can be guessed"
        if problem is not None:
            raise ValidationError(problem, hint="choose a longer one that only its user knows")
        return self._hash(text)

    def check(self, password_hash: str | None, password: Secret) -> CheckedPassword:
        """Whether a password is the one of this hash. None takes as long, and no password is right.

        Raises InProgressError where too many are checked already.
        """
        from argon2.exceptions import InvalidHashError, VerificationError

        decoy, text = self._decoy(), _normalized(password)
        usable = password_hash is not None and len(text) <= MAX_PASSWORD_LENGTH
        kept = password_hash if usable and password_hash is not None else decoy
        try:
            with _Turn():
                self._hasher.verify(kept, _bytes(text[:MAX_PASSWORD_LENGTH]))
        except (VerificationError, InvalidHashError):
            return CheckedPassword(is_right=False)
        if not usable:
            return CheckedPassword(is_right=False)
        renewed = self._hash(text) if self._hasher.check_needs_rehash(kept) else None
        return CheckedPassword(is_right=True, renewed_hash=renewed)

    def _hash(self, text: str) -> str:
        with _Turn():
            return self._hasher.hash(_bytes(text))

    def _decoy(self) -> str:
        """A hash that no password has. Made before the first check, so that no check takes longer for it."""
        with self._lock:
            if self._made_decoy is None:
                self._made_decoy = self._hash(secrets.token_hex())
            return self._made_decoy


class _Turn:
    """Within the block, at most so many hashes are computed. Raises InProgressError after a while."""

    def __enter__(self) -> None:
        if not _turns.acquire(timeout=LONGEST_WAIT):
            raise InProgressError("too many passwords are checked right now", hint="do the same again in a minute")

    def __exit__(self, *error: object) -> None:
        _turns.release()


def _normalized(password: Secret) -> str:
    """The text that is hashed: the same for the several ways in which keyboards write one letter."""
    return unicodedata.normalize("NFKC", password.reveal()[: 2 * MAX_PASSWORD_LENGTH])


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
