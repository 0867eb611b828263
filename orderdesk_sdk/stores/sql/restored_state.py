"""Writes into a ledger that was put back to an older state what that means for its open cases."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final

from attrs import evolve

from orderdesk_sdk.cases.damaged_rows import DamagedRows
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.policy.restored import after_restore
from orderdesk_sdk.cases.state_machine import transition
from orderdesk_sdk.stores.sql.chain_appender import ChainAppender
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.ledger_rows import apply_change, case_of, prepare
from orderdesk_sdk.stores.sql.ledger_tables import NOUN

__all__ = ["distrust_open_cases"]

LOST_VERSIONS: Final = 1_000_000
"""More than a case ever has, so that no version of the time that is lost is the present one again."""

_PAGE = 500
_OPEN = (
    "SELECT number, id, kind, data, texts FROM cases WHERE number > ? AND due_at IS NOT NULL ORDER BY number LIMIT ?"
)


def distrust_open_cases(cursor: Cursor, links: ChainAppender, reason: str, now: datetime) -> int:
    """Say of every open case that the ledger lacks what happened since; how many of them may have been sent.

    In bounded memory, inside the caller's transaction, which also notes that it was done. What is damaged is left.

    Args:
        reason: how it is known that the state is an older one.
    """
    damage = DamagedRows()
    last, count = -(2**63), 0
    while page := cursor.execute(_OPEN, (last, _PAGE)).fetchall():
        last = page[-1][0]
        for _, name, *row in page:
            case = damage.read_or_none(f"{NOUN} {name}", partial(case_of, *row))
            if case is None:
                continue
            found = after_restore(case, now, reason)
            after = case if isinstance(found, str) else transition(case, found).case
            after = evolve(after, version=case.version + LOST_VERSIONS)
            apply_change(cursor, links, prepare(CaseUpdate(case, after, [found])))
            count += not isinstance(found, str)
        links.write()
    return count
