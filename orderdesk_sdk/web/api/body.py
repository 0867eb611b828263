"""The body of a request: JSON, read strictly. `BodyLimits` has seen to its size."""

from __future__ import annotations

import re
from http import HTTPStatus

from starlette.exceptions import HTTPException

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.serialization.json_text import parse_json
from orderdesk_sdk.web.api.fields import read_body
from orderdesk_sdk.web.api.operation import Operation

__all__ = ["parse_body"]

_JSON = re.compile(r"application/json(\s*;\s*charset=\"?utf-8\"?)?\s*", re.IGNORECASE)


def parse_body(operation: Operation, content_types: list[str], body: bytes) -> object:
    """The request that a body holds; None where the operation takes none.

    Raises HTTPException 415 for what is not declared to be JSON, 400 for what is not JSON or gives a key twice, and
    ValidationError for values that are not what they should be.
    """
    if operation.request is None and not body:
        return None
    if len(content_types) != 1 or not _JSON.fullmatch(content_types[0]):
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json, in UTF-8.")
    try:
        document = parse_json(body, location="body")
    except ValidationError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"The body cannot be read: {error.message}") from None
    if operation.request is not None:
        return read_body(operation.request, document)
    if document != {}:
        raise ValidationError("$: this operation takes no body", location="$", hint="send none, or {}")
    return None
