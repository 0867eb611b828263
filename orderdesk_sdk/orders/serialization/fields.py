"""How single values of an order document are read and written: strictly, and without loss.

Hosts send "10", 10 and 10.0 for the same number, so all three are taken; nothing else is guessed. A boolean is not a
number, a number is not a name, and None never arrives here: null means absent.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal

from attrs import frozen

from orderdesk_sdk.clock import local_datetimes

__all__ = [
    "OBJECT",
    "COUNT",
    "DAY",
    "LONE_SURROGATE",
    "IDENTIFIER",
    "KEY",
    "NUMBER",
    "QUANTITY",
    "MAX_REPORTED",
    "TEXT",
    "TIME",
    "VARIATIONS",
    "INTEGER",
    "FieldType",
    "InvalidValue",
    "ZonedFieldType",
    "path_step",
]

MAX_REPORTED = 20
"""Faults told in one error; more are only counted."""
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character (a lone surrogate): JSON can escape it, but no file, wire or database takes it."""

_DIGITS = 15
"""Before and after the point. More is no price, and an exponent of a million would fill the memory on writing."""
_NUMBER = re.compile(rf"-?(?:[0-9]{{1,{_DIGITS}}}|[0-9]{{0,{_DIGITS}}}\.[0-9]{{1,{_DIGITS}}})")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_ZERO = re.compile(r"0000-00-00(?:[ T]00:00(?::00(?:\.0+)?)?(?:Z|\+00:?00)?)?")
"""The date that MySQL writes for none."""
_SHORT_REPR = reprlib.Repr()
_SHORT_REPR.maxstring = _SHORT_REPR.maxother = _SHORT_REPR.maxlong = 40
_SHORT_REPR.maxdict = _SHORT_REPR.maxlist = 2
_SHORT_REPR.maxlevel = 2


class InvalidValue(Exception):
    """A value is not what its place needs; `key` leads further down to it, "" where the value itself is meant."""

    def __init__(self, expected: str, value: object, *, key: str = "") -> None:
        try:
            shown = str(value) if isinstance(value, Decimal) else _SHORT_REPR.repr(value)
        except ValueError:
            # Python writes no whole number of more than 4,300 digits.
            shown = "a very long number"
        super().__init__(f"{shown} is not {expected}")
        self.key = key


@frozen
class FieldType:
    """One kind of value: `read` takes what JSON gave (never None) or raises InvalidValue, `write` gives it back."""

    read: Callable[[object], object]
    write: Callable[[object], object]


@frozen
class ZonedFieldType:
    """The same for a value that depends on the host's time zone."""

    read: Callable[[object, tzinfo], object]
    write: Callable[[object, tzinfo], object]


def path_step(key: str) -> str:
    """One step of a path: `.name`, or `["odd name"]`."""
    return f".{key}" if key.isidentifier() else f"[{_SHORT_REPR.repr(key)}]"


def _unchanged(value: object) -> object:
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidValue("a text", value)
    if not value.isascii() and LONE_SURROGATE.search(value):
        raise InvalidValue("a whole text: it holds half a character (a lone surrogate)", value)
    return value


def _identifier(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) >= 10**30:
            raise InvalidValue("a text or a whole number of at most 30 digits", "a longer number")
        return str(value)
    if not isinstance(value, str):
        raise InvalidValue("a text or a whole number", value)
    return _text(value)


def _key(value: object) -> str:
    text = _identifier(value)
    if not text.strip():
        raise InvalidValue("an id", value)
    return text


