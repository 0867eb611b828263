"""A case: the cancellation to cancel an order at one place, and the only ways it may change. Pure.

`TRANSITIONS` is the whole truth: what is not in it is refused. The state diagram in the docs is drawn from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

__all__ = ["Cancellation"]


@frozen
class Cancellation:
    """One cancellation to cancel one order. `idempotency_key` names the cancellation.

    The same key again is the same cancellation.

    lines: what to cancel, by line id, with quantities; empty means the whole order.
    line_names: by line id, how people knew these lines then. Empty where `lines` is, and in ledgers of an early
    version, which kept the names of lines as they were typed; `wish.with_line_ids` reads those.
    heard_from: the connection whose service was heard to have canceled it already, and is not asked to; else None.
    chain: the rules whose actions led to the cancellation, first first; empty when a person asked.
    at: the connections that it is about; empty means wherever the order is, and comes to be while it is open.
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

    @property
    def lines_by_name(self) -> Mapping[str, int]:
        """What to cancel, by the names of lines; empty means the whole order."""
        return {self.line_names.get(line, line): quantity for line, quantity in self.lines.items()}
