"""Users, API tokens and the audit log for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orderdesk_sdk.cases.access import ApiToken, User
from orderdesk_sdk.cases.audit import AuditEntry
from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.cli.output.times import format_time
from orderdesk_sdk.stores.personal_texts import REMOVED

__all__ = ["show_audit", "show_tokens", "show_users"]


def show_users(screen: Screen, users: Sequence[User]) -> None:
    """A table of users."""
    if not users:
        screen.line("No users. `orderdesk users add NAME --role admin` adds the first.")
        return
    rows = [
        (
            user.name,
            user.role.value,
            "disabled" if user.is_disabled else "password" if user.has_password else "no password",
            user.identity or "",
            format_time(user.last_sign_in_at),
        )
        for user in users
    ]
    screen.table(("user", "role", "sign-in", "identity", "last sign-in"), rows)


def show_tokens(screen: Screen, tokens: Sequence[ApiToken], now: datetime) -> None:
    """A table of API tokens."""
    if not tokens:
        screen.line("No tokens. `orderdesk tokens create NAME --role ROLE` makes one.")
        return
    rows = [
        (
            token.name,
            token.role.value,
            ", ".join(token.connections) or "all",
            "valid" if token.is_valid(now) else "revoked" if token.revoked_at is not None else "expired",
            f"{token.expires_at:%Y-%m-%d}",
            token.created_by,
            format_time(token.last_used_at),
        )
        for token in tokens
    ]
    screen.table(("token", "role", "connections", "state", "expires", "made by", "last used"), rows)


def show_audit(screen: Screen, entries: Sequence[AuditEntry], count: int, flaws: Sequence[str] | None) -> None:
    """A table of records, and what was found by verifying them; flaws None: nobody verified."""
    rows = [
        (
            str(entry.sequence),
            format_time(entry.record.at, seconds=True),
            entry.record.actor or "-",
            entry.record.action.value,
            REMOVED if entry.texts_removed else entry.record.subject,
            entry.record.detail,
            entry.record.address,
        )
        for entry in entries
    ]
    if rows:
        screen.table(("number", "at", "who", "did", "about", "detail", "from"), rows, whole=("number", "at"))
        screen.zone(entries[0].record.at)
    elif not count:
        screen.line("Nothing is in the audit log yet.")
    for flaw in flaws or ():
        screen.line(flaw, "bold red")
    if flaws:
        screen.line("The log was changed or damaged: keep it, and compare it with the last backup.", "yellow")
    elif flaws is not None:
        screen.line(f"{counted(count, 'record')} of the audit log checked: unchanged.", "green")
