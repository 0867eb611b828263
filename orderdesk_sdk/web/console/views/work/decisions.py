"""What a person may press on a case's page, and why some of it is off. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.case_actions import CaseAction
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.web.console.views.orders.actions import role_refusal

__all__ = ["DECISION_ROLES", "Decision", "make_decisions"]

DECISION_ROLES: Mapping[CaseAction, Role] = {
    CaseAction.ANSWER: Role.SUPERVISOR,
    CaseAction.CONFIRM: Role.SUPERVISOR,
    CaseAction.REJECT: Role.SUPERVISOR,
    CaseAction.WITHDRAW: Role.OPERATOR,
    CaseAction.RETRY: Role.SUPERVISOR,
    CaseAction.POLL: Role.OPERATOR,
    CaseAction.MARK_SEEN: Role.SUPERVISOR,
}
"""Who may do what with a case; the routes hold it, the page says it."""
_LABELS: Mapping[CaseAction, str] = {
    CaseAction.ANSWER: "Answer",
    CaseAction.CONFIRM: "Confirm",
    CaseAction.REJECT: "Reject",
    CaseAction.WITHDRAW: "Withdraw",
    CaseAction.RETRY: "Send it again",
    CaseAction.POLL: "Ask the service now",
    CaseAction.MARK_SEEN: "It is taken care of",
}
_TAKEN_BACK = "They took the request back"
_STEP_UP = frozenset({CaseAction.CONFIRM})


@frozen
class Decision:
    """One thing that a person may do.

    Args:
        name: the last part of the address that it posts to.
        why_off: why it cannot be done now; None: it can.
        needs_step_up: who does it must have given their password a short while ago.
    """

    name: str
    label: str
    why_off: str | None
    needs_step_up: bool


def make_decisions(
    case: Case, obstacles: Mapping[CaseAction, str | None], role: Role, *, is_stepped_up: bool, is_seen: bool
) -> Mapping[str, Decision]:
    """What there is to do with a case, by name; nothing with a settled one but to see an alarm.

    Args:
        is_stepped_up: the person gave their password a short while ago.
        is_seen: somebody has taken care of the alarm.
    """
    made = {}
    for action, obstacle in obstacles.items():
        if not case.is_open and (action is not CaseAction.MARK_SEEN or is_seen):
            continue
        name = action.value.replace(" ", "-")
        refusal = _refusal(case, action, obstacle, role)
        label = _TAKEN_BACK if action is CaseAction.WITHDRAW and isinstance(case, ResponseCase) else _LABELS[action]
        made[name] = Decision(name, label, refusal, action in _STEP_UP and not is_stepped_up)
    return made


def _refusal(case: Case, action: CaseAction, obstacle: str | None, role: Role) -> str | None:
    if action in (CaseAction.CONFIRM, CaseAction.REJECT) and case.state is State.SENDING:
        return "a request is under way; its answer comes first"
    return obstacle or role_refusal(role, DECISION_ROLES[action])
