"""The OpenAPI 3.1 document of the API, made of the table of operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from http import HTTPStatus
from importlib.metadata import version

from orderdesk_sdk.desk.documents import JsonObject
from orderdesk_sdk.web.api.fields import parameters, request_schema
from orderdesk_sdk.web.api.openapi_links import LINKS
from orderdesk_sdk.web.api.operation import PREFIX, KeyUse, Method, Operation
from orderdesk_sdk.web.api.replies.orders import PlanChangedReply
from orderdesk_sdk.web.api.replies.values import ErrorReply
from orderdesk_sdk.web.api.schemas import ReplySchemas

__all__ = ["MAX_KEY_LENGTH", "PARAMETER_TEXTS", "STATUS_TEXTS", "openapi_document"]

MAX_KEY_LENGTH = 200
"""Characters of an idempotency key."""
STATUS_TEXTS: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "The request cannot be read: no JSON, a key that is given twice, no idempotency key.",
    HTTPStatus.UNAUTHORIZED: "There is no token, or it does not count (any more).",
    HTTPStatus.FORBIDDEN: "The role or the connections of the token do not allow it.",
    HTTPStatus.NOT_FOUND: "There is no such thing, or the token may not see it.",
    HTTPStatus.CONFLICT: "The state of things forbids it, somebody was faster, or a key was used for something else.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body has more than 64 kB.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not JSON.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A value is not what it should be, or a service would not take it.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests; `Retry-After` says how many seconds to wait.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "A fault of ours; the log has it under the id.",
    HTTPStatus.BAD_GATEWAY: "The service or its plugin failed.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The ledger cannot be used right now.",
}
PARAMETER_TEXTS: Mapping[str, str] = {
    "order": "The order's id or number, percent-encoded; `id:` or `number:` before it says which of the two it is. One "
    "with a slash: `~` and the id in base64url.",
    "case": "The id of a case.",
    "bulk": "`bulk` of the reply that began it.",
    "link": "The id of a link.",
    "slug": "The integration's name.",
}
_KEY_SCHEMA: Mapping[str, object] = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_KEY_LENGTH,
    "pattern": "^[!-~]+$",
}
_WAITING = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@cache
def openapi_document(operations: tuple[Operation, ...]) -> JsonObject:
    """The document of these operations; the same object each time, so nobody may change it."""
    schemas = ReplySchemas()
    paths: dict[str, dict[str, object]] = {}
    for operation in operations:
        described = _operation(operation, schemas)
        paths.setdefault(PREFIX + operation.path, {})[operation.method.value.lower()] = described
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "orderdesk_sdk",
            "version": version("orderdesk-sdk"),
            "description": "Cancel an order at every place that holds it, watch each settle, and prove the result.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.schemas.items())),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of `orderdesk tokens create`, in the header `Authorization` and nowhere "
                    "else.",
                }
            },
        },
    }


def _operation(operation: Operation, schemas: ReplySchemas) -> JsonObject:
    described: JsonObject = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": _needs(operation),
        "parameters": _parameters(operation),
        "responses": _responses(operation, schemas),
    }
    if operation.request is not None:
        schema = request_schema(operation.request)
        content = {"application/json": {"schema": schema}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _needs(operation: Operation) -> str:
    needed = f"For tokens of the role {operation.role.value} up"
    return f"{needed}, of all connections." if operation.about_whole_desk else f"{needed}."


def _parameters(operation: Operation) -> list[JsonObject]:
    found: list[JsonObject] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PARAMETER_TEXTS[name],
            "schema": {"type": "string", "minLength": 1, "maxLength": 300},
        }
        for name in operation.parameters
    ]
    if operation.query is not None:
        found += parameters(operation.query)
    if operation.key_use is not KeyUse.NONE:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": operation.key_use is KeyUse.REQUIRED,
                "description": "Any text of your own: the same key and body again give the same reply, once done.",
                "schema": dict(_KEY_SCHEMA),
            }
        )
    return found


def _responses(operation: Operation, schemas: ReplySchemas) -> JsonObject:
    reply = schemas.add(operation.reply)
    good: JsonObject = {"description": operation.summary, "content": {operation.media_type: {"schema": reply}}}
    links = LINKS.get(operation.name, ())
    if links:
        good["links"] = {link.name: link.document() for link in links}
    if operation.key_use is not KeyUse.NONE:
        good["headers"] = {"Idempotent-Replayed": _header("boolean", "True: this is the reply of an earlier request.")}
    responses: JsonObject = {str(operation.status.value): good}
    for status in operation.all_errors():
        responses[str(status.value)] = _error(operation, status, schemas)
    return responses


def _error(operation: Operation, status: HTTPStatus, schemas: ReplySchemas) -> JsonObject:
    choices: Sequence[type] = (ErrorReply,)
    if status is HTTPStatus.CONFLICT and operation.name == "cancel_order":
        choices = (PlanChangedReply, ErrorReply)
    references = [schemas.add(choice) for choice in choices]
    schema = references[0] if len(references) == 1 else {"anyOf": references}
    described: JsonObject = {
        "description": STATUS_TEXTS[status],
        "content": {"application/json": {"schema": schema}},
    }
    if status in _WAITING or (status is HTTPStatus.CONFLICT and operation.method is Method.POST):
        described["headers"] = {"Retry-After": _header("integer", "Seconds to wait.")}
    if status is HTTPStatus.UNAUTHORIZED:
        described["headers"] = {"WWW-Authenticate": _header("string", "That a bearer token is wanted.")}
    return described


def _header(kind: str, text: str) -> JsonObject:
    return {"description": text, "schema": {"type": kind}}
