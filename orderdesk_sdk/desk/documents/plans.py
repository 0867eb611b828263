"""The JSON document of a plan."""

from __future__ import annotations

from orderdesk_sdk.cases.plan import Plan, PlanEntry, PlanStep
from orderdesk_sdk.desk.capabilities import codes_document, prior_steps_document
from orderdesk_sdk.desk.documents.eligibility import eligibility_state_document
from orderdesk_sdk.desk.documents.values import JsonObject, iso_time

__all__ = ["plan_document"]


def plan_document(plan: Plan) -> JsonObject:
    """A plan."""
    return {
        "order_id": plan.order_id,
        "order_number": plan.order_number,
        "at": iso_time(plan.at),
        "token": plan.token,
        "not_done": [effect.value for effect in plan.not_done],
        "lines": [{"id": line.id, "name": line.name, "quantity": line.quantity} for line in plan.lines],
        "entries": [_plan_entry_document(entry) for entry in plan.entries],
    }


def _plan_entry_document(entry: PlanEntry) -> JsonObject:
    return {
        "connection": entry.connection,
        "integration": entry.integration,
        "title": entry.title,
        "role": entry.role.value,
        "remote_id": entry.remote_id,
        "chosen_step": entry.chosen_step,
        "problem": entry.problem,
        "existing_state": None if entry.existing_state is None else entry.existing_state.value,
        "not_done": [effect.value for effect in entry.not_done if effect.is_expected],
        "also_done": [effect.value for effect in entry.also_done],
        "offered": [effect.value for effect in entry.offered],
        "effect_notes": {effect.value: note for effect, note in entry.effect_notes.items()},
        "folder": entry.folder,
        "quotas": [
            {
                "operation": quota.operation,
                "calls": quota.calls,
                "used": quota.used,
                "opens_at": iso_time(quota.opens_at),
            }
            for quota in entry.quotas
        ],
        "eligibility": eligibility_state_document(entry.eligibility),
        "steps": [_plan_step_document(step) for step in entry.steps],
    }


def _plan_step_document(step: PlanStep) -> JsonObject:
    return {
        "route": step.label,
        "is_open": step.window.is_open,
        "closes_at": iso_time(step.window.closes_at),
        "closes_on": step.window.closes_on,
        "closed_reason": step.window.closed_reason,
        "follow_up": step.follow_up,
        "decided_by": step.decided_by,
        "scope": step.scope.value,
        "needs": step.needs,
        "reasons": codes_document(step.reasons),
        "warning": step.warning,
        "next_step": step.next_step,
        "prior_steps": prior_steps_document(step.prior),
    }
