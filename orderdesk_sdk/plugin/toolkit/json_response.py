"""Reading responses strictly: an error names the path of what is missing or wrong, and nothing is guessed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.plugin.answer import Answer, not_processed, unknown

__all__ = [
    "EndFlow",
    "MalformedResponseError",
    "error_message",
    "integer_at",
    "values_at",
    "values_in",
    "get_path",
    "json_object",
    "datetime_at",
    "require_success",
    "not_processed_answer",
    "objects_at",
    "single_object",
    "object_list",
    "number_or_text_at",
    "text_at",
    "texts_at",
    "auth_or_rate_limit_answer",
    "value_at",
    "format_errors",
]


_EARLIEST_DATETIME = datetime(1970, 1, 2, tzinfo=UTC)
"""What lies before is a zero that somebody wrote as a date."""
_MAX_NUMBER_LENGTH = 20
"""Characters of a number that is written as a text."""
_INTEGER = re.compile(r"([0-9]+)(\.0+)?")


class TextResponse(Protocol):
    """The part of a response that is read; `httpx.Response` is one."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""

    @property
    def content(self) -> bytes:
        """The whole decoded body."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, found in whatever case."""

    @property
    def extensions(self) -> Mapping[str, object]:
        """Where the core leaves the exchange's number."""


R = TypeVar("R", bound=TextResponse)


