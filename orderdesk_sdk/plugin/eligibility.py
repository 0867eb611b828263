"""What a service says of an order before it is asked to cancel: whether it would, and which reasons it takes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from attrs import Factory, field, frozen
from attrs.validators import instance_of, optional

from orderdesk_sdk.clock import minutes
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.argument_checks import require_instance, require_positive
from orderdesk_sdk.plugin.reasons import ReasonCode

__all__ = ["Eligibility", "ReadPerOrder"]

MAX_REASONS = 200
"""How many reasons one reading may name."""


def _reasons(reasons: Iterable[ReasonCode]) -> tuple[ReasonCode, ...]:
    return tuple(reasons)


@frozen
class ReadPerOrder:
    """The service says of each order whether it would cancel it now (`orderdesk_read_eligibility`).

    Args:
        valid_for: after this time a reading is stale: it is shown as such, and no reason is taken from it.
    """

    valid_for: timedelta = Factory(lambda: minutes(10))

    def __attrs_post_init__(self) -> None:
        require_positive("ReadPerOrder.valid_for", self.valid_for)


@frozen
class Eligibility:
    """What `orderdesk_read_eligibility` ends with. It is never evidence: only the answer to a cancel decides.

    Args:
        is_eligible: whether the service would take a cancel now; None: it does not say.
        reasons: the reasons that it takes for this order, where a `ReasonList` is `read_per_order`; empty: it names
            none.
        rejection: why it would not; only with `is_eligible=False`.
        message: the same in the service's own words; None where it says nothing.
        until: until when it would, aware; None where it does not say.
    """

    is_eligible: bool | None = field(validator=optional(instance_of(bool)))
    reasons: tuple[ReasonCode, ...] = field(default=(), converter=_reasons)
    rejection: Rejection | None = field(default=None, validator=optional(instance_of(Rejection)))
    message: str | None = field(default=None, validator=optional(instance_of(str)))
    until: datetime | None = None

    def __attrs_post_init__(self) -> None:
        for one in self.reasons:
            require_instance("each reason of an Eligibility", one, ReasonCode)
        if len(self.reasons) > MAX_REASONS:
            raise ValueError(f"an Eligibility names at most {MAX_REASONS} reasons, not {len(self.reasons)}")
        codes = [one.code for one in self.reasons]
        if len(set(codes)) < len(codes):
            raise ValueError("each code stands once in the reasons of an Eligibility")
        if self.rejection is not None and self.is_eligible is not False:
            raise ValueError("an Eligibility has a rejection only with is_eligible=False")
        if self.until is not None and self.until.tzinfo is None:
            raise ValueError("Eligibility.until needs a time zone")