def _number(value: object) -> Decimal:
    needed = f"a number (at most {_DIGITS} digits before and after the point)"
    if isinstance(value, str):
        if value == "":
            return Decimal(0)
        if _NUMBER.fullmatch(value) is None:
            raise InvalidValue(needed, value)
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise InvalidValue(needed, value)
    # repr of a float is the shortest text that means it, so 21.17 stays 21.17.
    number = Decimal(float.__repr__(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise InvalidValue(needed, value)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or not -_DIGITS <= exponent <= _DIGITS or number.adjusted() >= _DIGITS:
        raise InvalidValue(needed, number)
    return number


def _integer(value: object) -> int | None:
    if value == "":
        return None
    number = _number(value)
    if number != number.to_integral_value():
        raise InvalidValue("a whole number", value)
    return int(number)


def _quantity(value: object) -> int:
    number = _integer(value)
    if number is None or number < 0:
        raise InvalidValue("a quantity: a whole number, 0 or more", value)
    return number


def _is_zero(value: object) -> bool:
    return isinstance(value, str) and _ZERO.fullmatch(value) is not None


def _time(value: object, zone: tzinfo) -> datetime | None:
    if value == "" or _is_zero(value):
        return None
    needed = "a time such as 2014-10-08 12:10:00 or 2014-10-08T12:10:00+02:00"
    if not isinstance(value, str) or _TIME.fullmatch(value) is None:
        raise InvalidValue(needed, value)
    try:
        moment = datetime.fromisoformat(value)
        if not 1 < moment.year < 9999:
            # Outside, another zone may have no year for the same moment.
            raise InvalidValue("a time in the years 2 to 9998", value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        found = local_datetimes(moment, zone)
        if not found:
            raise InvalidValue(f"a time that clocks in {zone} ever showed: they were put forward", value)
        # Of an hour that came twice the first is meant: the second is written with its offset, see `_write_time`.
        return found[0]
    except ValueError as error:
        raise InvalidValue(needed, value) from error


def _write_time(value: object, zone: tzinfo) -> str | None:
    if not isinstance(value, datetime):
        return None
    local = value.astimezone(zone)
    plain = local.replace(tzinfo=None, fold=0)
    # An hour that the clocks repeat is told apart by its offset, or it would be read as the other one.
    return str(plain if plain.replace(tzinfo=zone).astimezone(UTC) == value else local)


def _day(value: object) -> date | None:
    if value == "" or _is_zero(value):
        return None
    needed = "a day such as 2014-10-09"
    if not isinstance(value, str) or _TIME.fullmatch(value) is None:
        raise InvalidValue(needed, value)
    try:
        return datetime.fromisoformat(value).date()
    except ValueError as error:
        raise InvalidValue(needed, value) from error


def _write_day(value: object) -> str | None:
    return value.isoformat() if isinstance(value, date) else None


def _write_number(value: object) -> str:
    return format(value, "f")


def _object(value: object) -> dict[str, object]:
    if value == []:
        # PHP cannot tell an empty object from an empty list.
        return {}
    if not isinstance(value, dict):
        raise InvalidValue("an object", value)
    for key in value:
        if not isinstance(key, str):
            raise InvalidValue("a key: keys are texts", key)
    return dict(value)


def _write_object(value: object) -> dict[str, object]:
    return _object(value)


def _variations(value: object) -> dict[str, str]:
    read: dict[str, str] = {}
    for key, choice in _object(value).items():
        try:
            read[key] = "" if choice is None else _identifier(choice)
        except InvalidValue as error:
            raise InvalidValue("a text or a whole number", choice, key=path_step(key)) from error
    return read


TEXT = FieldType(_text, _unchanged)
"""A text; a number is rejected."""
IDENTIFIER = FieldType(_identifier, _unchanged)
"""A text that hosts also send as a whole number: ids, codes, postal codes."""
KEY = FieldType(_key, _unchanged)
"""The same, and not blank."""
NUMBER = FieldType(_number, _write_number)
"""A Decimal, exact; "" is 0. Written as a text, as Order Desk does for money."""
INTEGER = FieldType(_integer, _unchanged)
"""An int; "" is None."""
QUANTITY = FieldType(_quantity, _unchanged)
"""An int of 0 or more."""
COUNT = QUANTITY
"""How many there are of something."""
TIME = ZonedFieldType(_time, _write_time)
"""A moment in UTC; None for "" and for the zero date."""
DAY = FieldType(_day, _write_day)
"""A date; None for "" and for the zero date; a time of day is dropped."""
OBJECT = FieldType(_object, _write_object)
"""An object whose contents are left as they are."""
VARIATIONS = FieldType(_variations, _write_object)
"""An object of texts."""
