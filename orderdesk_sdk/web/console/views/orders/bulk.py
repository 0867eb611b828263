"""Many orders at once: what each will do, in sums, and how far it has come. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.plan import Plan, PlanEntry
from orderdesk_sdk.desk.bulk.lists import BulkProgress
from orderdesk_sdk.desk.bulk.result import BulkOutcome, BulkResult, reasons_of
from orderdesk_sdk.plugin.reasons import StandardReason

__all__ = ["BulkPreview", "BulkSum", "BulkView", "NotCanceled", "make_bulk_view", "make_preview", "reason_choices"]

MAX_EXAMPLES = 3


@frozen
class BulkSum:
    """How many orders have the same before them at a connection.

    Args:
        examples: the numbers of the first of them.
    """

    title: str
    route: str
    follow_up: str
    count: int
    examples: tuple[str, ...]


@frozen
class BulkPreview:
    """What a bulk will do.

    Args:
        sums: what is asked of whom, the most first.
        left_out: orders of which nothing is asked, by why.
        reason_wanted: the titles of services that take no cancellation without a reason.
        refused_reasons: by reason, the titles of services whose list does not have it.
    """

    order_count: int
    sums: tuple[BulkSum, ...]
    left_out: tuple[BulkSum, ...]
    reason_wanted: tuple[str, ...]
    refused_reasons: Mapping[str, tuple[str, ...]]

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be asked of anybody."""
        return not self.sums


@frozen
class NotCanceled:
    """An order that settled without being canceled everywhere. why: what each place said that did not cancel it."""

    order_id: str
    number: str
    why: str


@frozen
class BulkView:
    """How far a bulk has come.

    Args:
        tallies: a name, a count and a tone each.
        refused: number or id of the order and why nothing was recorded.
    """

    key: str
    requested_by: str
    requested_at: datetime
    reason: str | None
    total: int
    recorded: int
    settled: int
    headline: str
    tone: str
    tallies: tuple[tuple[str, int, str], ...]
    refused: tuple[tuple[str, str], ...]
    not_canceled: tuple[NotCanceled, ...]
    needs_person: bool
    is_cut_off: bool
    is_moving: bool


def make_preview(plans: Sequence[Plan], covered: Mapping[str, Sequence[str]]) -> BulkPreview:
    """What these orders would do.

    Args:
        covered: by order id, the connections at which all of it is canceled or being so.
    """
    asked: dict[tuple[str, str, str], list[str]] = {}
    left_out: dict[tuple[str, str], list[str]] = {}
    wanted: set[str] = set()
    refused: dict[str, set[str]] = {}
    for plan in plans:
        done = covered.get(plan.order_id, ())
        if not plan.entries:
            left_out.setdefault(("", "submitted nowhere"), []).append(plan.order_number)
        for entry in plan.entries:
            if entry.connection in done:
                left_out.setdefault((entry.title, "canceled, or being canceled, already"), []).append(plan.order_number)
                continue
            asked.setdefault(_what(entry), []).append(plan.order_number)
            _note_reasons(entry, wanted, refused)
    return BulkPreview(
        len(plans),
        tuple(sorted((_sum(*key, numbers) for key, numbers in asked.items()), key=lambda one: -one.count)),
        tuple(_sum(title, why, "", numbers) for (title, why), numbers in left_out.items()),
        tuple(sorted(wanted)),
        {reason: tuple(sorted(titles)) for reason, titles in refused.items()},
    )


def reason_choices(preview: BulkPreview) -> tuple[tuple[str, str], ...]:
    """The standard reasons that every service takes, with their texts."""
    return tuple(
        (reason.value, reason.value.capitalize())
        for reason in StandardReason
        if reason.value not in preview.refused_reasons
    )


def _what(entry: PlanEntry) -> tuple[str, str, str]:
    if entry.chosen_step is None:
        return entry.title, "a person", f"nothing is sent: {entry.problem or 'no route is open'}"
    step = entry.steps[entry.chosen_step]
    return entry.title, step.label, step.follow_up


def _note_reasons(entry: PlanEntry, wanted: set[str], refused: dict[str, set[str]]) -> None:
    if entry.chosen_step is None:
        return
    step = entry.steps[entry.chosen_step]
    if step.requires_reason:
        wanted.add(entry.title)
    if step.reasons:
        for reason in StandardReason:
            if not any(reason in code.stands_for for code in step.reasons):
                refused.setdefault(reason.value, set()).add(entry.title)


def _sum(title: str, route: str, follow_up: str, numbers: Sequence[str]) -> BulkSum:
    return BulkSum(title, route, follow_up, len(numbers), tuple(numbers[:MAX_EXAMPLES]))


def make_bulk_view(progress: BulkProgress, numbers: Mapping[int, str]) -> BulkView:
    """How far a bulk has come.

    Args:
        numbers: by place, the number of an order of which nothing was recorded.
    """
    bulk, outcomes = progress.bulk, Counter(progress.outcomes)
    refused = len(bulk.refused)
    settled = progress.recorded - outcomes[BulkOutcome.WAITING] - outcomes[BulkOutcome.ACTION_REQUIRED]
    headline, tone = _progress_headline(progress, settled)
    return BulkView(
        bulk.key,
        bulk.requested_by,
        bulk.requested_at,
        bulk.reason,
        progress.total,
        progress.recorded,
        settled + refused,
        headline,
        tone,
        (
            ("Recorded", progress.recorded, "quiet"),
            ("Sent", progress.sent, "info"),
            ("Canceled", outcomes[BulkOutcome.CANCELED], "good"),
            ("Need a person", outcomes[BulkOutcome.ACTION_REQUIRED], "ask"),
            ("Not canceled", outcomes[BulkOutcome.REFUSED], "bad"),
            ("Not recorded", refused, "warn"),
        ),
        tuple((numbers.get(place, f"order {place} of the list"), why) for place, why in bulk.refused.items()),
        tuple(map(_not_canceled, progress.not_canceled)),
        outcomes[BulkOutcome.ACTION_REQUIRED] > 0,
        progress.is_cut_off,
        not progress.is_settled,
    )


def _not_canceled(cases: Sequence[CancelCase]) -> NotCanceled:
    first = cases[0]
    result = BulkResult(0, first.order_number, BulkOutcome.REFUSED, tuple(cases))
    reasons = (f"{why} at {connection}" for connection, why in reasons_of(result))
    return NotCanceled(first.order_id, first.order_number, "; ".join(reasons))


def _progress_headline(progress: BulkProgress, settled: int) -> tuple[str, str]:
    if progress.is_cut_off:
        left = progress.total - progress.recorded
        return f"Recording was cut off: {left} of {progress.total} orders are not recorded yet.", "warn"
    if progress.bulk.finished_at is None:
        return f"Recording: {progress.recorded} of {progress.total} orders are in the ledger.", "info"
    if not progress.is_settled:
        return f"{settled} of {progress.recorded} orders have settled; the others are followed up.", "info"
    if progress.outcomes[BulkOutcome.ACTION_REQUIRED]:
        return "Nothing moves by itself any more: the rest needs a person.", "ask"
    canceled = progress.outcomes[BulkOutcome.CANCELED]
    return f"Settled: {canceled} of {progress.total} orders are canceled.", "good" if canceled else "warn"
