"""Every call of a ledger that is about users, sessions, tokens and the audit log."""

from __future__ import annotations

from attrs import evolve

from orderdesk_sdk.cases.access import ApiToken, AttemptLimit, NewSession, Role, User, UserChange
from orderdesk_sdk.cases.audit import AuditAction, AuditRecord
from orderdesk_sdk.clock import hours
from tests.support.builders import LATER, NOW
from tests.support.ledgers import SqlLedger

__all__ = ["read_access", "write_access"]


def write_access(ledger: SqlLedger) -> None:
    """Every method that writes of users, sessions, tokens and the audit log, and those that only they read with."""
    record = AuditRecord(actor="Ann", action=AuditAction.USER_CHANGED, at=NOW, subject="order 7", address="::1")
    user = User(
        id="u", name="Ann", role=Role.ADMIN, is_disabled=False, has_password=True, created_at=NOW, identity="ann@x"
    )
    ledger.add_user(user, "hash", record)
    ledger.change_user("u", UserChange(role=Role.ADMIN, password_hash="other", identity="a@x"), record)
    ledger.replace_password_hash("u", "other", "newer")
    ledger.begin_sign_in([AttemptLimit("account", 1, hours(1)), AttemptLimit("address", 1, hours(1))], NOW)
    ledger.clear_sign_ins("account", ["address"])
    session = NewSession(digest="s", user_id="u", user_version=3, at=NOW, stepped_up_at=NOW)
    assert ledger.open_session(session, record)
    assert ledger.find_session("s")
    ledger.touch_session("s", NOW)
    ledger.step_up_session("s", NOW, record)
    ledger.end_session("s", record)
    ledger.add_sign_in_link("link", "u", LATER, record)
    ledger.sign_in_link_user("link", NOW)
    assert ledger.use_sign_in_link("link", evolve(session, digest="s2"), record)
    token = ApiToken(
        name="erp", role=Role.VIEWER, connections=("shop",), created_at=NOW, created_by="Ann", expires_at=LATER
    )
    ledger.add_api_token(token, "token", record)
    ledger.touch_api_token("erp", NOW)
    ledger.revoke_api_token("erp", record)
    ledger.append_audit(record)
    ledger.remove_audit_texts("order 7", by="Ann", at=NOW)


def read_access(ledger: SqlLedger) -> None:
    """Every method that reads, with everything that narrows."""
    ledger.users()
    ledger.find_user("Ann")
    ledger.find_identity("a@x")
    ledger.api_tokens()
    ledger.find_api_token("token")
    ledger.audit_entries(10)
    ledger.audit_entries(10, before=5, subject="order 1")
    ledger.audit_count()
    assert list(ledger.find_audit_flaws()) == []
