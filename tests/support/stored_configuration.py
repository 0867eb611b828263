"""Connections and rules as a ledger stores them, for tests of what keeps them."""

from __future__ import annotations

import json

from orderdesk_sdk.cases.stored_connections import StoredConnection
from orderdesk_sdk.cases.stored_rules import RuleState, StoredRule
from tests.support.builders import NOW

__all__ = ["stored_connection", "stored_rule"]


def stored_connection(name: str = "acme-us", version: int = 1) -> StoredConnection:
    return StoredConnection(
        name=name,
        integration="acme",
        settings={"endpoint": "https://api.acme.example", "retries": 3, "names": ["Ä", "b"]},
        secrets_set={"api_key": NOW},
        sealed="c2VhbGVk",
        cancel_requests="person",
        is_enabled=True,
        version=version,
        by="Ann",
        at=NOW,
    )


def stored_rule(name: str = "Cancel in the folder", version: int = 1) -> StoredRule:
    content = {"event": "order moved", "when": "folder == 'Canceled'", "do": ["Cancel Order"]}
    return StoredRule(
        name=name,
        content=json.dumps(content, sort_keys=True),
        state=RuleState.DISABLED,
        tested="",
        version=version,
        by="Ann",
        at=NOW,
    )
