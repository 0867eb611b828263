"""Reading replies strictly: what is missing or misshapen is said with its path, and never taken for success."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.plugin.answer import Answer, not_done, unclear

__all__ = [
    "Ended",
    "MalformedReply",
    "complaint",
    "count_in",
    "each_at",
    "each_inside",
    "inside",
    "json_object",
    "moment_at",
    "need",
    "nothing_done",
    "objects_at",
    "one_of",
    "one_or_many",
    "text_at",
    "texts_at",
    "turned_away",
    "value_at",
    "words_of",
]


_FIRST_MOMENT = datetime(1970, 1, 2, tzinfo=UTC)
"""What lies before is a zero that somebody wrote as a date."""
_LONGEST_COUNT = 20
"""Characters of a number that is written as a text."""
_WHOLE = re.compile(r"([0-9]+)(\.0+)?")


class TextReply(Protocol):
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


R = TypeVar("R", bound=TextReply)


class Ended(Exception):
    """A flow is over with this answer: a reply that it needed is none. Raised by `need`; a flow need not catch it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.text)
        self.answer = answer


class MalformedReply(OrderDeskError):
    """The service's reply has not the shape it should have.

    A flow need not catch it: the core settles it as unclear.
    """


def _malformed(reply: TextReply, path: tuple[str | int, ...], text: str) -> MalformedReply:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return MalformedReply(text, place=f"reply {reply.status_code}, ${place}")


def json_object(reply: TextReply) -> Mapping[str, object]:
    """The body as a JSON object. Raises MalformedReply for anything else, an empty body and HTML included."""
    document = _json(reply)
    if not isinstance(document, dict):
        raise _malformed(reply, (), f"an object was expected, not {_kind(document)}")
    return document


def one_or_many(reply: TextReply, *wrappers: str) -> tuple[Mapping[str, object], ...]:
    """The objects of a body that is a list of them, or one of them; either may stand under a key of `wrappers`.

    For services whose documents do not tell which. Raises MalformedReply for anything else.
    """
    document = _json(reply)
    inner = next((document[key] for key in wrappers if isinstance(document, dict) and key in document), document)
    found = inner if isinstance(inner, list) else [inner]
    for item in found:
        if not isinstance(item, Mapping):
            raise _malformed(reply, (), f"an object or a list of them was expected, not {_kind(item)}")
    return tuple(found)


def one_of(reply: TextReply, *wrappers: str, at: Sequence[str], number: str) -> Mapping[str, object] | None:
    """The one object of such a body, which states `number` at a path of keys; None for an empty list.

    Raises MalformedReply for one that states another, and for several: nobody could tell which is meant.
    """
    found = one_or_many(reply, *wrappers)
    if len(found) > 1 or any(text_at(reply, *at, within=one) != number for one in found):
        raise _malformed(reply, (), f"it is not the one order {number}")
    return found[0] if found else None


def _json(reply: TextReply) -> object:
    try:
        document: object = json.loads(
            reply.content, parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_each_key_once
        )
        return _whole(document) if b"\\ud" in reply.content.lower() else document
    except (ValueError, RecursionError) as error:
        told = f": {error}" if type(error) is ValueError else ""
        raise _malformed(reply, (), f"the body is not JSON ({len(reply.content)} bytes){told}") from None


def value_at(reply: TextReply, *path: str, within: Mapping[str, object] | None = None) -> object:
    """The value at a path of keys. Raises MalformedReply where a key is missing or a step is not an object.

    within: an object of the reply where the path begins; None for the body itself. So in all functions here.
    """
    value: object = json_object(reply) if within is None else within
    for depth, key in enumerate(path):
        if not isinstance(value, Mapping):
            raise _malformed(reply, path[:depth], f"an object was expected, not {_kind(value)}")
        if key not in value:
            raise _malformed(reply, path[: depth + 1], "is missing")
        value = value[key]
    return value


def text_at(reply: TextReply, *path: str, within: Mapping[str, object] | None = None) -> str:
    """The text at a path of keys. Raises MalformedReply where there is none, or it is empty."""
    value = value_at(reply, *path, within=within)
    if not isinstance(value, str) or not value.strip():
        raise _malformed(reply, path, f"a text was expected, not {_kind(value)}")
    return value


def moment_at(reply: TextReply, *path: str, within: Mapping[str, object] | None = None) -> datetime:
    """The moment at a path of keys, written as ISO 8601 with its offset (RFC 3339); aware.

    Raises MalformedReply for a text that is no moment, such as "0000-00-00T00:00:00Z", and for one without an offset.
    """
    text = text_at(reply, *path, within=within)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment < _FIRST_MOMENT:
        raise _malformed(reply, path, f"a moment with its offset was expected, not {text[:40]!r}")
    return moment


def objects_at(
    reply: TextReply, *path: str, within: Mapping[str, object] | None = None
) -> tuple[Mapping[str, object], ...]:
    """The list of objects at a path of keys. Raises MalformedReply where it is anything else."""
    value = value_at(reply, *path, within=within)
    if not isinstance(value, list):
        raise _malformed(reply, path, f"a list was expected, not {_kind(value)}")
    for index, item in enumerate(value):
        if not isinstance(item, Mapping):
            raise _malformed(reply, (*path, index), f"an object was expected, not {_kind(item)}")
    return tuple(value)


