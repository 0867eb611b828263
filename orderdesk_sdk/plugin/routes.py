"""The routes of a declaration: how a service cancels, until when, and what confirms it."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import Factory, field, frozen

from orderdesk_sdk.clock import hours
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.argument_checks import require_instance, require_positive
from orderdesk_sdk.plugin.eligibility import ReadPerOrder
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.reasons import NoReason, ReasonList, ReasonRule

if TYPE_CHECKING:
    pass

__all__ = [
    "Always",
    "WithinTime",
    "WhileStatus",
    "normalize_status",
    "Window",
    "FinalResponse",
    "Polling",
    "ManualConfirmation",
    "Confirmation",
    "Scope",
    "Batch",
    "Button",
    "Email",
    "Portal",
    "Route",
    "RuleAction",
]

ROUTE_NAME = re.compile(r"[a-z0-9]+([ -][a-z0-9]+)*")


def normalize_status(word: str) -> str:
    """A service's status word without case, spaces and such signs as turn no meaning; "cancelled" is "canceled"."""
    between = r"(?!^-[0-9])(?!(?<=[0-9])[.,][0-9])(?:\s|[^a-z0-9!?~\x80-\U0010ffff])"
    return re.sub(between, "", word.strip().lower()).replace("cancelled", "canceled")


def _normalized_statuses(words: Iterable[str]) -> frozenset[str]:
    return frozenset(normalize_status(word) for word in words)


def _rejections(rejections: Iterable[Rejection]) -> frozenset[Rejection]:
    return frozenset(rejections)


@frozen
class Always:
    """The route is open as long as the service answers; only its answer tells."""


@frozen
class WithinTime:
    """The route is open for a while after the order was submitted, by the clock.

    Args:
        of_submission: for how long.
    """

    of_submission: timedelta

    def __attrs_post_init__(self) -> None:
        require_positive("a window", self.of_submission)


@frozen
class WhileStatus:
    """The route is open while the service's last seen status is one of these, or none has been seen.

    Args:
        statuses: its words, folded: all from which it can still come to be canceled, those in passing too. Seen are
            those that answers tell (`status=`).
        closes_at: the word for what closes it, for people: "picking".
    """

    statuses: frozenset[str] = field(converter=_normalized_statuses)
    closes_at: str


Window = Always | WithinTime | WhileStatus
"""Until when a route is open."""


@frozen
class FinalResponse:
    """The service's response to the request is its last word.

    `canceled` where it says so, `unknown` where it does not.
    """


@frozen
class Polling:
    """The order's status is polled until the service decides.

    Args:
        every: how often.
        give_up: at most so long after the request.
        usually_within: how long the service normally takes, of one that takes days or weeks: people are told, and do
            not take the case for one that is late. None: nothing is known of it.
        slowest: how far the pause between two polls grows, while the service takes its time: to a quarter of the time
            since the request, and never beyond this. None: it stays `every`.
    """

    every: timedelta
    give_up: timedelta
    usually_within: timedelta | None = None
    slowest: timedelta | None = None

    def __attrs_post_init__(self) -> None:
        require_positive("Polling.every", self.every)
        if self.give_up < self.every:
            raise ValueError("Polling.give_up must not be shorter than Polling.every")
        if self.usually_within is not None and not self.every <= self.usually_within <= self.give_up:
            raise ValueError("Polling.usually_within must lie between Polling.every and Polling.give_up")
        if self.slowest is not None and not self.every <= self.slowest <= self.give_up:
            raise ValueError("Polling.slowest must lie between Polling.every and Polling.give_up")

    def pause(self, waited: timedelta) -> timedelta:
        """The pause before the next poll, so long after the request."""
        return self.every if self.slowest is None else min(self.slowest, max(self.every, waited / 4))


@frozen
class ManualConfirmation:
    """A person finds out and says so.

    Args:
        remind_after: after this time they are reminded, and again each time it passes.
    """

    remind_after: timedelta = Factory(lambda: hours(4))

    def __attrs_post_init__(self) -> None:
        require_positive("ManualConfirmation.remind_after", self.remind_after)


Confirmation = FinalResponse | Polling | ManualConfirmation
"""What proves that the order is canceled."""


class Scope(enum.Enum):
    """What of an order a route can cancel."""

    ORDER = "whole orders"
    LINES = "whole lines"
    QUANTITIES = "lines and quantities"


@frozen
class Batch:
    """Several orders are asked for at once (`orderdesk_cancel_many`).

    Args:
        collect_for: how long a request waits for others.
        max_size: how many orders go together.
        one_call_per_interval: only one call leaves in each interval, and what is too much for it waits.
    """

    collect_for: timedelta
    max_size: int
    one_call_per_interval: bool = False

    def __attrs_post_init__(self) -> None:
        require_positive("Batch.collect_for", self.collect_for)
        if self.max_size < 1:
            raise ValueError("Batch.max_size must be 1 or more")


