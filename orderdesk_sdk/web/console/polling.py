"""Polling a case because a person wants to know now: seldom enough, as each poll costs the merchant's quota."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.web.rate_limits import RateLimits

__all__ = ["poll_now"]


def poll_now(request: Request, case: Case) -> Case:
    """The case as the service tells it now. Raises HTTPException 429 where its order was polled too often."""
    limits: RateLimits = request.app.state.rate_limits
    desk: Desk = request.app.state.desk
    seconds = limits.polls.wait(case.order_id)
    if seconds:
        raise HTTPException(
            429,
            f"The service was asked about this order just now. Ask again in {seconds} seconds.",
            headers={"Retry-After": str(seconds)},
        )
    return desk.cases.poll(case.id)
