"""A request with a key is done once: whoever asks again gets the reply that was given, or waits for it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable

from starlette.exceptions import HTTPException

from orderdesk_sdk.cases.kept_replies import BeganRequest, FinishedRequest, KeptReply, KeyedRequest
from orderdesk_sdk.clock import SystemClock
from orderdesk_sdk.desk.documents import JsonObject
from orderdesk_sdk.errors import ConflictError, InProgressError, OrderDeskError, PluginError, StorageError
from orderdesk_sdk.orders.serialization.json_text import parse_json
from orderdesk_sdk.web.api.operation import ApiCall, Operation
from orderdesk_sdk.web.api.scope import subject_order

__all__ = ["answer_once"]

WAIT = 3.0
"""Seconds to wait for the same request of somebody else, which is under way."""
PAUSE = 0.05
_AFTER_THE_FACT = (PluginError, StorageError)


def answer_once(
    operation: Operation, call: ApiCall, body: bytes, answer: Callable[[], JsonObject]
) -> tuple[JsonObject, bool]:
    """The reply, and whether it is that of an earlier request.

    Args:
        answer: does what is asked. What it raises of `OrderDeskError` did nothing, and may be asked again with the key;
            a plugin or the ledger may have failed after a service was asked, so what is not repeatable stays begun.

    Raises ConflictError where the key was used for something else, InProgressError where the same is still under way.
    """
    if call.key is None:
        return answer(), False
    request = _keyed(operation, call, call.key, body)
    begun = _begin(call, request)
    if isinstance(begun, FinishedRequest):
        return _document(begun.reply), True
    if begun.attempt > 1 and not operation.is_repeatable:
        raise ConflictError(
            "the first request with this key was broken off, and may have been done",
            hint="look at the case; to ask again, use a new key",
        )
    try:
        reply = answer()
    except (OrderDeskError, HTTPException) as error:
        if operation.is_repeatable or not isinstance(error, _AFTER_THE_FACT):
            call.desk.ledger.abandon_request(request, begun.attempt)
        raise
    kept = KeptReply(operation.status.value, json.dumps(reply))
    call.desk.ledger.finish_request(request, begun.attempt, kept)
    return reply, False


def _begin(call: ApiCall, request: KeyedRequest) -> BeganRequest | FinishedRequest:
    deadline = time.monotonic() + WAIT
    while True:
        begun = call.desk.ledger.begin_request(request, SystemClock().now())
        if isinstance(begun, BeganRequest | FinishedRequest):
            return begun
        if time.monotonic() >= deadline:
            raise InProgressError("the same request is under way", hint="ask again in a moment, with the same key")
        time.sleep(PAUSE)


def _keyed(operation: Operation, call: ApiCall, key: str, body: bytes) -> KeyedRequest:
    asked = json.dumps([operation.name, dict(call.path), _canonical(body)], sort_keys=True)
    digest = hashlib.sha256(asked.encode()).hexdigest()
    return KeyedRequest(call.caller.name, key, operation.name, digest, subject_order(call))


def _canonical(body: bytes) -> object:
    """The body without how it was written; it was read before, so it is JSON."""
    return parse_json(body, location="body") if body else {}


def _document(reply: KeptReply) -> JsonObject:
    document: JsonObject = json.loads(reply.body)
    return document
