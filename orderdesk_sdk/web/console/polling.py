"""Asking services because a person wants to know now: seldom enough, as each time costs the merchant's quota."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.web.rate_limits import RateLimits

__all__ = ["poll_now", "take_poll"]


def poll_now(request: Request, case: Case) -> Case:
    """The case as the service tells it now. Raises HTTPException 429 where its order was polled too often."""
    desk: Desk = request.app.state.desk
    take_poll(request, case.order_id)
    return desk.cases.poll(case.id)


def take_poll(request: Request, order_id: str) -> None:
    """Count that the services are asked about an order. Raises HTTPException 429 where that was done too often."""
    limits: RateLimits = request.app.state.rate_limits
    seconds = limits.polls.wait(order_id)
    if seconds:
        raise HTTPException(
            429,
            f"The service was asked about this order just now. Ask again in {seconds} seconds.",
            headers={"Retry-After": str(seconds)},
        )
