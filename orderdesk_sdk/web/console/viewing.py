"""Who looked at an order is written down: each time a page is opened, and now and then while its live part is fetched.

Whoever fetches the live part alone has looked at it as well.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request

from orderdesk_sdk.cases.audit import AuditAction, order_subject
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.middleware.client_address import client_address

__all__ = ["RecentViews", "record_view"]

KEPT_FOR = 3600.0
"""Seconds for which an open page, which fetches its live part, is one view."""
MAX_KEPT = 10_000


class RecentViews:
    """What each person has looked at a short while ago, in this process. Safe from many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()

    def add(self, person: str, subject: str) -> bool:
        """Note a look that is written down anyway or, by what this gives, should be: whether it is a new one."""
        with self._lock:
            now, key = self._clock(), (person, subject)
            before = self._seen.get(key)
            if before is not None and now - before < KEPT_FOR:
                return False
            self._seen.pop(key, None)
            self._seen[key] = now
            if len(self._seen) > MAX_KEPT:
                self._seen.popitem(last=False)
            return True


def record_view(request: Request, order_id: str, detail: str = "", *, is_live: bool = False) -> None:
    """Write down that the caller looks at an order.

    Args:
        is_live: a part of a page that is open is fetched; written down where nobody has opened that page.
    """
    desk: Desk = request.app.state.desk
    views: RecentViews = request.app.state.recent_views
    person, subject = caller_of(request).name, order_subject(order_id)
    if views.add(person, f"{subject} {detail}") or not is_live:
        desk.audit.record(person, AuditAction.ORDER_VIEWED, subject, detail, client_address(request.scope))
