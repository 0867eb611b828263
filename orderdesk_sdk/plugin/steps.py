"""The steps of a flow before it asks to cancel: their calls, and what came of each.

A button declares them as `PriorStep`. Its flow marks the calls of a step and says what came of each:

    void = Step("void the labels", f"label {number}")
    response = yield void.call(service.put("/labels", number, "void", operation="void"))
    yield void.done(response)

What is done is never sent again: a later attempt's flow is given the response that was recorded.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen
from attrs.validators import instance_of, optional

from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER, ResponseLike

if TYPE_CHECKING:
    import httpx

__all__ = ["Step", "StepOutcome", "StepReport"]

_TEXT = optional(instance_of(str))


class StepOutcome(enum.Enum):
    """What came of a step."""

    DONE = "done"
    REFUSED = "refused"
    """The service did not do it."""
    UNKNOWN = "unknown"
    """It was asked for, and nobody can tell whether it was done. Said by the core alone."""


@frozen
class StepReport:
    """What came of a step, and by which response of this attempt that is known.

    Args:
        name: of a `PriorStep`.
        item: what it was done to, where it is done to several; None where it is done once.
        message: the service's words for a person; None where there are none.
        exchange: the number of the exchange.
    """

    name: str = field(validator=instance_of(str))
    item: str | None = field(validator=_TEXT)
    outcome: StepOutcome = field(validator=instance_of(StepOutcome))
    message: str | None = field(default=None, validator=_TEXT)
    exchange: int | None = field(default=None, validator=optional(instance_of(int)))


@frozen
class Step:
    """One step of a flow: a `PriorStep` by its name, and what it is done to.

    Args:
        name: of a `PriorStep` that the button declares.
        item: what it is done to, as people know it, where it is done to several: "label 5001"; None: it is done once.
    """

    name: str = field(validator=instance_of(str))
    item: str | None = field(default=None, validator=_TEXT)

    def call(self, request: httpx.Request) -> httpx.Request:
        """The request, as a call of this step: what becomes of it is told of the step."""
        from orderdesk_sdk.plugin.service import CALL_OPTIONS, CallOptions

        options = request.extensions.get(CALL_OPTIONS, CallOptions("*", idempotent=False))
        request.extensions[CALL_OPTIONS] = evolve(options, step=self)
        return request

    def done(self, response: ResponseLike, *, message: str | None = None) -> StepReport:
        """It is done, by the response to its call, or to a read that shows it done already. Yield it at once."""
        return self._report(StepOutcome.DONE, response, message)

    def refused(self, response: ResponseLike, *, message: str | None = None) -> StepReport:
        """The service did not do it, and will not. Yield it at once."""
        return self._report(StepOutcome.REFUSED, response, message)

    def _report(self, outcome: StepOutcome, response: ResponseLike, message: str | None) -> StepReport:
        number = response.extensions.get(EXCHANGE_NUMBER)
        return StepReport(self.name, self.item, outcome, message, number if isinstance(number, int) else None)
