"""The cancel requests that came in, and the order log that tells what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import define, field

from orderdesk_devkit.simulators.http_requests import stamp

__all__ = ["Change", "ChangeLog", "LogPage"]

SCROLL_FOR = timedelta(minutes=5)
"""How long a scrollId is good for."""


@define
class Change:
    """A cancel request. polls: how many looks at the log are left before it is decided; 0: it is."""

    id: str
    payload: Mapping[str, object]
    at: datetime
    status: str
    polls: int = 0
    results: list[dict[str, object]] = field(factory=list)

    def entry(self) -> dict[str, object]:
        """The request as the log shows it."""
        return {
            "payload": dict(self.payload),
            "dateProcessed": stamp(self.at, "milliseconds"),
            "status": self.status,
            "requestMethod": "api",
            "requestId": self.id,
            "processId": f"process-{self.id}",
            "results": self.results,
        }


@define
class LogPage:
    """One answer of the log. scroll_id: None on the last page."""

    entries: list[Change]
    processing: bool
    scroll_id: str | None = None


class ChangeLog:
    """All requests, oldest first, in pages. Guarded by its caller's lock."""

    def __init__(self, page_size: int) -> None:
        self.changes: list[Change] = []
        self._page_size = page_size
        self._scrolls: dict[str, tuple[list[Change], datetime]] = {}

    def page(self, found: list[Change], now: datetime) -> LogPage:
        """The first page of `found`; a request on its very first look is not there yet."""
        there = [request for request in found if request.status != "new"]
        page = LogPage(there[: self._page_size], any(request.polls for request in found))
        if len(there) > self._page_size:
            page.scroll_id = f"scroll-{len(self._scrolls) + 1}"
            self._scrolls[page.scroll_id] = there[self._page_size :], now + SCROLL_FOR
        return page

    def scrolled(self, scroll_id: str, now: datetime) -> LogPage | None:
        """The page that a scrollId leads to; None for an unknown or expired one."""
        rest, until = self._scrolls.pop(scroll_id, ([], now))
        return self.page(rest, now) if now < until else None
