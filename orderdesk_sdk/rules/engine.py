"""The rulebook: hears what happens to orders, lets the rules decide, and does what they say, exactly once.

An occurrence is in the ledger before anything follows from it. Handling it twice does no more than handling it once:
a cancel is named by rule and occurrence, a move by the occurrence it makes. So a crash in the middle is mended by
handling it again. What keeps an occurrence from being handled (a failing ledger or host, a wrong configuration) leaves
it waiting, with what happened to the same order later; the rules of other orders go on.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence

from attrs import evolve

from orderdesk_sdk.cases.clock_ahead import BELIEVED
from orderdesk_sdk.cases.events import Firing, Occurrence, OccurrenceKind
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import (
    ConfigurationError,
    ConflictError,
    InputError,
    LedgerError,
    NotAllowedError,
    NotFoundError,
    OrderDeskError,
    PluginFault,
    UnderWayError,
    in_words,
)
from orderdesk_sdk.orders.by_id import HostById
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.store import Move
from orderdesk_sdk.rules.actions import ActionExecutor, Actions, Deed
from orderdesk_sdk.rules.conditions import decide
from orderdesk_sdk.rules.model import CANCEL_ORDER, MOVE_ORDER, Action, Decision, Rule
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.context import LEASE, read_coverage

__all__ = ["REFUSALS", "Rulebook"]

_MANY = 1000
REFUSALS = (InputError, NotAllowedError, PluginFault)
"""What says no to an action, so that asking again tells no more. Every other error is trouble that passes or is mended:
the action stays to be done."""


class Rulebook:
    """The rules of a configuration over one ledger and host. `deeds` does what they say."""

    def __init__(
        self,
        rules: Sequence[Rule],
        ledger: Ledger,
        host: HostById,
        connections: Connections,
        deeds: ActionExecutor,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._ledger = ledger
        self._host = host
        self._connections = connections
        self._deeds = deeds
        self._clock = clock
        if rules:
            ledger.record_settled()

    def expect_imports(self, orders: Sequence[Order]) -> tuple[Occurrence, ...]:
        """Write down, before an import, which of its orders are new. Give them to `hear` when it is done.

        An order without its occurrence would be forgotten by the rules; an occurrence whose order never comes is
        forgotten after LEASE.
        """
        if not self._rules:
            return ()
        now = self._clock.now()
        found = tuple(
            Occurrence(f"imported {order.id}", OccurrenceKind.ORDER_IMPORTED, order.id, now)
            for order in orders
            if not self._is_there(order.id)
        )
        self.hear(found)
        return found

    def expect_move(self, order_id: str, here: str | None, there: str, by: str) -> tuple[str, ...]:
        """Write down that a person is about to move an order; what to give to `work` once it is moved."""
        if not self._rules:
            return ()
        for left in self._ledger.waiting(_MANY):
            # A move that was begun and not made, and now is made after all: it is one move.
            if left.order_id == order_id and _is_move(left) and not left.chain and left.facts["folder"] == there:
                return (left.id,)
        facts = {"folder": there, "from_folder": here or "", "by": by}
        identity = f"moved {secrets.token_hex(6)}"
        self.hear([Occurrence(identity, OccurrenceKind.ORDER_MOVED, order_id, self._clock.now(), facts)])
        return (identity,)

    def move(self, order_id: str, folder: str, by: str) -> tuple[Move, tuple[str, ...]]:
        """Make a person's move; what it was, and what to give to `work`. Raises NotFoundError for an unknown folder."""
        here, there = self._host.folder(order_id), self._host.folder_name(folder)
        if here == there:
            return Move(order_id, here, there), ()
        expected = self.expect_move(order_id, here, there, by)
        self._host.move(order_id, there, by=by)
        return Move(order_id, here, there), expected

    def hear(self, occurrences: Sequence[Occurrence]) -> None:
        """Record what happened; `work` lets the rules decide."""
        if self._rules and occurrences:
            self._ledger.occur(occurrences)

    def work(self, limit: int = 1000, *, sure: Collection[str] = ()) -> tuple[int, tuple[str, ...]]:
        """Handle what is waiting, and what follows from it, at most `limit` occurrences; how many were handled, and
        for each order the trouble that left its occurrences waiting.

        sure: ids of moves that the caller knows to be made. Raises LedgerError; nothing is lost by it, or by a trouble.
        """
        if not self._rules:
            return 0, ()
        done = 0
        left: set[str] = set()
        held: dict[str, str] = {}
        known: Actions | None = None
        while done < limit:
            waiting = [found for found in self._ledger.waiting(limit + len(left)) if found.id not in left]
            if not waiting:
                break
            known = known or self._actions()
            for occurrence in waiting[: limit - done]:
                # What happened to an order is handled in its order; only a move that is sure waits for none.
                if occurrence.order_id in held and occurrence.id not in sure:
                    left.add(occurrence.id)
                    continue
                try:
                    is_handled = self._handle(occurrence, known, is_sure=occurrence.id in sure)
                except LedgerError:
                    raise
                except Exception as error:  # noqa: BLE001 - a host, say, may raise anything; other orders go on
                    told = str(error) if isinstance(error, OrderDeskError) else in_words(error)
                    held.setdefault(occurrence.order_id, told)
                    left.add(occurrence.id)
                else:
                    if is_handled:
                        done += 1
                    else:
                        left.add(occurrence.id)
        return done, tuple(dict.fromkeys(held.values()))

    def explain(self, occurrence: Occurrence) -> tuple[Decision, ...]:
        """What every rule would make of an occurrence, and why. Does nothing."""
        return decide(self._rules, self._host.order(occurrence.order_id), occurrence)

    def faults(self) -> tuple[ConfigurationError, ...]:
        """What is wrong with the actions of the rules, in the light of what the connections contribute; () if sound."""
        return self._actions().faults(self._rules) if self._rules else ()

    def _actions(self) -> Actions:
        return Actions.of(self._connections.declared(), self._connections.names())

    def _is_there(self, order_id: str) -> bool:
        try:
            self._host.placements(order_id)
        except NotFoundError:
            return False
        return True

    def _handle(self, occurrence: Occurrence, known: Actions, *, is_sure: bool) -> bool:
        """Handle an occurrence; whether that is done. False: it is too early to tell whether it happened at all."""
        # One of a clock that was ahead is as old as can be: nobody can tell how old.
        is_young = -BELIEVED <= self._clock.now() - occurrence.at < LEASE
        try:
            order = self._host.order(occurrence.order_id)
        except NotFoundError as error:
            if is_young:
                return False  # Its import may be under way.
            if occurrence.kind is OccurrenceKind.ORDER_IMPORTED:
                self._ledger.forget(occurrence)  # It never came; when it comes one day, that is news.
            else:
                self._drop(occurrence, str(error))
            return True
        if _is_move(occurrence) and not is_sure:
            here = self._moved(occurrence)
            if here != occurrence.facts["folder"]:
                if is_young and not occurrence.chain:
                    return False  # Whoever moves it may be about to.
                self._drop(occurrence, f"the order is in {here or 'no folder'}, and was not moved after all")
                return True
        decided = decide(self._rules, order, occurrence)
        decisions = [decision for decision in decided if decision.fires]
        for decision in decisions:
            for number in range(len(decision.rule.actions)):
                fault = known.fault(decision.rule, number)
                if fault is not None:
                    raise fault
        failed = [
            Firing(decision.rule.name, "", "not decided", decision.why) for decision in decided if decision.failed
        ]
        self._fire(decisions, occurrence, known, failed)
        return True

    def _fire(
        self, decisions: Sequence[Decision], occurrence: Occurrence, known: Actions, failed: Sequence[Firing]
    ) -> None:
        firings = list(failed)
        then = self._all_canceled(occurrence)
        for decision in decisions:
            for number, action in enumerate(decision.rule.actions):
                moves = [follows.facts["folder"] for follows in then if _is_move(follows)]
                firing, follows = self._do(decision.rule, action, number, occurrence, known, moves[-1:])
                firings.append(firing)
                then += follows
        if self._ledger.handled(occurrence, firings, then, self._clock.now()):
            for firing in firings:
                text = f"{firing.action or occurrence.kind.value}: {firing.refused or firing.text}"
                self._host.add_history(occurrence.order_id, text, by=f"rule {firing.rule}")

    def _drop(self, occurrence: Occurrence, why: str) -> None:
        self._ledger.handled(occurrence, [Firing("", "", "dropped", why)], [], self._clock.now())

    def _moved(self, occurrence: Occurrence) -> str | None:
        """Make the move that a rule decided on, unless somebody has moved the order on; the folder it is in now.

        A person's move is made by the person's own call or not at all: whoever began it never heard that it was made.
        """
        there = occurrence.facts["folder"]
        here = self._host.folder(occurrence.order_id)
        if occurrence.chain and here != there and (here or "") == occurrence.facts["from_folder"]:
            self._host.move(occurrence.order_id, there, by=occurrence.facts["by"])
            return there
        return here

    def _do(
        self,
        rule: Rule,
        action: Action,
        number: int,
        occurrence: Occurrence,
        known: Actions,
        moved: Sequence[str],
    ) -> tuple[Firing, list[Occurrence]]:
        """Do one action. moved: the folder that an earlier action moves the order to, if one does."""
        identity = f"{occurrence.id} > {rule.name} {number}"
        chain = (*occurrence.chain, rule.name)
        then = Occurrence(identity, OccurrenceKind.ORDER_MOVED, occurrence.order_id, self._clock.now(), {}, chain)
        try:
            if action.name == MOVE_ORDER:
                return self._move(rule, action, then, moved)
            at = self._places(occurrence, action, known.known[action.name].slug)
            order, reason = self._host.order(occurrence.order_id), action.reason or None
            deed = Deed(order, identity, f"rule {rule.name}", reason, at, chain, known.known[action.name].status)
            return Firing(rule.name, action.name, self._deeds.do(deed)), []
        except UnderWayError:
            raise  # It passes, and then the action is done.
        except ConflictError:
            # The key names a wish already: it was made before a crash, and rule or placements have changed since.
            return Firing(rule.name, action.name, "it was asked before, as the rule was then"), []
        except REFUSALS as error:
            facts = {"action": action.name, "rule": rule.name, "refusal": error.text}
            refused = evolve(then, kind=OccurrenceKind.ACTION_REFUSED, facts=facts)
            return Firing(rule.name, action.name, "refused", str(error)), [refused]

    def _places(self, occurrence: Occurrence, action: Action, slug: str) -> tuple[str, ...]:
        """The connections that an action is about, of those that the order was submitted to; empty means all.

        Raises NotFoundError where it was submitted to none of those that are named.
        """
        if action.name == CANCEL_ORDER and not action.at:
            return ()
        at = tuple(
            placement.connection
            for placement in self._host.placements(occurrence.order_id)
            if placement.connection in action.at
            or (slug and self._connections.configured_slug(placement.connection) == slug)
        )
        if not at:
            raise NotFoundError(f"the order was not submitted to {slug or ' or '.join(action.at)}")
        return at

    def _all_canceled(self, occurrence: Occurrence) -> list[Occurrence]:
        """What follows where the last place that held the order has said that it is canceled: that it is, once."""
        if occurrence.kind not in (OccurrenceKind.CASE_SETTLED, OccurrenceKind.CANCELED_ELSEWHERE):
            return []
        coverage = read_coverage(self._ledger, self._host, self._host.order(occurrence.order_id))
        if not coverage.is_fully_canceled():
            return []
        identity = f"all canceled {coverage.cases[-1].cancellation_id}"
        kind = OccurrenceKind.ORDER_CANCELED
        return [Occurrence(identity, kind, occurrence.order_id, self._clock.now(), {}, occurrence.chain)]

    def _move(
        self, rule: Rule, action: Action, then: Occurrence, moved: Sequence[str]
    ) -> tuple[Firing, list[Occurrence]]:
        """The move is made when the occurrence is handled: written down first, so that no crash loses it."""
        there = self._host.folder_name(action.folder)
        here = moved[0] if moved else self._host.folder(then.order_id)
        if here == there:
            return Firing(rule.name, action.name, f"it is in {here} already"), []
        facts = {"folder": there, "from_folder": here or "", "by": f"rule {rule.name}"}
        return Firing(rule.name, action.name, f"to {there}"), [evolve(then, facts=facts)]


def _is_move(occurrence: Occurrence) -> bool:
    return occurrence.kind is OccurrenceKind.ORDER_MOVED
