"""Forms that are posted: read once within limits, with the token of the session, then handled in a thread."""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.notices import NOTICES

__all__ = [
    "FormHandler",
    "form_key",
    "form_text",
    "form_texts",
    "posting",
    "require_form_token",
    "see_other",
    "typed_text",
]

# What it warns of is answered with 400; else any stranger could write lines to stderr.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
FormHandler = Callable[[Request, FormData], Response]
MAX_FIELDS = 1200
"""Fields of a form: 500 orders, and lines of an order."""
MAX_TEXT = 2000
"""Characters of a text in a form."""


def posting(
    handler: FormHandler, *, max_files: int = 0, has_session: bool = True
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a form. The handler runs in a thread, so it may call the desk.

    Args:
        max_files: files that the form may bring.
        has_session: False for a form of nobody in particular, which has no token.
    """

    async def endpoint(request: Request) -> Response:
        async with request.form(max_files=max_files, max_fields=MAX_FIELDS) as form:
            if has_session:
                require_form_token(request, form)
            return await run_in_threadpool(handler, request, form)

    endpoint.__name__ = getattr(handler, "__name__", "endpoint")
    endpoint.__doc__ = handler.__doc__
    return endpoint


def require_form_token(request: Request, form: FormData) -> None:
    """Raises HTTPException 403 for a form that no page of this session was sent with."""
    session = caller_of(request).session
    given = form.get("csrf", "")
    if not isinstance(given, str) or session is None or not _is_same(given, session.csrf_token):
        raise HTTPException(403, "This form has expired. Open the page again, and send it from there.")


def _is_same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


def form_text(form: FormData, name: str, *, limit: int = MAX_TEXT) -> str:
    """A text of a form, without blanks around it; "" where there is none. Raises ValidationError for a long one."""
    given: Any = form.get(name, "")
    text = given.strip() if isinstance(given, str) else ""
    if len(text) > limit:
        raise ValidationError(f"{name} has {len(text)} characters; {limit} are allowed", hint="say it shorter")
    return text


def form_key(form: FormData) -> str:
    """The key that makes a second press of a form the same request. Raises ValidationError for what is none of ours."""
    key = form_text(form, "key")
    if not _KEY.fullmatch(key):
        raise ValidationError("the key of the form is not one of ours", hint="open the page again, and send its form")
    return key


def typed_text(form: FormData, name: str) -> str:
    """A text as it was typed: blanks belong to a password. "" where there is none."""
    given = form.get(name, "")
    return given if isinstance(given, str) else ""


def form_texts(form: FormData, name: str) -> tuple[str, ...]:
    """All texts of one name, in their order."""
    return tuple(text for text in form.getlist(name) if isinstance(text, str))


def see_other(path: str, notice: str | None = None) -> RedirectResponse:
    """Where to look after a form.

    Args:
        notice: what that page says, a word of `NOTICES`.
    """
    if notice is not None and notice not in NOTICES:
        raise LookupError(f"there is no notice {notice!r}")
    return RedirectResponse(path if notice is None else f"{path}?{urlencode({'notice': notice})}", status_code=303)