class EndFlow(Exception):
    """Ends a flow with this answer. `require_success` raises it where a response is not a success.

    A flow need not catch it.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.message)
        self.answer = answer


class MalformedResponseError(OrderDeskError):
    """The service's response does not have the expected form.

    A flow need not catch it: the core takes it as an unknown outcome.
    """


def _malformed_error(response: TextResponse, path: tuple[str | int, ...], message: str) -> MalformedResponseError:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return MalformedResponseError(message, location=f"reply {response.status_code}, ${place}")


def json_object(response: TextResponse) -> Mapping[str, object]:
    """The body as a JSON object. Raises MalformedResponseError for anything else, such as HTML or an empty body."""
    document = _json(response)
    if not isinstance(document, dict):
        raise _malformed_error(response, (), f"an object was expected, not {_type_name(document)}")
    return document


def object_list(response: TextResponse, *wrappers: str) -> tuple[Mapping[str, object], ...]:
    """The objects of a body that is a list of objects or one object. It may stand under a key of `wrappers`.

    For a body that is a list, and for services whose documents do not say which of these they send. Raises
    MalformedResponseError for anything else.
    """
    document = _json(response)
    inner = next((document[key] for key in wrappers if isinstance(document, dict) and key in document), document)
    found = inner if isinstance(inner, list) else [inner]
    for item in found:
        if not isinstance(item, Mapping):
            raise _malformed_error(response, (), f"an object or a list of them was expected, not {_type_name(item)}")
    return tuple(found)


def single_object(
    response: TextResponse, *wrappers: str, number_path: Sequence[str], number: str
) -> Mapping[str, object] | None:
    """The only object of a body as `object_list` reads it; None for an empty list.

    Raises MalformedResponseError for several objects, and for one that does not state `number` at `number_path`.
    """
    found = object_list(response, *wrappers)
    if len(found) > 1 or any(text_at(response, *number_path, within=one) != number for one in found):
        raise _malformed_error(response, (), f"it is not the one order {number}")
    return found[0] if found else None


def _json(response: TextResponse) -> object:
    try:
        document: object = json.loads(
            response.content,
            parse_constant=_reject_constant,
            parse_float=_finite,
            object_pairs_hook=_reject_duplicate_keys,
        )
        return _replace_lone_surrogates(document) if b"\\ud" in response.content.lower() else document
    except (ValueError, RecursionError) as error:
        told = f": {error}" if type(error) is ValueError else ""
        raise _malformed_error(response, (), f"the body is not JSON ({len(response.content)} bytes){told}") from None


def value_at(response: TextResponse, *path: str, within: Mapping[str, object] | None = None) -> object:
    """The value at a path of keys. Raises MalformedResponseError where a key is missing or a step is not an object.

    Args:
        within: an object of the response where the path begins; None: the body itself. So in every function here.
    """
    value: object = json_object(response) if within is None else within
    for depth, key in enumerate(path):
        if not isinstance(value, Mapping):
            raise _malformed_error(response, path[:depth], f"an object was expected, not {_type_name(value)}")
        if key not in value:
            raise _malformed_error(response, path[: depth + 1], "is missing")
        value = value[key]
    return value


def text_at(response: TextResponse, *path: str, within: Mapping[str, object] | None = None) -> str:
    """The text at a path of keys. Raises MalformedResponseError where there is none, it is empty, or it is a number."""
    value = value_at(response, *path, within=within)
    if not isinstance(value, str) or not value.strip():
        raise _malformed_error(response, path, f"a text was expected, not {_type_name(value)}")
    return value


def number_or_text_at(response: TextResponse, *path: str, within: Mapping[str, object] | None = None) -> str:
    """The text or the whole number at a path of keys, as a text: for ids, which some services write as either.

    Raises MalformedResponseError for anything else, and for an empty text.
    """
    value = value_at(response, *path, within=within)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text_at(response, *path, within=within)


def datetime_at(response: TextResponse, *path: str, within: Mapping[str, object] | None = None) -> datetime:
    """The time at a path of keys, written as ISO 8601 with its offset (RFC 3339); aware.

    Raises MalformedResponseError for a text that is not a time, such as "0000-00-00T00:00:00Z", and for a time without
    an offset.
    """
    text = text_at(response, *path, within=within)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment < _EARLIEST_DATETIME:
        raise _malformed_error(response, path, f"a moment with its offset was expected, not {text[:40]!r}")
    return moment


def objects_at(
    response: TextResponse, *path: str, within: Mapping[str, object] | None = None
) -> tuple[Mapping[str, object], ...]:
    """The list of objects at a path of keys. Raises MalformedResponseError where it is anything else.

    Of a body that is itself a list: `object_list`.
    """
    value = value_at(response, *path, within=within)
    if not isinstance(value, list):
        raise _malformed_error(response, path, f"a list was expected, not {_type_name(value)}")
    for index, item in enumerate(value):
        if not isinstance(item, Mapping):
            raise _malformed_error(response, (*path, index), f"an object was expected, not {_type_name(item)}")
    return tuple(value)


def texts_at(response: TextResponse, *path: str, key: str) -> tuple[str, ...]:
    """The text under `key` in each object of the list at a path.

    Raises MalformedResponseError where the list is empty, or where one has no text there.
    """
    texts: list[str] = []
    for index, item in enumerate(objects_at(response, *path)):
        value = item.get(key)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise _malformed_error(response, (*path, index, key), f"a plain text was expected, not {_type_name(value)}")
        texts.append(value)
    if not texts:
        raise _malformed_error(response, path, "at least one was expected")
    return tuple(texts)


def get_path(value: object, *path: str) -> object:
    """The value at a path of keys; None where a key is missing."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def values_at(response: TextResponse, *path: str) -> tuple[object, ...]:
    """`values_in` of the body. Raises MalformedResponseError for a body that is not a JSON object."""
    return values_in(json_object(response), *path)


def values_in(value: object, *path: str) -> tuple[object, ...]:
    """The values at a path of keys, where "*" stands for each entry of a list; empty where a key is missing."""
    if not path:
        return () if value is None else (value,)
    entries = value if path[0] == "*" else [get_path(value, path[0])]
    return tuple(one for entry in (entries if isinstance(entries, list) else []) for one in values_in(entry, *path[1:]))


def _reject_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")  # RFC 8259, 6.


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is larger than any number here")
    return number


def _reject_duplicate_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of the response. With a key given twice nobody knows which of the two the service means."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is given twice")
    return made


def _replace_lone_surrogates(document: object) -> object:
    """The document with U+FFFD in place of each half surrogate, which no request or ledger row can hold."""
    text = json.dumps(document, ensure_ascii=False)
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return json.loads(whole, object_pairs_hook=_reject_duplicate_keys)


