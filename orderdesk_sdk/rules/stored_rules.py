"""Rules out of a ledger, read as those of orderdesk.toml are. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.cases.stored_rules import RuleState, StoredRule
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.rules.model import Rule
from orderdesk_sdk.rules.reader import read_rules

__all__ = ["content_digest", "enabled_rules", "read_stored_rule", "rule_content", "rule_location"]

_log = RoomLogger("rules")


def rule_location(name: str) -> str:
    """Where a stored rule stands, for errors."""
    return f"stored rule {name}"


def rule_content(table: Mapping[str, object]) -> str:
    """The content of a rule as it is stored, of its table without name and enabled: the same for the same rule."""
    return json.dumps(table, sort_keys=True)


def content_digest(name: str, content: str) -> str:
    """What a dry run was made of: a rule that is changed, or named otherwise, is another one."""
    return hashlib.sha256(f"{name}\n{content}".encode()).hexdigest()


def read_stored_rule(stored: StoredRule) -> Rule:
    """A stored rule. Raises ConfigurationError for a content that cannot be read."""
    table = {**json.loads(stored.content), "name": stored.name, "enabled": stored.state is RuleState.ENABLED}
    (rule,) = read_rules([table], rule_location(stored.name), numbered=False)
    return rule


def enabled_rules(stored: Sequence[StoredRule]) -> tuple[Rule, ...]:
    """Those that are enabled, in their order. One that cannot be read, of another version say, is left out."""
    found: list[Rule] = []
    for one in stored:
        if one.state is RuleState.ENABLED:
            try:
                found.append(read_stored_rule(one))
            except ConfigurationError:
                _log.warning("the stored rule %r cannot be read and does nothing", one.name)
    return tuple(found)
