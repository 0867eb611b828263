"""Cancellations of orders, whoever wants them: a person, a rule, or a service that reports one."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import State, settling_hint
from orderdesk_sdk.cases.coverage import CancellationCoverage, latest_cases
from orderdesk_sdk.cases.ledger import OrderRecord
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.cases.plan import Plan
from orderdesk_sdk.cases.plan_token import require_unchanged
from orderdesk_sdk.cases.policy.withdrawal import withdrawal_event
from orderdesk_sdk.cases.side_effects import allowed_effects, require_asked_for
from orderdesk_sdk.cases.validation import (
    open_cancel_cases,
    request_fingerprint,
    require_offered,
    select_remote_orders,
    with_line_ids,
)
from orderdesk_sdk.desk.cancel_validation import CancellationValidator
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.desk.plan_maker import PlanMaker
from orderdesk_sdk.desk.rule_trigger import then_rules_act
from orderdesk_sdk.errors import ConflictError, InProgressError, ValidationError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.store import RegisteredOrder
from orderdesk_sdk.plugin.integration import SideEffect
from orderdesk_sdk.plugin.line_names import line_label, resolve_lines
from orderdesk_sdk.runtime.context import CaseContext

if TYPE_CHECKING:
    from orderdesk_sdk.cases.receipt import Receipt

__all__ = ["CancellationStatus", "CancellationService"]

_log = RoomLogger("desk")


@frozen
class CancellationStatus:
    """A cancellation and where its cases stand."""

    cancellation: Cancellation
    cases: tuple[CancelCase, ...]

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be done."""
        return not any(case.is_open for case in self.cases)