def _type_name(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "an empty text" if not value.strip() else "a text"
        case list():
            return "a list"
        case _:
            return "an object"


def integer_at(response: TextResponse, item: Mapping[str, object], key: str, default: int | None = None) -> int:
    """A whole number of 0 or more in an object of the response. The text "2" and the number 2.0 are read as 2.

    Raises MalformedResponseError for anything else, and for a missing one where `default` is None.
    """
    value = item.get(key, default)
    count = _as_integer(value)
    if count is None:
        raise _malformed_error(response, ("...", key), f"a whole number was expected, not {_type_name(value)}")
    return count


def _as_integer(value: object) -> int | None:
    """The count that a value of JSON is; None for what is none. A number with a fraction of zero is whole: 1.0."""
    match value:
        case bool():
            return None
        case int() if value >= 0:
            return value
        case float() if value.is_integer() and 0 <= value < 10**15:  # Beyond that a float skips whole numbers.
            return int(value)
        case str() if len(value) < _MAX_NUMBER_LENGTH and (found := _INTEGER.fullmatch(value.strip())) is not None:
            return int(found[1])
        case _:
            return None


def error_message(
    response: TextResponse, key: str = "errors", parts: Sequence[str] = ("code", "message"), details: str | None = None
) -> str:
    """The texts of the error objects in a response, for a person. Never decide by them.

    Args:
        parts: which of an object's fields; JSON:API has ("title", "detail").
        details: the field with the objects that say more, in the same parts or by `path`. Where there are no error
            objects, the HTTP status is the text.
    """
    try:
        said = format_errors(value_at(response, key), parts, details)
    except MalformedResponseError:
        said = ""
    return said or f"the service answered {response.status_code}"


def format_errors(items: object, parts: Sequence[str] = ("code", "message"), details: str | None = None) -> str:
    """The texts of error objects, as `error_message` gives them; "" where they have none."""
    listed = [items] if isinstance(items, Mapping) else items if isinstance(items, list | tuple) else []
    found: list[str] = []
    for item in (item for item in listed if isinstance(item, Mapping)):
        more = format_errors(item.get(details), ("path", *parts)) if details is not None else ""
        words = [*(str(item[part]) for part in parts if item.get(part)), *filter(None, [more])]
        found += filter(None, [": ".join(words)])
    return "; ".join(found)[:500]


def auth_or_rate_limit_answer(
    response: TextResponse, *, access_hint: str, error_key: str | None = None
) -> Answer | None:
    """The answer for 401 and 403 (not authorized) and 429 (too many calls); None for any other response.

    These prove that this call did nothing. Where an earlier call of the flow may have acted, the answer is `unknown`.

    Args:
        access_hint: what a person should check when the service answers 401 or 403.
        error_key: a key that every error body of the service has. A 404 or 405 without it does not come from the
            service: the base URL is wrong, so this call did nothing. None: every 404 is the service's.
    """
    if response.status_code == 429:
        return not_processed(response, message=f"Rate limited: the service answered {response.status_code}")
    if response.status_code in (401, 403):
        return not_processed(
            response, message=f"Authentication failed: the service answered {response.status_code}", hint=access_hint
        )
    if error_key is not None and response.status_code in (404, 405) and not _has_key(response, error_key):
        text = (
            f"The service answered {response.status_code}: the base URL has no such path, or belongs to another server"
        )
        return not_processed(response, message=text, hint=f"check the base URL of the connection; {access_hint}")
    return None


def _has_key(response: TextResponse, key: str) -> bool:
    try:
        return bool(json_object(response).get(key))
    except MalformedResponseError:
        return False


def not_processed_answer(response: TextResponse) -> Answer:
    """The answer `not_processed`: a `fallback` of `require_success` for a call that only reads."""
    return not_processed(response, message=error_message(response))


def require_success(
    response: R, *, access_hint: str, fallback: Callable[[R], Answer] = unknown, error_key: str | None = None
) -> R:
    """The response, where its status is a success. Any other status ends the flow with an answer, by `EndFlow`.

    The answer is that of `auth_or_rate_limit_answer`, or else that of `fallback`.
    """
    if 200 <= response.status_code < 300:
        return response
    raise EndFlow(
        auth_or_rate_limit_answer(response, access_hint=access_hint, error_key=error_key) or fallback(response)
    )
