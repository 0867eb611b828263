"""Whoever cancels has seen what that does: a plan's token is asked for.

Programs, agents among them, may ask for a plan as often as they like; what they press is what they have seen, or
nothing. Only a supervisor's token may say `without_plan`, for a host that decides by rules of its own and would throw
the plan away. So an operator's token can be given to an agent: the worst it does is to cancel exactly what a plan said.
"""

from __future__ import annotations

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.web.caller import Caller

__all__ = ["agreed_plan"]


def agreed_plan(caller: Caller, plan: str | None, path: str, *, without_plan: bool) -> str | None:
    """The token of the plan that was looked at; None where a supervisor says that none was.

    Args:
        path: where the order stands in the request, for errors.
    """
    if plan is not None and without_plan:
        raise ValidationError("give `plan` or `without_plan`, not both", location=f"{path}.without_plan")
    if plan is not None:
        return plan
    if without_plan and caller.role.allows(Role.SUPERVISOR):
        return None
    raise ValidationError(
        "the token of a plan is needed: whoever cancels has seen what that does",
        location=f"{path}.plan",
        hint="read the order's plan, and give its `token` as `plan`",
    )
