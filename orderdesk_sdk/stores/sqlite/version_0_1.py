"""The three tables in which version 0.1 kept what are cases of one table now. Frozen; for migrations.

`stores.stored_names` knows what it called fields and values.
"""

from __future__ import annotations

from collections.abc import Mapping

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase

__all__ = ["COLUMNS", "TABLES"]

TABLES: Mapping[str, type[Case]] = {
    "cases": CancelCase,
    "resubmissions": ResubmitCase,
    "status_changes": StatusCase,
}
"""The tables, and which kind of case each held."""
COLUMNS: Mapping[str, str] = {
    "cases": "id, cancellation_id, order_id, connection, state, version, due_at",
    "resubmissions": "id, order_number, original_id, connection, version, due_at",
    "status_changes": "id, order_id, connection, version, due_at",
}
"""By table, the columns that the chain covers, in their order: the id first, of a cancel its cancellation second."""
