"""The API tokens of a desk: made, found, listed and revoked. Reached as `desk.access.api_tokens`."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve

from orderdesk_sdk.cases.access import AccessRecords, ApiToken, Role, digest_of
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.clock import Clock, minutes, utc
from orderdesk_sdk.desk.access.names import clean_token_name
from orderdesk_sdk.desk.audit import AuditService
from orderdesk_sdk.desk.parts import require_actor
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.secret import Secret

__all__ = ["API_TOKEN_PREFIX", "ApiTokenService"]

API_TOKEN_PREFIX: Final = "odsk_"
"""How every API token begins, so that scanners of source code know one when they see it."""
LONGEST_LIFETIME: Final = timedelta(days=366)
"""No token counts for longer."""
TOUCHED_EVERY: Final = minutes(1)
"""How exactly it is known when a token was used last."""
MAX_TOKEN_LENGTH: Final = 100
"""Characters of a token that are looked at; one of ours is shorter."""
RANDOM_BYTES: Final = 32


class ApiTokenService:
    """Makes API tokens, and says whose one is."""

    def __init__(self, records: AccessRecords, audit: AuditService, clock: Clock) -> None:
        self._records = records
        self._audit = audit
        self._clock = clock

    def create(
        self, name: str, *, role: Role, connections: Sequence[str] = (), expires_at: datetime, by: str
    ) -> tuple[ApiToken, Secret]:
        """A new token, and the text that is shown once and kept nowhere.

        Raises ValidationError for a name or an end that may not be, ConflictError for a name that is or was taken.

        Args:
            connections: it may see and do what is about these alone; empty: about all.
        """
        now = self._clock.now()
        expires_at = utc(expires_at)
        if not now < expires_at <= now + LONGEST_LIFETIME:
            raise ValidationError(
                "a token counts for at most a year from now", hint="give an earlier end in the future"
            )
        token = ApiToken(
            name=clean_token_name(name),
            role=role,
            connections=tuple(dict.fromkeys(connections)),
            created_at=now,
            created_by=require_actor(by),
            expires_at=expires_at,
        )
        text = API_TOKEN_PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
        scope = ", ".join(token.connections) or "all connections"
        detail = f"role {role.value}, {scope}, until {expires_at:%Y-%m-%d}"
        record = self._audit.make_record(token.created_by, AuditAction.TOKEN_CREATED, f"token {name}", detail)
        self._records.add_api_token(token, digest_of(text), record)
        return token, Secret(text)

    def find(self, text: str) -> ApiToken | None:
        """The token that counts now, by the text that a caller sent; None for any other text."""
        if len(text) > MAX_TOKEN_LENGTH or not text.startswith(API_TOKEN_PREFIX):
            return None
        found, now = self._records.find_api_token(digest_of(text)), self._clock.now()
        if found is None or not found.is_valid(now):
            return None
        if found.last_used_at is None or abs(now - found.last_used_at) >= TOUCHED_EVERY:
            self._records.touch_api_token(found.name, now)
            found = evolve(found, last_used_at=now)
        return found

    def list(self) -> tuple[ApiToken, ...]:
        """All tokens, by name, those too that count no more."""
        return self._records.api_tokens()

    def revoke(self, name: str, *, by: str) -> ApiToken:
        """Let a token count no more. Raises NotFoundError, and InvalidStateError for one that was revoked already."""
        record = self._audit.make_record(require_actor(by), AuditAction.TOKEN_REVOKED, f"token {name}")
        return self._records.revoke_api_token(name, record)
