"""A simulator's memory of its access tokens: which it gave out, and until when each is good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from orderdesk_devkit.simulators.simulator import Simulator

__all__ = ["TokenIssuer", "Tokens"]


class Tokens:
    """Access tokens that are good for `lasts` from when they were issued. Guarded by its caller's lock.

    Args:
        name: what the first, the second, ... is called, so that a simulator gives the same ones each time.
    """

    def __init__(self, lifetime: timedelta, name: Callable[[int], str]) -> None:
        self.lasts = lifetime
        self._name = name
        self._issued = 0
        self._good_until: dict[str, datetime] = {}

    def issue(self, now: datetime) -> str:
        """A new token."""
        self._issued += 1
        token = self._name(self._issued)
        self._good_until[token] = now + self.lasts
        return token

    def is_valid(self, token: str, now: datetime) -> bool:
        """True for a token that was issued and has not expired."""
        return token in self._good_until and now < self._good_until[token]

    def expire(self, token: str) -> None:
        """End a token before its time; an unknown one is none the better for it."""
        self._good_until.pop(token, None)

    def expire_all(self) -> None:
        """End every token that was issued."""
        self._good_until.clear()


class TokenIssuer(Simulator):
    """A simulator whose clients show access tokens; `_tokens` is where it remembers them."""

    _tokens: Tokens

    def issue_token(self) -> str:
        """A new access token without a token request: for tests that are about something else."""
        with self.lock:
            return self._tokens.issue(self.clock.now())

    def expire_tokens(self) -> None:
        """Let every access token expire now."""
        with self.lock:
            self._tokens.expire_all()
