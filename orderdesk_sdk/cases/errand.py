"""A case: one call on behalf of an order that is no cancellation, from the cancellation until the service has said.

Pure.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Self

from attrs import evolve, frozen

__all__ = ["Errand", "ErrandState", "deadline_of"]


class ErrandState(enum.Enum):
    """Where a case stands."""

    PENDING = "pending"
    """Nothing has reached the service, or it provably did nothing."""
    SENDING = "sending"
    """A request may be on the wire right now."""
    UNKNOWN = "unknown"
    """A request went out and nobody knows what it did; the flow polls before it sends again."""
    ACTION_REQUIRED = "action required"
    """Somebody must find out, or do it, and say what came of it."""
    DONE = "done"
    """The service has said that it is so, or a named person has."""
    REJECTED = "rejected"
    """The service will not do it, or a named person says so; `text` says why."""
    WITHDRAWN = "withdrawn"
    """A person took it back before anything was sent."""


_SETTLED = frozenset({ErrandState.DONE, ErrandState.REJECTED, ErrandState.WITHDRAWN})


@frozen(kw_only=True)
class Errand:
    """What every case has. `due_at` is None exactly when it is settled.

    order_number: of the order that the service is told of. remote_id: its number there. version: counts changes, and
    fences off whoever worked on an older one. attempt: how many sends and polls have begun. tries: how often in a
    row it did not come to an end.
    give_up_at: the end of patience, when a person gets it; None before the first try that came to nothing.
    waits_since: when a person was given it; None while nobody has it. person: who settled it by their word, else None.
    """

    id: str
    order_number: str
    connection: str
    integration: str
    remote_id: str
    requested_by: str
    state: ErrandState
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    attempt: int = 0
    version: int = 0
    consecutive_failures: int = 0
    message: str | None = None
    hint: str | None = None
    plugin_error: str | None = None
    deadline: datetime | None = None
    action_required_since: datetime | None = None
    person: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still wants attention."""
        return self.state not in _SETTLED

    def started(self, at: datetime, *, due_at: datetime, sends: bool) -> Self:
        """The case while its flow is driven. sends: it may send; else it is only polled, and stays what it is."""
        state = ErrandState.SENDING if sends else self.state
        return self._next(evolve(self, state=state, attempt=self.attempt + 1), at, due_at)

    def with_state(
        self,
        state: ErrandState,
        at: datetime,
        *,
        due_at: datetime | None = None,
        deadline: datetime | None = None,
        message: str | None = None,
        hint: str | None = None,
        plugin_error: str | None = None,
        person: str | None = None,
    ) -> Self:
        """The case in another state. Raises ValueError where an open one would have no due time."""
        waits = state is ErrandState.ACTION_REQUIRED
        made = evolve(
            self,
            state=state,
            consecutive_failures=self.consecutive_failures + (state in (ErrandState.PENDING, ErrandState.UNKNOWN)),
            deadline=deadline or self.deadline,
            action_required_since=(self.action_required_since or at) if waits else None,
            message=message,
            hint=hint,
            plugin_error=plugin_error,
            person=person,
        )
        return self._next(made, at, due_at)

    def _next(self, made: Self, at: datetime, due_at: datetime | None) -> Self:
        if not self.is_open:
            raise ValueError(f"a case that is {self.state.value} changes no more")
        if made.is_open != (due_at is not None):
            raise ValueError("an open case has a due time, a settled one has none")
        return evolve(made, updated_at=at, due_at=due_at, version=self.version + 1)


def deadline_of(case: Errand) -> str:
    """What to do until an open case has ended, for whoever has to wait for it."""
    if case.state is ErrandState.ACTION_REQUIRED:
        return f"a person has it: `orderdesk confirm` or `refuse` {case.id}, then ask again"
    return "ask again when that is settled: `orderdesk work --until-idle`"
