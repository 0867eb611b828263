"""Who did, saw or tried what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from urllib.parse import urlencode

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.audit import AuditAction, AuditEntry
from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.desk.audit import AuditService
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.csv_file import csv_file
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.console.work_pages.inbox import read_number
from orderdesk_sdk.web.middleware.client_address import client_address

__all__ = ["export_audit", "show_audit", "verify_audit"]

PAGE = 50
READ_AT_ONCE = 500
MOST_READ = 2000
"""Records that are looked at for one page; beyond these the next page goes on."""
MOST_EXPORTED = 50_000
_ACTIONS = (("", "Everything"), *((action.value, action.value.capitalize()) for action in AuditAction))
_HEAD = ("number", "time (UTC)", "who", "what", "about", "details", "from")


@frozen
class _Filter:
    """Which records are wanted; "" for any."""

    actor: str
    action: str
    subject: str

    @classmethod
    def of(cls, request: Request) -> _Filter:
        query = request.query_params
        action = query.get("action", "")
        known = action if action in {one.value for one in AuditAction} else ""
        return cls(query.get("actor", "").strip()[:200], known, query.get("subject", "").strip()[:200])

    def fits(self, entry: AuditEntry) -> bool:
        """Whether a record is wanted; its subject was asked for already."""
        is_by = not self.actor or entry.record.actor.casefold() == self.actor.casefold()
        return is_by and (not self.action or entry.record.action.value == self.action)

    def query(self, **further: str) -> str:
        """The same in an address."""
        asked = {"actor": self.actor, "action": self.action, "subject": self.subject, **further}
        return urlencode({name: value for name, value in asked.items() if value})


@frozen
class AuditPage:
    """The page.

    Args:
        verified: the flaws that were found; None: nobody looked.
        next_href: where older records are; None: there are none.
    """

    entries: tuple[AuditEntry, ...]
    actor: str
    action: str
    subject: str
    count: str
    verified: tuple[str, ...] | None
    next_href: str | None
    first_href: str | None
    export_href: str
    is_narrowed: bool
    shown: str
    actions: Sequence[tuple[str, str]] = _ACTIONS


def show_audit(request: Request) -> Response:
    """The audit log, the newest record first."""
    return _show(request, None)


def verify_audit(request: Request) -> Response:
    """The audit log, and whether all of it is as it was written."""
    flaws = tuple(flaw.message for flaw in desk_of(request).audit.verify())
    return _show(request, flaws)


def _show(request: Request, verified: tuple[str, ...] | None) -> Response:
    audit, wanted = desk_of(request).audit, _Filter.of(request)
    before = read_number(request.query_params.get("before", "")) or None
    entries, older = _page(audit, wanted, before)
    count = audit.count()
    page = AuditPage(
        entries=entries,
        actor=wanted.actor,
        action=wanted.action,
        subject=wanted.subject,
        count=f"{count:,}",
        verified=verified,
        next_href=f"/audit?{wanted.query(before=str(older))}" if older is not None else None,
        first_href=f"/audit?{wanted.query()}" if before is not None else None,
        export_href=f"/audit/export?{wanted.query()}",
        is_narrowed=bool(wanted.query()) or before is not None,
        shown=f"{counted(count, 'record')} in all",
    )
    return render(request, "audit.html", {"title": "Audit log", "page": page})


def _page(audit: AuditService, wanted: _Filter, before: int | None) -> tuple[tuple[AuditEntry, ...], int | None]:
    """A page of the records that are wanted, and the number before which the next one goes on; None: no more."""
    found: list[AuditEntry] = []
    for count, entry in enumerate(_entries(audit, wanted.subject, before), 1):
        if wanted.fits(entry):
            found.append(entry)
        if len(found) == PAGE or count == MOST_READ:
            return tuple(found), entry.sequence
    return tuple(found), None


def _entries(audit: AuditService, subject: str, before: int | None) -> Iterator[AuditEntry]:
    """The records about a subject, the newest first, some at a time."""
    while True:
        page = audit.list(READ_AT_ONCE, before, subject=subject or None)
        yield from page
        if len(page) < READ_AT_ONCE:
            return
        before = page[-1].sequence


def export_audit(request: Request) -> Response:
    """The records as a file for spreadsheets. That somebody took it is recorded before."""
    desk, wanted = desk_of(request), _Filter.of(request)
    desk.audit.record(
        caller_of(request).name, AuditAction.EXPORTED, "audit log", wanted.query(), client_address(request.scope)
    )

    def rows() -> Iterator[Sequence[str]]:
        for count, entry in enumerate(_entries(desk.audit, wanted.subject, None)):
            if count == MOST_EXPORTED:
                return
            if wanted.fits(entry):
                record = entry.record
                at = record.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
                texts = (record.subject, record.detail, record.address)
                yield (str(entry.sequence), at, record.actor, record.action.value, *texts)

    return csv_file("audit-log", _HEAD, rows())
