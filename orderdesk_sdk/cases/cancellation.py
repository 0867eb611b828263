"""A cancellation: the request to cancel an order, and the case that it opens at each connection. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.prior_steps import StepResult
from orderdesk_sdk.plugin.answer import LineAnswer, Rejection
from orderdesk_sdk.plugin.integration import SideEffect

__all__ = ["CancelCase", "Cancellation"]


@frozen
class Cancellation:
    """One cancellation to cancel one order. `idempotency_key` names the cancellation.

    The same key again is the same cancellation.

    Args:
        lines: what to cancel, by line id, with quantities; empty means the whole order.
        line_names: by line id, how people knew these lines then. Empty where `lines` is, and in ledgers of an early
            version, which kept the names of lines as they were typed; `validation.with_line_ids` reads those.
        reported_by: the connection whose service was heard to have canceled it already, and is not asked to; else None.
        caused_by_rules: the rules whose actions led to the cancellation, first first; empty when a person asked.
        connections: the connections that it is about; empty means wherever the order is, and comes to be while it is
            open.
        side_effects: what a person wants besides, for this cancellation alone; `CancelCase.side_effects` has where.
        extends: the cancellation that was extended by this one to a place that the order came to later; None for one by
            itself.
    """

    id: str
    idempotency_key: str
    order_id: str
    order_number: str
    requested_by: str
    reason: str | None
    requested_at: datetime
    lines: Mapping[str, int] = field(factory=dict, hash=False)
    caused_by_rules: tuple[str, ...] = ()
    reported_by: str | None = None
    connections: tuple[str, ...] = ()
    extends: str | None = None
    line_names: Mapping[str, str] = field(factory=dict, hash=False)
    side_effects: tuple[SideEffect, ...] = ()

    @property
    def lines_by_name(self) -> Mapping[str, int]:
        """What to cancel, by the names of lines; empty means the whole order."""
        return {self.line_names.get(line, line): quantity for line, quantity in self.lines.items()}


@frozen(kw_only=True)
class CancelCase(Case):
    """A cancellation at one remote order.

    Args:
        route: index into the connection's routes.
        consecutive_failures: sends in a row that provably did nothing, or polls without a usable status.
        last_sent_at: when a request last may have reached the service; None when none has, or each provably did
            nothing.
        previously_sent_at: `last_sent_at` as it was before the present send, which takes its place again where that did
            nothing.
        request_reference: the service's own name for that request; None when it gave none.
        is_batched: it has waited for others that are asked for in the same call.
        remind_at: when the person is reminded, where the case is polled meanwhile; None: at `due_at`.
        is_reported: the service reported the cancellation, so this case never requests it.
        steps: what came of the steps that are done before the cancel, whatever came of that.
        rejection: why it was rejected; of an open case, which is kept so since what was done before the cancel stands.
        withdrawn_by: who has withdrawn it, while what was done before the cancel is undone; "" where no person has, as
            where its cart is left alone; None before.
        side_effects: what a person allowed to be asked for besides, by a plan that showed it at this connection.
    """

    cancellation_id: str
    route: int = 0
    retries: int = 0
    last_sent_at: datetime | None = None
    previously_sent_at: datetime | None = None
    rejection: Rejection | None = None
    service_status: str | None = None
    lines: tuple[LineAnswer, ...] = ()
    idempotent: bool = False
    retry_allowed: bool = False
    request_reference: str | None = None
    is_batched: bool = False
    is_reported: bool = False
    remind_at: datetime | None = None
    steps: tuple[StepResult, ...] = ()
    withdrawn_by: str | None = None
    side_effects: tuple[SideEffect, ...] = ()

    kind: ClassVar[str] = "cancel"
    done_state: ClassVar[State] = State.CANCELED
    flow_reads_first: ClassVar[bool] = False
