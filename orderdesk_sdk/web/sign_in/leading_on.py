"""What follows a sign-in of any kind: the browser has the new session, and is led to where it wanted to go."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from orderdesk_sdk.desk.access.sessions import SignedIn
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.web.own_paths import own_path
from orderdesk_sdk.web.session_cookie import new_session_cookie, session_token

__all__ = ["lead_on"]


async def lead_on(request: Request, desk: Desk, signed_in: SignedIn, next_path: str) -> Response:
    """Lead on, with the cookie of the new session; the one that the browser had has ended then."""
    is_https = desk.config.web.is_https
    before = session_token(request.scope, is_https=is_https)
    if before:
        await run_in_threadpool(desk.access.sign_out, before)
    answer = RedirectResponse(own_path(next_path), status_code=303)
    answer.headers.append("Set-Cookie", new_session_cookie(signed_in.token.reveal(), is_https=is_https))
    return answer
