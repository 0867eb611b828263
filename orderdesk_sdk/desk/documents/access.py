"""Users, API tokens and the audit log as JSON documents."""

from __future__ import annotations

from orderdesk_sdk.cases.access import ApiToken, User
from orderdesk_sdk.cases.audit import AuditEntry
from orderdesk_sdk.desk.documents.values import JsonObject, iso_time

__all__ = ["api_token_document", "audit_document", "user_document"]


def user_document(user: User) -> JsonObject:
    """A user."""
    return {
        "id": user.id,
        "name": user.name,
        "role": user.role.value,
        "is_disabled": user.is_disabled,
        "has_password": user.has_password,
        "identity": user.identity,
        "created_at": iso_time(user.created_at),
        "last_sign_in_at": iso_time(user.last_sign_in_at),
    }


def api_token_document(token: ApiToken) -> JsonObject:
    """An API token, without its text, which nobody has but whoever made it."""
    return {
        "name": token.name,
        "role": token.role.value,
        "connections": list(token.connections),
        "created_by": token.created_by,
        "created_at": iso_time(token.created_at),
        "expires_at": iso_time(token.expires_at),
        "revoked_at": iso_time(token.revoked_at),
        "last_used_at": iso_time(token.last_used_at),
    }


def audit_document(entry: AuditEntry) -> JsonObject:
    """A record of the audit log."""
    record = entry.record
    return {
        "sequence": entry.sequence,
        "at": iso_time(record.at),
        "actor": record.actor,
        "action": record.action.value,
        "subject": record.subject,
        "detail": record.detail,
        "address": record.address,
        "texts_removed": entry.texts_removed,
    }
