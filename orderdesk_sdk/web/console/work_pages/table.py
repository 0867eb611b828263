"""The pages on which people work things off, with the role that each needs."""

from __future__ import annotations

import re

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.web.console.pages import Page
from orderdesk_sdk.web.console.work_pages.case import show_case, show_case_live
from orderdesk_sdk.web.console.work_pages.decisions import (
    accept_request,
    add_note,
    mark_alarm_seen,
    poll_case,
    refuse_request,
    retry_case,
    settle_case,
    withdraw_case,
)
from orderdesk_sdk.web.console.work_pages.inbox import export_inbox, show_inbox
from orderdesk_sdk.web.console.work_pages.messages import retry_message, show_message, show_messages

__all__ = ["UPLOAD_PATH", "WORK_PAGES"]

UPLOAD_PATH = re.compile(r"/cases/[^/]{1,200}/settle")
"""The path that takes an e-mail which a person files."""
WORK_PAGES = (
    Page("/inbox", Role.VIEWER, show_inbox),
    Page("/inbox/export", Role.OPERATOR, export_inbox),
    Page("/cases/{id}", Role.VIEWER, show_case),
    Page("/cases/{id}/live", Role.VIEWER, show_case_live),
    Page("/cases/{id}/settle", Role.SUPERVISOR, post=settle_case, max_files=1),
    Page("/cases/{id}/accept", Role.SUPERVISOR, post=accept_request),
    Page("/cases/{id}/refuse", Role.SUPERVISOR, post=refuse_request),
    Page("/cases/{id}/retry", Role.SUPERVISOR, post=retry_case),
    Page("/cases/{id}/withdraw", Role.OPERATOR, post=withdraw_case),
    Page("/cases/{id}/poll", Role.OPERATOR, post=poll_case),
    Page("/cases/{id}/note", Role.OPERATOR, post=add_note),
    Page("/cases/{id}/mark-seen", Role.SUPERVISOR, post=mark_alarm_seen),
    Page("/messages", Role.VIEWER, show_messages),
    Page("/messages/{id}", Role.VIEWER, show_message),
    Page("/messages/{id}/retry", Role.SUPERVISOR, post=retry_message),
)
