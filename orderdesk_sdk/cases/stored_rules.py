"""Rules that were made while the desk ran, and what a ledger keeps of them. Pure.

A rule is never changed in place: each change is a new version, and the latest one counts.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Protocol

from attrs import frozen

__all__ = ["RuleState", "StoredRule", "StoredRuleRecords"]


class RuleState(enum.Enum):
    """What became of a stored rule."""

    DISABLED = "disabled"
    ENABLED = "enabled"
    DELETED = "deleted"


@frozen(kw_only=True)
class StoredRule:
    """A version of a rule.

    Args:
        content: the rule as JSON, with the keys of a `[[rules]]` table but for `name` and `enabled`.
        tested: the digest of the content that was last tried in a dry run; "" for none. Only what was tried is enabled.
        version: 1 for a new rule.
        by, at: who made this version, and when.
    """

    name: str
    content: str
    state: RuleState
    tested: str
    version: int
    by: str
    at: datetime


class StoredRuleRecords(Protocol):
    """What a ledger keeps of rules made at run time. All raise StorageError when the database fails."""

    def stored_rules(self) -> tuple[StoredRule, ...]:
        """The latest version of each rule, in the order in which they were first made; not of the deleted ones."""

    def stored_rule_versions(self, name: str) -> tuple[StoredRule, ...]:
        """Every version of a rule, the latest first, also of a deleted one."""

    def save_stored_rule(self, rule: StoredRule) -> None:
        """Store a version of a rule.

        Raises ConflictError where the version before it is not the latest: somebody was faster.
        """
