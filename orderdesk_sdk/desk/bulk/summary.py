"""What became of a bulk, grouped by reason, in memory that does not grow with it."""

from __future__ import annotations

from attrs import define, field, frozen

from orderdesk_sdk.desk.bulk.result import BulkOutcome, BulkResult, reasons_of

__all__ = ["BulkReason", "BulkSummary", "SummaryCounter"]

MAX_EXAMPLES = 3
MAX_REASONS = 100
"""Reasons that are told apart; what comes after them is counted as one."""
OTHER_REASONS = "other reasons"


@frozen
class BulkReason:
    """Orders of a bulk that are not canceled for one and the same reason.

    Args:
        connection: where; None where the request was not accepted.
        examples: the first of the orders; of one that was not accepted with its line.
    """

    outcome: BulkOutcome
    connection: str | None
    reason: str
    count: int
    examples: tuple[str, ...]


@frozen
class BulkSummary:
    """Where the orders of a bulk stand.

    Args:
        bulk: its idempotency key.
        counts: orders by outcome.
        not_accepted: requests of which nothing was recorded; they count as refused.
        reasons: the most frequent first.
    """

    bulk: str
    counts: dict[BulkOutcome, int]
    not_accepted: int
    reasons: tuple[BulkReason, ...]

    @property
    def total(self) -> int:
        """How many orders were come to."""
        return sum(self.counts.values())


@define
class SummaryCounter:
    """Counts the results of a bulk."""

    _counts: dict[BulkOutcome, int] = field(factory=lambda: dict.fromkeys(BulkOutcome, 0), init=False)
    _not_accepted: int = field(default=0, init=False)
    _groups: dict[tuple[BulkOutcome, str | None, str], tuple[int, tuple[str, ...]]] = field(factory=dict, init=False)

    def add(self, result: BulkResult) -> None:
        """Count one order."""
        self._counts[result.outcome] += 1
        self._not_accepted += result.outcome is BulkOutcome.REFUSED and not result.cases
        for connection, reason in dict.fromkeys(reasons_of(result)):
            key = (result.outcome, connection, reason)
            if key not in self._groups and len(self._groups) >= MAX_REASONS:
                key = (result.outcome, None, OTHER_REASONS)
            count, examples = self._groups.get(key, (0, ()))
            if len(examples) < MAX_EXAMPLES:
                line = f" (line {result.number})" if result.error is not None else ""
                examples = (*examples, f"{result.order}{line}")
            self._groups[key] = count + 1, examples

    def summary(self, bulk: str) -> BulkSummary:
        """What was counted so far."""
        reasons = [BulkReason(*key, count, examples) for key, (count, examples) in self._groups.items()]
        return BulkSummary(
            bulk, dict(self._counts), self._not_accepted, tuple(sorted(reasons, key=lambda reason: -reason.count))
        )
