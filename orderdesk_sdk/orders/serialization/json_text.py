"""JSON texts in and out, without the freedoms of the standard reader.

NaN, repeated keys and half characters are rejected with their location, fractions become Decimals, and Decimals are
written digit by digit.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring_ascii as quoted
from typing import Final

from attrs import frozen

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.serialization.fields import LONE_SURROGATE, MAX_REPORTED, path_step

__all__ = [
    "HINT",
    "TOO_DEEP",
    "TOO_LONG",
    "JsonParser",
    "dump_json",
    "json_errors",
    "may_hold_half_characters",
    "parse_json",
    "raise_json_errors",
]

HINT: Final = "give one JSON document, in UTF-8"
TOO_DEEP: Final = "lists and objects are nested too deeply"
TOO_LONG: Final = "a number is too long to be read"
"""Python reads no whole number of more than 4,300 digits, and Decimal no exponent beyond its own limit."""
_MAYBE_LONE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


@frozen
class _Constant:
    """Stands where NaN or an Infinity stood, until its path is known."""

    name: str


class _DuplicateKey(dict[str, object]):
    """An object that named a key twice; `key` is that key."""

    key: str


class JsonParser:
    """The standard reader with hooks: it tells them no position, so they mark the spot for `json_errors`.

    Numbers that have a fraction or exponent are Decimals.
    """

    def __init__(self) -> None:
        self.has_errors = False
        self.decoder = json.JSONDecoder(
            object_pairs_hook=self.read_object, parse_constant=self.read_constant, parse_float=Decimal
        )

    def read_object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        whole = dict(pairs)
        if len(whole) == len(pairs):
            return whole
        self.has_errors = True
        marked = _DuplicateKey(whole)
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                marked.key = key
            seen.add(key)
        return marked

    def read_constant(self, name: str) -> _Constant:
        self.has_errors = True
        return _Constant(name)


def may_hold_half_characters(text: str, start: int = 0, end: int | None = None) -> bool:
    """Whether a part of a JSON text may hold half a character, escaped or not: then `json_errors` looks for it."""
    return _MAYBE_LONE_SURROGATE.search(text, start, len(text) if end is None else end) is not None


def json_errors(document: object, path: str = "$") -> list[str]:
    """The faults that the hooks marked, and half characters, in the order of the document, which stands at `path`."""
    found: list[str] = []
    waiting: list[tuple[str, object]] = [(path, document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, _Constant):
            found.append(f"{path}: {value.name} is not a number that JSON knows")
        elif isinstance(value, str) and _has_lone_surrogate(value):
            found.append(f"{path}: the text holds half a character (a lone surrogate)")
        elif isinstance(value, dict):
            if isinstance(value, _DuplicateKey):
                found.append(f"{path}{path_step(value.key)}: the key is given twice")
            found.extend(
                f"{path}: a key holds half a character (a lone surrogate)" for key in value if _has_lone_surrogate(key)
            )
            waiting.extend((path + path_step(key), entry) for key, entry in reversed(value.items()))
        elif isinstance(value, list):
            waiting.extend((f"{path}[{index}]", value[index]) for index in reversed(range(len(value))))
    return found


def _has_lone_surrogate(text: str) -> bool:
    return not text.isascii() and LONE_SURROGATE.search(text) is not None


def raise_json_errors(errors: list[str], location: str | None) -> None:
    """Raises ValidationError that tells the first of what `json_errors` found; nothing for none."""
    if errors:
        raise ValidationError(
            "\n".join(errors[:MAX_REPORTED]), location=location, hint="mend the document where it was made"
        )


def parse_json(text: str | bytes, *, location: str) -> object:
    """The document in `text`, with Decimal for every number that has a fraction or exponent.

    Bytes are read as UTF-8. Raises ValidationError with `location` and line and column, or the path to what is wrong.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            raise ValidationError(f"byte {error.start} is not UTF-8", location=location, hint=HINT) from error
    text = text.removeprefix("\ufeff")
    parser = JsonParser()
    try:
        document: object = parser.decoder.decode(text)
    except json.JSONDecodeError as error:
        where = f"{location}: line {error.lineno}, column {error.colno}"
        raise ValidationError(f"not JSON: {error.msg}", location=where, hint=HINT) from error
    except RecursionError as error:
        raise ValidationError(TOO_DEEP, location=location, hint=HINT) from error
    except (ValueError, InvalidOperation) as error:
        raise ValidationError(TOO_LONG, location=location, hint=HINT) from error
    if parser.has_errors or may_hold_half_characters(text):
        raise_json_errors(json_errors(document), location)
    return document


def dump_json(document: object) -> str:
    """`document` as JSON text in one line, ASCII only, Decimals as exact numbers.

    Raises ValidationError for what JSON cannot say: NaN, a key that is no text, a foreign class, a document within
    itself.
    """
    parts: list[str] = []
    try:
        _dump(document, parts)
    except RecursionError as error:
        raise ValidationError("lists and objects are nested too deeply to be written as JSON") from error
    except ValueError as error:
        raise ValidationError("a number is too long to be written as JSON") from error
    return "".join(parts)


def _dump(value: object, parts: list[str]) -> None:
    # The standard writer has no way to write a Decimal but as a float or as a text; both change it.
    if isinstance(value, str):
        parts.append(quoted(value))  # As `json.dumps`, which takes ten times as long for one text.
    elif value is None or isinstance(value, bool | int):
        parts.append(json.dumps(value))
    elif isinstance(value, Decimal) and value.is_finite():
        parts.append(str(value))
    elif isinstance(value, float) and math.isfinite(value):
        parts.append(float.__repr__(value))
    elif isinstance(value, dict):
        parts.append("{")
        for index, (key, entry) in enumerate(value.items()):
            if not isinstance(key, str):
                raise ValidationError(f"a key of class {type(key).__name__} cannot be written as JSON")
            parts.append(f"{', ' if index else ''}{quoted(key)}: ")
            _dump(entry, parts)
        parts.append("}")
    elif isinstance(value, list | tuple):
        parts.append("[")
        for index, entry in enumerate(value):
            parts.append(", " if index else "")
            _dump(entry, parts)
        parts.append("]")
    else:
        shown = value if isinstance(value, float | Decimal) else f"a value of class {type(value).__name__}"
        raise ValidationError(f"{shown} cannot be written as JSON")
