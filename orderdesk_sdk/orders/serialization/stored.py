"""Stored orders, as `write_order_text` wrote them: read without the checks that a document from outside needs.

One table per class, made of the same schemas. What is in any way other than it was written - another type, an empty
text for a number, half a character - is left to the checked reader, which takes it or says what is wrong with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import NoReturn

from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization.fields import (
    DAY,
    IDENTIFIER,
    INTEGER,
    KEY,
    NUMBER,
    OBJECT,
    QUANTITY,
    TEXT,
    TIME,
    VARIATIONS,
    FieldType,
    ZonedFieldType,
)
from orderdesk_sdk.orders.serialization.schema import ORDER, ListOf, RecordSchema

__all__ = ["read_as_written"]


class _OtherwiseError(Exception):
    """A value is not as it was written."""


def _no_constant(name: str) -> NoReturn:
    raise _OtherwiseError(name)


_decode: Callable[[str], object] = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant).decode
_ONLY_TEXTS = {str}
_MANY = 10**12


def _key(value: object) -> str:
    if type(value) is not str or not value.strip():
        raise _OtherwiseError
    return value


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < _MANY:
        raise _OtherwiseError
    return value


def _time(value: object) -> datetime:
    if type(value) is not str or len(value) < 19:
        raise _OtherwiseError
    moment = datetime.fromisoformat(value)
    if not 1 < moment.year < 9999:
        raise _OtherwiseError
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _object(value: object) -> dict[str, object]:
    if type(value) is not dict:
        raise _OtherwiseError
    return value


def _variations(value: object) -> dict[str, object]:
    found = _object(value)
    if not set(map(type, found.values())) <= _ONLY_TEXTS:
        raise _OtherwiseError
    return found


_TEXTS = (TEXT, IDENTIFIER, KEY, NUMBER)
"""What is written as a text."""
_READERS: Mapping[FieldType | ZonedFieldType, Callable[[object], object]] = {
    KEY: _key,
    NUMBER: lru_cache(1024)(NUMBER.read),  # Most are a zero, or one of a few prices.
    INTEGER: _whole,
    QUANTITY: _whole,
    TIME: _time,
    DAY: DAY.read,
    OBJECT: _object,
    VARIATIONS: _variations,
}


class _Table:
    """How to read one class whose keys come as they are written: those of the schema in their order, then others."""

    def __init__(self, schema: RecordSchema) -> None:
        self._make = schema.make
        self._keys = list(schema.fields)
        self._names = [name for name, _ in schema.fields.values()]
        self._texts = itemgetter(*(name for name, form in schema.fields.values() if form in _TEXTS))
        readers = [(name, _reader(form)) for name, form in schema.fields.values()]
        self._readers = [(name, read) for name, read in readers if read is not None]

    def read(self, value: object) -> object:
        """The record in a parsed object. Raises where anything is not as it was written."""
        written = _object(value)
        keys = list(written)
        count = len(self._keys)
        found: dict[str, object] = dict(zip(self._names, written.values(), strict=False))
        if keys[:count] != self._keys or set(map(type, self._texts(found))) != _ONLY_TEXTS:
            raise _OtherwiseError
        for name, read in self._readers:
            if found[name] is None:
                del found[name]
            else:
                found[name] = read(found[name])
        return self._make(**found, extra={key: written[key] for key in keys[count:]})

    def read_list(self, value: object) -> tuple[object, ...]:
        """The records in a parsed list."""
        if type(value) is not list:
            raise _OtherwiseError
        return tuple([self.read(entry) for entry in value])


def _reader(form: FieldType | ZonedFieldType | RecordSchema | ListOf) -> Callable[[object], object] | None:
    """What a value is read by; None: it is a text, and stays as it is."""
    if isinstance(form, RecordSchema):
        return _Table(form).read
    return _Table(form.schema).read_list if isinstance(form, ListOf) else _READERS.get(form)


_ORDER = _Table(ORDER)


def read_as_written(text: str, folder_id: int | None = None) -> Order | None:
    """The order in a stored text, in that folder; None where anything of it is not as it was written."""
    if "\\ud" in text or "\\uD" in text:  # Half a character, perhaps; or a whole one in two halves.
        return None
    try:
        document = _object(_decode(text))
        if document["folder_id"] is not None:
            return None
        document["folder_id"] = folder_id
        order = _ORDER.read(document)
    except Exception:  # noqa: BLE001 - a damaged text fails in every way; the checked reader says what is wrong
        return None
    assert isinstance(order, Order), "the table of orders makes orders"
    return order
