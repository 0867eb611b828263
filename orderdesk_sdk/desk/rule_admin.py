"""Rules that are made while the desk runs: listed, explained, tried, switched on. Reached as `desk.rule_admin`.

Who may do that is decided by whoever calls: the console and the API let admins alone do it. A rule that is saved does
nothing until it was tried in a dry run, with exactly the content that is switched on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import evolve

from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.cases.stored_rules import RuleState, StoredRule
from orderdesk_sdk.desk.parts import require_actor
from orderdesk_sdk.desk.rule_previews import action_targets, explain_rule, preview_rule
from orderdesk_sdk.desk.rule_views import DryRun, OrderTrial, RuleDraft, RuleView
from orderdesk_sdk.errors import (
    ConfigurationError,
    ConflictError,
    InvalidStateError,
    NotFoundError,
    OrderDeskError,
    ValidationError,
)
from orderdesk_sdk.rules.conditions import check_filters
from orderdesk_sdk.rules.model import Rule
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.rules.stored_rules import content_digest, read_stored_rule, rule_content, rule_location
from orderdesk_sdk.runtime.connection_config import reject_unknown_keys

if TYPE_CHECKING:
    from orderdesk_sdk.desk.desk import Desk
    from orderdesk_sdk.desk.stored_configuration import StoredConfiguration

__all__ = ["RuleAdmin"]

MAX_STORED_RULES = 200
"""Each is asked about every event of every order."""
MAX_NAME_LENGTH = 100
MAX_CONTENT_LENGTH = 10_000
MAX_TRIED_ORDERS = 100
TRIAL_SECONDS = 10.0
"""Seconds after which a dry run tries no further order."""


class RuleAdmin:
    """The rules of a desk, and how they are changed."""

    def __init__(self, desk: Desk, configured: Sequence[Rule], configuration: StoredConfiguration) -> None:
        """configured: the rules that are not stored, those of orderdesk.toml."""
        self._desk = desk
        self._configured = configured
        self._configuration = configuration

    def list(self) -> tuple[RuleView, ...]:
        """Every rule in the order in which they are asked: first those of orderdesk.toml, then the stored ones."""
        self._configuration.look()
        stored = self._desk.ledger.stored_rules()
        return (*map(self._view_of_file, self._configured), *map(self._view, stored))

    def get(self, name: str) -> RuleView:
        """A rule of `list`. Raises NotFoundError."""
        found = next((view for view in self.list() if view.name == name), None)
        if found is None:
            raise NotFoundError("there is no such rule", location=f"rule {name!r}", hint="see `orderdesk rules list`")
        return found

    def history(self, name: str) -> tuple[StoredRule, ...]:
        """Every version of a stored rule, the latest first, also of a deleted one; () for an unknown name."""
        return self._desk.ledger.stored_rule_versions(name)

    def save(self, draft: RuleDraft, *, by: str, address: str = "") -> RuleView:
        """Store a rule, new or in place of the one of its name; it is switched off until it was tried.

        Raises ConfigurationError for what orderdesk.toml would not take either, ConflictError for a name that is taken
        there and where somebody else was faster, ValidationError for a name that cannot be one.

        Args:
            address: where the person came from, for the audit log.
        """
        actor, before = require_actor(by), self._latest(draft.name)
        self._require_name(draft.name, before)
        now, version = self._desk.clock.now(), before.version + 1 if before is not None else 1
        stored = StoredRule(
            name=draft.name,
            content=_content(draft),
            state=RuleState.DISABLED,
            tested="",
            version=version,
            by=actor,
            at=now,
        )
        self._require_sound(stored)
        self._write(stored, f"saved, switched off: {explain_rule(read_stored_rule(stored), self._targets())}", address)
        return self.get(draft.name)

    def dry_run(
        self,
        name: str,
        orders: Sequence[str] = (),
        *,
        by: str,
        recent: int = 20,
        folder: str | None = None,
        values: Mapping[str, str] | None = None,
    ) -> DryRun:
        """What a rule would do to each of these orders if its event happened to them now. Changes nothing of them.

        Its filter is evaluated within the time limit that it always has; no further order is tried after some seconds.
        A stored rule whose filter was evaluated for each order without a failure may be switched on after that.

        Args:
            orders: ids or numbers; empty tries the `recent` newest ones.
            folder: that the orders are moved to, for a rule about moves; None: the folder that each is in.
            values: of further fields of the event that the filter compares, such as state.

        Raises NotFoundError for an unknown rule, order or folder, ValidationError for too many orders.
        """
        actor, view = require_actor(by), self.get(name)
        rule = view.rule
        ids = self._orders(orders, recent)
        trials: list[OrderTrial] = []
        until = time.monotonic() + TRIAL_SECONDS
        for order in ids:
            if time.monotonic() >= until:
                break
            preview = preview_rule(self._desk, evolve(rule, enabled=True), order, folder, values or {})
            trials.append(OrderTrial(self._desk.orders.get(order).number, order, preview))
        run = DryRun(rule, tuple(trials), is_complete=len(trials) == len(ids))
        if run.is_sound and view.stored is not None:
            self._note_tested(view.stored, actor)
        return run

    def enable(self, name: str, *, by: str, address: str = "") -> RuleView:
        """Switch a stored rule on; desks and workers that run take it up.

        Raises InvalidStateError for one that was not tried in a dry run since it was changed, ConfigurationError for
        one whose actions nobody provides, NotFoundError, and ConflictError where somebody else was faster.
        """
        actor, before = require_actor(by), self._stored(name)
        if before.tested != content_digest(name, before.content):
            raise InvalidStateError(
                "the rule was not tried since it was last changed",
                location=rule_location(name),
                hint=f"try it first: `orderdesk rules dry-run {name!r}`",
            )
        self._require_sound(before)
        if before.state is not RuleState.ENABLED:
            self._write(evolve(self._next(before, actor), state=RuleState.ENABLED), "switched on", address)
        return self.get(name)

    def disable(self, name: str, *, by: str, address: str = "") -> RuleView:
        """Switch a stored rule off. Raises NotFoundError and ConflictError."""
        actor, before = require_actor(by), self._stored(name)
        if before.state is not RuleState.DISABLED:
            self._write(evolve(self._next(before, actor), state=RuleState.DISABLED), "switched off", address)
        return self.get(name)

    def delete(self, name: str, *, by: str, address: str = "") -> None:
        """Remove a stored rule; its history stays. Raises NotFoundError and ConflictError."""
        actor, before = require_actor(by), self._stored(name)
        self._write(evolve(self._next(before, actor), state=RuleState.DELETED), "deleted", address)

    def _view_of_file(self, rule: Rule) -> RuleView:
        return RuleView(rule, explain_rule(rule, self._targets()), self._problem(rule))

    def _view(self, stored: StoredRule) -> RuleView:
        rule = read_stored_rule(stored)
        is_tried = stored.tested == content_digest(stored.name, stored.content)
        shadow = "orderdesk.toml has a rule of this name, which is used in its place"
        problem = shadow if self._is_configured(stored.name) else self._problem(rule)
        return RuleView(rule, explain_rule(rule, self._targets()), problem, stored, is_tried)

    def _is_configured(self, name: str) -> bool:
        return any(rule.name == name for rule in self._configured)

    def _problem(self, rule: Rule) -> str | None:
        return next((str(error) for error in self._errors(rule)), None)

    def _errors(self, rule: Rule) -> Iterator[OrderDeskError]:
        try:
            check_filters([rule])
        except ConfigurationError as error:
            yield error
        yield from self._desk.rules.action_errors([rule])

    def _require_sound(self, stored: StoredRule) -> None:
        for error in self._errors(read_stored_rule(stored)):
            raise error

    def _targets(self) -> Mapping[str, tuple[str, ...]]:
        return action_targets(self._desk)

    def _latest(self, name: str) -> StoredRule | None:
        """The latest version of this name, which may be a deleted one."""
        return next(iter(self._desk.ledger.stored_rule_versions(name)), None)

    def _stored(self, name: str) -> StoredRule:
        found = self._latest(name)
        if found is None or found.state is RuleState.DELETED:
            raise NotFoundError(
                "there is no stored rule of this name",
                location=f"rule {name!r}",
                hint="rules of orderdesk.toml are changed there; see `orderdesk rules list`",
            )
        return found

    def _next(self, before: StoredRule, by: str) -> StoredRule:
        """The version after one, as it is."""
        return evolve(before, version=before.version + 1, by=by, at=self._desk.clock.now())

    def _note_tested(self, tried: StoredRule, by: str) -> None:
        """Let a rule be switched on, unless it was changed while it was tried, or may be already."""
        latest, digest = self._stored(tried.name), content_digest(tried.name, tried.content)
        if latest.content == tried.content and latest.tested != digest:
            self._write(evolve(self._next(latest, by), tested=digest), "tried in a dry run", "")

    def _write(self, rule: StoredRule, detail: str, address: str) -> None:
        self._desk.ledger.save_stored_rule(rule)
        self._desk.audit.record(rule.by, AuditAction.RULE_CHANGED, f"rule {rule.name}", detail, address)
        self._configuration.look()

    def _orders(self, orders: Sequence[str], recent: int) -> Sequence[str]:
        """The ids of the orders that a dry run tries."""
        if max(len(orders), recent) > MAX_TRIED_ORDERS:
            raise ValidationError(f"at most {MAX_TRIED_ORDERS} orders are tried at a time", hint="name fewer")
        if orders:
            return [self._desk.orders.get(order).id for order in orders]
        return [summary.order.id for summary in self._desk.orders.search(limit=recent).orders]

    def _require_name(self, name: str, before: StoredRule | None) -> None:
        location = f"rule {name!r}"
        if not 0 < len(name) <= MAX_NAME_LENGTH or not name.isprintable() or name != name.strip():
            raise ValidationError(
                f"the name of a rule is a text of up to {MAX_NAME_LENGTH} characters on one line", location=location
            )
        if self._is_configured(name):
            raise ConflictError(
                "orderdesk.toml has a rule of this name", location=location, hint="change it there, or choose another"
            )
        is_new = before is None or before.state is RuleState.DELETED
        if is_new and len(self._desk.ledger.stored_rules()) >= MAX_STORED_RULES:
            raise InvalidStateError(f"there are {MAX_STORED_RULES} stored rules", hint="delete one that is not needed")


def _content(draft: RuleDraft) -> str:
    """The content of a rule as it is stored. Raises ConfigurationError for what a rule does not consist of."""
    location = rule_location(draft.name)
    reject_unknown_keys(draft.table, ("event", "when", "do"), location)
    read_rules([{**draft.table, "name": draft.name}], location, numbered=False)
    content = rule_content(draft.table)
    if len(content) > MAX_CONTENT_LENGTH:
        raise ConfigurationError(
            f"the rule has {len(content)} characters; at most {MAX_CONTENT_LENGTH} are taken",
            location=location,
            hint="split it into several rules",
        )
    return content
