"""One order of a bulk, and the key under which the ledger knows it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import field, frozen

__all__ = ["BulkRequest", "bulk_key", "bulk_key_prefix", "number_in_key"]

_DIGITS = 9
"""As many that the keys of a bulk, sorted as text, are in the order of its lines."""


@frozen
class BulkRequest:
    """An order to cancel, as one of many.

    Args:
        order: its id or number.
        reason: as `Desk.cancel` takes it; None where no service needs one.
        lines: only these, by line id or code, with quantities; empty means all.
        connections: only at these connections; empty means all.
        number: its place in the bulk, its line in the file say: the same place again is the same request. None: counted
            from 1.
        plan_token: as `Desk.cancel` takes it; where the plan has changed, this order is refused.
    """

    order: str
    reason: str | None = None
    lines: Mapping[str, int] = field(factory=dict, hash=False)
    connections: tuple[str, ...] = ()
    number: int | None = None
    plan_token: str | None = None


def bulk_key_prefix(bulk: str) -> str:
    """What the idempotency keys of a bulk begin with."""
    return f"bulk {bulk} line "


def bulk_key(bulk: str, number: int) -> str:
    """The idempotency key of one order of a bulk."""
    return f"{bulk_key_prefix(bulk)}{number:0{_DIGITS}d}"


def number_in_key(bulk: str, key: str) -> int | None:
    """The place in the bulk that a key names; None for a key of anything else."""
    prefix = bulk_key_prefix(bulk)
    rest = key.removeprefix(prefix)
    return int(rest) if key.startswith(prefix) and re.fullmatch(rf"[0-9]{{{_DIGITS},}}", rest) else None