def texts_at(reply: TextReply, *path: str, key: str) -> tuple[str, ...]:
    """The text under `key` in each object of the list at a path.

    Raises MalformedReply where the list is empty, or where one has no text there.
    """
    texts: list[str] = []
    for index, item in enumerate(objects_at(reply, *path)):
        value = item.get(key)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise _malformed(reply, (*path, index, key), f"a plain text was expected, not {_kind(value)}")
        texts.append(value)
    if not texts:
        raise _malformed(reply, path, "at least one was expected")
    return tuple(texts)


def inside(value: object, *path: str) -> object:
    """What lies at a path of keys in a value that may be there or not; None where nothing does."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def each_at(reply: TextReply, *path: str) -> tuple[object, ...]:
    """What lies at a path of keys in the body, as `each_inside` finds it. Raises MalformedReply for no object."""
    return each_inside(json_object(reply), *path)


def each_inside(value: object, *path: str) -> tuple[object, ...]:
    """What lies at a path of keys in a value, "*" being each entry of a list; empty where nothing does."""
    if not path:
        return () if value is None else (value,)
    entries = value if path[0] == "*" else [inside(value, path[0])]
    return tuple(
        one for entry in (entries if isinstance(entries, list) else []) for one in each_inside(entry, *path[1:])
    )


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")  # RFC 8259, 6.


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is larger than any number here")
    return number


def _each_key_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of the reply. With a key given twice nobody knows which of the two the service means."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is given twice")
    return made


def _whole(document: object) -> object:
    """The document with U+FFFD in place of each half surrogate, which no request or ledger row can hold."""
    text = json.dumps(document, ensure_ascii=False)
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return json.loads(whole, object_pairs_hook=_each_key_once)


def _kind(value: object) -> str:
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


def count_in(reply: TextReply, item: Mapping[str, object], key: str, default: int | None = None) -> int:
    """A whole number of zero or more in an object of the reply; services also write it as a text, "2", or as 2.0.

    Raises MalformedReply for anything else, and for a missing one where `default` is None.
    """
    value = item.get(key, default)
    count = _count(value)
    if count is None:
        raise _malformed(reply, ("...", key), f"a whole number was expected, not {_kind(value)}")
    return count


def _count(value: object) -> int | None:
    """The count that a value of JSON is; None for what is none. A number with a fraction of zero is whole: 1.0."""
    match value:
        case bool():
            return None
        case int() if value >= 0:
            return value
        case float() if value.is_integer() and 0 <= value < 10**15:  # Beyond that a float skips whole numbers.
            return int(value)
        case str() if len(value) < _LONGEST_COUNT and (found := _WHOLE.fullmatch(value.strip())) is not None:
            return int(found[1])
        case _:
            return None


def complaint(
    reply: TextReply, key: str = "errors", parts: Sequence[str] = ("code", "message"), details: str | None = None
) -> str:
    """What the error objects in the reply say, a list of them or one, for a person; never to decide by.

    parts: which of an object's fields; JSON:API has ("title", "detail"). details: the field with the objects that tell
    more, in the same parts or by `path`. Falls back to the HTTP status where there is nothing of the kind.
    """
    try:
        said = words_of(value_at(reply, key), parts, details)
    except MalformedReply:
        said = ""
    return said or f"the service answered {reply.status_code}"


def words_of(items: object, parts: Sequence[str] = ("code", "message"), details: str | None = None) -> str:
    """What error objects say, a list of them or one, as `complaint` tells it; "" where they say nothing."""
    listed = [items] if isinstance(items, Mapping) else items if isinstance(items, list | tuple) else []
    found: list[str] = []
    for item in (item for item in listed if isinstance(item, Mapping)):
        more = words_of(item.get(details), ("path", *parts)) if details is not None else ""
        words = [*(str(item[part]) for part in parts if item.get(part)), *filter(None, [more])]
        found += filter(None, [": ".join(words)])
    return "; ".join(found)[:500]


def turned_away(reply: TextReply, *, check: str, own: str | None = None) -> Answer | None:
    """The answer for 401 and 403 (not authorized) and 429, which prove that nothing was done; else None.

    Nothing by this call: where an earlier call of the flow may have acted, they prove nothing, and the answer is
    `unclear`. check: what a person should look at when the service does not let us in. How long a throttled call
    waits is no flow's business: the core lets none see such a reply. own: a key that each error body
    of the service has; a 404 or 405 without it is of something that has no such path and tells nothing of the order,
    and is turned away too: the base URL is wrong, or what answers is not the service. None: every 404 is the service's.
    """
    if reply.status_code == 429:
        return not_done(reply, text="the service says that it gets too many calls")
    if reply.status_code in (401, 403):
        return not_done(reply, text=f"the service does not let us in ({reply.status_code})", remedy=check)
    if own is not None and reply.status_code in (404, 405) and not _says(reply, own):
        text = f"what answers there has no such path, and is perhaps not the service ({reply.status_code})"
        return not_done(reply, text=text, remedy=f"check the base URL of the connection; {check}")
    return None


def _says(reply: TextReply, key: str) -> bool:
    try:
        return bool(json_object(reply).get(key))
    except MalformedReply:
        return False


def nothing_done(reply: TextReply) -> Answer:
    """The answer to a reply after which, whatever it was, nothing can have been done; for `need`."""
    return not_done(reply, text=complaint(reply))


def need(reply: R, *, check: str, otherwise: Callable[[R], Answer] = unclear, own: str | None = None) -> R:
    """The reply, where its status is a success; else `Ended` with the answer that the flow then has.

    That is `turned_away` with `check` and `own` where it applies, and what `otherwise` makes of any other reply.
    """
    if 200 <= reply.status_code < 300:
        return reply
    raise Ended(turned_away(reply, check=check, own=own) or otherwise(reply))
