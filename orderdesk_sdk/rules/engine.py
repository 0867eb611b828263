"""The rule engine: hears what happens to orders, lets the rules decide, and does what they say, exactly once.

An event is in the ledger before anything follows from it. Handling it twice does no more than handling it once:
a cancel is named by rule and event, a move by the event it makes. So a crash in the middle is mended by
handling it again. What keeps an event from being handled (a failing ledger or host, a wrong configuration) leaves
it waiting, with what happened to the same order later; the rules of other orders go on.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress

from attrs import evolve

from orderdesk_sdk.cases.clock_skew import TOLERATED_SKEW
from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind, RuleExecution
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger, log_subject
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import (
    ConfigurationError,
    ConflictError,
    InProgressError,
    InvalidStateError,
    NotFoundError,
    OrderDeskError,
    PluginError,
    StorageError,
    ValidationError,
    describe_exception,
)
from orderdesk_sdk.orders.store import FolderMove
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.rules.actions import ActionCatalog, ActionExecutor, ActionRequest
from orderdesk_sdk.rules.conditions import check_filters, evaluate
from orderdesk_sdk.rules.follow_up import EventFollowUp, FollowUp
from orderdesk_sdk.rules.model import CANCEL_ORDER, MOVE_ORDER, ConfiguredAction, Rule, RuleEvaluation
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.context import LEASE, read_coverage

__all__ = ["PERMANENT_ERRORS", "RuleEngine"]

_log = RoomLogger("rules")
_MAX_EVENTS = 1000
PERMANENT_ERRORS = (ValidationError, InvalidStateError, PluginError)
"""What says no to an action, so that asking again tells no more. Every other error is trouble that passes or is mended:
the action stays to be done."""


class RuleEngine:
    """The rules of a configuration over one ledger and host. `executor` does what they say."""

    def __init__(
        self,
        rules: Sequence[Rule],
        ledger: Ledger,
        order_store: OrderStoreById,
        connections: Connections,
        executor: ActionExecutor,
        clock: Clock,
    ) -> None:
        self.follow_up: EventFollowUp | None = None
        """What is told of each event before the rules are, set where an order store wants to hear; None: nobody."""
        self._rules = rules
        self._ledger = ledger
        self._order_store = order_store
        self._connections = connections
        self._executor = executor
        self._clock = clock
        self._checked: set[OrderEventKind | None] = set()

    @property
    def rules(self) -> Sequence[Rule]:
        """Those that it goes by, in their order."""
        return self._rules

    def use(self, rules: Sequence[Rule]) -> None:
        """Go by these rules from now on, also for events that are pending."""
        self._rules, self._checked = tuple(rules), set()

    def record_imports(self, order_ids: Iterable[str]) -> tuple[OrderEvent, ...]:
        """Write down, before orders are imported, which of them are new. Give them to `record` when that is done.

        An order without its event would be forgotten by the rules; an event whose order never comes is
        forgotten after LEASE. Raises ConfigurationError for a wrong filter, before anything is written.
        """
        if not self._rules:
            return ()
        self.check_filters(OrderEventKind.ORDER_IMPORTED)
        now = self._clock.now()
        events = tuple(
            OrderEvent(f"imported {order_id}", OrderEventKind.ORDER_IMPORTED, order_id, now)
            for order_id in order_ids
            if not self._order_exists(order_id)
        )
        self.record(events)
        return events

    def record_move(self, order_id: str, from_folder: str | None, to_folder: str, by: str) -> tuple[str, ...]:
        """Write down that a person is about to move an order; what to give to `process` once it is moved.

        Raises ConfigurationError for a wrong filter, before anything is written.
        """
        if not self._rules:
            return ()
        self.check_filters(OrderEventKind.ORDER_MOVED)
        for left in self._ledger.pending_events(_MAX_EVENTS):
            # A move that was begun and not made, and now is made after all: it is one move.
            if (
                left.order_id == order_id
                and _is_move(left)
                and not left.caused_by_rules
                and left.field_values["folder"] == to_folder
            ):
                return (left.id,)
        values = {"folder": to_folder, "from_folder": from_folder or "", "by": by}
        identity = f"moved {secrets.token_hex(6)}"
        self.record([OrderEvent(identity, OrderEventKind.ORDER_MOVED, order_id, self._clock.now(), values)])
        return (identity,)

    def move(self, order_id: str, folder: str, by: str) -> tuple[FolderMove, tuple[str, ...]]:
        """Make a person's move; what it was, and what to give to `process`.

        Raises NotFoundError for an unknown folder.
        """
        here, there = self._order_store.folder_of(order_id), self._order_store.resolve_folder_name(folder)
        if here == there:
            return FolderMove(order_id, here, there), ()
        expected = self.record_move(order_id, here, there, by)
        self._order_store.move(order_id, there, by=by)
        return FolderMove(order_id, here, there), expected

    def record(self, events: Sequence[OrderEvent]) -> None:
        """Record what happened; `process` lets the rules decide."""
        if (self._rules or self.follow_up is not None) and events:
            self._ledger.add_events(events)

    def process(self, limit: int = 1000, *, confirmed: Collection[str] = ()) -> tuple[int, tuple[str, ...]]:
        """Handle what is waiting, and what follows from it, at most `limit` events; how many were handled, and
        for each order the trouble that left its events waiting.

        Args:
            confirmed: ids of moves that the caller knows to be made.

        Raises StorageError; nothing is lost by it, or by a trouble.
        """
        if not self._rules and self.follow_up is None:
            return 0, ()
        done = 0
        last_left: OrderEvent | None = None
        held: dict[str, str] = {}
        catalog: ActionCatalog | None = None
        # Of those that are left waiting each is read once, however many there are.
        while done < limit and (waiting := self._ledger.pending_events(limit - done, after=last_left)):
            catalog = catalog or self._actions()
            for event in waiting:
                # What happened to an order is handled in its order; only a move that is sure waits for none.
                if event.order_id in held and event.id not in confirmed:
                    last_left = event
                    continue
                try:
                    is_handled = self._handle(event, catalog, is_confirmed=event.id in confirmed)
                except StorageError:
                    raise
                except Exception as error:  # noqa: BLE001 - a host, say, may raise anything; other orders go on
                    message = str(error) if isinstance(error, OrderDeskError) else describe_exception(error)
                    _log.warning("rules could not be executed (%s); the event stays pending", type(error).__name__)
                    held.setdefault(event.order_id, message)
                    last_left = event
                else:
                    if is_handled:
                        done += 1
                    else:
                        last_left = event
        return done, tuple(dict.fromkeys(held.values()))

    def check_filters(self, kind: OrderEventKind | None = None) -> None:
        """Read the filters, once. Raises ConfigurationError for the first that cannot be taken.

        Args:
            kind: of the rules that are asked about such an event; None: of all rules.
        """
        if kind not in self._checked:
            check_filters([rule for rule in self._rules if kind is None or (rule.enabled and rule.event is kind)])
            self._checked.add(kind)

    def explain(self, event: OrderEvent) -> tuple[RuleEvaluation, ...]:
        """What every rule would make of an event, and why. Does nothing. Raises what `check_filters` raises."""
        self.check_filters(event.kind)
        return evaluate(self._rules, self._order_store.get_order(event.order_id), event)

    def configuration_errors(self) -> tuple[ConfigurationError, ...]:
        """What is wrong with the actions of the rules, in the light of what the connections contribute; () if sound."""
        return self.action_errors(self._rules)

    def action_errors(self, rules: Sequence[Rule]) -> tuple[ConfigurationError, ...]:
        """The same of any rules."""
        return self._actions().errors(rules) if rules else ()

    def _actions(self) -> ActionCatalog:
        return ActionCatalog.from_integrations(self._connections.integrations(), self._connections.names())

    def _order_exists(self, order_id: str) -> bool:
        try:
            self._order_store.remote_orders(order_id)
        except NotFoundError:
            return False
        return True

    def _handle(self, event: OrderEvent, actions: ActionCatalog, *, is_confirmed: bool) -> bool:
        """Handle an event; whether that is done. False: it is too early to tell whether it happened at all."""
        # One of a clock that was ahead is as old as can be: its age is unknown.
        is_young = -TOLERATED_SKEW <= self._clock.now() - event.at < LEASE
        try:
            order = self._order_store.get_order(event.order_id)
        except NotFoundError as error:
            if is_young:
                return False  # Its import may be under way.
            if event.kind is OrderEventKind.ORDER_IMPORTED:
                self._ledger.discard_event(event)  # It never came; when it comes one day, that is news.
            else:
                self._discard_actions(event, str(error))
            return True
        if _is_move(event) and not is_confirmed:
            here = self._apply_move(event)
            if here != event.field_values["folder"]:
                if is_young and not event.caused_by_rules:
                    return False  # Whoever moves it may be about to.
                self._discard_actions(event, f"the order is in {here or 'no folder'} and was not moved")
                return True
        followed = self.follow_up.follow(event, order) if self.follow_up is not None else FollowUp()
        if not followed.goes_on:
            self._ledger.complete_event(event, followed.executions, [], self._clock.now())
            return True
        self.check_filters(event.kind)
        decided = evaluate(self._rules, order, event)
        decisions = [decision for decision in decided if decision.matches]
        for decision in decisions:
            for number in range(len(decision.rule.actions)):
                fault = actions.action_error(decision.rule, number)
                if fault is not None:
                    raise fault
        failed = [
            RuleExecution(decision.rule.name, "", "not decided", decision.explanation)
            for decision in decided
            if decision.failed
        ]
        with log_subject(LogSubject(order_number=order.number)):
            self._execute(decisions, event, actions, failed, followed)
        return True

    def _execute(
        self,
        decisions: Sequence[RuleEvaluation],
        event: OrderEvent,
        actions: ActionCatalog,
        failed: Sequence[RuleExecution],
        followed: FollowUp,
    ) -> None:
        executions = list(failed)
        to_note = list(failed)
        then = self._order_canceled_events(event)
        for decision in decisions:
            for number, action in enumerate(decision.rule.actions):
                moves = [follows.field_values["folder"] for follows in then if _is_move(follows)]
                execution, follows = self._execute_action(decision.rule, action, number, event, actions, moves[-1:])
                executions.append(execution)
                if not any(_is_move(following) for following in follows):  # The move notes itself, where it is made.
                    to_note.append(execution)
                then += follows
        recorded = [*followed.executions, *executions]
        if self._ledger.complete_event(event, recorded, then, self._clock.now()):
            for execution in executions:
                if execution.error:
                    failed_part = execution.action or "its filter"
                    _log.warning("rule %r: %s (%s)", execution.rule, failed_part, execution.message)
                else:
                    _log.info("rule %r: %s", execution.rule, execution.action)
            for execution in to_note:
                text = f"{execution.action or event.kind.value}: {execution.error or execution.message}"
                with suppress(InvalidStateError):  # A full history; what was done is recorded with the event.
                    self._order_store.add_history(event.order_id, text, by=f"rule {execution.rule}")

    def _discard_actions(self, event: OrderEvent, reason: str) -> None:
        self._ledger.complete_event(event, [RuleExecution("", "", "dropped", reason)], [], self._clock.now())

    def _apply_move(self, event: OrderEvent) -> str | None:
        """Make the move that a rule decided on, unless the order was moved on meanwhile; the folder it is in now.

        A person's move is made by the person's own call or not at all: whoever began it never heard that it was made.
        """
        there = event.field_values["folder"]
        here = self._order_store.folder_of(event.order_id)
        if event.caused_by_rules and here != there and (here or "") == event.field_values["from_folder"]:
            self._order_store.move(event.order_id, there, by=event.field_values["by"])
            return there
        return here

    def _execute_action(
        self,
        rule: Rule,
        action: ConfiguredAction,
        number: int,
        event: OrderEvent,
        actions: ActionCatalog,
        moved: Sequence[str],
    ) -> tuple[RuleExecution, list[OrderEvent]]:
        """Do one action.

        Args:
            moved: the folder that an earlier action moves the order to, if one does.
        """
        identity = f"{event.id} > {rule.name} {number}"
        chain = (*event.caused_by_rules, rule.name)
        then = OrderEvent(identity, OrderEventKind.ORDER_MOVED, event.order_id, self._clock.now(), {}, chain)
        try:
            if action.name == MOVE_ORDER:
                return self._record_rule_move(rule, action, then, moved)
            at = self._target_connections(event, action, actions.targets[action.name].integration)
            order, reason = self._order_store.get_order(event.order_id), action.reason or None
            request = ActionRequest(
                order, identity, f"rule {rule.name}", reason, at, chain, actions.targets[action.name].status
            )
            return RuleExecution(rule.name, action.name, self._executor.execute(request)), []
        except InProgressError:
            raise  # It passes, and then the action is done.
        except ConflictError:
            # The key names a cancellation already: it was made before a crash, and rule or remote orders have changed
            # since.
            return RuleExecution(
                rule.name, action.name, "Already requested under this key with a different content; left unchanged"
            ), []
        except PERMANENT_ERRORS as error:
            values = {"action": action.name, "rule": rule.name, "rejection": error.message}
            failed = evolve(then, kind=OrderEventKind.ACTION_FAILED, field_values=values)
            return RuleExecution(rule.name, action.name, "refused", str(error)), [failed]

    def _target_connections(self, event: OrderEvent, action: ConfiguredAction, slug: str) -> tuple[str, ...]:
        """The connections that an action is about, of those that the order was submitted to; empty means all.

        Raises NotFoundError where it was submitted to none of those that are named.
        """
        if action.name == CANCEL_ORDER and not action.connections:
            return ()
        at = tuple(
            remote_order.connection
            for remote_order in self._order_store.remote_orders(event.order_id)
            if remote_order.connection in action.connections
            or (slug and self._connections.integration_slug_or_empty(remote_order.connection) == slug)
        )
        if not at:
            raise NotFoundError(f"the order was not submitted to {slug or ' or '.join(action.connections)}")
        return at

    def _order_canceled_events(self, event: OrderEvent) -> list[OrderEvent]:
        """What follows where the last place that held the order has said that it is canceled: that it is, once."""
        if event.kind not in (OrderEventKind.CASE_SETTLED, OrderEventKind.CANCELED_EXTERNALLY):
            return []
        coverage = read_coverage(self._ledger, self._order_store, self._order_store.get_order(event.order_id))
        if not coverage.is_fully_canceled():
            return []
        identity = f"all canceled {coverage.cases[-1].cancellation_id}"
        kind = OrderEventKind.ORDER_CANCELED
        return [OrderEvent(identity, kind, event.order_id, self._clock.now(), {}, event.caused_by_rules)]

    def _record_rule_move(
        self, rule: Rule, action: ConfiguredAction, then: OrderEvent, moved: Sequence[str]
    ) -> tuple[RuleExecution, list[OrderEvent]]:
        """The move is made when the event is handled: written down first, so that no crash loses it."""
        there = self._order_store.resolve_folder_name(action.folder)
        here = moved[0] if moved else self._order_store.folder_of(then.order_id)
        if here == there:
            return RuleExecution(rule.name, action.name, f"the order is in {here} already"), []
        values = {"folder": there, "from_folder": here or "", "by": f"rule {rule.name}"}
        return RuleExecution(rule.name, action.name, f"to {there}"), [evolve(then, field_values=values)]


def _is_move(event: OrderEvent) -> bool:
    return event.kind is OrderEventKind.ORDER_MOVED
