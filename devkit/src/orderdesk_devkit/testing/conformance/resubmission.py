"""A resubmission as a test class declares it: what is submitted, what is there already, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import field, frozen

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.orders.order import Order

__all__ = ["Resubmission"]


@frozen
class Resubmission:
    """What becomes of an order that is submitted again after it was canceled.

    Args:
        state: where it stands after the one try that is made, or after the second one where it is `unsure`.
        change: makes the order that is submitted of the test's order: without its metadata, with all lines of an
            address. None: that order.
        there: the status, at the simulator, of an order that is there under the new number; None: the number is free.
        there_lines: its quantities by code; None: those of the test's order.
        unsure: a first try is answered 503 without a trace, so that it may have made what is there.
        refused: the HTTP status with which the service refuses the call that creates; None: it takes what it likes.
        body: what the request that creates says, or a part of it: of an object only these keys are looked at, and None
            stands for one that is not there. None: nothing is compared.
        message: what the person is told, among other things, in the message or the hint.
        creates: how many calls that create are sent in the last try; None: one where the number is free, else none.
        options: choices of the simulator's switches, beside the class's own.
        settings: settings of the connection, beside the class's own.
    """

    state: State
    change: Callable[[Order], Order] | None = field(default=None, kw_only=True, eq=False)
    there: str | None = field(default=None, kw_only=True)
    there_lines: Mapping[str, int] | None = field(default=None, kw_only=True, hash=False)
    unsure: bool = field(default=False, kw_only=True)
    refused: int | None = field(default=None, kw_only=True)
    body: object = field(default=None, kw_only=True, hash=False)
    message: str = field(default="", kw_only=True)
    creates: int | None = field(default=None, kw_only=True)
    options: Mapping[str, str] = field(factory=dict, kw_only=True, hash=False)
    settings: Mapping[str, object] = field(factory=dict, kw_only=True, hash=False)

    @property
    def short_label(self) -> str:
        """What is in the id of its test, beside its number."""
        return self.state.value

    @property
    def expected_creates(self) -> int:
        """How many calls that create are sent in the last try."""
        return self.creates if self.creates is not None else int(self.there is None)
