"""The kinds of cases, by the names that documents give them."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase

__all__ = ["CASE_CLASSES", "CaseKind"]


class CaseKind(enum.Enum):
    """What is asked of a connection."""

    CANCEL = "cancel"
    RESUBMISSION = "resubmission"
    STATUS_CHANGE = "status change"
    RESPONSE = "response"


CASE_CLASSES: Mapping[CaseKind, type[Case]] = {
    CaseKind.CANCEL: CancelCase,
    CaseKind.RESUBMISSION: ResubmitCase,
    CaseKind.STATUS_CHANGE: StatusCase,
    CaseKind.RESPONSE: ResponseCase,
}
"""The class of the cases of each kind."""
