"""What keeps the refresh token that a service gives in place of an earlier one, as credentials see it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from orderdesk_sdk.secret import Secret

__all__ = ["StoredToken", "TokenStore"]


class StoredToken(Protocol):
    """What is kept in place of a refresh token that was configured."""

    @property
    def secret(self) -> Secret | None:
        """The token that is kept; None while none is."""
        raise NotImplementedError

    def save(self, secret: Secret) -> None:
        """Keep this one from now on; it is on disk when this returns."""


TokenStore = Callable[[Secret], AbstractContextManager[StoredToken]]
"""Given the configured refresh token, exclusive access to what is kept in its place: one process has it at a time."""
