"""From a request to a handler and back: token, limits, query, body, idempotency key, reply."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.desk.documents import JsonObject
from orderdesk_sdk.errors import PlanChangedError
from orderdesk_sdk.web.api.auditing import record_call
from orderdesk_sdk.web.api.body import parse_body
from orderdesk_sdk.web.api.caller_keys import caller_key
from orderdesk_sdk.web.api.fields import read_query
from orderdesk_sdk.web.api.keeping import answer_once
from orderdesk_sdk.web.api.operation import ApiCall, KeyUse, Method, Operation
from orderdesk_sdk.web.api.scope import visible_plan
from orderdesk_sdk.web.caller import Caller, require_role
from orderdesk_sdk.web.errors import describe_sdk_error
from orderdesk_sdk.web.middleware.client_address import client_address
from orderdesk_sdk.web.rate_limits import RateLimits

__all__ = ["api_endpoint"]

_KEY = re.compile(r"[!-~]{1,200}", re.ASCII)
_KEY_HEADER = "idempotency-key"


def api_endpoint(
    found: Mapping[Method, Operation], limits: RateLimits, operations: tuple[Operation, ...]
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that answers the operations of one path, which are some of all."""

    async def answer(request: Request) -> Response:
        _refuse_hidden_slash(request)
        method = Method.GET if request.method == "HEAD" else Method(request.method)
        operation = found[method]
        caller = _admit(request, operation)
        query = read_query(operation.query, request.query_params.multi_items())
        body = b"" if method is Method.GET else await request.body()
        parsed = None if method is Method.GET else parse_body(operation, request.headers.getlist("content-type"), body)
        key = _key(request, operation)
        call = ApiCall(
            request.app.state.desk,
            caller,
            path=request.path_params,
            query=query,
            body=parsed,
            key=None if key is None else caller_key(caller, key),
            address=client_address(request.scope),
            limits=limits,
            operations=operations,
        )
        return await run_in_threadpool(_respond, request, operation, call, body)

    return answer


def _refuse_hidden_slash(request: Request) -> None:
    """Raises HTTPException 404 where an escaped slash made one segment of the path look like two to the router."""
    if b"%2f" in request.scope.get("raw_path", b"").lower():
        raise HTTPException(HTTPStatus.NOT_FOUND)


def _admit(request: Request, operation: Operation) -> Caller:
    """Who calls. Raises HTTPException 401 or 403."""
    caller = require_role(request, operation.role)
    if caller.token is None:
        raise HTTPException(HTTPStatus.UNAUTHORIZED)
    if operation.about_whole_desk and caller.connections:
        raise HTTPException(HTTPStatus.FORBIDDEN, "A token of some connections may not do this.")
    return caller


def _key(request: Request, operation: Operation) -> str | None:
    given = request.headers.getlist(_KEY_HEADER)
    if operation.key_use is KeyUse.NONE or not given:
        if operation.key_use is KeyUse.REQUIRED:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "The header Idempotency-Key is missing.")
        return None
    if len(given) != 1 or not _KEY.fullmatch(given[0]):
        raise HTTPException(
            HTTPStatus.BAD_REQUEST, "The Idempotency-Key has 1 to 200 visible ASCII characters, and is given once."
        )
    return given[0]


def _respond(request: Request, operation: Operation, call: ApiCall, body: bytes) -> Response:
    handler = operation.handler
    if handler is None:
        raise TypeError(f"{operation.name} is answered by another part of the app")
    try:
        reply, is_replayed = answer_once(operation, call, body, lambda: handler(call))
    except PlanChangedError as error:
        document = describe_sdk_error(request, error).document() | {"plan": visible_plan(call.caller, error.plan)}
        return _json(document, HTTPStatus.CONFLICT)
    if operation.audit is not None and not is_replayed:
        record_call(operation.audit, call, reply)
    return _json(reply, operation.status, {"Idempotent-Replayed": "true"} if is_replayed else {})


def _json(document: JsonObject, status: HTTPStatus, headers: Mapping[str, str] | None = None) -> Response:
    # ASCII, so that half a character in a text of a service is answered as it is escaped, not with an error.
    return Response(json.dumps(document), status, dict(headers or {}), "application/json")
