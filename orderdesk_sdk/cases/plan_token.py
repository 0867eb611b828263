"""Tokens of plans: who cancels with one does what they have seen, or nothing. Pure.

A token names the content of a plan and the time at which it was made. Whoever hands one in is refused where the plan
has changed since, or the token is old. It takes no key to make one: a token gives no right, and whoever may cancel with
one may cancel without; it only keeps whoever hands it in from what they have not seen.

What merely ticks is not content: how late it is, what a service last said while the same route is open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orderdesk_sdk.clock import MAX_CLOCK_SKEW, minutes
from orderdesk_sdk.errors import PlanChangedError, ValidationError

if TYPE_CHECKING:
    from orderdesk_sdk.cases.plan import Plan, PlanEntry, PlanStep

__all__ = ["PLAN_TOKEN_LIFETIME", "make_plan_token", "require_unchanged"]

PLAN_TOKEN_LIFETIME = minutes(15)
"""For how long a plan that was looked at may be acted on."""
_TIME_BYTES = 5
_DIGEST_BYTES = 20
"""160 bits; together with the time they fill 40 letters and digits without a rest."""
_LENGTH = (_TIME_BYTES + _DIGEST_BYTES) * 8 // 5


def make_plan_token(plan: Plan) -> str:
    """The token of a plan: 40 small letters and digits; the same content at the same second gives the same."""
    return _token(plan, int(plan.at.timestamp()))


def require_unchanged(token: str, plan: Plan) -> None:
    """Refuse a token that is not of this plan, made just now, or is too old.

    Raises PlanChangedError, which carries the plan, and ValidationError for a text that is no token.
    """
    text = token.strip().lower()
    made_at = _time_of(text)
    if text != _token(plan, int(made_at.timestamp())):
        raise PlanChangedError(
            "the plan has changed since it was looked at; nothing was recorded",
            plan,
            location=f"order {plan.order_number}",
            hint="look at the new plan, and cancel with its token if that is what is wanted",
        )
    if not made_at - MAX_CLOCK_SKEW <= plan.at < made_at + PLAN_TOKEN_LIFETIME:
        raise PlanChangedError(
            f"the plan was looked at more than {PLAN_TOKEN_LIFETIME.total_seconds() / 60:g} min ago;"
            " nothing was recorded",
            plan,
            location=f"order {plan.order_number}",
            hint="look at the plan as it is now, and cancel with its token",
        )


def _time_of(text: str) -> datetime:
    try:
        raw = base64.b32decode(text.upper()) if len(text) == _LENGTH and text.isascii() else b""
    except binascii.Error:
        raw = b""
    if not raw:
        raise ValidationError(
            f"{text[:_LENGTH]!r} is not the token of a plan",
            location="plan token",
            hint=f"give the {_LENGTH} letters and digits that `orderdesk plan ORDER` shows",
        )
    seconds = int.from_bytes(raw[:_TIME_BYTES], "big")
    return datetime.fromtimestamp(min(seconds, _LAST_SECOND), UTC)


_LAST_SECOND = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())
"""What lies behind it is nobody's time; a token that says so is not of any plan."""


def _token(plan: Plan, made_at: int) -> str:
    content = json.dumps([made_at, _content(plan)], separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(f"orderdesk plan\n{content}".encode()).digest()[:_DIGEST_BYTES]
    return base64.b32encode(made_at.to_bytes(_TIME_BYTES, "big") + digest).decode("ascii").lower()


def _content(plan: Plan) -> list[object]:
    return [
        plan.order_id,
        [[line.id, line.name, line.quantity] for line in plan.lines],
        [_entry_content(entry) for entry in plan.entries],
    ]


def _entry_content(entry: PlanEntry) -> list[object]:
    """What a person decides on: what would be done first, and what would follow; not what was open before."""
    first = entry.chosen_step
    return [
        entry.connection,
        entry.integration,
        entry.remote_id,
        entry.role.value,
        first,
        entry.problem,
        None if entry.existing_state is None else entry.existing_state.value,
        [effect.value for effect in entry.not_done],
        [[effect.value, entry.effect_notes.get(effect)] for effect in entry.also_done],
        [[quota.operation, quota.opens_at.isoformat()] for quota in entry.quotas if not quota.left],
        [_step_content(step) for step in entry.steps[first or 0 :]],
        *_eligibility_content(entry),
        *([entry.folder] if entry.folder is not None else []),
    ]


def _eligibility_content(entry: PlanEntry) -> list[object]:
    """Whether the service would cancel, as it was read; that a reading grows old is no content."""
    reading = entry.eligibility.reading if entry.eligibility is not None else None
    return [] if reading is None else [["eligible", reading.eligibility.is_eligible]]


def _step_content(step: PlanStep) -> list[object]:
    closes_at = step.window.closes_at
    return [
        step.label,
        step.scope.value,
        step.needs,
        step.warning,
        step.follow_up,
        step.decided_by,
        step.window.closes_on,
        None if closes_at is None else closes_at.isoformat(),
        [[prior.name, prior.is_reversible] for prior in step.prior],
        [[code.code, code.title, sorted(reason.value for reason in code.stands_for)] for code in step.reasons],
    ]
