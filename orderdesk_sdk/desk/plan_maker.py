"""Plans of a desk: what declarations, ledger and order store make of an order now. Asks no service."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.coverage import latest_cases
from orderdesk_sdk.cases.eligibility import eligibility_rule, entry_with_eligibility
from orderdesk_sdk.cases.plan import Plan, PlanEntry, make_plan
from orderdesk_sdk.cases.wording import NO_SUBMISSION
from orderdesk_sdk.desk.parts import DeskParts
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.plugin.integration import Integration, SideEffect
from orderdesk_sdk.plugin.routes import Button

__all__ = ["PlanMaker"]


class PlanMaker:
    """Makes plans."""

    def __init__(self, parts: DeskParts) -> None:
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._connections = parts.connections
        self._clock = parts.clock

    def make(self, order: Order, remote_orders: Sequence[RemoteOrder], side_effects: Collection[SideEffect]) -> Plan:
        """The plan of an order whose remote orders were just read."""
        latest = latest_cases(self._ledger.cases(CancelCase, order_id=order.id), remote_orders)
        standing = {name: case.state for name, case in latest.items()}
        declared, settings = self._connections.usable({remote_order.connection for remote_order in remote_orders})
        plan = make_plan(order, remote_orders, declared, self._clock.now(), standing, settings, side_effects)
        entries = [self._with_submission(order, entry, declared) for entry in plan.entries]
        plan = evolve(plan, entries=tuple(self._with_quotas(entry, declared) for entry in entries))
        return self._with_eligibility(plan, remote_orders, declared)

    def _with_submission(self, order: Order, entry: PlanEntry, declared: Mapping[str, Integration | str]) -> PlanEntry:
        """An entry that says where its flow needs the order as it was submitted, and the order store has it not."""
        integration = declared.get(entry.connection)
        if integration is None or isinstance(integration, str):
            return entry
        needs = [isinstance(route, Button) and route.needs_submission for route in integration.cancel]
        if not any(needs) or self._order_store.submitted_order(order.id, entry.connection) is not None:
            return entry
        steps = tuple(
            evolve(step, warning="; ".join(filter(None, (step.warning, NO_SUBMISSION)))) if needed else step
            for step, needed in zip(entry.steps, needs, strict=True)
        )
        return evolve(entry, steps=steps)

    def _with_quotas(self, entry: PlanEntry, declared: Mapping[str, Integration | str]) -> PlanEntry:
        """An entry with what is left of the day's calls, where its connection has quotas."""
        integration = declared.get(entry.connection)
        if integration is None or isinstance(integration, str) or not integration.quotas:
            return entry
        return evolve(entry, quotas=self._connections.quotas(entry.connection, integration))

    def _with_eligibility(
        self, plan: Plan, remote_orders: Sequence[RemoteOrder], declared: Mapping[str, Integration | str]
    ) -> Plan:
        """A plan with what services said of the order, where they are asked before."""
        routes = {name: found.cancel for name, found in declared.items() if not isinstance(found, str)}
        asked = [name for name, some in routes.items() if any(eligibility_rule(route) is not None for route in some)]
        if not asked:
            return plan
        readings = self._ledger.eligibility_readings(plan.order_id)
        places = {place.connection: place for place in remote_orders}
        return evolve(
            plan,
            entries=tuple(
                entry_with_eligibility(
                    entry, routes[entry.connection], readings.get(entry.connection), places[entry.connection], plan.at
                )
                if entry.connection in asked
                else entry
                for entry in plan.entries
            ),
        )
