"""Errors as answers: which status each has, and what of it whom is told.

Outside, an error is a code, a sentence and an id that the log has too. Where it is and what to do is for staff.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from http import HTTPStatus

from attrs import frozen
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.errors import (
    AmbiguousError,
    ConfigurationError,
    ConflictError,
    InProgressError,
    InvalidStateError,
    NotFoundError,
    OrderDeskError,
    PlanChangedError,
    PluginError,
    SignatureVerificationError,
    StorageError,
    ValidationError,
    describe_exception,
)
from orderdesk_sdk.web.caller import Caller
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.middleware.security_headers import security_headers
from orderdesk_sdk.web.own_paths import with_next

__all__ = [
    "ErrorAnswer",
    "answer_gone_client",
    "answer_http_error",
    "answer_sdk_error",
    "answer_unexpected_error",
    "describe_sdk_error",
    "status_of",
]

_log = RoomLogger("web")

_STATUS: Mapping[type[OrderDeskError], int] = {
    AmbiguousError: 409,
    NotFoundError: 404,
    SignatureVerificationError: 404,
    ValidationError: 422,
    ConfigurationError: 503,
    InvalidStateError: 409,
    InProgressError: 409,
    PlanChangedError: 409,
    ConflictError: 409,
    StorageError: 503,
    PluginError: 502,
    OrderDeskError: 500,
}
_SENTENCES: Mapping[int, str] = {
    400: "The request cannot be read.",
    401: "Sign in first.",
    403: "Your role does not allow this.",
    404: "There is nothing here that you may see.",
    405: "This address does not take requests of this kind.",
    408: "The request came too slowly.",
    409: "The state of things does not allow this now.",
    413: "The request is too large.",
    415: "The request has a content type that is not taken here.",
    422: "A value is not what it should be.",
    421: "This address is not served here.",
    429: "Too many requests; wait a moment.",
    500: "Something went wrong here. It is logged under this id; nothing that was asked for before is lost.",
    503: "This cannot be done now; try again in a moment.",
}
_NO_TOKEN = "A token that counts is needed, in the header Authorization: Bearer odsk_..."
_NOT_STAFF_TEXT = frozenset((500, 502, 503))
"""Statuses whose own words tell of our machines, connections and files."""


@frozen
class ErrorAnswer:
    """What is answered.

    Args:
        code: a word for programs.
        id: under which the log has it.
        location: where it is, and `hint`: what to do; None for whom is not staff.
    """

    status: int
    code: str
    id: str
    message: str
    location: str | None = None
    hint: str | None = None

    def document(self) -> dict[str, object]:
        """As JSON."""
        error: dict[str, object] = {"code": self.code, "id": self.id, "message": self.message}
        error |= {key: value for key, value in (("location", self.location), ("hint", self.hint)) if value}
        return {"error": error}


def status_of(error: OrderDeskError) -> int:
    """The status that an error of the SDK is answered with."""
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def answer_sdk_error(request: Request, error: Exception) -> Response:
    """What an error of the SDK is answered with."""
    if not isinstance(error, OrderDeskError):
        return answer_unexpected_error(request, error)
    headers = {"Retry-After": "1"} if isinstance(error, InProgressError | StorageError) else {}
    return _respond(request, describe_sdk_error(request, error), headers)


def describe_sdk_error(request: Request, error: OrderDeskError) -> ErrorAnswer:
    """What is told of an error of the SDK, by whom it is told."""
    status, identity = status_of(error), _new_id()
    kind = next(kind for kind in type(error).__mro__ if kind in _STATUS)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.warning("error %s answered with %d: %s", identity, status, error)
    is_staff = _is_staff(request)
    is_told = (is_staff or status not in _NOT_STAFF_TEXT) and not _names_hidden_connection(request, error.message)
    return ErrorAnswer(
        status,
        _code(kind.__name__),
        identity,
        (error.message if is_told else _SENTENCES.get(status)) or _SENTENCES[500],
        error.location if is_staff else None,
        error.hint if is_staff else None,
    )


def _names_hidden_connection(request: Request, text: str) -> bool:
    """Whether a text tells a program of a connection that it may not see."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None or not caller.connections:
        return False
    names = request.app.state.desk.connections.names()
    return any(not caller.sees(name) and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) for name in names)


def answer_http_error(request: Request, error: Exception) -> Response:
    """What an error of HTTP is answered with: no such page, not allowed, too large."""
    if not isinstance(error, HTTPException):
        return answer_unexpected_error(request, error)
    status = error.status_code
    phrase = HTTPStatus(status).phrase
    sentence = _NO_TOKEN if status == HTTPStatus.UNAUTHORIZED and _is_api(request) else _SENTENCES.get(status)
    message = error.detail if error.detail != phrase else sentence or f"{phrase}."
    headers = dict(error.headers or {})
    if status == HTTPStatus.UNAUTHORIZED and _is_page_asked_for(request):
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(with_next("/sign-in", request.scope["path"] + query), status_code=303)
    if status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="orderdesk"')
    return _respond(request, ErrorAnswer(status, phrase.lower().replace(" ", "_"), _new_id(), message), headers)


def answer_gone_client(request: Request, error: Exception) -> Response:  # noqa: ARG001 - as Starlette calls it
    """What a client is answered that has gone before its request was whole: nobody reads it, and it is no fault."""
    return Response(status_code=400)


def answer_unexpected_error(request: Request, error: Exception) -> Response:
    """What a fault of ours is answered with: its id, under which the log has the rest."""
    identity = _new_id()
    _log.fault("error %s: %s", error, identity, describe_exception(error))
    answer = ErrorAnswer(500, "internal_error", identity, _SENTENCES[500])
    # Starlette answers it outside of all middleware. And nobody should send a next request over this connection.
    headers = security_headers(is_https=request.app.state.desk.config.web.is_https)
    return _respond(request, answer, {**headers, "Connection": "close"})


def _respond(request: Request, answer: ErrorAnswer, headers: Mapping[str, str]) -> Response:
    if _is_api(request):
        return JSONResponse(answer.document(), answer.status, headers)
    title = HTTPStatus(answer.status).phrase
    return render(request, "error.html", {"error": answer, "title": title}, status=answer.status, headers=headers)


def _is_page_asked_for(request: Request) -> bool:
    """Whether a person's browser wants to show what is there."""
    is_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    return is_page and not request.scope["path"].startswith("/api/")


def _is_api(request: Request) -> bool:
    path: str = request.scope["path"]
    return path.startswith("/api/")


def _is_staff(request: Request) -> bool:
    caller = getattr(request.state, "caller", None)
    return caller is not None and (
        caller.session is not None or (caller.role.allows(Role.SUPERVISOR) and not caller.connections)
    )


def _code(name: str) -> str:
    words = name.removesuffix("Error")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in words).lstrip("_")


def _new_id() -> str:
    return secrets.token_hex(6)
