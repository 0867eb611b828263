"""JSON texts in and out, without the freedoms of the standard reader.

NaN, repeated keys and half characters are refused with their place, fractions become Decimals, and Decimals are written
digit by digit.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal, InvalidOperation

from attrs import frozen

from orderdesk_sdk.errors import InputError
from orderdesk_sdk.orders.serialization.fields import HALF, SHOWN, step

__all__ = ["dump_json", "parse_json"]

_MAYBE_HALF = re.compile(r"\\u[dD][89a-fA-F]")


@frozen
class _Constant:
    """Stands where NaN or an Infinity stood, until its path is known."""

    name: str


class _Repeating(dict[str, object]):
    """An object that named a key twice; `repeated` is that key."""

    repeated: str


class _Parser:
    """The hooks of one parse: the standard reader tells them no position, so they mark the spot for `_marks`."""

    def __init__(self) -> None:
        self.marked = False

    def pairs(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        whole = dict(pairs)
        if len(whole) == len(pairs):
            return whole
        self.marked = True
        marked = _Repeating(whole)
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                marked.repeated = key
            seen.add(key)
        return marked

    def constant(self, name: str) -> _Constant:
        self.marked = True
        return _Constant(name)


def _marks(document: object) -> list[str]:
    """The faults that the hooks marked, and half characters, in the order of the document."""
    found: list[str] = []
    waiting: list[tuple[str, object]] = [("$", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, _Constant):
            found.append(f"{path}: {value.name} is not a number that JSON knows")
        elif isinstance(value, str) and _halved(value):
            found.append(f"{path}: the text holds half a character (a lone surrogate)")
        elif isinstance(value, dict):
            if isinstance(value, _Repeating):
                found.append(f"{path}{step(value.repeated)}: the key is given twice")
            found.extend(f"{path}: a key holds half a character (a lone surrogate)" for key in value if _halved(key))
            waiting.extend((path + step(key), entry) for key, entry in reversed(value.items()))
        elif isinstance(value, list):
            waiting.extend((f"{path}[{index}]", value[index]) for index in reversed(range(len(value))))
    return found


def _halved(text: str) -> bool:
    return not text.isascii() and HALF.search(text) is not None


def parse_json(text: str | bytes, *, place: str) -> object:
    """The document in `text`, with Decimal for every number that has a fraction or exponent.

    Bytes are read as UTF-8. Raises InputError with `place` and line and column, or the path to what is refused.
    """
    remedy = "give one JSON document, in UTF-8"
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            raise InputError(f"byte {error.start} is not UTF-8", place=place, remedy=remedy) from error
    text = text.removeprefix("\ufeff")
    parser = _Parser()
    try:
        document: object = json.loads(
            text, object_pairs_hook=parser.pairs, parse_constant=parser.constant, parse_float=Decimal
        )
    except json.JSONDecodeError as error:
        where = f"{place}: line {error.lineno}, column {error.colno}"
        raise InputError(f"not JSON: {error.msg}", place=where, remedy=remedy) from error
    except RecursionError as error:
        raise InputError("lists and objects are nested too deeply", place=place, remedy=remedy) from error
    except (ValueError, InvalidOperation) as error:
        # Python reads no whole number of more than 4,300 digits, and Decimal no exponent beyond its own limit.
        raise InputError("a number is too long to be read", place=place, remedy=remedy) from error
    if parser.marked or _MAYBE_HALF.search(text) or _halved(text):
        found = _marks(document)
        if found:
            raise InputError("\n".join(found[:SHOWN]), place=place, remedy="mend the document where it was made")
    return document


def dump_json(document: object) -> str:
    """`document` as JSON text in one line, ASCII only, Decimals as exact numbers.

    Raises InputError for what JSON cannot say: NaN, a key that is no text, a foreign class, a document within itself.
    """
    parts: list[str] = []
    try:
        _dump(document, parts)
    except RecursionError as error:
        raise InputError("lists and objects are nested too deeply to be written as JSON") from error
    except ValueError as error:
        raise InputError("a number is too long to be written as JSON") from error
    return "".join(parts)


def _dump(value: object, parts: list[str]) -> None:
    # The standard writer has no way to write a Decimal but as a float or as a text; both change it.
    if value is None or isinstance(value, bool | str | int):
        parts.append(json.dumps(value))
    elif isinstance(value, Decimal) and value.is_finite():
        parts.append(str(value))
    elif isinstance(value, float) and math.isfinite(value):
        parts.append(float.__repr__(value))
    elif isinstance(value, dict):
        parts.append("{")
        for index, (key, entry) in enumerate(value.items()):
            if not isinstance(key, str):
                raise InputError(f"a key of class {type(key).__name__} cannot be written as JSON")
            parts.append(f"{', ' if index else ''}{json.dumps(key)}: ")
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
        raise InputError(f"{shown} cannot be written as JSON")
