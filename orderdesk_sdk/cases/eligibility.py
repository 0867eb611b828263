"""What services said of orders before they were asked to cancel: readings, how long they hold, what a plan shows. Pure.

A reading says how things stood when it was read. It proves nothing and forbids nothing: only the answer to the cancel
itself decides. What is relied on is the list of reasons, as long as it is not stale.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from attrs import evolve, frozen

from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.plugin.eligibility import Eligibility, ReadPerOrder
from orderdesk_sdk.plugin.reasons import ReasonCode, ReasonList, ReasonRule, with_read_codes
from orderdesk_sdk.plugin.routes import Button, Route

if TYPE_CHECKING:
    from orderdesk_sdk.cases.plan import PlanEntry, PlanStep
    from orderdesk_sdk.orders.order import RemoteOrder

__all__ = [
    "EligibilityReading",
    "EligibilityReadings",
    "EligibilityState",
    "UnreadEligibility",
    "describe_eligibility",
    "describe_reading",
    "eligibility_rule",
    "eligibility_state",
    "entry_with_eligibility",
    "reads_reasons",
    "rule_as_read",
]

NOT_READ = "the service was not asked about this order yet"


@frozen
class EligibilityReading:
    """What a service said of an order.

    Args:
        remote_id: the order's number there when it was read.
        read_by: who wanted to know.
        exchanges: what was said, redacted.
    """

    order_id: str
    connection: str
    remote_id: str
    read_at: datetime
    read_by: str
    eligibility: Eligibility
    exchanges: tuple[Exchange, ...] = ()

    def stale_at(self, rule: ReadPerOrder) -> datetime:
        """From when on it is stale."""
        end, until = self.read_at + rule.valid_for, self.eligibility.until
        return until if until is not None and self.read_at < until < end else end

    def is_of(self, remote_order: RemoteOrder) -> bool:
        """Whether it is about this remote order, under the number that it has now."""
        return (self.connection, self.remote_id) == (remote_order.connection, remote_order.remote_id)


@frozen
class UnreadEligibility:
    """A reading that came to nothing.

    Args:
        message: what the service said instead, or why it was not asked.
        hint: what the plugin says that a person could do; None: nothing.
        retry_after: how long the service asks to be left alone; None where it does not say.
        not_today: nothing is left of a daily quota; there is again after `retry_after`.
    """

    message: str
    hint: str | None = None
    retry_after: timedelta | None = None
    not_today: bool = False


class EligibilityReadings(Protocol):
    """What a ledger keeps of readings, for 90 days. All raise StorageError when the database fails."""

    def record_eligibility(self, reading: EligibilityReading) -> None:
        """Keep a reading beside the earlier ones."""

    def eligibility_readings(self, order_id: str, *, until: datetime | None = None) -> Mapping[str, EligibilityReading]:
        """The newest reading of an order by connection; one that cannot be read is passed over.

        Args:
            until: of those that were read by then; None: of all.
        """


@frozen
class EligibilityState:
    """What a plan says of a connection whose service is asked about each order.

    Args:
        reading: the newest; None: the service was not asked yet.
        stale_at: from when on the reading is stale; None without one.
    """

    reading: EligibilityReading | None = None
    stale_at: datetime | None = None
    is_stale: bool = False

    @property
    def reasons(self) -> tuple[ReasonCode, ...] | None:
        """The reasons of a reading that holds; None where none does."""
        return self.reading.eligibility.reasons if self.reading is not None and not self.is_stale else None


def eligibility_rule(route: Route) -> ReadPerOrder | None:
    """How the service of a route is asked about each order; None: it is not."""
    return route.eligibility if isinstance(route, Button) else None


def reads_reasons(route: Route) -> bool:
    """Whether the reasons of a route are read per order."""
    return isinstance(route, Button) and route.reads_reasons


def eligibility_state(
    rule: ReadPerOrder, reading: EligibilityReading | None, remote_order: RemoteOrder, now: datetime
) -> EligibilityState:
    """What is known at a moment. A reading under another number than the present one is none."""
    if reading is None or not reading.is_of(remote_order):
        return EligibilityState()
    stale_at = reading.stale_at(rule)
    return EligibilityState(reading, stale_at, is_stale=now >= stale_at)


def rule_as_read(route: Route, reading: EligibilityReading | None, remote_order: RemoteOrder) -> ReasonRule:
    """Which reason a route takes, by a reading, however old it is; None: by what the declaration knows."""
    codes = reading.eligibility.reasons if reading is not None and reading.is_of(remote_order) else ()
    return with_read_codes(route.reasons, codes)


def entry_with_eligibility(
    entry: PlanEntry,
    routes: tuple[Route, ...],
    reading: EligibilityReading | None,
    remote_order: RemoteOrder,
    now: datetime,
) -> PlanEntry:
    """The entry of a plan with what is known of its order, and with the reasons of a reading that holds."""
    index = entry.chosen_step if entry.chosen_step is not None else 0
    rules = [rule for route in routes[index:] if (rule := eligibility_rule(route)) is not None]
    if not rules:
        return entry
    steps = tuple(
        _step_as_read(step, route, reading, remote_order, now) for step, route in zip(entry.steps, routes, strict=True)
    )
    state = eligibility_state(rules[0], reading, remote_order, now)
    return evolve(entry, steps=steps, eligibility=state)


def _step_as_read(
    step: PlanStep, route: Route, reading: EligibilityReading | None, remote_order: RemoteOrder, now: datetime
) -> PlanStep:
    rule = eligibility_rule(route)
    if rule is None or not reads_reasons(route):
        return step
    state = eligibility_state(rule, reading, remote_order, now)
    if state.reasons is None:
        return step
    read = with_read_codes(route.reasons, state.reasons)
    assert isinstance(read, ReasonList), "only a list is read per order"
    return evolve(step, reasons=read.codes, needs="reason" if read.required else "reason (optional)")


def describe_eligibility(eligibility: Eligibility) -> str:
    """What the service says of a cancel now, in a few words."""
    if eligibility.is_eligible is None:
        said = "the service does not say whether it is eligible"
    elif eligibility.is_eligible:
        said = "eligible"
    else:
        said = f"not eligible ({eligibility.rejection.value})" if eligibility.rejection is not None else "not eligible"
    return f'{said}: "{eligibility.message}"' if eligibility.message else said


def describe_reading(reading: EligibilityReading) -> str:
    """A reading as the history of a case tells it: what was read, when, for whom; it proves nothing."""
    codes = ", ".join(one.code for one in reading.eligibility.reasons)
    reasons = f"; reasons: {codes}" if codes else ""
    said = describe_eligibility(reading.eligibility)
    return f"Read at {reading.read_at:%Y-%m-%d %H:%M:%S} UTC for {reading.read_by}: {said}{reasons}"
