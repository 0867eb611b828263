"""Rules as somebody wants them, as they are shown, and what trying one found; and all that as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping

from attrs import field, frozen

from orderdesk_sdk.cases.stored_rules import RuleState, StoredRule
from orderdesk_sdk.desk.documents import JsonObject, iso_time
from orderdesk_sdk.desk.rule_previews import RulePreview, preview_document, rule_document
from orderdesk_sdk.rules.model import Rule
from orderdesk_sdk.rules.stored_rules import content_digest

__all__ = [
    "DryRun",
    "OrderTrial",
    "RuleDraft",
    "RuleView",
    "dry_run_document",
    "rule_version_document",
    "rule_view_document",
]


@frozen
class RuleDraft:
    """A rule as it shall be. table: event, when and do, as in a `[[rules]]` table."""

    name: str
    table: Mapping[str, object] = field(factory=dict)


@frozen
class RuleView:
    """A rule as it is shown.

    Args:
        explanation: what it does, in words.
        problem: what is wrong with its filter or an action of it; None where nothing is.
        stored: its latest version in the ledger; None: it stands in orderdesk.toml, and is changed there.
        is_tried: whether it may be switched on, since it was tried as it is.
    """

    rule: Rule
    explanation: str
    problem: str | None
    stored: StoredRule | None = None
    is_tried: bool = False

    @property
    def name(self) -> str:
        """The rule's name."""
        return self.rule.name

    @property
    def is_enabled(self) -> bool:
        """Whether it is asked about events."""
        return self.rule.enabled if self.stored is None else self.stored.state is RuleState.ENABLED


@frozen
class OrderTrial:
    """What a rule would do to one order."""

    order_number: str
    order_id: str
    preview: RulePreview


@frozen
class DryRun:
    """What a rule would do to some orders.

    Args:
        is_complete: False where the time was up before each order was tried.
    """

    rule: Rule
    trials: tuple[OrderTrial, ...]
    is_complete: bool

    @property
    def is_sound(self) -> bool:
        """Whether at least one order was tried, all were, and the filter failed on none of them."""
        return bool(self.trials) and self.is_complete and not any(one.preview.evaluation.failed for one in self.trials)


def rule_view_document(view: RuleView, targets: Mapping[str, tuple[str, ...]]) -> JsonObject:
    """A rule as it is shown. `tried`: whether it may be switched on, since it was tried as it is."""
    stored = view.stored
    return {
        **rule_document(view.rule, targets),
        "enabled": view.is_enabled,
        "explanation": view.explanation,
        "problem": view.problem,
        "stored": stored is not None,
        "tried": view.is_tried,
        "version": stored.version if stored is not None else 0,
        "changed_by": stored.by if stored is not None else None,
        "changed_at": iso_time(stored.at) if stored is not None else None,
    }


def dry_run_document(run: DryRun) -> JsonObject:
    """What a rule would do to some orders."""
    return {
        "rule": run.rule.name,
        "sound": run.is_sound,
        "complete": run.is_complete,
        "orders": [
            {"order_id": one.order_id, "order_number": one.order_number, **preview_document(one.preview)}
            for one in run.trials
        ],
    }


def rule_version_document(version: StoredRule) -> JsonObject:
    """A version of a stored rule."""
    return {
        "version": version.version,
        "state": version.state.value,
        "content": json.loads(version.content),
        "tried": version.tested == content_digest(version.name, version.content),
        "changed_by": version.by,
        "changed_at": iso_time(version.at),
    }
