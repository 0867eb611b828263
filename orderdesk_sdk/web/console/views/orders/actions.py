"""What a person may press at a case, and why the rest may not be pressed. Pure."""

from __future__ import annotations

from attrs import frozen

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import POLLABLE, Case, State

__all__ = ["Action", "case_actions", "role_refusal"]

_RETRYABLE = (State.UNKNOWN, State.ACTION_REQUIRED)


@frozen
class Action:
    """A button of a case.

    Args:
        name: the last part of the address that it posts to.
        why_off: why it cannot be pressed; None: it can.
        warning: what to know before it is pressed; None: nothing.
    """

    name: str
    label: str
    why_off: str | None = None
    warning: str | None = None


def role_refusal(role: Role, needed: Role) -> str | None:
    """Why somebody of a role may not do what needs another one; None: they may."""
    if role.allows(needed):
        return None
    article = "an" if needed.value[0] in "aeiou" else "a"
    return f"{article} {needed.value} may do this; your role is {role.value}"


def case_actions(case: Case, role: Role) -> tuple[Action, ...]:
    """The buttons of an open case; none for a settled one."""
    if not case.is_open:
        return ()
    actions = [
        Action("withdraw", "Withdraw", _withdrawal_refusal(case) or role_refusal(role, Role.OPERATOR)),
        Action("poll", "Ask for its state now", _poll_refusal(case) or role_refusal(role, Role.OPERATOR)),
    ]
    if case.state in _RETRYABLE:
        warning = "The first request may have arrived: the service may be asked twice."
        actions.append(Action("retry", "Send again", role_refusal(role, Role.SUPERVISOR), warning))
    return tuple(actions)


def _withdrawal_refusal(case: Case) -> str | None:
    if isinstance(case, CancelCase) and case.is_reported:
        return "the service reported this cancellation by itself"
    if case.state is State.SENDING:
        return "the request is being sent right now"
    if isinstance(case, CancelCase) and case.last_sent_at is not None:
        if case.state is State.ACTION_REQUIRED:  # A draft of an e-mail, say, of which nobody knows whether it went out.
            return "the service may have been asked already; record what it said instead"
        return "the service has been asked already, so only it can say"
    return None


def _poll_refusal(case: Case) -> str | None:
    return None if case.state in POLLABLE else "a request is under way; its answer comes first"
