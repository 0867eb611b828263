"""What needs somebody who has proved a short while ago who they are: a person's word, credentials, users, tokens."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.web.caller import Caller, caller_of
from orderdesk_sdk.web.own_paths import with_next

__all__ = ["is_stepped_up", "require_step_up"]


def is_stepped_up(request: Request) -> bool:
    """Whether the caller is a program, or a person who has signed in or stepped up within the last minutes."""
    desk: Desk = request.app.state.desk
    caller = caller_of(request)
    return caller.token is not None or (
        caller.session is not None and caller.session.is_stepped_up(desk.access.clock.now())
    )


def require_step_up(request: Request, back: str) -> Caller:
    """Who calls. Leads to the page that asks for the password where that was too long ago, by an HTTPException 303.

    Args:
        back: the page that leads on from there; what a form had is gone then.
    """
    if not is_stepped_up(request):
        raise HTTPException(303, headers={"Location": with_next("/step-up", back)})
    return caller_of(request)