class CancellationService:
    """What is canceled: planned, requested, withdrawn and proved. Reached as `desk.cancellations`."""

    def __init__(self, parts: DeskParts) -> None:
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._connections = parts.connections
        self._scheduler = parts.scheduler
        self._clock = parts.clock
        self._plans = PlanMaker(parts)
        self._validator = CancellationValidator(parts)
        self.rule_trigger = parts.rule_trigger

    def plan(self, order: str, *, side_effects: Collection[SideEffect] = ()) -> Plan:
        """What a cancellation of the order would do now. Sends nothing.

        Args:
            side_effects: what is to be asked for besides, wherever it is offered; see `PlanEntry.offered`.
        """
        resolved = self._order_store.resolve(order)
        return self._plans.make(resolved, self._order_store.remote_orders(resolved.id), side_effects)

    def draft(
        self,
        order: Order,
        *,
        by: str,
        reason: str | None = None,
        idempotency_key: str | None = None,
        connections: Sequence[str] = (),
        lines: Mapping[str, int] | None = None,
        side_effects: Collection[SideEffect] = (),
    ) -> Cancellation:
        """A cancellation to give to `open`; nothing is recorded yet.

        Args:
            lines: by id or code, as people name them.
        """
        return Cancellation(
            id=secrets.token_hex(6),
            idempotency_key=idempotency_key or "",
            order_id=order.id,
            order_number=order.number,
            requested_by=require_actor(by),
            reason=reason,
            requested_at=self._clock.now(),
            lines=dict(lines or {}),
            connections=tuple(connections),
            side_effects=tuple(effect for effect in SideEffect if effect in side_effects),
        )

    def open(
        self,
        order: Order,
        wanted: Cancellation,
        *,
        send_now: bool = True,
        registered: RegisteredOrder | None = None,
        plan_token: str | None = None,
    ) -> CancellationStatus:
        """Record a draft and do what is due; where it stands then. Raises what `Desk.cancel` raises.

        For whoever is not a person, a rule's action say: the rules do not act on it before the call is over.

        Args:
            registered: the order as it was read just now, with its remote orders; None reads these.
            plan_token: of the plan that this carries out; None: of whatever is planned now.
        """
        fingerprint = ""  # Tells apart what was asked for by one key; without a key the same again is the same.
        if wanted.idempotency_key:
            fingerprint = request_fingerprint(
                order.id, wanted.reason, wanted.connections, wanted.lines, wanted.side_effects
            )
        earlier = self._existing(order, wanted, fingerprint)
        if earlier is not None:
            return self.status(earlier)
        allowed: Mapping[str, tuple[SideEffect, ...]] = {}
        if plan_token is not None or wanted.side_effects:
            registered = registered or self._order_store.registered(order)
            allowed = self._require_plan(plan_token, registered, wanted)
        if wanted.lines:
            resolved = resolve_lines(order, wanted.lines)
            labels = {line_id: line_label(order, line_id) for line_id in resolved}
            wanted = evolve(wanted, lines=resolved, line_names=labels)
        remote_orders, record = self._read(order, registered, is_reported=wanted.reported_by is not None)
        selected = select_remote_orders(order, remote_orders, wanted.connections)
        recorded = record.cancellations
        coverage = CancellationCoverage.of(order, remote_orders, recorded, record.cases)
        uncovered = coverage.not_covered(wanted.lines, selected, reported=wanted.reported_by is not None)
        self._require_asked_for(wanted, allowed, uncovered, selected)
        if not uncovered:
            return self._join_latest(order, wanted, fingerprint)
        if wanted.reported_by is None:
            self._validator.validate(order, uncovered, wanted, may_read=send_now)
        if not wanted.idempotency_key:
            wanted = evolve(wanted, idempotency_key=f"order {order.id}, cancellation {len(recorded) + 1}")
        return self._record(order, wanted, fingerprint, uncovered, allowed, send_now=send_now)

    def _require_plan(
        self, token: str | None, registered: RegisteredOrder, wanted: Cancellation
    ) -> Mapping[str, tuple[SideEffect, ...]]:
        """The side effects that the plan shows, by connection.

        Refuses what was not seen as it is now: a plan that has changed, or side effects that no plan showed.
        """
        if token is None:
            raise ValidationError(
                "side effects are asked for with the plan that shows them",
                location="plan token",
                hint="look at the plan with these side effects, and cancel with its token",
            )
        plan = self._plans.make(registered.order, registered.remote_orders, wanted.side_effects)
        require_unchanged(token, plan)
        require_offered(plan, wanted)
        return allowed_effects(plan, wanted.side_effects)

    def _require_asked_for(
        self,
        wanted: Cancellation,
        allowed: Mapping[str, tuple[SideEffect, ...]],
        opened: Sequence[RemoteOrder],
        selected: Sequence[RemoteOrder],
    ) -> None:
        """Raises ConflictError where a cancellation that is there already leaves out a side effect that is wanted."""
        if not wanted.side_effects:
            return
        joined = {remote_order.connection for remote_order in selected if remote_order not in opened}
        latest = latest_cases(self._ledger.cases(CancelCase, order_id=wanted.order_id), selected)
        declared, _ = self._connections.usable(joined)
        standing = [case for case in latest.values() if case.connection in joined]
        require_asked_for(wanted, allowed, {remote.connection for remote in opened}, standing, declared)

    def _read(
        self, order: Order, registered: RegisteredOrder | None, *, is_reported: bool
    ) -> tuple[tuple[RemoteOrder, ...], OrderRecord]:
        """Where an order was submitted, and then what the ledger has of it.

        Raises InProgressError where it is being submitted, unless a service reports that it canceled it.
        """
        found = registered or self._order_store.registered(order)
        record = self._ledger.order_record(order.id, original_id=found.original_id)
        if is_reported or not _require_none_running(order, record):
            return found.remote_orders, record
        # What was submitted meanwhile is there to be read now.
        return self._order_store.remote_orders(order.id), self._ledger.order_record(order.id)

    def _join_latest(self, order: Order, wanted: Cancellation, fingerprint: str) -> CancellationStatus:
        """The cancellation that covers already what is wanted, which is known by the new key too from now on."""
        # Read anew: the cancellation that is under way may have come after the others were read.
        latest = self._ledger.cancellations(order.id)[-1]
        if not (wanted.connections or wanted.lines):
            self._scheduler.extender.withdraw(order, after_all=True)
        if wanted.idempotency_key:
            self._ledger.alias_key(wanted.idempotency_key, fingerprint, latest)
        return self.status(latest)

    def _record(
        self,
        order: Order,
        wanted: Cancellation,
        fingerprint: str,
        remote_orders: Sequence[RemoteOrder],
        allowed: Mapping[str, tuple[SideEffect, ...]],
        *,
        send_now: bool,
    ) -> CancellationStatus:
        opened = open_cancel_cases(wanted, remote_orders, self._connections.integration_slug_or_empty, allowed)

        def follow() -> tuple[CancelCase, ...]:
            # Registered since the remote orders were read, by a call that looked for cancellations too early to see
            # this.
            return self._scheduler.extender.extend_to_uncovered(order.id, self._order_store.remote_orders(order.id))

        def log() -> None:
            connections = ", ".join(case.connection for case in opened)
            _log.info("cancellation recorded for %s", connections, about=LogSubject(order_number=order.number))

        from orderdesk_sdk.runtime.cancellation_opening import CancellationOpening  # What only plans needs none.

        opening = CancellationOpening(self._ledger, wanted, fingerprint, opened, follow, log)
        cases: tuple[CancelCase, ...] | None = opened
        if send_now:
            is_only = len(opened) == 1
            just_read = {remote.connection: CaseContext(order, remote, wanted, is_only) for remote in remote_orders}
            cases = self._scheduler.open(opening, just_read)
        recorded, is_new = opening.record()
        if not is_new:  # Another call was faster.
            self._require_asked_for(wanted, allowed, (), remote_orders)
        if not is_new or cases is None:
            return self.status(recorded)
        opening.followed_cases()
        return CancellationStatus(recorded, cases)

    def _existing(self, order: Order, wanted: Cancellation, fingerprint: str) -> Cancellation | None:
        """The cancellation that has this key already. Raises ConflictError where that one wants something else."""
        if not wanted.idempotency_key:
            return None
        try:
            return self._ledger.find_by_key(wanted.idempotency_key, fingerprint)
        except ConflictError:
            # Of the same content where the same lines are only named another way: by id, and by code.
            for cancellation in self._ledger.cancellations(order.id):
                same = (
                    cancellation.idempotency_key,
                    cancellation.reason,
                    sorted(cancellation.connections),
                    cancellation.side_effects,
                ) == (wanted.idempotency_key, wanted.reason, sorted(wanted.connections), wanted.side_effects)
                if same and with_line_ids(order, cancellation).lines == resolve_lines(order, wanted.lines):
                    return cancellation
            raise

    def status(self, cancellation: Cancellation) -> CancellationStatus:
        """Where a cancellation stands now."""
        return CancellationStatus(cancellation, self._ledger.cases(CancelCase, cancellation_id=cancellation.id))

    def get_case(self, case_id: str) -> CancelCase:
        """The case of a cancellation at one connection, by its id. Raises NotFoundError."""
        return self._ledger.case(case_id, CancelCase)

    def receipt(self, order: str, *, limit: int | None = None, after: int = 0) -> Receipt:
        """The proof of every cancellation of an order: what was asked, answered, decided, when and by whom.

        Args:
            limit: the most lines of its histories that are shown; None shows all.
            after: only lines whose sequence is greater; `Receipt.next_after` of a page begins the next.
        """
        resolved = self._order_store.resolve(order)
        remote_orders = self._order_store.remote_orders(resolved.id)
        from orderdesk_sdk.cases.receipt import make_receipt  # What only plans needs none.

        now, integration = self._clock.now(), self._connections.integration
        return make_receipt(resolved, remote_orders, self._ledger, now, integration).page(limit=limit, after=after)

    @then_rules_act
    def withdraw(self, order: str, *, by: str, note: str | None = None) -> tuple[CancelCase, ...]:
        """Withdraw the cancellation of an order wherever nothing has been sent; all cases that were open, as they are.

        What was sent already goes on: only its service can tell. What a service reported was not requested, and
        stays.
        """
        resolved, person = self._order_store.resolve(order), require_actor(by)
        self._scheduler.extender.withdraw(resolved)
        return tuple(
            self._withdraw_case(case, person, note)
            for case in self._ledger.cases(CancelCase, order_id=resolved.id)
            if case.is_open and not case.is_reported
        )

    def withdraw_unsent(self, cancellation: Cancellation, *, by: str, note: str) -> tuple[CancelCase, ...]:
        """Withdraw one cancellation wherever nothing has been sent; its cases that were open, as they are then."""
        cases = self._ledger.cases(CancelCase, cancellation_id=cancellation.id)
        return tuple(self._withdraw_case(case, by, note) for case in cases if case.is_open and not case.is_reported)

    def _withdraw_case(self, case: CancelCase, by: str, note: str | None) -> CancelCase:
        while case.is_open and case.last_sent_at is None and case.state is not State.SENDING:
            try:
                declared = self._connections.integration(case.connection)
                integration = None if isinstance(declared, str) else declared
                event = withdrawal_event(case, integration, self._clock.now(), by, note or f"Withdrawn by {by}")
                after = self._scheduler.apply(case, event)
                return self._scheduler.finish_withdrawal(after) if after.is_open else after
            except ConflictError:
                case = self._ledger.case(case.id, CancelCase)  # Another process was faster: it may be being sent.
        if case.is_open:
            too_late = "the cancellation was requested already, so only the service can say"
            self._ledger.append(case, [f"{note or f'{by} asked to withdraw'}; {too_late}"], if_unchanged=False)
        return case


def _require_none_running(order: Order, record: OrderRecord) -> bool:
    """Raises InProgressError while an order is being submitted again; whether it ever was.

    A duplicate on its way out is at no place yet, and will be in a moment: to say "nowhere" would be wrong.
    """
    # Its own, where it keeps its number, and those of the order that it is a duplicate of.
    its = [resubmission for resubmission in record.resubmissions if resubmission.order_number == order.number]
    for resubmission in its:
        if resubmission.is_open:
            raise InProgressError(
                f"the order is being submitted to {resubmission.connection} right now",
                location=f"order {order.number}",
                hint=settling_hint(resubmission),
            )
    return bool(its)
