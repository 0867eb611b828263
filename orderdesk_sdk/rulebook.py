"""The rulebook: hears what happens to orders, lets the rules decide, and does what they say, exactly once.

An occurrence is in the ledger before anything follows from it. Handling it twice does no more than handling it once:
a cancel is named by rule and occurrence, a move by the occurrence it makes. So a crash in the middle is mended by
handling it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from attrs import evolve, frozen

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.connections import Connections
from orderdesk_sdk.errors import ConfigurationError, NotFoundError, OrderDeskError
from orderdesk_sdk.hosts import Host
from orderdesk_sdk.ledger import Ledger
from orderdesk_sdk.rules import MOVE_ORDER, Action, Decision, Firing, Occurrence, OccurrenceKind, Rule, decide

__all__ = ["CancelByRule", "Rulebook"]


@frozen
class CancelByRule:
    """What a rule wants canceled. key names the wish, so that it is made once. at: the connections."""

    order_id: str
    key: str
    by: str
    reason: str | None
    at: tuple[str, ...]
    chain: tuple[str, ...]


class Rulebook:
    """The rules of a configuration over one ledger and host. `cancel` makes a wish and says where it stands."""

    def __init__(
        self,
        rules: Sequence[Rule],
        ledger: Ledger,
        host: Host,
        connections: Connections,
        cancel: Callable[[CancelByRule], str],
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._ledger = ledger
        self._host = host
        self._connections = connections
        self._cancel = cancel
        self._clock = clock

    def hear(self, occurrences: Sequence[Occurrence]) -> None:
        """Record what happened; `work` lets the rules decide."""
        if self._rules and occurrences:
            self._ledger.occur(occurrences)

    def work(self, limit: int = 1000) -> int:
        """Handle what is waiting, and what follows from it, at most `limit` occurrences; how many were handled.

        Raises ConfigurationError for a rule that names an action nobody contributes; nothing is lost by it.
        """
        if not self._rules:
            return 0
        done = 0
        actions: Mapping[str, str] | None = None
        while done < limit and (waiting := self._ledger.waiting(limit - done)):
            actions = self.actions() if actions is None else actions
            for occurrence in waiting:
                self._handle(occurrence, actions)
                done += 1
        return done

    def explain(self, occurrence: Occurrence) -> tuple[Decision, ...]:
        """What every rule would make of an occurrence, and why. Does nothing."""
        self.actions()
        return decide(self._rules, self._host.order(occurrence.order_id), occurrence)

    def actions(self) -> Mapping[str, str]:
        """The actions that rules may name, each with the slug of its integration.

        Raises ConfigurationError for a rule that names another.
        """
        known: dict[str, str] = {MOVE_ORDER: ""}
        for name in self._connections.names():
            declared = self._connections.integration(name)
            if not isinstance(declared, str):
                known.update({action.name: declared.slug for action in declared.actions})
        for rule in self._rules:
            for number, action in enumerate(rule.actions):
                place = f"{rule.place}.do[{number}]"
                if action.name not in known:
                    listed = ", ".join(repr(name) for name in known)
                    raise ConfigurationError(
                        f"nobody contributes the action {action.name!r}", place=place, remedy=f"known are {listed}"
                    )
                if (action.name == MOVE_ORDER) != bool(action.folder):
                    raise ConfigurationError(f"folder belongs to {MOVE_ORDER!r}, and only there", place=place)
        return known

    def _handle(self, occurrence: Occurrence, actions: Mapping[str, str]) -> None:
        try:
            order = self._host.order(occurrence.order_id)
            if occurrence.kind is OccurrenceKind.ORDER_MOVED:
                # The move was written down before it was made; making it again changes nothing.
                self._host.move(order.id, occurrence.facts["folder"], by=occurrence.facts.get("by", "rules"))
        except NotFoundError as error:
            self._ledger.handled(occurrence, [Firing("", "", "dropped", str(error))], [], self._clock.now())
            return
        firings: list[Firing] = []
        then: list[Occurrence] = []
        for decision in decide(self._rules, order, occurrence):
            if not decision.fires:
                continue
            for number, action in enumerate(decision.rule.actions):
                firing, follows = self._do(decision.rule, action, number, occurrence, actions)
                firings.append(firing)
                then += follows
        self._ledger.handled(occurrence, firings, then, self._clock.now())
        for firing in firings:
            self._host.add_history(
                order.id, f"{firing.action}: {firing.refused or firing.text}", by=f"rule {firing.rule}"
            )

    def _do(
        self, rule: Rule, action: Action, number: int, occurrence: Occurrence, actions: Mapping[str, str]
    ) -> tuple[Firing, list[Occurrence]]:
        identity = f"{occurrence.id} > {rule.name} {number}"
        chain = (*occurrence.chain, rule.name)
        then = Occurrence(identity, OccurrenceKind.ORDER_MOVED, occurrence.order_id, self._clock.now(), {}, chain)
        try:
            if action.name == MOVE_ORDER:
                return self._move(rule, action, then)
            at = tuple(
                placement.connection
                for placement in self._host.placements(occurrence.order_id)
                if self._connections.configured_slug(placement.connection) == actions[action.name]
            )
            if not at:
                raise NotFoundError(f"the order was not submitted to {actions[action.name]}")
            wish = CancelByRule(occurrence.order_id, identity, f"rule {rule.name}", action.reason or None, at, chain)
            return Firing(rule.name, action.name, self._cancel(wish)), []
        except OrderDeskError as error:
            facts = {"action": action.name, "rule": rule.name, "refusal": error.text}
            refused = evolve(then, kind=OccurrenceKind.ACTION_REFUSED, facts=facts)
            return Firing(rule.name, action.name, "refused", str(error)), [refused]

    def _move(self, rule: Rule, action: Action, then: Occurrence) -> tuple[Firing, list[Occurrence]]:
        """The move is made when the occurrence is handled: written down first, so that no crash loses it."""
        here, there = self._host.folder(then.order_id), self._host.folder_name(action.folder)
        if here == there:
            return Firing(rule.name, action.name, f"it is in {here} already"), []
        facts = {"folder": there, "from_folder": here or "", "by": f"rule {rule.name}"}
        return Firing(rule.name, action.name, f"to {there}"), [evolve(then, facts=facts)]
