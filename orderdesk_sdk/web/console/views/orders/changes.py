"""What is different in a plan from the one that a person looked at. Pure.

The page that a plan was looked at on has a summary of it in its form. Only the token says whether a plan has changed;
the summary, which anybody could alter, is for words alone.
"""

from __future__ import annotations

import json

from attrs import frozen

from orderdesk_sdk.cases.plan import Plan, PlanEntry

__all__ = ["PlanChange", "plan_changes", "plan_summary"]

_MAX_LENGTH = 20_000
_MAX_PLACES = 50


@frozen
class PlanChange:
    """What is different at one place.

    Args:
        before: None: it was not in the plan; `after` None: it is no longer.
    """

    title: str
    before: str | None
    after: str | None


def plan_summary(plan: Plan) -> str:
    """A plan for the form: per place its connection, and in words what would be done there."""
    return json.dumps([[entry.connection, _words(entry)] for entry in plan.entries][:_MAX_PLACES])


def plan_changes(seen: str, plan: Plan) -> tuple[PlanChange, ...]:
    """What is different from a summary; empty where that cannot be told."""
    before = _read(seen)
    if not before:
        return ()
    now = {entry.connection: _words(entry) for entry in plan.entries}
    titles = {entry.connection: entry.title for entry in plan.entries}
    return tuple(
        PlanChange(titles.get(name, name), before.get(name), now.get(name))
        for name in {**before, **now}
        if before.get(name) != now.get(name)
    )


def _read(seen: str) -> dict[str, str]:
    if len(seen) > _MAX_LENGTH:
        return {}
    try:
        pairs = json.loads(seen)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(pairs, list):
        return {}
    return {
        pair[0]: pair[1]
        for pair in pairs[:_MAX_PLACES]
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)
    }


def _words(entry: PlanEntry) -> str:
    if entry.existing_state is not None:
        return f"the case there is {entry.existing_state.value}"
    if entry.chosen_step is None:
        return entry.problem or "no route is open"
    step = entry.steps[entry.chosen_step]
    until = f", until {step.window.closes_at:%H:%M:%S} UTC" if step.window.closes_at is not None else ""
    return f"{step.label}{until}"
