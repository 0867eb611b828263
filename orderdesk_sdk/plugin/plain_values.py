"""Plain values: what foreign code gives, built anew of exact classes, so that none of its methods runs in the core.

A plugin may answer with subclasses: a text that compares as it likes, a moment with a clock of its own, an `Answer`
whose fields change between two looks. `plain` takes the values out of them by the methods of the base classes alone.
Call it under a guard: reading them may run foreign code, raise, or never end.
"""

from __future__ import annotations

import enum
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TypeVar, cast

import attrs

__all__ = ["class_name", "plain_value", "plain_instance", "plain_text"]

T = TypeVar("T")

_UNCHANGED = frozenset({type(None), bool, int, float, Decimal, re.Pattern})
"""Classes whose values are taken as they are."""
MAX_ITEMS = 10_000
"""Items of one collection. No order has more lines, and no declaration more routes."""
MAX_DEPTH = 12
"""Levels of values within values; a cycle has more."""
OWN_PACKAGE = "orderdesk_sdk."


def plain_instance(kind: type[T], value: object) -> T:
    """A value of one of our frozen classes, made anew.

    Raises TypeError for anything else, and what the class raises for values that it does not take.
    """
    found = plain_value(value) if issubclass(type(value), kind) else None
    if type(found) is not kind:
        raise TypeError(f"{kind.__name__} was expected, not {class_name(value)}")
    return found


def class_name(value: object) -> str:
    """The name of a value's class, whatever its metaclass says."""
    name: str = type.__dict__["__name__"].__get__(type(value))
    return name


def plain_text(value: object) -> str:
    """A text, with "?" in place of each half surrogate, which no file or table takes. Raises TypeError."""
    if not issubclass(type(value), str):
        raise TypeError(f"a text was expected, not {class_name(value)}")
    text = str.__str__(cast("str", value))
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def plain_value(value: object, depth: int = 0) -> object:
    """The same value of exact classes. Raises TypeError for what is no data: neither a plain value nor ours.

    Moments become UTC, lists tuples. Classes, functions and patterns are what a declaration holds beside data; they
    stay as they are.
    """
    if depth > MAX_DEPTH:
        raise TypeError("values lie too deep within each other")
    kind: type = type(value)  # And not `__class__`, which may lie.
    if kind is str:
        return plain_text(value)
    if kind in _UNCHANGED:
        return value
    if issubclass(kind, str) and not issubclass(kind, enum.Enum):
        return plain_text(value)
    found: object
    match value:
        case enum.Enum():
            found = _member(value)
        case int():
            found = int.__int__(value)
        case float():
            found = float.__float__(value)
        case datetime():
            found = _utc_datetime(value)
        case timedelta():
            found = timedelta(value.days, value.seconds, value.microseconds)
        case tuple():
            found = _all(tuple.__iter__(value), tuple.__len__(value), depth)
        case list():
            found = _all(list.__iter__(value), list.__len__(value), depth)
        case frozenset():
            found = frozenset(_all(frozenset.__iter__(value), frozenset.__len__(value), depth))
        case set():
            found = frozenset(_all(set.__iter__(value), set.__len__(value), depth))
        case dict():
            found = dict(_pairs(dict.items(value), dict.__len__(value), depth))
        case Mapping():
            found = dict(_pairs(value.items(), len(value), depth))
        case _:
            return _own_instance(value, kind, depth)
    return found


def _own_instance(value: object, kind: type, depth: int) -> object:
    """An instance of a frozen class of ours or of a subclass, made anew of that class of ours."""
    for base in kind.__mro__:
        if _is_own_class(base) and attrs.has(base):
            names, init = _fields_of(base)
            made: object = base.__new__(base)
            given = [(alias, getattr(value, name)) for alias, name in names]
            # Most fields hold a plain value or none, and need no further call.
            init(
                made,
                **{alias: one if type(one) in _UNCHANGED else plain_value(one, depth + 1) for alias, one in given},
            )
            return made
    if isinstance(value, type) or callable(value):
        return value
    raise TypeError(f"{class_name(value)} is not a value that can be taken")


@cache
def _fields_of(own: type) -> tuple[tuple[tuple[str, str], ...], Callable[..., None]]:
    """The fields of a class of ours, as its initializer and as its instances call them, and that initializer."""
    # Where a class has an __init__ of its own, attrs leaves the one by fields under this name.
    init = cast("Callable[..., None]", getattr(own, "__attrs_init__", own.__init__))  # type: ignore[misc]  # of that class
    return tuple((cast("str", field.alias), field.name) for field in attrs.fields(own)), init


def _is_own_class(kind: type) -> bool:
    name: str = type.__dict__["__name__"].__get__(kind)
    module = vars(sys.modules.get(kind.__module__, sys)) if kind.__module__.startswith(OWN_PACKAGE) else {}
    return module.get(name) is kind


def _all(items: Iterable[object], size: int, depth: int) -> tuple[object, ...]:
    _check_size(size)
    return tuple(plain_value(item, depth + 1) for item in items)


def _pairs(items: Iterable[tuple[object, object]], size: int, depth: int) -> list[tuple[object, object]]:
    _check_size(size)
    return [(plain_value(key, depth + 1), plain_value(value, depth + 1)) for key, value in items]


def _check_size(size: int) -> None:
    if size > MAX_ITEMS:
        raise TypeError(f"{size} values are too many; at most {MAX_ITEMS} are taken")


def _member(value: enum.Enum) -> enum.Enum:
    found: object = type(value).__members__.get(plain_text(value.name))
    if found is not value or not _is_own_class(type(value)):
        raise TypeError(f"{class_name(value)} has no such member")
    return value


def _utc_datetime(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise TypeError("a moment without a time zone")
    at = value.astimezone(UTC)
    return datetime(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, UTC)