@frozen
class Button:
    """The service is asked by a call (`orderdesk_cancel`).

    Args:
        confirm: what proves what became of it.
        window: until when it can be pressed.
        fallback_on: rejections that lead to the next route instead of settling the case.
        reasons: whether, and out of which list, the service wants to be told why.
        scope: what can be canceled.
        warning: one sentence for the person who is about to press, or None.
        batch: how orders are gathered where the service takes many in one call; None: each is asked for by itself.
        name: what tells it from the integration's other buttons, in lower case, as people read it: "by force". The flow
            has it as `CancelRequest.route`. None where there is no other.
        prior: what the flow does at the service before it asks to cancel, in order; the plan shows it, and the case
            keeps what came of each.
        needs_submission: the flow sends the order as it was submitted (`CancelRequest.submitted_order`); where the
            order store does not know that, the plan and the case's history say so.
        eligibility: the service says of each order whether it would cancel it (`orderdesk_read_eligibility`), and,
            where the list of `reasons` is `read_per_order`, which reasons it takes; None: it says so only when it is
            asked to cancel.
    """

    confirm: Confirmation
    window: Window = Always()
    fallback_on: frozenset[Rejection] = field(default=frozenset(), converter=_rejections)
    reasons: ReasonRule = NoReason()
    scope: Scope = Scope.ORDER
    warning: str | None = None
    batch: Batch | None = None
    name: str | None = None
    prior: tuple[PriorStep, ...] = ()
    needs_submission: bool = False
    eligibility: ReadPerOrder | None = None

    def __attrs_post_init__(self) -> None:
        if self.name is not None and not ROUTE_NAME.fullmatch(self.name):
            raise ValueError(f"Button.name {self.name!r} must be lower-case words, with spaces or hyphens between")
        for step in self.prior:
            require_instance("each step of Button.prior", step, PriorStep)
        if self.prior and self.batch is not None:
            raise ValueError("a Button with a batch has no prior steps: they are of one order")
        require_instance("Button.confirm", self.confirm, FinalResponse, Polling, ManualConfirmation)
        require_instance("Button.window", self.window, Always, WithinTime, WhileStatus)
        require_instance("Button.eligibility", self.eligibility, ReadPerOrder, type(None))
        if self.reads_reasons and self.eligibility is None:
            raise ValueError("a Button whose reasons are read_per_order needs eligibility=ReadPerOrder(...)")
        if self.reads_reasons and self.batch is not None:
            raise ValueError("a Button with a batch has no reasons that are read_per_order: they are of one order")

    @property
    def reads_reasons(self) -> bool:
        """Whether the service says of each order which reasons it takes."""
        return isinstance(self.reasons, ReasonList) and self.reasons.read_per_order

    @property
    def label(self) -> str:
        """What the plan calls this route."""
        notes = [*([self.name] if self.name else []), *([] if isinstance(self.confirm, FinalResponse) else ["asks"])]
        return f"button ({', '.join(notes)})" if notes else "button"


@frozen
class Email:
    """A mail asks the service; a person finds out what came of it and says so.

    Args:
        to, subject, body: names of the settings that hold the recipient and the templates (see `templates.FIELDS`).
        confirm: after how long a person is reminded.
        window, reasons, scope, warning: as for a `Button`.
    """

    to: str
    subject: str
    body: str
    confirm: ManualConfirmation = Factory(ManualConfirmation)
    window: Window = Always()
    reasons: ReasonRule = NoReason()
    scope: Scope = Scope.ORDER
    warning: str | None = None

    @property
    def label(self) -> str:
        """What the plan calls this route."""
        return "e-mail"


@frozen
class Portal:
    """A person does it in the service's own portal or on the phone, and says what came of it.

    Args:
        instruction: what to do and where, one or two sentences.
        confirm: after how long the person is reminded.
        window, reasons, scope: as for a `Button`.
    """

    instruction: str
    confirm: ManualConfirmation = Factory(ManualConfirmation)
    window: Window = Always()
    reasons: ReasonRule = NoReason()
    scope: Scope = Scope.QUANTITIES

    def __attrs_post_init__(self) -> None:
        require_instance("Portal.confirm", self.confirm, ManualConfirmation)
        require_instance("Portal.window", self.window, Always, WithinTime, WhileStatus)

    @property
    def label(self) -> str:
        """What the plan calls this route."""
        return "a person"

    @property
    def warning(self) -> str:
        """What the person is to do."""
        return self.instruction


Route = Button | Email | Portal
"""One way to cancel."""


@frozen
class RuleAction:
    """An action that rules may name: it cancels at this integration by the same path as the button.

    Args:
        name: as the field spells it, "Cancel Order at BDLinx".
        status: the status that it sets instead, one of the integration's `statuses`; None: it cancels.
    """

    name: str
    status: str | None = None
